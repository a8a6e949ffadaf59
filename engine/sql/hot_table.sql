-- The table of the migration that most other sessions hold locks on just now: the one to wait for.
-- $1 bigint: migration. Columns: oid, name
SELECT o.oid, pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
FROM pgzm.object o
JOIN pg_catalog.pg_class c ON c.oid = o.oid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN (SELECT l.relation, pg_catalog.count(*) AS sessions
      FROM pg_catalog.pg_locks l
      WHERE l.locktype = 'relation' AND l.granted
        AND l.database = (SELECT oid FROM pg_catalog.pg_database
                          WHERE datname = pg_catalog.current_database())
        AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
      GROUP BY l.relation) AS held ON held.relation = o.oid
WHERE o.migration = $1::bigint AND o.lockable
ORDER BY held.sessions DESC
LIMIT 1
