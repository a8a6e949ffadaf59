-- How the backup of a migration is taken apart, in order. First its foreign keys, one at a time, so that
-- tables can go in any order; then tables, partitions before what they are part of; then schemas with
-- what is left.
-- $1 bigint: migration
-- Columns: kind (key, table, schema), name (quoted; of a key's table), part (a key's name, quoted)
WITH place AS (
    SELECT n.oid, n.nspname
    FROM pgzm.schema s JOIN pg_catalog.pg_namespace n ON n.nspname IN (s.backup, s.undone)
    WHERE s.migration = $1::bigint
)
SELECT kind, name, part
FROM (
    SELECT 1 AS place, 0::bigint AS depth, k.oid, 'key' AS kind,
           pg_catalog.format('%I.%I', p.nspname, c.relname) AS name,
           pg_catalog.quote_ident(k.conname) AS part
    FROM place p
    JOIN pg_catalog.pg_class c ON c.relnamespace = p.oid
    JOIN pg_catalog.pg_constraint k ON k.conrelid = c.oid AND k.contype = 'f' AND k.conparentid = 0
    UNION ALL
    SELECT 2, CASE WHEN c.relispartition
                   THEN (SELECT -pg_catalog.count(*) FROM pg_catalog.pg_partition_ancestors(c.oid))
                   ELSE 0 END,
           c.oid, 'table', pg_catalog.format('%I.%I', p.nspname, c.relname), NULL
    FROM place p
    JOIN pg_catalog.pg_class c ON c.relnamespace = p.oid AND c.relkind IN ('r', 'p')
    UNION ALL
    SELECT 3, 0, p.oid, 'schema', pg_catalog.quote_ident(p.nspname), NULL
    FROM place p
) AS plan
ORDER BY place, depth, oid
