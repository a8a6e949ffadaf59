-- What the destination knows about extensions.
-- $1 text[]: names. Columns: name, available, installed (versions, NULL for none), schema, superuser
-- (its making needs one)
SELECT w.name, a.default_version AS available, e.extversion AS installed, n.nspname AS schema,
       -- trusted: 13 and later
       EXISTS (SELECT FROM pg_catalog.pg_available_extension_versions v
               WHERE v.name = w.name AND v.version = a.default_version AND v.superuser
                 AND coalesce(pg_catalog.to_jsonb(v) ->> 'trusted', 'false') <> 'true') AS superuser
FROM pg_catalog.unnest($1::text[]) AS w(name)
LEFT JOIN pg_catalog.pg_available_extensions a ON a.name = w.name
LEFT JOIN pg_catalog.pg_extension e ON e.extname = w.name
LEFT JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
ORDER BY w.name
