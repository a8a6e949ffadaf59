-- Indexes and keys that are in the shadow schemas.
-- $1 text[]: shadow schemas. Columns: constraint (is one, otherwise an index), oid; ascending.
SELECT false AS constraint, c.oid
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY ($1::pg_catalog.name[]) AND c.relkind IN ('i', 'I')
UNION ALL
SELECT true, k.oid
FROM pg_catalog.pg_constraint k
JOIN pg_catalog.pg_namespace n ON n.oid = k.connamespace
WHERE n.nspname = ANY ($1::pg_catalog.name[]) AND k.contype IN ('p', 'u')
ORDER BY 1, 2
