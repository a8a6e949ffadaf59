-- Triggers of the tables and views of the schemas, without those that belong to a key and those of
-- members of extensions. Clones on partitions are among them (parent <> 0).
-- $1 text[]: schemas to read; empty for all but system schemas and those named pgzm...
-- $2, $3 oid[]: catalog and OID of the objects that are left out (loader.h).
-- Columns: classid, oid, schema, name, owner, extension; the others as in struct Trigger.
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
), clone AS (
    -- pg_trigger.tgparentid came in 13; pg_depend has it in 12 too.
    SELECT d.objid AS oid, d.refobjid AS parent
    FROM pg_catalog.pg_depend d
    WHERE d.classid = 2620 AND d.refclassid = 2620
)
SELECT 2620 AS classid,
       t.oid,
       s.nspname AS schema,
       t.tgname AS name,
       NULL AS owner,
       (SELECT e.extname
        FROM pg_catalog.pg_depend d
        JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
        WHERE d.classid = 2620 AND d.objid = t.oid AND d.refclassid = 3079 AND d.deptype = 'x'
        ORDER BY e.extname LIMIT 1) AS extension,
       t.tgrelid AS "table",
       pg_catalog.pg_get_triggerdef(t.oid, false) AS def,
       t.tgenabled AS enabled,
       (k.oid IS NOT NULL) AS is_clone,
       t.tgconstraint AS constraint,
       k.parent,
       p.tgenabled AS parent_enabled,
       EXISTS (SELECT 1 FROM clone x WHERE x.parent = t.oid) AS has_clones
FROM scope s
JOIN pg_catalog.pg_class c ON c.relnamespace = s.oid
JOIN pg_catalog.pg_trigger t ON t.tgrelid = c.oid
LEFT JOIN clone k ON k.oid = t.oid
LEFT JOIN pg_catalog.pg_trigger p ON p.oid = k.parent
WHERE c.relkind IN ('r', 'p', 'f', 'v')
  AND NOT EXISTS (SELECT 1 FROM left_out x WHERE x.classid = 2620 AND x.oid = t.oid)
  AND (NOT t.tgisinternal OR k.oid IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_constraint y
                  WHERE y.oid = t.tgconstraint AND y.contype <> 't')
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d
                  WHERE d.deptype = 'e'
                    AND (d.classid = 1259 AND d.objid = c.oid
                         OR d.classid = 2620 AND d.objid = t.oid))
