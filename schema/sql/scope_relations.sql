-- What patterns for tables speak of, in all user schemas: tables, views, materialized views,
-- sequences and foreign tables.
-- No parameters. Columns: oid, schema (OID), relkind, parents (OIDs), is_partition, owner_table (the
-- table of the column that a sequence belongs to, or 0), identity (that column makes the sequence).
SELECT c.oid, c.relnamespace AS schema, c.relkind,
       h.parents, c.relispartition AS is_partition,
       COALESCE(s.refobjid, 0) AS owner_table, COALESCE(s.deptype = 'i', false) AS identity
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN (SELECT i.inhrelid, pg_catalog.string_agg(i.inhparent::pg_catalog.text, ',') AS parents
           FROM pg_catalog.pg_inherits i GROUP BY i.inhrelid) h ON h.inhrelid = c.oid
LEFT JOIN (SELECT d.objid, d.refobjid, d.deptype
           FROM pg_catalog.pg_depend d
           WHERE d.classid = 1259 AND d.objsubid = 0 AND d.refclassid = 1259 AND d.refobjsubid > 0
             AND d.deptype IN ('a', 'i')) s ON c.relkind = 'S' AND s.objid = c.oid
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
  AND c.relpersistence <> 't'
  AND n.nspname !~ '^(pg_|pgzm)' AND n.nspname <> 'information_schema'
ORDER BY c.oid
