-- What a server before 13 does not have. For sources from 13 on.
-- $1 text[]: names of the schemas; empty: all but system schemas and those that begin with "pgzm".
-- Columns: classid, oid (an object of the model: what is found counts if it is there), action
-- (r refused, l left out, w only named), kind, identity, reason, needs (the version).
WITH scope AS (
    SELECT n.oid, n.nspname
    FROM pg_catalog.pg_namespace n
    WHERE CASE WHEN pg_catalog.cardinality($1::pg_catalog.text[]) = 0
               THEN n.nspname !~ '^(pg_|pgzm)' AND n.nspname <> 'information_schema'
               ELSE n.nspname::pg_catalog.text = ANY ($1::pg_catalog.text[]) END
), relation AS (
    SELECT c.oid, c.relkind, c.relispartition, c.relpersistence, c.reloptions, c.relam,
           s.nspname || '.' || c.relname AS name
    FROM scope s
    JOIN pg_catalog.pg_class c ON c.relnamespace = s.oid
)
SELECT 1259 AS classid, r.oid, 'r' AS action, 'index' AS kind,
       c.relname || ' on ' || r.name AS identity, 'parameters of an operator class' AS reason,
       13 AS needs
FROM relation r
JOIN pg_catalog.pg_index i ON i.indrelid = r.oid
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
WHERE EXISTS (SELECT FROM pg_catalog.pg_attribute a
              WHERE a.attrelid = i.indexrelid AND a.attoptions IS NOT NULL)
UNION ALL
SELECT 1259, r.oid, 'r', 'trigger', t.tgname || ' on ' || r.name,
       'BEFORE each row of a partitioned table', 13
FROM relation r
JOIN pg_catalog.pg_trigger t ON t.tgrelid = r.oid
WHERE r.relkind = 'p' AND NOT t.tgisinternal AND t.tgparentid = 0 AND t.tgtype & 3 = 3
UNION ALL
SELECT 6104, p.oid, 'r', 'publication', p.pubname,
       CASE WHEN p.pubviaroot THEN 'publish_via_partition_root' ELSE 'a partitioned table' END, 13
FROM pg_catalog.pg_publication p
WHERE p.pubviaroot
   OR EXISTS (SELECT FROM pg_catalog.pg_publication_rel t
              JOIN pg_catalog.pg_class c ON c.oid = t.prrelid
              WHERE t.prpubid = p.oid AND c.relkind = 'p')
UNION ALL
SELECT 3381, x.oid, 'l', 'extended statistics', s.nspname || '.' || x.stxname,
       'its target', 13
FROM scope s
JOIN pg_catalog.pg_statistic_ext x ON x.stxnamespace = s.oid
WHERE x.stxstattarget >= 0
UNION ALL
SELECT CASE WHEN d.refobjid IS NULL THEN 2753 ELSE 2616 END::pg_catalog.oid,
       COALESCE(d.refobjid, f.oid), 'r', 'operator family', s.nspname || '.' || f.opfname,
       'support function ' || m.amprocnum || ' of ' || a.amname, 13
FROM scope s
JOIN pg_catalog.pg_opfamily f ON f.opfnamespace = s.oid
JOIN pg_catalog.pg_am a ON a.oid = f.opfmethod
JOIN pg_catalog.pg_amproc m ON m.amprocfamily = f.oid
LEFT JOIN pg_catalog.pg_depend d
     ON d.classid = 2603 AND d.objid = m.oid AND d.refclassid = 2616
WHERE (a.amname, m.amprocnum) IN (('btree', 4), ('btree', 5), ('hash', 3), ('gist', 10), ('gin', 7),
                                ('spgist', 6), ('brin', 5))
UNION ALL
SELECT 1259, r.oid, 'w', 'column', r.name || '.' || a.attname,
       'a jsonpath with syntax that is newer than the destination fails to load', 0
FROM relation r
JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid
WHERE a.atttypid IN (4072, 4073) AND r.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
