-- Opens every table, index and sequence that trades places, so that the session has them in its caches.
-- $1 bigint: migration. Columns: bytes (of no use)
WITH moving AS (
    SELECT oid FROM pgzm.object
    WHERE migration = $1::bigint AND classid = 'pg_catalog.pg_class'::regclass AND side <> 'stays'
)
SELECT pg_catalog.sum(pg_catalog.pg_relation_size(x.oid)) AS bytes
FROM (SELECT oid FROM moving
      UNION ALL
      SELECT i.indexrelid FROM pg_catalog.pg_index i JOIN moving m ON m.oid = i.indrelid
      UNION ALL
      SELECT d.objid
      FROM pg_catalog.pg_depend d
      JOIN moving m ON m.oid = d.refobjid AND d.refclassid = 'pg_catalog.pg_class'::regclass
      JOIN pg_catalog.pg_class c ON c.oid = d.objid AND c.relkind = 'S'
      WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i')) AS x
