-- Subscriptions of the destination that write into tables which are replaced.
-- $1 text[]: live schemas that are migrated. Columns: outcome, message, hint
SELECT DISTINCT 'warning' AS outcome,
       pg_catalog.format('subscription %s of the destination writes into %I.%I, which is replaced',
                         s.subname, n.nspname, c.relname) AS message,
       'What arrives until the swap stays in the backup. Disable the subscription meanwhile, or '
       'leave the table out with --exclude-table.' AS hint
-- the view shows to everybody what pg_subscription hides
FROM pg_catalog.pg_stat_subscription s
JOIN pg_catalog.pg_subscription_rel r ON r.srsubid = s.subid
JOIN pg_catalog.pg_class c ON c.oid = r.srrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY ($1::text[])
ORDER BY 2
LIMIT 20
