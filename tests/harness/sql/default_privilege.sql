-- For the comparer of the tests (compare.c): columns object, key, value. $1: the older one of the two
-- servers' versions, as in server_version_num.
SELECT 'default privileges of ' || x.role AS object,
       x.role || x.what || ' to ' || x.grantee || ': ' || x.privilege AS key,
       x.grantable::text AS value
FROM (
    SELECT d.defaclrole::regrole::text AS role,
           coalesce(' in ' || n.nspname, '') || ' on ' || d.defaclobjtype::text AS what,
           CASE WHEN g.grantee = 0 THEN 'PUBLIC' ELSE pg_get_userbyid(g.grantee)::text END AS grantee,
           g.privilege_type AS privilege, bool_or(g.is_grantable) AS grantable
    FROM pg_default_acl d
    LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
    CROSS JOIN LATERAL aclexplode(d.defaclacl) g
    WHERE coalesce(n.nspname, '') NOT LIKE 'pgzm%'
      AND (g.privilege_type <> 'MAINTAIN' OR $1::int >= 170000)
    GROUP BY 1, 2, 3, 4
) x
