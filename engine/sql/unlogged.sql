-- Unlogged tables of the shadow and how many rows were copied into each.
-- Parameters: $1 migration. Columns: name (quoted, with its schema), rows
SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name, coalesce(sum(t.rows), 0) AS rows
FROM pgzm.task t
JOIN pg_catalog.pg_class c ON c.oid = t.relation AND c.relpersistence = 'u'
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE t.migration = $1::bigint AND t.kind = 'copy'
GROUP BY n.nspname, c.relname
ORDER BY 1
