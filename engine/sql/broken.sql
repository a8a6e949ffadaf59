-- Indexes and constraints in the shadow schemas of a migration that are not valid though nothing says
-- they should not be.
-- $1 bigint: migration. Columns: what
SELECT pg_catalog.format('index %s is not valid', i.indexrelid::regclass) AS what
FROM pgzm.schema s
JOIN pg_catalog.pg_namespace n ON n.nspname = s.shadow
JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relkind = 'i'
JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
WHERE s.migration = $1::bigint AND NOT (i.indisvalid AND i.indisready)
LIMIT 5
