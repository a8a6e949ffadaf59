-- Access methods that initdb did not make and no extension has.
-- $1 text[]: not looked at, an access method has no schema.
-- Columns: classid, oid, schema (NULL), name, owner (NULL), extension (NULL), amtype, handler (a function,
-- qualified where search_path does not find it).
SELECT 2601 AS classid, a.oid, NULL AS schema, a.amname AS name, NULL AS owner, NULL AS extension,
       a.amtype, a.amhandler::pg_catalog.text AS handler
FROM pg_catalog.pg_am a
WHERE a.oid >= 16384 AND $1::pg_catalog.text[] IS NOT NULL
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                  WHERE e.classid = 2601 AND e.objid = a.oid AND e.deptype = 'e')
