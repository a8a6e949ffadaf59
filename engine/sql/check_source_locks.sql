-- Tables of the source that somebody else has for himself.
-- $1 oid[]: relations that are left out. Columns: outcome, message, hint
SELECT 'warning' AS outcome,
       pg_catalog.format('table %I.%I of the source is locked exclusively by %s', n.nspname,
                         c.relname,
                         CASE WHEN l.pid IS NULL THEN 'a prepared transaction'
                              ELSE pg_catalog.format('backend %s (%s) since %s', l.pid,
                                       coalesce(a.usename, a.backend_type, 'unknown'),
                                       coalesce(pg_catalog.to_char(a.xact_start AT TIME ZONE 'UTC',
                                                    'YYYY-MM-DD HH24:MI:SS "UTC"'), 'some time'))
                         END) AS message,
       'Reading waits for it, at most as long as --lock-wait-timeout says.' AS hint
FROM pg_catalog.pg_locks l
JOIN pg_catalog.pg_database b ON b.oid = l.database AND b.datname = current_database()
JOIN pg_catalog.pg_class c ON c.oid = l.relation AND c.relkind IN ('r', 'p')
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND l.granted
  AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
  AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' AND n.nspname !~ '^pgzm'
  AND NOT EXISTS (SELECT FROM pg_catalog.unnest($1::pg_catalog.oid[]) AS x(oid)
                  WHERE x.oid = c.oid)
ORDER BY n.nspname, c.relname
LIMIT 20
