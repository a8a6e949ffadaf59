-- Settings of this database, for all roles and for single ones.
-- $1 text[]: not looked at.
-- Columns: classid, oid (of the role, 0 for all), schema (NULL), name (of the role, of the database
-- for all), owner (the role, NULL for all), extension (NULL), settings ("name=value", as stored).
SELECT 2964 AS classid, s.setrole AS oid, NULL AS schema,
       COALESCE(r.rolname, d.datname) AS name, r.rolname AS owner, NULL AS extension,
       pg_catalog.to_json(s.setconfig) AS settings
FROM pg_catalog.pg_db_role_setting s
JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
WHERE d.datname = pg_catalog.current_database()
  AND (s.setrole = 0 OR r.oid IS NOT NULL)
  AND $1::pg_catalog.text[] IS NOT NULL
