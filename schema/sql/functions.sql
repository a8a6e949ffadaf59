-- Functions, window functions and procedures; not aggregates, not what a range type makes for
-- itself.
-- $1 text[]: names of the schemas; empty: all but system schemas and those that begin with "pgzm".
-- $2, $3 oid[]: catalog and OID of the objects that are left out (loader.h).
-- Columns: classid, oid, schema, name, owner, extension (that it depends on), prokind,
-- identity_args, def (without the last line break), language, sql_body (parsed when it is created:
-- BEGIN ATOMIC or RETURN, from 14 on).
SELECT 1255 AS classid, p.oid, n.nspname AS schema, p.proname AS name,
       pg_catalog.pg_get_userbyid(p.proowner) AS owner,
       (SELECT x.extname FROM pg_catalog.pg_depend d
        JOIN pg_catalog.pg_extension x ON d.refclassid = 3079 AND x.oid = d.refobjid
        WHERE d.classid = 1255 AND d.objid = p.oid AND d.deptype = 'x'
        ORDER BY x.extname LIMIT 1) AS extension,
       p.prokind, pg_catalog.pg_get_function_identity_arguments(p.oid) AS identity_args,
       pg_catalog.rtrim(pg_catalog.pg_get_functiondef(p.oid), E'\n') AS def,
       l.lanname AS language,
       -- 14 and later; the text is empty then
       p.prosrc = '' AND pg_catalog.to_json(p.*) ->> 'prosqlbody' IS NOT NULL AS sql_body
FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
JOIN pg_catalog.pg_language l ON l.oid = p.prolang
WHERE CASE WHEN pg_catalog.cardinality($1::pg_catalog.text[]) > 0
           THEN n.nspname = ANY ($1::pg_catalog.text[])
           ELSE n.nspname !~ '^(pg_|pgzm)' AND n.nspname <> 'information_schema' END
  AND p.oid >= 16384
  AND p.prokind IN ('f', 'p', 'w')
  AND NOT EXISTS (SELECT
                  FROM ROWS FROM (pg_catalog.unnest($2::pg_catalog.oid[]),
                                  pg_catalog.unnest($3::pg_catalog.oid[])) AS x(classid, oid)
                  WHERE x.classid = 1255 AND x.oid = p.oid)
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                  WHERE e.classid = 1255 AND e.objid = p.oid AND e.deptype IN ('e', 'i'))
ORDER BY p.oid
