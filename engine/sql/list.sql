-- The migrations of the journal with what they keep.
-- No parameters. Columns: timestamp, created, state, table_count, size, schemas (JSON array)
SELECT m.id AS timestamp,
       pg_catalog.to_char(m.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS created,
       m.state,
       (SELECT pg_catalog.count(*) FROM pg_catalog.pg_class c
        WHERE c.relnamespace = ANY (k.oids) AND c.relkind IN ('r', 'p')) AS table_count,
       (SELECT coalesce(pg_catalog.sum(pg_catalog.pg_total_relation_size(c.oid)), 0)
        FROM pg_catalog.pg_class c
        WHERE c.relnamespace = ANY (k.oids) AND c.relkind IN ('r', 'm')) AS size,
       k.names AS schemas
FROM pgzm.migration m
CROSS JOIN LATERAL (
    SELECT pg_catalog.array_agg(n.oid) AS oids,
           coalesce(pg_catalog.json_agg(n.nspname ORDER BY n.nspname), '[]') AS names
    FROM pgzm.schema s JOIN pg_catalog.pg_namespace n ON n.nspname IN (s.backup, s.undone)
    WHERE s.migration = m.id
) AS k
WHERE m.state IN ('SWAPPED', 'SETTLED', 'ROLLED BACK')
ORDER BY m.id
