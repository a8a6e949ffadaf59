-- The limits of a migration (limits.h), and how many sessions share them: those that load its rows,
-- on whatever host.
-- Parameters: $1 migration.
-- Columns: max_rate, max_lag_ms, max_lag_bytes (0: none), sessions (0 without a rate)
SELECT coalesce(m.max_rate, 0) AS max_rate, coalesce(m.max_lag_ms, 0) AS max_lag_ms,
       coalesce(m.max_lag_bytes, 0) AS max_lag_bytes,
       CASE WHEN m.max_rate > 0 THEN (
           SELECT count(*)
           FROM pg_catalog.pg_locks l
           WHERE l.locktype = 'advisory' AND l.classid = 1885829741 AND l.objid = 2
               AND l.objsubid = 2 AND l.granted
               AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d
                                 WHERE d.datname = pg_catalog.current_database()))
       ELSE 0 END AS sessions
FROM pgzm.migration m
WHERE m.id = $1::bigint
