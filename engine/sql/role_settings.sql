-- Settings that roles have in all databases, lists of names element by element.
-- $1 json: names of roles. Columns: role, setting, element. By role, setting, position.
SELECT r.rolname, s.name, e.element
FROM pg_catalog.pg_db_role_setting d
JOIN pg_catalog.pg_roles r ON r.oid = d.setrole
CROSS JOIN LATERAL (
    SELECT pg_catalog.split_part(c.text, '=', 1) AS name,
           pg_catalog.substr(c.text, pg_catalog.strpos(c.text, '=') + 1) AS value
    FROM pg_catalog.unnest(d.setconfig) c(text)) s
CROSS JOIN LATERAL (
    SELECT s.value AS element, 1::bigint AS position
    WHERE s.name NOT IN ('local_preload_libraries', 'search_path', 'session_preload_libraries',
                         'shared_preload_libraries', 'temp_tablespaces', 'unix_socket_directories')
       OR s.value = ''
    UNION ALL
    SELECT COALESCE(pg_catalog.replace(m.part[1], '""', '"'), pg_catalog.btrim(m.part[2])),
           m.position
    FROM pg_catalog.regexp_matches(s.value, '"((?:[^"]|"")*)"|([^,"\s][^,"]*)', 'g')
         WITH ORDINALITY m(part, position)
    WHERE s.name IN ('local_preload_libraries', 'search_path', 'session_preload_libraries',
                     'shared_preload_libraries', 'temp_tablespaces', 'unix_socket_directories')
      AND s.value <> '') e
WHERE d.setdatabase = 0
  AND r.rolname IN (SELECT n.name FROM pg_catalog.json_array_elements_text($1::json) n(name))
ORDER BY r.rolname, s.name, e.position
