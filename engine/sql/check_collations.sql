-- Collations that columns use and whose version has changed since they were made.
-- $1 text: 'source' or 'destination'. Columns: outcome, message, hint
SELECT 'warning' AS outcome,
       pg_catalog.format('collation %I.%I of the %s was made with version %s, and the system has '
                         '%s now: indexes may be in the wrong order', n.nspname, c.collname,
                         $1::text, c.collversion,
                         coalesce(pg_catalog.pg_collation_actual_version(c.oid), 'none')) AS message,
       'Rebuild the indexes that use it and run ALTER COLLATION ... REFRESH VERSION.' AS hint
-- there are hundreds of others, and each version is asked of the library
FROM (SELECT DISTINCT a.attcollation AS oid
      FROM pg_catalog.pg_attribute a
      WHERE a.attrelid >= 16384 AND a.attcollation >= 100
      OFFSET 0) AS used
JOIN pg_catalog.pg_collation c ON c.oid = used.oid
JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace
WHERE c.collversion IS NOT NULL
  AND c.collversion IS DISTINCT FROM pg_catalog.pg_collation_actual_version(c.oid)
ORDER BY n.nspname, c.collname
LIMIT 20
