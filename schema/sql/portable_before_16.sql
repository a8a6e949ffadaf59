-- What a server before 16 does not have. For sources from 16 on.
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
SELECT 3456 AS classid, l.oid, 'r' AS action, 'collation' AS kind,
       s.nspname || '.' || l.collname AS identity, 'it has rules' AS reason, 16 AS needs
FROM scope s
JOIN pg_catalog.pg_collation l ON l.collnamespace = s.oid
WHERE l.collicurules IS NOT NULL
UNION ALL
SELECT 1259, r.oid, 'r', 'generated column', r.name || '.' || a.attname,
       'its expression is not that of its parent', 16
FROM relation r
JOIN pg_catalog.pg_inherits i ON i.inhrelid = r.oid
JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attgenerated <> ''
JOIN pg_catalog.pg_attribute above
     ON above.attrelid = i.inhparent AND above.attname = a.attname AND NOT above.attisdropped
JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_catalog.pg_attrdef e ON e.adrelid = above.attrelid AND e.adnum = above.attnum
WHERE NOT a.attisdropped
  AND pg_catalog.pg_get_expr(d.adbin, d.adrelid)
      IS DISTINCT FROM pg_catalog.pg_get_expr(e.adbin, e.adrelid)
UNION ALL
SELECT 1259, r.oid, 'w', 'column', r.name || '.' || a.attname,
       'a jsonpath with syntax that is newer than the destination fails to load', 0
FROM relation r
JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid
WHERE a.atttypid IN (4072, 4073) AND r.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
