-- Text search templates.
-- $1 text[]: names of the schemas; empty: all but system schemas and those that begin with "pgzm".
-- Columns: classid, oid, schema, name, owner (NULL: it has none), extension (NULL), init (NULL for
-- none), lexize: functions, qualified where search_path does not find them.
SELECT 3764 AS classid, t.oid, n.nspname AS schema, t.tmplname AS name, NULL AS owner,
       NULL AS extension,
       NULLIF(t.tmplinit::pg_catalog.oid, 0)::pg_catalog.regproc::pg_catalog.text AS init,
       t.tmpllexize::pg_catalog.regproc::pg_catalog.text AS lexize
FROM pg_catalog.pg_ts_template t
JOIN pg_catalog.pg_namespace n ON n.oid = t.tmplnamespace
WHERE CASE WHEN pg_catalog.cardinality($1::pg_catalog.text[]) > 0
           THEN n.nspname = ANY ($1::pg_catalog.text[])
           ELSE n.nspname !~ '^(pg_|pgzm)' AND n.nspname <> 'information_schema' END
  AND t.oid >= 16384
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                  WHERE e.classid = 3764 AND e.objid = t.oid AND e.deptype = 'e')
