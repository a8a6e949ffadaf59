-- User mappings whose options the reader may see; uncarried.sql names the others. What the view
-- gives as no options may also be options that it hides, so its condition is repeated here.
-- $1 text[]: not looked at, they are in no schema.
-- Columns: classid, oid, schema (NULL), name (of the role; "public" for everybody), owner (NULL: it
-- has none), extension (NULL), is_public, server_oid, server, option_names, option_values (JSON
-- arrays).
SELECT 1418 AS classid, m.umid AS oid, NULL AS schema, m.usename AS name, NULL AS owner,
       NULL AS extension, m.umuser = 0 AS is_public, s.oid AS server_oid, s.srvname AS server,
       o.names AS option_names, o.values AS option_values
FROM pg_catalog.pg_user_mappings m
JOIN pg_catalog.pg_foreign_server s ON s.oid = m.srvid
LEFT JOIN LATERAL (
    SELECT pg_catalog.json_agg(x.option_name ORDER BY x.number) AS names,
           pg_catalog.json_agg(COALESCE(x.option_value, '') ORDER BY x.number) AS values
    FROM pg_catalog.pg_options_to_table(m.umoptions)
             WITH ORDINALITY AS x(option_name, option_value, number)) o ON true
WHERE $1::pg_catalog.text[] IS NOT NULL
  -- of a role that was dropped
  AND m.usename IS NOT NULL
  AND (m.umuser <> 0 AND m.usename = CURRENT_USER
           AND (pg_catalog.pg_has_role(s.srvowner, 'USAGE')
                OR pg_catalog.has_server_privilege(s.oid, 'USAGE'))
       OR m.umuser = 0 AND pg_catalog.pg_has_role(s.srvowner, 'USAGE')
       OR (SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = CURRENT_USER))
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                  WHERE e.classid = 1418 AND e.objid = m.umid AND e.deptype = 'e')
