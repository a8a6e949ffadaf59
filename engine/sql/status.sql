-- How far a migration is.
-- $1 bigint: the one that is meant; NULL for the unfinished or latest one
-- Columns: id, state, started, source_as_of, tasks_done, tasks_total, preserved (JSON),
-- shadow_schemas, shadow_tables, triggers, backups (JSON: those there are, of all migrations), rows
-- (copied), bytes (of the shadow's tables), changed, swapped, cleaned, unsettled (JSON: what is not
-- verified), latest (it is the unfinished or latest one), fingerprint, orphans (JSON: keys that rows
-- violate, while it is prepared), aborting (an abort has begun), cleaning (a cleanup has begun and is
-- not through), resumable (prepare --resume may do), dumped (it is from a dump), differing (what
-- --verify checksum found, or NULL)
SELECT m.id, m.state,
       pg_catalog.to_char(m.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS started,
       pg_catalog.to_char(m.source_as_of AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
           AS source_as_of,
       t.done AS tasks_done, t.total AS tasks_total,
       (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
            'table', p.live || '.' || p.name, 'rows', p.rows, 'synced', p.synced,
            'rows_behind', r.behind, 'errors', r.errors, 'last_error', r.last_error,
            'last_error_at', r.last_error_at) ORDER BY p.id), '[]')
        FROM pgzm.preserved p
        CROSS JOIN LATERAL (
            -- 'isolation': written by a transaction that could not see the row, which is no error
            SELECT pg_catalog.count(*) AS behind,
                   pg_catalog.count(*) FILTER (WHERE r.reason <> 'isolation') AS errors,
                   (pg_catalog.array_agg(r.reason ORDER BY r.at DESC)
                        FILTER (WHERE r.reason <> 'isolation'))[1] AS last_error,
                   pg_catalog.to_char(pg_catalog.max(r.at) FILTER (WHERE r.reason <> 'isolation')
                        AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS last_error_at
            FROM pgzm.redo r WHERE r.preserved = p.id
        ) AS r
        WHERE p.migration = m.id) AS preserved,
       k.schemas AS shadow_schemas, k.tables AS shadow_tables,
       (SELECT pg_catalog.count(*) FROM pg_catalog.pg_trigger g JOIN pg_catalog.pg_proc f
            ON f.oid = g.tgfoid
        JOIN pg_catalog.pg_namespace n ON n.oid = f.pronamespace AND n.nspname = 'pgzm') AS triggers,
       (SELECT coalesce(pg_catalog.json_agg(n.nspname ORDER BY n.nspname), '[]')
        FROM pgzm.schema s JOIN pg_catalog.pg_namespace n ON n.nspname = s.backup) AS backups,
       t.rows, k.bytes,
       pg_catalog.to_char(m.changed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS changed,
       pg_catalog.to_char(m.swapped_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS swapped,
       pg_catalog.to_char(m.cleaned_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS cleaned,
       (SELECT coalesce(pg_catalog.json_agg(u.label ORDER BY u.first), '[]')
        FROM (SELECT s.label, pg_catalog.min(s.id) AS first FROM pgzm.step s
              WHERE s.migration = m.id AND NOT s.done
                AND s.part = CASE m.state WHEN 'SWAPPED' THEN 'settle'
                                          WHEN 'ROLLED BACK' THEN 'settle rollback' END
              GROUP BY s.label) AS u) AS unsettled,
       NOT EXISTS (SELECT FROM pgzm.migration o
                   WHERE o.id <> m.id
                     AND (o.state IN ('PREPARING', 'PREPARED'), o.id)
                       > (m.state IN ('PREPARING', 'PREPARED'), m.id)) AS latest,
       m.fingerprint,
       -- of keys that the swap adds
       (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
            'key', s.label, 'rows', s.rows) ORDER BY s.id), '[]')
        FROM pgzm.step s WHERE s.migration = m.id AND s.part = 'orphans' AND s.rows > 0
          AND m.state = 'PREPARED') AS orphans,
       -- nothing else makes a prepared migration an unprepared one
       EXISTS (SELECT FROM pgzm.event e
               WHERE e.migration = m.id AND e.what = 'state' AND e.detail = 'PREPARING') AS aborting,
       m.cleaned_at IS NOT NULL
           AND EXISTS (SELECT FROM pgzm.schema s
                       JOIN pg_catalog.pg_namespace n ON n.nspname IN (s.backup, s.undone)
                       WHERE s.migration = m.id) AS cleaning,
       m.state = 'PREPARING' AND t.total > 0
           AND (m.rows_in IS NOT NULL OR m.source_id LIKE 'dump %'
                OR EXISTS (SELECT FROM pgzm.snapshot s WHERE s.migration = m.id AND s.worker))
           AND NOT EXISTS (SELECT FROM pgzm.event e
                           WHERE e.migration = m.id
                             AND (e.what IN ('abort begins', 'rows differ')
                                  OR (e.what = 'state' AND e.detail = 'PREPARING'))) AS resumable,
       coalesce(m.source_id LIKE 'dump %', false) AS dumped,
       (SELECT e.detail FROM pgzm.event e WHERE e.migration = m.id AND e.what = 'rows differ'
        ORDER BY e.id DESC LIMIT 1) AS differing
FROM pgzm.migration m
CROSS JOIN LATERAL (
    SELECT pg_catalog.count(*) FILTER (WHERE t.done) AS done, pg_catalog.count(*) AS total,
           coalesce(pg_catalog.sum(t.rows) FILTER (WHERE t.done), 0) AS rows
    FROM pgzm.task t WHERE t.migration = m.id
) AS t
CROSS JOIN LATERAL (
    SELECT pg_catalog.count(DISTINCT n.oid) AS schemas,
           pg_catalog.count(*) FILTER (WHERE c.relkind IN ('r', 'p')) AS tables,
           coalesce(pg_catalog.sum(pg_catalog.pg_total_relation_size(c.oid))
                    FILTER (WHERE c.relkind IN ('r', 'm')), 0) AS bytes
    FROM pgzm.schema s
    JOIN pg_catalog.pg_namespace n ON n.nspname = s.shadow
    LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid
    WHERE s.migration = m.id
) AS k
WHERE $1::bigint IS NULL OR m.id = $1::bigint
ORDER BY m.state IN ('PREPARING', 'PREPARED') DESC, m.id DESC
LIMIT 1
