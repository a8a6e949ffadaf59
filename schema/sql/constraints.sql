-- Check, primary key, unique, exclusion and foreign key constraints of the tables and domains of
-- the schemas, without those of members of extensions. A foreign key's clones on partitions are
-- among them (parent <> 0), constraint triggers and NOT NULL are not.
-- $1 text[]: schemas to read; empty for all but system schemas and those named pgzm...
-- $2, $3 oid[]: catalog and OID of the objects that are left out (loader.h).
-- Columns: classid, oid, schema, name, owner, extension; the others as in struct Constraint.
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
SELECT 2606 AS classid,
       k.oid,
       s.nspname AS schema,
       k.conname AS name,
       NULL AS owner,
       NULL AS extension,
       k.contype,
       k.conrelid AS "table",
       k.contypid AS domain,
       k.conindid AS index,
       k.confrelid AS referenced_table,
       k.conparentid AS parent,
       pg_catalog.pg_get_constraintdef(k.oid) AS def,
       k.conislocal AS local,
       k.convalidated AS validated,
       k.connoinherit AS no_inherit,
       k.condeferrable AS deferrable,
       k.condeferred AS deferred
FROM scope s
JOIN pg_catalog.pg_constraint k ON k.connamespace = s.oid
WHERE k.contype IN ('c', 'p', 'u', 'x', 'f')
  AND NOT EXISTS (SELECT 1 FROM left_out x WHERE x.classid = 2606 AND x.oid = k.oid)
  AND (k.conrelid = 0
       OR EXISTS (SELECT 1 FROM pg_catalog.pg_class c
                  WHERE c.oid = k.conrelid AND c.relkind IN ('r', 'p', 'f')))
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d
                  WHERE d.deptype = 'e'
                    AND (d.classid = 1259 AND d.objid = k.conrelid
                         OR d.classid = 1247 AND d.objid = k.contypid))
