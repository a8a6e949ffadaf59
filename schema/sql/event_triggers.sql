-- Event triggers, without members of extensions and those whose function is not carried over.
-- $1 text[]: names of the schemas; empty: all but system schemas and those that begin with "pgzm".
-- Columns: classid, oid, schema (NULL), name, owner, extension (NULL), event, tags (NULL for all),
-- function (qualified where search_path does not find it), enabled.
SELECT 3466 AS classid, t.oid, NULL AS schema, t.evtname AS name,
       pg_catalog.pg_get_userbyid(t.evtowner) AS owner, NULL AS extension,
       t.evtevent AS event, pg_catalog.to_json(t.evttags) AS tags,
       t.evtfoid::pg_catalog.regproc::pg_catalog.text AS function, t.evtenabled AS enabled
FROM pg_catalog.pg_event_trigger t
JOIN pg_catalog.pg_proc p ON p.oid = t.evtfoid
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                  WHERE e.classid = 3466 AND e.objid = t.oid AND e.deptype = 'e')
  AND (CASE WHEN pg_catalog.cardinality($1::pg_catalog.text[]) > 0
            THEN n.nspname = ANY ($1::pg_catalog.text[])
            ELSE n.nspname !~ '^(pg_|pgzm)' AND n.nspname <> 'information_schema' END
       OR p.oid < 16384
       OR EXISTS (SELECT FROM pg_catalog.pg_depend e
                  WHERE e.classid = 1255 AND e.objid = p.oid AND e.deptype = 'e'))
