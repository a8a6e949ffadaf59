-- How many rows were loaded into each table of the shadow; partitions are counted with their root.
-- $1 bigint: migration. Columns: oid (of the root), rows
SELECT coalesce(pg_catalog.pg_partition_root(t.relation)::oid, t.relation) AS oid,
       pg_catalog.sum(t.rows) AS rows
FROM pgzm.task t
WHERE t.migration = $1::bigint AND t.kind = 'copy' AND t.done
GROUP BY 1
