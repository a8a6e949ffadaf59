-- Settings of the destination that make a load slow, or dangerous.
-- $1 bigint: bytes that will be written, about; $2 bigint: of the largest table
-- Columns: outcome, message, hint
WITH number AS (
    SELECT s.name, s.setting::bigint AS setting,
           s.setting::bigint * CASE s.unit WHEN 'MB' THEN 1048576 WHEN 'kB' THEN 1024 ELSE 1 END
           AS bytes
    FROM pg_catalog.pg_settings s WHERE s.name IN ('max_wal_size', 'temp_file_limit')
)
SELECT 'warning' AS outcome,
       'fsync is off in the destination: a crash of its host loses the database' AS message,
       'Set fsync = on before the data matters.' AS hint
WHERE current_setting('fsync') = 'off'
UNION ALL
SELECT 'warning', 'full_page_writes is off in the destination: a crash may tear pages',
       'Set full_page_writes = on unless the file system makes up for it.'
WHERE current_setting('full_page_writes') = 'off'
UNION ALL
SELECT 'warning', 'autovacuum is off in the destination: nothing vacuums the new tables later',
       'Set autovacuum = on.'
WHERE current_setting('autovacuum') = 'off' OR current_setting('track_counts') = 'off'
UNION ALL
SELECT 'warning',
       pg_catalog.format('about %s are loaded and max_wal_size of the destination is %s: '
                         'checkpoints will follow each other closely',
                         pg_catalog.pg_size_pretty($1::bigint),
                         pg_catalog.pg_size_pretty(n.bytes)),
       'Raise max_wal_size meanwhile (no restart needed), e.g. to 8GB, if the disk has room.'
FROM number n WHERE n.name = 'max_wal_size' AND $1::bigint > 8 * n.bytes
UNION ALL
SELECT 'warning',
       pg_catalog.format('temp_file_limit is %s in the destination and the largest table has %s: '
                         'building its indexes may need more',
                         pg_catalog.pg_size_pretty(n.bytes), pg_catalog.pg_size_pretty($2::bigint)),
       'Lift it for the user that migrates (ALTER ROLE ... SET temp_file_limit = -1).'
FROM number n WHERE n.name = 'temp_file_limit' AND n.setting >= 0 AND $2::bigint > n.bytes
UNION ALL
SELECT 'warning',
       'synchronous_standby_names of the destination names standbys and none is there: commits '
       'would wait for one',
       'Start the standby, or empty synchronous_standby_names.'
WHERE current_setting('synchronous_standby_names') <> ''
  AND current_setting('synchronous_commit') NOT IN ('off', 'local')
  -- what others' standbys do is hidden without it
  AND pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_replication r
                  WHERE r.sync_state IN ('sync', 'quorum'))
UNION ALL
SELECT 'warning',
       pg_catalog.format('transactions are read-only by default in the destination (%s): this '
                         'program writes all the same', CASE WHEN r.setrole = 0 THEN 'ALTER DATABASE'
                                                             ELSE 'ALTER ROLE' END),
       'Make sure that this is the database that is to be written.'
FROM pg_catalog.pg_db_role_setting r, pg_catalog.unnest(r.setconfig) AS c(line)
WHERE c.line IN ('default_transaction_read_only=on', 'default_transaction_read_only=true')
  AND r.setdatabase IN (0, (SELECT d.oid FROM pg_catalog.pg_database d
                            WHERE d.datname = current_database()))
  AND r.setrole IN (0, (SELECT o.oid FROM pg_catalog.pg_roles o WHERE o.rolname = session_user))
