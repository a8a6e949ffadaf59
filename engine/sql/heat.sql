-- How often what is live and trades places was used so far, by the statistics of the server, and
-- whether somebody uses it right now.
-- $1 bigint: migration; $2 text: 'swap' or 'rollback'
-- Columns: oid, is_table, uses, held (sessions)
WITH live AS (
    SELECT o.oid, o.lockable
    FROM pgzm.object o
    WHERE o.migration = $1::bigint AND o.classid = 'pg_catalog.pg_class'::regclass
      AND o.side = CASE WHEN $2 = 'swap' THEN 'old' ELSE 'new' END
), index AS (
    SELECT l.oid, pg_catalog.sum(pg_catalog.pg_stat_get_numscans(x.indexrelid)) AS scans
    FROM live l JOIN pg_catalog.pg_index x ON x.indrelid = l.oid
    GROUP BY l.oid
), held AS (
    SELECT k.relation, pg_catalog.count(*) AS sessions
    FROM pg_catalog.pg_locks k
    WHERE k.locktype = 'relation' AND k.granted
      AND k.database = (SELECT oid FROM pg_catalog.pg_database
                        WHERE datname = pg_catalog.current_database())
      AND k.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
    GROUP BY k.relation
)
SELECT l.oid, l.lockable AS is_table,
       coalesce(i.scans, 0) + coalesce(pg_catalog.pg_stat_get_numscans(l.oid), 0)
       + coalesce(pg_catalog.pg_stat_get_tuples_inserted(l.oid), 0)
       + coalesce(pg_catalog.pg_stat_get_tuples_updated(l.oid), 0)
       + coalesce(pg_catalog.pg_stat_get_tuples_deleted(l.oid), 0)
       -- sequences have nothing else
       + CASE WHEN l.lockable THEN 0
              ELSE coalesce(pg_catalog.pg_stat_get_blocks_fetched(l.oid), 0) END AS uses,
       coalesce(h.sessions, 0) AS held
FROM live l
LEFT JOIN index i ON i.oid = l.oid
LEFT JOIN held h ON h.relation = l.oid
ORDER BY l.oid
