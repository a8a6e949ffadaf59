-- What a server before 15 does not have. For sources from 15 on.
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
SELECT 1259 AS classid, r.oid, 'r' AS action, 'view' AS kind, r.name AS identity,
       'the option security_invoker' AS reason, 15 AS needs
FROM relation r
WHERE r.relkind = 'v'
  AND EXISTS (SELECT FROM pg_catalog.unnest(r.reloptions) o(option)
              WHERE o.option LIKE 'security\_invoker=%')
UNION ALL
SELECT 1259, r.oid, 'r', 'index', c.relname || ' on ' || r.name, 'NULLS NOT DISTINCT', 15
FROM relation r
JOIN pg_catalog.pg_index i ON i.indrelid = r.oid
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
WHERE i.indnullsnotdistinct
UNION ALL
SELECT 1259, r.oid, 'r', 'foreign key', k.conname || ' on ' || r.name,
       'ON DELETE SET NULL or SET DEFAULT of some columns', 15
FROM relation r
JOIN pg_catalog.pg_constraint k ON k.conrelid = r.oid
WHERE k.contype = 'f' AND k.confdelsetcols IS NOT NULL AND k.conparentid = 0
UNION ALL
SELECT 1259, r.oid, 'l', 'unlogged sequence', r.name, 'UNLOGGED: it is logged there', 15
FROM relation r
WHERE r.relkind = 'S' AND r.relpersistence = 'u'
UNION ALL
SELECT 1259, r.oid, 'r', 'column', r.name || '.' || a.attname,
       'type ' || pg_catalog.format_type(a.atttypid, a.atttypmod), 15
FROM relation r
JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid
CROSS JOIN LATERAL (
    SELECT ((a.atttypmod - 4) >> 16) & 65535 AS precision,
           (((a.atttypmod - 4) & 2047) # 1024) - 1024 AS scale) t
WHERE a.atttypid IN (1700, 1231) AND a.atttypmod >= 4 AND a.attnum > 0 AND NOT a.attisdropped
  AND r.relkind IN ('r', 'p', 'f', 'v', 'm')
  AND (t.scale < 0 OR t.scale > t.precision)
UNION ALL
SELECT 6104, p.oid, 'r', 'publication', p.pubname, 'tables of a schema', 15
FROM pg_catalog.pg_publication p
WHERE EXISTS (SELECT FROM pg_catalog.pg_publication_namespace n WHERE n.pnpubid = p.oid)
UNION ALL
SELECT 6104, p.oid, 'r', 'publication', p.pubname,
       CASE WHEN pg_catalog.bool_or(t.prqual IS NOT NULL) THEN 'a row filter'
            ELSE 'a list of columns' END, 15
FROM pg_catalog.pg_publication p
JOIN pg_catalog.pg_publication_rel t ON t.prpubid = p.oid
WHERE t.prqual IS NOT NULL OR t.prattrs IS NOT NULL
GROUP BY p.oid, p.pubname
