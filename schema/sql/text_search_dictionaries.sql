-- Text search dictionaries.
-- $1 text[]: names of the schemas; empty: all but system schemas and those that begin with "pgzm".
-- Columns: classid, oid, schema, name, owner, extension (NULL), template (qualified where
-- search_path does not find it), options (as they are written; NULL for none), subdictionary (OID of
-- the dictionary that the option of this name of a thesaurus means, else 0: no dependency is
-- recorded for it, but it must be there).
SELECT 3600 AS classid, d.oid, n.nspname AS schema, d.dictname AS name,
       pg_catalog.pg_get_userbyid(d.dictowner) AS owner, NULL AS extension,
       CASE WHEN pg_catalog.pg_ts_template_is_visible(t.oid) THEN ''
            ELSE pg_catalog.quote_ident(tn.nspname) || '.' END
       || pg_catalog.quote_ident(t.tmplname) AS template,
       d.dictinitoption AS options,
       COALESCE((SELECT b.oid FROM pg_catalog.pg_ts_dict b
                 JOIN pg_catalog.pg_namespace bn ON bn.oid = b.dictnamespace
                 WHERE pg_catalog.lower(pg_catalog.substring(
                           d.dictinitoption, '(?:^|, )dictionary = ''([^'']*)'''))
                       IN (b.dictname::pg_catalog.text,
                           bn.nspname::pg_catalog.text || '.' || b.dictname::pg_catalog.text)
                   AND b.oid <> d.oid
                 ORDER BY b.dictnamespace <> d.dictnamespace, b.oid LIMIT 1), 0) AS subdictionary
FROM pg_catalog.pg_ts_dict d
JOIN pg_catalog.pg_namespace n ON n.oid = d.dictnamespace
JOIN pg_catalog.pg_ts_template t ON t.oid = d.dicttemplate
JOIN pg_catalog.pg_namespace tn ON tn.oid = t.tmplnamespace
WHERE CASE WHEN pg_catalog.cardinality($1::pg_catalog.text[]) > 0
           THEN n.nspname = ANY ($1::pg_catalog.text[])
           ELSE n.nspname !~ '^(pg_|pgzm)' AND n.nspname <> 'information_schema' END
  AND d.oid >= 16384
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                  WHERE e.classid = 3600 AND e.objid = d.oid AND e.deptype = 'e')
