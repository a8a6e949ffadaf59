-- Memberships that roles have.
-- $1 json: names of the roles. Columns: role, member, among (both are of these), admin, inherit,
-- set (NULL before 16), grantor (NULL when it is none of these).
WITH names AS (
    SELECT n.name FROM pg_catalog.json_array_elements_text($1::json) n(name)
)
SELECT r.rolname, m.rolname, r.rolname IN (SELECT n.name FROM names n), a.admin_option,
       pg_catalog.to_jsonb(a) ->> 'inherit_option', pg_catalog.to_jsonb(a) ->> 'set_option',
       (SELECT g.rolname FROM pg_catalog.pg_roles g
        WHERE g.oid = a.grantor AND g.rolname IN (SELECT n.name FROM names n))
FROM pg_catalog.pg_auth_members a
JOIN pg_catalog.pg_roles r ON r.oid = a.roleid
JOIN pg_catalog.pg_roles m ON m.oid = a.member
WHERE m.rolname IN (SELECT n.name FROM names n)
-- who may grant it must have it first
ORDER BY a.admin_option DESC, 7 NULLS FIRST, 1, 2
