-- The database itself, for what is granted on it (grants.sql).
-- $1 text[]: not looked at.
-- Columns: classid, oid, schema (NULL), name, owner (NULL: it stays), extension (NULL).
SELECT 1262 AS classid, d.oid, NULL AS schema, d.datname AS name, NULL AS owner, NULL AS extension
FROM pg_catalog.pg_database d
WHERE d.datname = pg_catalog.current_database()
  AND $1::pg_catalog.text[] IS NOT NULL
