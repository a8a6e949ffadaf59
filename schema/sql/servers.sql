-- Foreign servers, without members of extensions.
-- $1 text[]: not looked at, they are in no schema.
-- Columns: classid, oid, schema (NULL), name, owner, extension (NULL), wrapper_oid, wrapper, type,
-- version (NULL for none), option_names, option_values (JSON arrays).
SELECT 1417 AS classid, s.oid, NULL AS schema, s.srvname AS name,
       pg_catalog.pg_get_userbyid(s.srvowner) AS owner, NULL AS extension,
       w.oid AS wrapper_oid, w.fdwname AS wrapper, s.srvtype AS type, s.srvversion AS version,
       o.names AS option_names, o.values AS option_values
FROM pg_catalog.pg_foreign_server s
JOIN pg_catalog.pg_foreign_data_wrapper w ON w.oid = s.srvfdw
LEFT JOIN LATERAL (
    SELECT pg_catalog.json_agg(x.option_name ORDER BY x.number) AS names,
           pg_catalog.json_agg(COALESCE(x.option_value, '') ORDER BY x.number) AS values
    FROM pg_catalog.pg_options_to_table(s.srvoptions)
             WITH ORDINALITY AS x(option_name, option_value, number)) o ON true
WHERE s.oid >= 16384
  AND $1::pg_catalog.text[] IS NOT NULL
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                  WHERE e.classid = 1417 AND e.objid = s.oid AND e.deptype = 'e')
