-- Records what was made since a migration went live and belongs to a new table without following it:
-- partitions and extended statistics. It is undone with the table.
-- $1 bigint: migration
WITH RECURSIVE part AS (
    SELECT classid, oid AS objid
    FROM pgzm.object WHERE migration = $1::bigint AND side = 'new'
    UNION
    SELECT x.classid, x.objid
    FROM part r
    CROSS JOIN LATERAL (
        SELECT r.classid, i.inhrelid AS objid
        FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
        WHERE r.classid = 'pg_catalog.pg_class'::regclass AND i.inhparent = r.objid
          AND c.relkind IN ('r', 'p', 'f') AND c.relispartition
        UNION ALL
        SELECT 'pg_catalog.pg_statistic_ext'::regclass, s.oid
        FROM pg_catalog.pg_statistic_ext s
        WHERE r.classid = 'pg_catalog.pg_class'::regclass AND s.stxrelid = r.objid
    ) AS x
)
INSERT INTO pgzm.object (migration, side, classid, oid, kind, live, name, lockable)
SELECT $1::bigint, 'new', p.classid, p.objid,
       CASE WHEN c.oid IS NULL THEN 'STATISTICS' WHEN c.relkind = 'f' THEN 'FOREIGN TABLE'
            ELSE 'TABLE' END,
       n.nspname, coalesce(c.relname, x.stxname), coalesce(c.relkind IN ('r', 'p'), false)
FROM part p
LEFT JOIN pg_catalog.pg_class c
  ON p.classid = 'pg_catalog.pg_class'::regclass AND c.oid = p.objid
LEFT JOIN pg_catalog.pg_statistic_ext x
  ON p.classid = 'pg_catalog.pg_statistic_ext'::regclass AND x.oid = p.objid
JOIN pg_catalog.pg_namespace n ON n.oid = coalesce(c.relnamespace, x.stxnamespace)
JOIN pgzm.schema s ON s.migration = $1::bigint AND s.live = n.nspname
ON CONFLICT DO NOTHING
