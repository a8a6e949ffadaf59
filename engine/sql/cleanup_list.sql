-- The migrations whose backups a cleanup is about, the oldest first.
-- $1 bigint: the one that is meant, NULL for all finished ones before $2; $2 bigint: moment, ms since
-- the epoch
-- Columns: id, state, cleaned (when, NULL), left_over (something of it is there), schemas (JSON),
-- tables, bytes, older (a live one before it whose rollback needs this backup, NULL)
SELECT m.id, m.state,
       pg_catalog.to_char(m.cleaned_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS cleaned,
       k.oids IS NOT NULL OR EXISTS (
           SELECT FROM pgzm.preserved p
           WHERE p.migration = m.id
             AND (EXISTS (SELECT FROM pg_catalog.pg_proc f
                          JOIN pg_catalog.pg_namespace n
                            ON n.oid = f.pronamespace AND n.nspname = 'pgzm'
                          WHERE f.proname ~ ('^(sync|drain|copy)_' || p.id || '_(forward|reverse)$'))
                  OR EXISTS (SELECT FROM pgzm.redo r WHERE r.preserved = p.id))) AS left_over,
       k.names AS schemas,
       (SELECT pg_catalog.count(*) FROM pg_catalog.pg_class c
        WHERE c.relnamespace = ANY (k.oids) AND c.relkind IN ('r', 'p')) AS tables,
       (SELECT coalesce(pg_catalog.sum(pg_catalog.pg_total_relation_size(c.oid)), 0)
        FROM pg_catalog.pg_class c
        WHERE c.relnamespace = ANY (k.oids) AND c.relkind IN ('r', 'm')) AS bytes,
       CASE WHEN m.state IN ('SWAPPED', 'SETTLED') THEN
           (SELECT pg_catalog.max(o.id) FROM pgzm.migration o
            WHERE o.id < m.id AND o.state IN ('SWAPPED', 'SETTLED') AND o.cleaned_at IS NULL)
       END AS older
FROM pgzm.migration m
CROSS JOIN LATERAL (
    SELECT pg_catalog.array_agg(n.oid) AS oids,
           coalesce(pg_catalog.json_agg(n.nspname ORDER BY n.nspname), '[]') AS names
    FROM pgzm.schema s JOIN pg_catalog.pg_namespace n ON n.nspname IN (s.backup, s.undone)
    WHERE s.migration = m.id
) AS k
WHERE CASE WHEN $1::bigint IS NOT NULL THEN m.id = $1::bigint
           ELSE m.id < $2::bigint AND m.state IN ('SWAPPED', 'SETTLED', 'ROLLED BACK') END
ORDER BY m.id
