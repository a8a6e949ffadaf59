-- The tables of schemas in an order in which they can be dropped a few at a time: partitions before
-- what they are part of.
-- $1 text[]: schemas. Columns: name (quoted, with its schema)
SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY ($1::text[]) AND c.relkind IN ('r', 'p')
ORDER BY CASE WHEN c.relispartition
              THEN (SELECT pg_catalog.count(*) FROM pg_catalog.pg_partition_ancestors(c.oid)) ELSE 0
         END DESC, c.oid
