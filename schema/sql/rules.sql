-- Rules of the tables and views of the schemas, without views' own and those of members of
-- extensions.
-- $1 text[]: schemas to read; empty for all but system schemas and those named pgzm...
-- $2, $3 oid[]: catalog and OID of the objects that are left out (loader.h).
-- Columns: classid, oid, schema, name, owner, extension; the others as in struct Rule (model.h).
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
SELECT 2618 AS classid,
       r.oid,
       s.nspname AS schema,
       r.rulename AS name,
       NULL AS owner,
       NULL AS extension,
       r.ev_class AS "table",
       pg_catalog.rtrim(pg_catalog.pg_get_ruledef(r.oid), ';') AS def,
       r.ev_enabled AS enabled
FROM scope s
JOIN pg_catalog.pg_class c ON c.relnamespace = s.oid
JOIN pg_catalog.pg_rewrite r ON r.ev_class = c.oid
WHERE c.relkind IN ('r', 'p', 'v')
  AND r.rulename <> '_RETURN'
  AND NOT EXISTS (SELECT 1 FROM left_out x WHERE x.classid = 2618 AND x.oid = r.oid)
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d
                  WHERE d.deptype = 'e'
                    AND (d.classid = 1259 AND d.objid = c.oid
                         OR d.classid = 2618 AND d.objid = r.oid))
