-- The session that holds the lock of the journal in this database, if there is one.
-- No parameters. Columns: backend, user, address (NULL: local), application, since, state, query,
-- idle_ms (NULL while it runs something), host (as its client says), command, migration
SELECT l.pid AS backend, a.usename AS user, pg_catalog.host(a.client_addr) AS address,
       a.application_name AS application,
       pg_catalog.to_char(coalesce(e.at, a.backend_start) AT TIME ZONE 'UTC',
                          'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS since,
       coalesce(a.state, 'unknown') AS state,
       pg_catalog.left(pg_catalog.btrim(pg_catalog.regexp_replace(a.query, '\s+', ' ', 'g')), 200)
           AS query,
       CASE WHEN a.state LIKE 'idle%'
            THEN (extract(epoch FROM pg_catalog.clock_timestamp() - a.state_change) * 1000)::bigint
       END AS idle_ms,
       e.host, pg_catalog.split_part(e.what, ' ', 1) AS command, e.migration
FROM pg_catalog.pg_locks l
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
LEFT JOIN LATERAL (
    -- its own account of itself; numbers of backends come again
    SELECT v.at, v.host, v.what, v.migration
    FROM pgzm.event v
    WHERE v.backend = l.pid AND v.at >= a.backend_start AND v.what LIKE '% begins'
    ORDER BY v.id DESC LIMIT 1
) AS e ON true
-- LOCK_KEYS in journal.c
WHERE l.locktype = 'advisory' AND l.classid = 1885829741 AND l.objid = 1 AND l.objsubid = 2
  AND l.granted
  AND l.database = (SELECT oid FROM pg_catalog.pg_database
                    WHERE datname = pg_catalog.current_database())
