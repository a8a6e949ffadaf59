-- How far the replicas of the destination are behind, cascades left to themselves; one row with
-- a NULL name where there is none.
-- No parameters. Columns: current (WAL position, in bytes), name, replayed (the same, of the replica;
-- NULL: unknown, or it may not be seen), lag_ms (as the server measures it; NULL: unknown)
SELECT w.current, r.name, r.replayed, r.lag_ms
FROM (SELECT pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), '0/0')::bigint AS current) AS w
LEFT JOIN (
    SELECT coalesce(nullif(s.application_name, ''), s.client_addr::text, s.pid::text) AS name,
           pg_catalog.pg_wal_lsn_diff(coalesce(s.replay_lsn, s.flush_lsn, s.write_lsn), '0/0')::bigint
               AS replayed,
           (EXTRACT(epoch FROM s.replay_lag) * 1000)::bigint AS lag_ms
    FROM pg_catalog.pg_stat_replication s
    WHERE coalesce(s.state, '') NOT IN ('startup', 'backup')) AS r ON true
