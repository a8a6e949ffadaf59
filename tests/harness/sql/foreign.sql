-- For the comparer of the tests (compare.c): columns object, key, value. $1: the older one of the two
-- servers' versions, as in server_version_num.
-- Foreign-data wrappers, servers, user mappings, and what foreign tables have beyond others. Grants
-- without their grantors.
SELECT 'wrapper ' || w.fdwname AS object, 'wrapper ' || w.fdwname AS key,
       jsonb_build_array(pg_get_userbyid(w.fdwowner), w.fdwhandler::regproc,
                         w.fdwvalidator::regproc,
                         (SELECT jsonb_agg(o ORDER BY o) FROM unnest(w.fdwoptions) o),
                         (SELECT jsonb_agg(split_part(a::text, '/', 1) ORDER BY a::text)
                          FROM unnest(w.fdwacl) a),
                         obj_description(w.oid, 'pg_foreign_data_wrapper'))::text AS value
FROM pg_foreign_data_wrapper w
WHERE $1::int > 0
  AND NOT EXISTS (SELECT FROM pg_depend e
                  WHERE e.classid = 'pg_foreign_data_wrapper'::regclass AND e.objid = w.oid
                    AND e.deptype = 'e')
UNION ALL
SELECT 'server ' || s.srvname, 'server ' || s.srvname,
       jsonb_build_array(pg_get_userbyid(s.srvowner), s.srvtype, s.srvversion,
                         (SELECT fdwname FROM pg_foreign_data_wrapper w WHERE w.oid = s.srvfdw),
                         (SELECT jsonb_agg(o ORDER BY o) FROM unnest(s.srvoptions) o),
                         (SELECT jsonb_agg(split_part(a::text, '/', 1) ORDER BY a::text)
                          FROM unnest(s.srvacl) a),
                         obj_description(s.oid, 'pg_foreign_server'))::text
FROM pg_foreign_server s
UNION ALL
SELECT 'server ' || m.srvname, 'mapping of ' || m.usename || ' on ' || m.srvname,
       jsonb_build_array((SELECT jsonb_agg(o ORDER BY o) FROM unnest(m.umoptions) o))::text
FROM pg_user_mappings m
UNION ALL
SELECT n.nspname || '.' || c.relname, n.nspname || '.' || c.relname,
       jsonb_build_array((SELECT srvname FROM pg_foreign_server s WHERE s.oid = f.ftserver),
                         (SELECT jsonb_agg(o ORDER BY o) FROM unnest(f.ftoptions) o),
                         (SELECT jsonb_agg(a.attname || ' ' || a.attfdwoptions::text
                                           ORDER BY a.attname)
                          FROM pg_attribute a
                          WHERE a.attrelid = c.oid AND a.attfdwoptions IS NOT NULL))::text
FROM pg_foreign_table f
JOIN pg_class c ON c.oid = f.ftrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname NOT LIKE 'pgzm%'
