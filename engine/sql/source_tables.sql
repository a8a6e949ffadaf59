-- The tables to lock on the source: ordinary, partitioned and the schemas they are in.
-- $1 oid[]: those that are left out; otherwise all of the user schemas, as catalog_read takes them.
-- Columns: oid, name (quoted and qualified), filenode (changes when it is rewritten or truncated)
SELECT c.oid,
       pg_catalog.format('%I.%I', n.nspname, c.relname) AS name,
       pg_catalog.pg_relation_filenode(c.oid) AS filenode
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p')
  AND c.relpersistence <> 't'
  AND NOT EXISTS (SELECT FROM pg_catalog.unnest($1::pg_catalog.oid[]) AS x(oid)
                  WHERE x.oid = c.oid)
  AND n.nspname <> 'information_schema'
  AND n.nspname !~ '^pg_'
  AND n.nspname !~ '^pgzm'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid
                    AND d.deptype = 'e')
ORDER BY c.oid
