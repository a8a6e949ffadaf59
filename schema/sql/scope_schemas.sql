-- User schemas whose names match.
-- $1 text: regular expression; NULL for all. Columns: oid, name.
SELECT n.oid, n.nspname AS name
FROM pg_catalog.pg_namespace n
WHERE n.nspname !~ '^(pg_|pgzm)' AND n.nspname <> 'information_schema'
  AND ($1::pg_catalog.text IS NULL
       OR n.nspname OPERATOR(pg_catalog.~) $1::pg_catalog.text COLLATE pg_catalog."default")
ORDER BY n.oid
