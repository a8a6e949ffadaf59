-- Of parts of tables that only the destination has: which the source has as well, so that they are
-- excluded.
-- $1 json: array of objects with kind, schema, name, table_schema, table_name.
-- Columns: excluded, part, table_name (for a person). Sequences of the destination alone are not
-- named. Excluded ones first.
SELECT c.oid IS NOT NULL AS excluded,
       pg_catalog.format('%s %I.%I', p.kind, p.schema, p.name) AS part,
       pg_catalog.format('%I.%I', p.table_schema, p.table_name) AS table_name
FROM pg_catalog.json_to_recordset($1::pg_catalog.json)
         AS p(kind text, schema text, name text, table_schema text, table_name text)
LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = p.schema
LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = p.name
WHERE c.oid IS NOT NULL OR p.kind = 'partition'
ORDER BY 1 DESC, 2
