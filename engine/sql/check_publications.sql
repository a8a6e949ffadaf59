-- Publications of the destination that would publish what a migration makes.
-- $1 text[]: live schemas that are migrated; $2 boolean: allowed. Columns: outcome, message, hint
SELECT CASE WHEN $2::boolean THEN 'warning' ELSE 'failure' END AS outcome,
       pg_catalog.format('publication %s of the destination publishes all tables', p.pubname)
       AS message,
       'It would publish shadow tables, backups and the journal, which subscribers do not have. '
       'Drop it, publish named tables, or give --allow-publish.' AS hint
FROM pg_catalog.pg_publication p
WHERE p.puballtables AND $1::text[] IS NOT NULL
ORDER BY p.pubname
