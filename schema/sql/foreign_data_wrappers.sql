-- Foreign-data wrappers, without members of extensions.
-- $1 text[]: not looked at, they are in no schema.
-- Columns: classid, oid, schema (NULL), name, owner, extension (NULL), handler, validator
-- (functions, qualified where search_path does not find them; NULL for none), option_names,
-- option_values (JSON arrays).
SELECT 2328 AS classid, w.oid, NULL AS schema, w.fdwname AS name,
       pg_catalog.pg_get_userbyid(w.fdwowner) AS owner, NULL AS extension,
       NULLIF(w.fdwhandler, 0)::pg_catalog.regproc::pg_catalog.text AS handler,
       NULLIF(w.fdwvalidator, 0)::pg_catalog.regproc::pg_catalog.text AS validator,
       o.names AS option_names, o.values AS option_values
FROM pg_catalog.pg_foreign_data_wrapper w
LEFT JOIN LATERAL (
    SELECT pg_catalog.json_agg(x.option_name ORDER BY x.number) AS names,
           pg_catalog.json_agg(COALESCE(x.option_value, '') ORDER BY x.number) AS values
    FROM pg_catalog.pg_options_to_table(w.fdwoptions)
             WITH ORDINALITY AS x(option_name, option_value, number)) o ON true
WHERE w.oid >= 16384
  AND $1::pg_catalog.text[] IS NOT NULL
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                  WHERE e.classid = 2328 AND e.objid = w.oid AND e.deptype = 'e')
