-- Who stands in the way of the swap now.
-- $1 bigint: migration; $2 text: 'old' or 'new', the side whose tables are live; $3 int: transactions
-- older than so many milliseconds count
-- Columns: what (one line for a person), autovacuum_pid (NULL for others)
WITH moving AS (
    SELECT o.oid
    FROM pgzm.object o
    WHERE o.migration = $1::bigint AND o.classid = 'pg_catalog.pg_class'::regclass
    UNION ALL
    -- sequences that follow their table are locked with it
    SELECT d.objid
    FROM pgzm.object o
    JOIN pg_catalog.pg_depend d
      ON d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = o.oid
     AND d.classid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i')
    WHERE o.migration = $1::bigint AND o.classid = 'pg_catalog.pg_class'::regclass
), held AS MATERIALIZED (
    SELECT l.pid, l.virtualtransaction, l.relation, l.mode
    FROM pg_catalog.pg_locks l
    WHERE l.locktype = 'relation' AND l.granted
      AND l.database = (SELECT oid FROM pg_catalog.pg_database
                        WHERE datname = pg_catalog.current_database())
      AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
), holder AS MATERIALIZED (
    SELECT h.pid, h.virtualtransaction, c.relname, h.mode
    FROM held h JOIN pg_catalog.pg_class c ON c.oid = h.relation
    WHERE h.relation IN (SELECT oid FROM moving)
), who AS (
    SELECT a.pid, a.backend_type, a.xact_start, a.usesysid, a.datname, a.backend_xmin,
           pg_catalog.format('backend %s (%s)', a.pid, pg_catalog.concat_ws(', ',
               CASE WHEN a.usename IS NOT NULL THEN 'user ' || a.usename
                    ELSE coalesce(a.backend_type, 'unknown') END,
               nullif(pg_catalog.left(a.application_name, 60), ''),
               pg_catalog.host(a.client_addr))) AS name,
           -- the query of others is only told to those who may see it
           pg_catalog.concat(
               ', in a transaction since ', pg_catalog.to_char(a.xact_start, 'HH24:MI:SS'),
               CASE WHEN a.state LIKE 'idle in transaction%' THEN ', ' || a.state END,
               CASE WHEN a.query <> '' AND a.query <> '<insufficient privilege>' THEN
                   ': ' || pg_catalog.left(pg_catalog.btrim(pg_catalog.regexp_replace(
                               a.query, '\s+', ' ', 'g')), 60) END) AS doing
    FROM pg_catalog.pg_stat_activity a
)
SELECT pg_catalog.format('%s holds %s on %s%s', a.name, h.mode, h.relname,
                         CASE WHEN a.xact_start IS NOT NULL THEN a.doing END) AS what,
       CASE WHEN a.backend_type = 'autovacuum worker' THEN a.pid END AS autovacuum_pid
FROM holder h JOIN who a ON a.pid = h.pid
WHERE a.backend_type = 'autovacuum worker'
   OR a.xact_start < pg_catalog.clock_timestamp() - $3::int * interval '1 millisecond'
UNION ALL
-- locks of prepared transactions have no backend: -1/ and their transaction id
SELECT pg_catalog.format('a prepared transaction%s holds %s on %s',
                         (SELECT pg_catalog.format(' (%L of %s, since %s)', p.gid, p.owner,
                                                   pg_catalog.to_char(p.prepared, 'HH24:MI:SS'))
                          FROM pg_catalog.pg_prepared_xacts p
                          WHERE h.virtualtransaction = '-1/' || p.transaction::text), h.mode,
                         h.relname), NULL
FROM holder h WHERE h.pid IS NULL
UNION ALL
-- a snapshot from before the load would see tables that were loaded in parts as empty
SELECT pg_catalog.format('%s has a snapshot from before the new tables were filled%s', a.name,
                         CASE WHEN a.xact_start IS NOT NULL THEN a.doing END), NULL
FROM who a JOIN pgzm.migration m ON m.id = $1::bigint
-- without pg_read_all_stats the type of other users' backends is hidden, their xmin is not
-- in a rollback only what a sync wrote to the old tables can be too new
WHERE ($2 = 'old' OR EXISTS (SELECT FROM pgzm.preserved p WHERE p.migration = m.id))
  AND coalesce(a.backend_type, 'client backend') = 'client backend'
  AND a.usesysid IS NOT NULL AND a.datname = pg_catalog.current_database()
  AND a.pid <> pg_catalog.pg_backend_pid() AND m.horizon IS NOT NULL
  AND pg_catalog.age(a.backend_xmin) > pg_catalog.age(m.horizon)
  -- a long transaction in any database of the server makes new snapshots look old
  AND (a.xact_start IS NULL OR a.xact_start <= m.changed_at)
LIMIT 5
