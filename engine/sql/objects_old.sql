-- Records what a migration moves out of the live schemas: the live namesakes of what moves in (a
-- function's include the names of its argument types), partitions of tables that move, and what belongs
-- to a range type that moves. Extension members never move. After objects_new.sql.
-- $1 bigint: migration
WITH RECURSIVE map AS (
    SELECT s.live, l.oid AS live_oid, h.oid AS shadow_oid
    FROM pgzm.schema s
    JOIN pg_catalog.pg_namespace l ON l.nspname = s.live
    JOIN pg_catalog.pg_namespace h ON h.nspname = s.shadow
    WHERE s.migration = $1::bigint
), member AS (
    SELECT classid, objid FROM pg_catalog.pg_depend WHERE deptype = 'e'
), argument AS (
    -- a function's arguments as schema and name, shadow schemas under their live names
    SELECT p.oid, pg_catalog.array_agg(
               coalesce(m.live, n.nspname::text) || '.' || t.typname ORDER BY a.ordinality) AS types
    FROM pg_catalog.pg_proc p
    CROSS JOIN LATERAL pg_catalog.unnest(p.proargtypes::oid[]) WITH ORDINALITY AS a(type, ordinality)
    JOIN pg_catalog.pg_type t ON t.oid = a.type
    JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
    LEFT JOIN map m ON m.shadow_oid = t.typnamespace
    WHERE p.pronamespace IN (SELECT live_oid FROM map UNION ALL SELECT shadow_oid FROM map)
    GROUP BY p.oid
), relation AS (
    SELECT c.oid, c.relname, c.relkind, m.live
    FROM pgzm.object o
    JOIN map m ON m.live = o.live
    JOIN pg_catalog.pg_class c ON c.relnamespace = m.live_oid AND c.relname = o.name
    WHERE o.migration = $1::bigint AND o.side = 'new' AND o.class = 'relation'
      AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                      WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid
                        AND c.relkind = 'S' AND d.refclassid = 'pg_catalog.pg_class'::regclass
                        AND d.deptype IN ('a', 'i'))
    UNION
    SELECT c.oid, c.relname, c.relkind, m.live
    FROM relation r
    JOIN pg_catalog.pg_inherits i ON i.inhparent = r.oid
    JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid AND c.relispartition
    JOIN map m ON m.live_oid = c.relnamespace
), type AS (
    SELECT t.oid, t.typname, m.live
    FROM pgzm.object o
    JOIN map m ON m.live = o.live
    JOIN pg_catalog.pg_type t ON t.typnamespace = m.live_oid AND t.typname = o.name
    LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
    WHERE o.migration = $1::bigint AND o.side = 'new' AND o.class = 'type'
      AND (t.typrelid = 0 OR c.relkind = 'c')
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.typarray = t.oid)
), beside AS (
    -- multirange types and constructor functions: internal dependents of a range type
    SELECT d.classid, d.objid
    FROM type t JOIN pg_catalog.pg_depend d
      ON d.refclassid = 'pg_catalog.pg_type'::regclass AND d.refobjid = t.oid AND d.deptype = 'i'
)
INSERT INTO pgzm.object (migration, side, class, oid, kind, live, name, lockable)
SELECT $1::bigint, 'old', 'relation', r.oid,
       CASE r.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
                      WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END,
       r.live, r.relname, r.relkind IN ('r', 'p')
FROM relation r
WHERE NOT EXISTS (SELECT FROM member m
                  WHERE m.classid = 'pg_catalog.pg_class'::regclass AND m.objid = r.oid)
UNION
SELECT $1::bigint, 'old', 'type', t.oid, 'TYPE', t.live, t.typname, false
FROM (SELECT oid, typname, live FROM type
      UNION
      SELECT y.oid, y.typname, m.live
      FROM beside b
      JOIN pg_catalog.pg_type y ON b.classid = 'pg_catalog.pg_type'::regclass AND y.oid = b.objid
      JOIN map m ON m.live_oid = y.typnamespace
      WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.typarray = y.oid)) AS t
WHERE NOT EXISTS (SELECT FROM member m
                  WHERE m.classid = 'pg_catalog.pg_type'::regclass AND m.objid = t.oid)
UNION
SELECT $1::bigint, 'old', 'function', f.oid, 'ROUTINE', f.live, f.proname, false
FROM (SELECT p.oid, p.proname, m.live
      FROM pgzm.object o
      JOIN map m ON m.live = o.live
      JOIN pg_catalog.pg_proc p ON p.pronamespace = m.live_oid AND p.proname = o.name
      LEFT JOIN argument a ON a.oid = p.oid
      LEFT JOIN argument b ON b.oid = o.oid
      WHERE o.migration = $1::bigint AND o.side = 'new' AND o.class = 'function'
        AND a.types IS NOT DISTINCT FROM b.types
      UNION
      SELECT p.oid, p.proname, m.live
      FROM beside b
      JOIN pg_catalog.pg_proc p ON b.classid = 'pg_catalog.pg_proc'::regclass AND p.oid = b.objid
      JOIN map m ON m.live_oid = p.pronamespace) AS f
WHERE NOT EXISTS (SELECT FROM member m
                  WHERE m.classid = 'pg_catalog.pg_proc'::regclass AND m.objid = f.oid)
