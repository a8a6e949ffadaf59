-- Conversions between encodings.
-- $1 text[]: names of the schemas; empty: all but system schemas and those that begin with "pgzm".
-- Columns: classid, oid, schema, name, owner, extension (NULL), from_encoding, to_encoding, function
-- (qualified where search_path does not find it), is_default.
SELECT 2607 AS classid, c.oid, n.nspname AS schema, c.conname AS name,
       pg_catalog.pg_get_userbyid(c.conowner) AS owner, NULL AS extension,
       pg_catalog.pg_encoding_to_char(c.conforencoding) AS from_encoding,
       pg_catalog.pg_encoding_to_char(c.contoencoding) AS to_encoding,
       c.conproc::pg_catalog.regproc::pg_catalog.text AS function, c.condefault AS is_default
FROM pg_catalog.pg_conversion c
JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace
WHERE CASE WHEN pg_catalog.cardinality($1::pg_catalog.text[]) > 0
           THEN n.nspname = ANY ($1::pg_catalog.text[])
           ELSE n.nspname !~ '^(pg_|pgzm)' AND n.nspname <> 'information_schema' END
  AND c.oid >= 16384
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                  WHERE e.classid = 2607 AND e.objid = c.oid AND e.deptype = 'e')
