-- Collations that a column or index uses and whose version has changed since they were made.
-- $1 text: 'source' or 'destination'. Columns: outcome, message, hint
SELECT 'warning' AS outcome,
       pg_catalog.format('collation %I.%I of the %s was made with version %s, and the system has %s '
                         'now: indexes may be in the wrong order', n.nspname, c.collname, $1::text,
                         c.collversion,
                         coalesce(pg_catalog.pg_collation_actual_version(c.oid), 'none')) AS message,
       'Rebuild the indexes that use it and run ALTER COLLATION ... REFRESH VERSION.' AS hint
FROM pg_catalog.pg_collation c
JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace
WHERE c.collversion IS NOT NULL
  AND c.collversion IS DISTINCT FROM pg_catalog.pg_collation_actual_version(c.oid)
  AND EXISTS (SELECT FROM pg_catalog.pg_attribute a
              JOIN pg_catalog.pg_class r ON r.oid = a.attrelid
              WHERE a.attcollation = c.oid AND r.oid >= 16384)
ORDER BY n.nspname, c.collname
LIMIT 20
