-- Schemas that publications publish whole: there are none before 15.
-- $1 text[]: not looked at.
-- Columns: as in publication_schemas_pg15.sql.
SELECT 6237 AS classid, 0 AS oid, NULL AS schema, NULL AS name, NULL AS owner, NULL AS extension,
       0 AS publication, 0 AS namespace
WHERE $1::pg_catalog.text[] IS NULL
