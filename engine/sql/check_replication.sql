-- What holds WAL in the destination or is far behind it.
-- $1 bigint: bytes that will be written, about. Columns: outcome, message, hint
WITH wal AS (
    SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
                ELSE pg_catalog.pg_current_wal_lsn() END AS now,
           -- 13 and later; -1: no limit
           (SELECT s.setting::bigint * 1048576 FROM pg_catalog.pg_settings s
            WHERE s.name = 'max_slot_wal_keep_size' AND s.setting::bigint >= 0) AS limited
), slot AS (
    SELECT s.slot_name, s.active, s.slot_type, s.database,
           pg_catalog.pg_wal_lsn_diff(wal.now, s.restart_lsn) AS held, wal.limited
    FROM pg_catalog.pg_replication_slots s, wal
    WHERE s.restart_lsn IS NOT NULL
      AND pg_catalog.to_jsonb(s) ->> 'wal_status' IS DISTINCT FROM 'lost'
)
SELECT 'warning' AS outcome,
       pg_catalog.format('replication slot %s of the destination is not in use and holds back %s of '
                         'WAL', s.slot_name, pg_catalog.pg_size_pretty(s.held)) AS message,
       'It will hold back all that is loaded, until the disk is full. Start what uses it, or drop '
       'it (pg_drop_replication_slot).' AS hint
FROM slot s WHERE NOT s.active
UNION ALL
SELECT 'warning',
       pg_catalog.format('replication slot %s of the destination is %s behind', s.slot_name,
                         pg_catalog.pg_size_pretty(s.held)),
       'Wait until it has caught up: what is loaded comes on top.'
FROM slot s WHERE s.active AND s.held > 1073741824
UNION ALL
SELECT 'warning',
       pg_catalog.format('max_slot_wal_keep_size of the destination is %s and about %s are loaded: '
                         'replication slot %s may be cut off', pg_catalog.pg_size_pretty(s.limited),
                         pg_catalog.pg_size_pretty($1::bigint), s.slot_name),
       'Raise max_slot_wal_keep_size meanwhile, if the disk has room.'
FROM slot s WHERE s.active AND s.limited < $1::bigint
UNION ALL
SELECT 'warning',
       pg_catalog.format('logical replication slot %s of the destination decodes all that is loaded, '
                         'about %s, whether it is published or not', s.slot_name,
                         pg_catalog.pg_size_pretty($1::bigint)),
       'Expect its consumer to fall behind meanwhile, and room for spilled changes in pg_replslot.'
FROM slot s
WHERE s.slot_type = 'logical' AND s.database = current_database() AND $1::bigint > 1073741824
UNION ALL
-- filled in only for those who have pg_read_all_stats
SELECT 'warning',
       pg_catalog.format('standby %s of the destination is %s behind', r.application_name,
                         pg_catalog.pg_size_pretty(pg_catalog.pg_wal_lsn_diff(wal.now,
                                                                              r.replay_lsn))),
       'Wait until it has caught up: what is loaded comes on top.'
FROM pg_catalog.pg_stat_replication r, wal
WHERE pg_catalog.pg_wal_lsn_diff(wal.now, r.replay_lsn) > 1073741824
