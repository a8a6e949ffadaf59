-- What a server before 18 does not have. For sources from 18 on.
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
SELECT 1259 AS classid, r.oid, 'r' AS action, 'virtual generated column' AS kind,
       r.name || '.' || a.attname AS identity,
       'an older server stores what it generates' AS reason, 18 AS needs
FROM relation r
JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid
WHERE a.attgenerated = 'v' AND NOT a.attisdropped
UNION ALL
SELECT CASE WHEN k.conrelid = 0 THEN 1247 ELSE 1259 END,
       CASE WHEN k.conrelid = 0 THEN k.contypid ELSE k.conrelid END, x.action,
       CASE k.contype WHEN 'n' THEN 'NOT NULL constraint' WHEN 'c' THEN 'check constraint'
                      WHEN 'f' THEN 'foreign key' WHEN 'p' THEN 'primary key'
                      ELSE 'unique constraint' END,
       k.conname || COALESCE(' on ' || r.name, ''), x.reason, 18
FROM scope s
JOIN pg_catalog.pg_constraint k ON k.connamespace = s.oid
LEFT JOIN relation r ON r.oid = k.conrelid
CROSS JOIN LATERAL (
    SELECT CASE WHEN NOT k.conenforced THEN 'r'
                WHEN k.conperiod THEN 'r'
                WHEN k.contype = 'n' AND k.conrelid <> 0 AND NOT k.convalidated THEN 'r'
                WHEN k.contype = 'n' AND k.connoinherit
                     THEN CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_inherits i
                                            WHERE i.inhparent = k.conrelid) THEN 'r' ELSE 'l' END
                WHEN k.contype = 'f' AND NOT k.convalidated AND r.relkind = 'p' THEN 'r' END
               AS action,
           CASE WHEN NOT k.conenforced THEN 'NOT ENFORCED'
                WHEN k.conperiod AND k.contype = 'f' THEN 'PERIOD'
                WHEN k.conperiod THEN 'WITHOUT OVERLAPS'
                WHEN k.contype = 'n' AND NOT k.convalidated THEN 'NOT NULL that is NOT VALID'
                WHEN k.contype = 'n' THEN 'NOT NULL with NO INHERIT'
                ELSE 'NOT VALID on a partitioned table' END AS reason) x
WHERE x.action IS NOT NULL AND k.conparentid = 0
UNION ALL
SELECT 6104, p.oid, 'r', 'publication', p.pubname, 'it publishes generated columns', 18
FROM pg_catalog.pg_publication p
WHERE p.pubgencols <> 'n'
UNION ALL
SELECT 3456, l.oid, 'r', 'collation', s.nspname || '.' || l.collname,
       'locale ' || l.colllocale || ' of the builtin provider', 18
FROM scope s
JOIN pg_catalog.pg_collation l ON l.collnamespace = s.oid
WHERE l.collprovider = 'b' AND l.colllocale = 'PG_UNICODE_FAST'
UNION ALL
SELECT 826, d.oid, 'r', 'default privilege', 'on large objects of ' || r.rolname,
       'large objects have none', 18
FROM pg_catalog.pg_default_acl d
JOIN pg_catalog.pg_roles r ON r.oid = d.defaclrole
WHERE d.defaclobjtype = 'L'
UNION ALL
SELECT CASE WHEN d.refobjid IS NULL THEN 2753 ELSE 2616 END::pg_catalog.oid,
       COALESCE(d.refobjid, f.oid), 'r', 'operator family', s.nspname || '.' || f.opfname,
       'support function ' || m.amprocnum || ' of ' || a.amname, 18
FROM scope s
JOIN pg_catalog.pg_opfamily f ON f.opfnamespace = s.oid
JOIN pg_catalog.pg_am a ON a.oid = f.opfmethod
JOIN pg_catalog.pg_amproc m ON m.amprocfamily = f.oid
LEFT JOIN pg_catalog.pg_depend d
     ON d.classid = 2603 AND d.objid = m.oid AND d.refclassid = 2616
WHERE (a.amname, m.amprocnum) IN (('btree', 6), ('gist', 12))
