-- Transforms that initdb did not make, of types in the schemas that are read or in system ones.
-- $1 text[]: names of the schemas; empty: all but system schemas and those that begin with "pgzm".
-- Columns: classid, oid, schema (NULL), name ("type LANGUAGE language", quoted as needed), owner (NULL),
-- extension (NULL), from_sql, to_sql (functions with arguments; NULL for none). Names are qualified where
-- search_path does not find them.
SELECT 3576 AS classid, t.oid, NULL AS schema,
       pg_catalog.format_type(t.trftype, NULL) || ' LANGUAGE '
           || pg_catalog.quote_ident(l.lanname) AS name,
       NULL AS owner, NULL AS extension,
       NULLIF(t.trffromsql::pg_catalog.oid, 0)::pg_catalog.regprocedure::pg_catalog.text AS from_sql,
       NULLIF(t.trftosql::pg_catalog.oid, 0)::pg_catalog.regprocedure::pg_catalog.text AS to_sql
FROM pg_catalog.pg_transform t
JOIN pg_catalog.pg_language l ON l.oid = t.trflang
JOIN pg_catalog.pg_type y ON y.oid = t.trftype
JOIN pg_catalog.pg_namespace n ON n.oid = y.typnamespace
WHERE t.oid >= 16384
  AND (n.nspname ~ '^pg_' OR n.nspname = 'information_schema'
       OR CASE WHEN pg_catalog.cardinality($1::pg_catalog.text[]) > 0
               THEN n.nspname = ANY ($1::pg_catalog.text[])
               ELSE n.nspname !~ '^pgzm' END)
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                  WHERE e.classid = 3576 AND e.objid = t.oid AND e.deptype = 'e')
