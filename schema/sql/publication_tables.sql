-- Tables that publications name: those of the schemas and of extensions.
-- $1 text[]: names of the schemas; empty: all but system schemas and those that begin with "pgzm".
-- Columns: classid, oid, schema (NULL), name (the publication's), owner (NULL), extension (NULL),
-- publication, table, table_schema, table_name, of_extension, columns, filter (both NULL before 15).
SELECT 6106 AS classid, r.oid, NULL AS schema, p.pubname AS name, NULL AS owner,
       NULL AS extension, p.oid AS publication, c.oid AS "table", n.nspname AS table_schema,
       c.relname AS table_name, m.member AS of_extension,
       NULL AS columns, NULL AS filter
FROM pg_catalog.pg_publication_rel r
JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid
JOIN pg_catalog.pg_class c ON c.oid = r.prrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace,
LATERAL (SELECT EXISTS (SELECT FROM pg_catalog.pg_depend e
                        WHERE e.classid = 1259 AND e.objid = c.oid AND e.deptype = 'e')) m(member)
WHERE m.member
   OR CASE WHEN pg_catalog.cardinality($1::pg_catalog.text[]) > 0
           THEN n.nspname = ANY ($1::pg_catalog.text[])
           ELSE n.nspname !~ '^(pg_|pgzm)' AND n.nspname <> 'information_schema' END
