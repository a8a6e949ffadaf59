-- Row security policies of the tables of the schemas, without those of members of extensions.
-- $1 text[]: schemas to read; empty for all but system schemas and those named pgzm...
-- $2, $3 oid[]: catalog and OID of the objects that are left out (loader.h).
-- Columns: classid, oid, schema, name, owner, extension; the others as in struct Policy (model.h).
WITH left_out AS (
    SELECT x.classid, x.oid
    FROM ROWS FROM (pg_catalog.unnest($2::pg_catalog.oid[]),
                    pg_catalog.unnest($3::pg_catalog.oid[])) AS x(classid, oid)
), scope AS (
    SELECT n.oid, n.nspname
    FROM pg_catalog.pg_namespace n
    WHERE CASE WHEN pg_catalog.cardinality($1::pg_catalog.text[]) = 0
               THEN n.nspname !~ '^(pg_|pgzm)' AND n.nspname <> 'information_schema'
               ELSE n.nspname::pg_catalog.text = ANY ($1::pg_catalog.text[]) END
)
SELECT 3256 AS classid,
       p.oid,
       s.nspname AS schema,
       p.polname AS name,
       NULL AS owner,
       NULL AS extension,
       p.polrelid AS "table",
       p.polcmd AS command,
       p.polpermissive AS permissive,
       -- 0 is PUBLIC: no role has it, which gives a null
       (SELECT pg_catalog.json_agg(a.rolname ORDER BY x.number)
        FROM pg_catalog.unnest(p.polroles) WITH ORDINALITY AS x(oid, number)
        LEFT JOIN pg_catalog.pg_roles a ON a.oid = x.oid) AS roles,
       pg_catalog.pg_get_expr(p.polqual, p.polrelid) AS using_expr,
       pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) AS check_expr
FROM scope s
JOIN pg_catalog.pg_class c ON c.relnamespace = s.oid
JOIN pg_catalog.pg_policy p ON p.polrelid = c.oid
WHERE c.relkind IN ('r', 'p')
  AND NOT EXISTS (SELECT 1 FROM left_out x WHERE x.classid = 3256 AND x.oid = p.oid)
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d
                  WHERE d.classid = 1259 AND d.objid = c.oid AND d.deptype = 'e')
