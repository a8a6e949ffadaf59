-- Schemas that look like a migration's and that no journal knows.
-- $1 text[]: those that an unfinished migration has made. Columns: outcome, message, hint
SELECT 'failure' AS outcome,
       pg_catalog.format('schema %s is left over in the destination', n.nspname) AS message,
       'No migration in the journal made it. Look into it and drop it.' AS hint
FROM pg_catalog.pg_namespace n
WHERE n.nspname ~ '^pgzm_(shadow|aside)_' AND n.nspname <> ALL ($1::text[])
ORDER BY n.nspname
