-- How far the latest migration is.
-- No parameters. Columns: id, state, started, source_as_of, tasks_done, tasks_total,
-- preserved (JSON), shadow_schemas, shadow_tables, triggers, backups (JSON)
SELECT m.id, m.state,
       pg_catalog.to_char(m.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS started,
       pg_catalog.to_char(m.source_as_of AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
           AS source_as_of,
       (SELECT pg_catalog.count(*) FROM pgzm.task t WHERE t.migration = m.id AND t.done)
           AS tasks_done,
       (SELECT pg_catalog.count(*) FROM pgzm.task t WHERE t.migration = m.id) AS tasks_total,
       (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
            'table', p.live || '.' || p.name, 'rows', p.rows, 'synced', p.synced,
            'rows_behind', (SELECT pg_catalog.count(*) FROM pgzm.redo r WHERE r.preserved = p.id),
            'errors', (SELECT pg_catalog.count(*) FROM pgzm.redo r
                       WHERE r.preserved = p.id AND r.reason <> 'isolation')) ORDER BY p.id), '[]')
        FROM pgzm.preserved p WHERE p.migration = m.id) AS preserved,
       (SELECT pg_catalog.count(*) FROM pgzm.schema s JOIN pg_catalog.pg_namespace n
            ON n.nspname = s.shadow WHERE s.migration = m.id) AS shadow_schemas,
       (SELECT pg_catalog.count(*) FROM pgzm.schema s JOIN pg_catalog.pg_namespace n
            ON n.nspname = s.shadow
        JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p')
        WHERE s.migration = m.id) AS shadow_tables,
       (SELECT pg_catalog.count(*) FROM pg_catalog.pg_trigger g JOIN pg_catalog.pg_proc f
            ON f.oid = g.tgfoid
        JOIN pg_catalog.pg_namespace n ON n.oid = f.pronamespace AND n.nspname = 'pgzm') AS triggers,
       (SELECT coalesce(pg_catalog.json_agg(n.nspname ORDER BY n.nspname), '[]')
        FROM pgzm.schema s JOIN pg_catalog.pg_namespace n ON n.nspname = s.backup) AS backups
FROM pgzm.migration m
ORDER BY m.state IN ('PREPARING', 'PREPARED') DESC, m.id DESC
LIMIT 1
