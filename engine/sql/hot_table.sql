-- The table of the migration that most other sessions hold locks on just now: the one to wait for.
-- $1 bigint: migration. Columns: oid
SELECT o.oid
FROM pgzm.object o
JOIN pg_catalog.pg_locks l ON l.locktype = 'relation' AND l.relation = o.oid AND l.granted
WHERE o.migration = $1::bigint AND o.lockable
  AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
GROUP BY o.oid
ORDER BY pg_catalog.count(*) DESC
LIMIT 1
