-- Who stands in the way of the swap now.
-- $1 bigint: migration; $2 text: 'old' or 'new', the side whose tables are live; $3 int: transactions
-- older than so many milliseconds count
-- Columns: what (one line for a person), autovacuum_pid (NULL for others)
WITH holder AS (
    SELECT l.pid, c.relname, l.mode
    FROM pgzm.object o
    JOIN pg_catalog.pg_locks l ON l.locktype = 'relation' AND l.relation = o.oid AND l.granted
    JOIN pg_catalog.pg_database b ON b.oid = l.database AND b.datname = current_database()
    JOIN pg_catalog.pg_class c ON c.oid = o.oid
    WHERE o.migration = $1::bigint AND o.classid = 'pg_catalog.pg_class'::regclass
      AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
)
SELECT pg_catalog.format('backend %s (%s) holds %s on %s', h.pid,
                         coalesce(a.usename, a.backend_type, 'unknown'), h.mode, h.relname) AS what,
       CASE WHEN a.backend_type = 'autovacuum worker' THEN a.pid END AS autovacuum_pid
FROM holder h JOIN pg_catalog.pg_stat_activity a ON a.pid = h.pid
WHERE a.backend_type = 'autovacuum worker'
   OR a.xact_start < pg_catalog.clock_timestamp() - $3::int * interval '1 millisecond'
UNION ALL
-- locks of prepared transactions have no backend
SELECT pg_catalog.format('a prepared transaction holds %s on %s', h.mode, h.relname), NULL
FROM holder h WHERE h.pid IS NULL
UNION ALL
-- a snapshot from before the load would see tables that were loaded in parts as empty
SELECT pg_catalog.format('backend %s (%s) has a snapshot from before the new tables were filled',
                         a.pid, coalesce(a.usename, 'unknown')), NULL
FROM pg_catalog.pg_stat_activity a JOIN pgzm.migration m ON m.id = $1::bigint
-- without pg_read_all_stats the type of other users' backends is hidden, their xmin is not
WHERE $2 = 'old' AND coalesce(a.backend_type, 'client backend') = 'client backend'
  AND a.usesysid IS NOT NULL AND a.datname = current_database()
  AND a.pid <> pg_catalog.pg_backend_pid() AND m.horizon IS NOT NULL
  AND pg_catalog.age(a.backend_xmin) > pg_catalog.age(m.horizon)
  -- a long transaction in any database of the server makes new snapshots look old
  AND (a.xact_start IS NULL OR a.xact_start <= m.changed_at)
LIMIT 5
