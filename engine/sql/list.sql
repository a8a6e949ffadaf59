-- The migrations of the journal with what they keep.
-- No parameters
-- Columns: timestamp, created, state, table_count, size, schemas (JSON array), swapped (when, NULL),
-- age (seconds since it began), cleaned (when its backup was dropped, NULL), rollback (it can be rolled
-- back to what was before it: no backup from it on was dropped), version (of the program)
SELECT m.id AS timestamp,
       pg_catalog.to_char(m.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS created,
       m.state,
       (SELECT pg_catalog.count(*) FROM pg_catalog.pg_class c
        WHERE c.relnamespace = ANY (k.oids) AND c.relkind IN ('r', 'p')) AS table_count,
       (SELECT coalesce(pg_catalog.sum(pg_catalog.pg_total_relation_size(c.oid)), 0)
        FROM pg_catalog.pg_class c
        WHERE c.relnamespace = ANY (k.oids) AND c.relkind IN ('r', 'm')) AS size,
       k.names AS schemas,
       pg_catalog.to_char(m.swapped_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS swapped,
       greatest(0, extract(epoch FROM pg_catalog.clock_timestamp() - m.created_at))::bigint AS age,
       pg_catalog.to_char(m.cleaned_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS cleaned,
       m.state IN ('SWAPPED', 'SETTLED')
           AND NOT EXISTS (SELECT FROM pgzm.migration l
                           WHERE l.id >= m.id AND l.state IN ('SWAPPED', 'SETTLED')
                             AND l.cleaned_at IS NOT NULL) AS rollback,
       m.tool_version AS version
FROM pgzm.migration m
CROSS JOIN LATERAL (
    SELECT pg_catalog.array_agg(n.oid) AS oids,
           coalesce(pg_catalog.json_agg(n.nspname ORDER BY n.nspname), '[]') AS names
    FROM pgzm.schema s JOIN pg_catalog.pg_namespace n ON n.nspname IN (s.backup, s.undone)
    WHERE s.migration = m.id
) AS k
WHERE m.state IN ('SWAPPED', 'SETTLED', 'ROLLED BACK')
ORDER BY m.id
