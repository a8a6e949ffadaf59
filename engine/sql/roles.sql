-- Attributes of roles of the source.
-- $1 json: names. Columns: name, super, inherit, createrole, createdb, login, replication,
-- bypassrls, connection_limit, valid_until (NULL for none), comment, readable (whether passwords
-- can be read).
SELECT r.rolname, r.rolsuper, r.rolinherit, r.rolcreaterole, r.rolcreatedb, r.rolcanlogin,
       r.rolreplication, r.rolbypassrls, r.rolconnlimit, r.rolvaliduntil,
       pg_catalog.shobj_description(r.oid, 'pg_authid'),
       pg_catalog.has_table_privilege('pg_catalog.pg_authid', 'SELECT')
FROM pg_catalog.pg_roles r
WHERE r.rolname IN (SELECT n.name FROM pg_catalog.json_array_elements_text($1::json) n(name))
ORDER BY r.rolname
