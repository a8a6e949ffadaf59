-- Transactions of the destination that the swap would have to wait for.
-- $1 text[]: live schemas that are migrated; $2 bigint: those older than so many milliseconds count
-- Columns: outcome, message, hint
WITH held AS (
    SELECT l.pid, l.virtualtransaction,
           pg_catalog.string_agg(DISTINCT pg_catalog.format('%I.%I', n.nspname, c.relname), ', ')
           AS names
    FROM pg_catalog.pg_locks l
    JOIN pg_catalog.pg_database b ON b.oid = l.database AND b.datname = current_database()
    JOIN pg_catalog.pg_class c ON c.oid = l.relation AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE l.locktype = 'relation' AND l.granted AND n.nspname = ANY ($1::text[])
    GROUP BY l.pid, l.virtualtransaction
)
(SELECT 'warning' AS outcome,
        pg_catalog.format('backend %s of the destination (user %s) is in a transaction since %s%s',
                          a.pid, coalesce(a.usename, 'unknown'),
                          pg_catalog.to_char(a.xact_start AT TIME ZONE 'UTC',
                                             'YYYY-MM-DD HH24:MI:SS "UTC"'),
                          ' and holds locks on ' || h.names) AS message,
        pg_catalog.format('The swap waits for it at most as long as --swap-timeout says. Let it end, '
                          'or run SELECT pg_terminate_backend(%s).', a.pid) AS hint
 FROM pg_catalog.pg_stat_activity a
 LEFT JOIN held h ON h.pid = a.pid
 WHERE a.datname = current_database() AND a.pid <> pg_catalog.pg_backend_pid()
   AND coalesce(a.backend_type, 'client backend') = 'client backend'
   AND a.xact_start < pg_catalog.clock_timestamp() - $2::bigint * interval '1 millisecond'
 ORDER BY a.xact_start
 LIMIT 20)
UNION ALL
SELECT 'warning',
       pg_catalog.format('prepared transaction %L of the destination (user %s) is open since %s',
                         p.gid, p.owner,
                         pg_catalog.to_char(p.prepared AT TIME ZONE 'UTC',
                                            'YYYY-MM-DD HH24:MI:SS "UTC"')),
       'The swap cannot go through while it holds affected tables. Run COMMIT PREPARED or ROLLBACK '
       'PREPARED.'
FROM pg_catalog.pg_prepared_xacts p WHERE p.database = current_database()
