-- Tables, views, materialized views, sequences and foreign tables of user schemas whose names match.
-- $1 text: regular expression for the schema; NULL: what search_path finds by its name alone.
-- $2 text: regular expression for the name. Columns: oid.
SELECT c.oid
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
  AND c.relpersistence <> 't'
  AND n.nspname !~ '^(pg_|pgzm)' AND n.nspname <> 'information_schema'
  AND c.relname OPERATOR(pg_catalog.~) $2::pg_catalog.text COLLATE pg_catalog."default"
  AND CASE WHEN $1::pg_catalog.text IS NULL THEN pg_catalog.pg_table_is_visible(c.oid)
           ELSE n.nspname OPERATOR(pg_catalog.~) $1::pg_catalog.text
                    COLLATE pg_catalog."default" END
ORDER BY c.oid
