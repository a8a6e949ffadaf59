-- What makes a swap harder that the user may not do in the destination.
-- No parameters. Columns: outcome, message, hint
SELECT 'warning' AS outcome,
       pg_catalog.format('user %s does not see how long transactions of others last (role '
                         'pg_read_all_stats): the swap cannot wait for them, but will try its locks '
                         'briefly again and again', current_user) AS message,
       pg_catalog.format('Run GRANT pg_read_all_stats TO %I.', current_user) AS hint
WHERE NOT pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')
UNION ALL
SELECT 'warning',
       pg_catalog.format('user %s may not cancel autovacuum: the swap waits while it is at work on '
                         'an affected table', current_user),
       CASE WHEN current_setting('server_version_num')::int >= 180000
            THEN pg_catalog.format('Run GRANT pg_signal_autovacuum_worker TO %I.', current_user)
            ELSE 'Before PostgreSQL 18 only superusers can; choose a quiet hour for the swap.' END
-- pg_signal_autovacuum_worker: 18 and later
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles r
                  WHERE (r.rolname = current_user AND r.rolsuper)
                     OR (r.rolname = 'pg_signal_autovacuum_worker'
                         AND pg_catalog.pg_has_role(r.oid, 'USAGE')))
