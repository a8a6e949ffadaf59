-- What a cleanup drops or takes triggers off and the user does not own: the first few.
-- $1 bigint[]: migrations. Columns: object, owner
SELECT pg_catalog.pg_describe_object(o.classid, o.oid, 0) AS object,
       pg_catalog.pg_get_userbyid(o.owner) AS owner
FROM (
    SELECT 'pg_catalog.pg_namespace'::regclass AS classid, n.oid, n.nspowner AS owner
    FROM pgzm.schema s JOIN pg_catalog.pg_namespace n ON n.nspname IN (s.backup, s.undone)
    WHERE s.migration = ANY ($1::bigint[])
    UNION ALL
    SELECT 'pg_catalog.pg_class'::regclass, c.oid, c.relowner
    FROM pgzm.schema s
    JOIN pg_catalog.pg_namespace n ON n.nspname IN (s.backup, s.undone)
    JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p')
    WHERE s.migration = ANY ($1::bigint[])
    UNION ALL
    SELECT 'pg_catalog.pg_class'::regclass, c.oid, c.relowner
    FROM pgzm.preserved p
    JOIN pg_catalog.pg_proc f ON f.proname ~ ('^(sync|drain|copy)_' || p.id || '_(forward|reverse)$')
    JOIN pg_catalog.pg_namespace n ON n.oid = f.pronamespace AND n.nspname = 'pgzm'
    JOIN pg_catalog.pg_trigger g ON g.tgfoid = f.oid
    JOIN pg_catalog.pg_class c ON c.oid = g.tgrelid
    WHERE p.migration = ANY ($1::bigint[])
) AS o
WHERE NOT pg_catalog.pg_has_role(o.owner, 'USAGE')
ORDER BY o.classid, o.oid
LIMIT 5
