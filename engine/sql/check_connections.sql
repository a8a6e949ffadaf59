-- Whether there is room for the connections of a migration.
-- $1 text: 'source' or 'destination'; $2 bigint: how many beside this one; $3 bigint: of those how
-- many are for other things than jobs. Columns: outcome, message, hint
WITH backend AS (
    -- without pg_read_all_stats the type of other users' backends is hidden
    SELECT a.datid, a.usesysid FROM pg_catalog.pg_stat_activity a
    WHERE coalesce(a.backend_type, 'client backend') = 'client backend' AND a.usesysid IS NOT NULL
), me AS (
    SELECT r.oid, r.rolname, r.rolconnlimit::bigint AS most, r.rolsuper
    FROM pg_catalog.pg_roles r WHERE r.rolname = session_user
), kept_back AS (
    -- reserved_connections and its role: 16 and later
    SELECT CASE WHEN me.rolsuper THEN 0
                ELSE current_setting('superuser_reserved_connections')::bigint END +
           CASE WHEN me.rolsuper OR EXISTS (
                         SELECT FROM pg_catalog.pg_roles r
                         WHERE r.rolname = 'pg_use_reserved_connections'
                           AND pg_catalog.pg_has_role(me.oid, r.oid, 'USAGE')) THEN 0
                ELSE coalesce(current_setting('reserved_connections', true), '0')::bigint
           END AS connections
    FROM me
), room AS (
    SELECT 1 AS ordinal, 'the server' AS of_what, 'max_connections' AS setting,
           current_setting('max_connections')::bigint - (SELECT connections FROM kept_back)
           - (SELECT count(*) FROM backend) AS free
    UNION ALL
    SELECT 2, pg_catalog.format('database %s', d.datname), 'ALTER DATABASE ... CONNECTION LIMIT',
           d.datconnlimit - (SELECT count(*) FROM backend b WHERE b.datid = d.oid)
    FROM pg_catalog.pg_database d, me
    WHERE d.datname = current_database() AND d.datconnlimit >= 0 AND NOT me.rolsuper
    UNION ALL
    SELECT 3, pg_catalog.format('role %s', me.rolname), 'ALTER ROLE ... CONNECTION LIMIT',
           me.most - (SELECT count(*) FROM backend b WHERE b.usesysid = me.oid)
    FROM me WHERE me.most >= 0 AND NOT me.rolsuper
), judged AS (
    SELECT r.*, greatest(r.free, 0) AS left_over,
           CASE WHEN r.free < $2::bigint THEN 'failure'
                WHEN r.free < $2::bigint + 3 THEN 'warning' ELSE 'pass' END AS outcome
    FROM room r
)
SELECT j.outcome,
       CASE j.outcome
           WHEN 'failure' THEN pg_catalog.format(
               '%s connections of the %s are free for %s, and %s more are needed', j.left_over, $1::text,
               j.of_what, $2::bigint)
           WHEN 'warning' THEN pg_catalog.format(
               '%s connections of the %s are free for %s, and %s of them will be needed',
               j.left_over, $1::text, j.of_what, $2::bigint)
           ELSE pg_catalog.format('%s connections of the %s are free, %s are needed',
                                  (SELECT min(free) FROM room), $1::text, $2::bigint) END AS message,
       CASE j.outcome
           WHEN 'pass' THEN ''
           ELSE pg_catalog.format('%sraise the limit there (%s).',
                    CASE WHEN j.left_over > $3::bigint
                         THEN pg_catalog.format('Give --jobs=%s or less, or ',
                                                greatest(j.left_over - $3::bigint, 1))
                         ELSE 'End sessions that are not needed, or ' END, j.setting)
       END AS hint
FROM judged j
WHERE j.outcome <> 'pass'
   OR (j.ordinal = 1 AND NOT EXISTS (SELECT FROM judged o WHERE o.outcome <> 'pass'))
ORDER BY j.ordinal
