-- Schemas.
-- $1 text[]: names of the schemas; empty: all but system schemas and those that begin with "pgzm".
-- Columns: classid, oid, schema (NULL), name, owner, extension, default_owner.
-- The public schema of a new database belongs to pg_database_owner (from 15 on) or to the
-- bootstrap superuser, whose OID is 10.
SELECT 2615 AS classid, n.oid, NULL AS schema, n.nspname AS name,
       pg_catalog.pg_get_userbyid(n.nspowner) AS owner, NULL AS extension,
       n.nspname = 'public' AND (n.nspowner = 10 OR r.rolname = 'pg_database_owner') AS default_owner
FROM pg_catalog.pg_namespace n
LEFT JOIN pg_catalog.pg_roles r ON r.oid = n.nspowner
WHERE CASE WHEN pg_catalog.cardinality($1::pg_catalog.text[]) > 0
           THEN n.nspname = ANY ($1::pg_catalog.text[])
           ELSE n.nspname !~ '^(pg_|pgzm)' AND n.nspname <> 'information_schema' END
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                  WHERE e.classid = 2615 AND e.objid = n.oid AND e.deptype = 'e')
ORDER BY n.oid
