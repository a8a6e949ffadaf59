-- Text search parsers.
-- $1 text[]: names of the schemas; empty: all but system schemas and those that begin with "pgzm".
-- Columns: classid, oid, schema, name, owner (NULL: it has none), extension (NULL), start, get_token,
-- end_function, headline (NULL for none), lex_types: functions, qualified where search_path does not
-- find them.
SELECT 3601 AS classid, p.oid, n.nspname AS schema, p.prsname AS name, NULL AS owner,
       NULL AS extension,
       p.prsstart::pg_catalog.regproc::pg_catalog.text AS start,
       p.prstoken::pg_catalog.regproc::pg_catalog.text AS get_token,
       p.prsend::pg_catalog.regproc::pg_catalog.text AS end_function,
       NULLIF(p.prsheadline::pg_catalog.oid, 0)::pg_catalog.regproc::pg_catalog.text AS headline,
       p.prslextype::pg_catalog.regproc::pg_catalog.text AS lex_types
FROM pg_catalog.pg_ts_parser p
JOIN pg_catalog.pg_namespace n ON n.oid = p.prsnamespace
WHERE CASE WHEN pg_catalog.cardinality($1::pg_catalog.text[]) > 0
           THEN n.nspname = ANY ($1::pg_catalog.text[])
           ELSE n.nspname !~ '^(pg_|pgzm)' AND n.nspname <> 'information_schema' END
  AND p.oid >= 16384
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                  WHERE e.classid = 3601 AND e.objid = p.oid AND e.deptype = 'e')
