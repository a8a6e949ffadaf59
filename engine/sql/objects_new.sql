-- Records what a migration moves into the live schemas: everything in its shadow schemas that does not
-- follow something else there (indexes, constraints, row and array types and owned sequences do).
-- $1 bigint: migration
INSERT INTO pgzm.object (migration, side, class, oid, kind, live, name, lockable)
SELECT $1::bigint, 'new', 'relation', c.oid,
       CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
                      WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END,
       s.live, c.relname, c.relkind IN ('r', 'p')
FROM pgzm.schema s
JOIN pg_catalog.pg_namespace n ON n.nspname = s.shadow
JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid
WHERE s.migration = $1::bigint
  AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid
                    AND c.relkind = 'S' AND d.refclassid = 'pg_catalog.pg_class'::regclass
                    AND d.deptype IN ('a', 'i'))
UNION ALL
SELECT $1::bigint, 'new', 'type', t.oid, 'TYPE', s.live, t.typname, false
FROM pgzm.schema s
JOIN pg_catalog.pg_namespace n ON n.nspname = s.shadow
JOIN pg_catalog.pg_type t ON t.typnamespace = n.oid
LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
WHERE s.migration = $1::bigint
  AND (t.typrelid = 0 OR c.relkind = 'c')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.typarray = t.oid)
UNION ALL
SELECT $1::bigint, 'new', 'function', p.oid, 'ROUTINE', s.live, p.proname, false
FROM pgzm.schema s
JOIN pg_catalog.pg_namespace n ON n.nspname = s.shadow
JOIN pg_catalog.pg_proc p ON p.pronamespace = n.oid
WHERE s.migration = $1::bigint
