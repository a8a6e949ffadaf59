-- Schemas that publications publish whole.
-- $1 text[]: names of the schemas; empty: all but system schemas and those that begin with "pgzm".
-- Columns: classid, oid, schema (NULL), name (the publication's), owner (NULL), extension (NULL),
-- publication, namespace.
SELECT 6237 AS classid, m.oid, NULL AS schema, p.pubname AS name, NULL AS owner,
       NULL AS extension, p.oid AS publication, n.oid AS namespace
FROM pg_catalog.pg_publication_namespace m
JOIN pg_catalog.pg_publication p ON p.oid = m.pnpubid
JOIN pg_catalog.pg_namespace n ON n.oid = m.pnnspid
WHERE CASE WHEN pg_catalog.cardinality($1::pg_catalog.text[]) > 0
           THEN n.nspname = ANY ($1::pg_catalog.text[])
           ELSE n.nspname !~ '^(pg_|pgzm)' AND n.nspname <> 'information_schema' END
