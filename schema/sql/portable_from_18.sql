-- What a server from 18 on refuses. For sources before 18.
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
SELECT 1259 AS classid, r.oid, 'r' AS action, 'column' AS kind,
       r.name || '.' || a.attname AS identity,
       'it may be null though that of its parent ' || i.inhparent::pg_catalog.regclass
           || ' is NOT NULL, which is inherited from 18 on' AS reason, 0 AS needs
FROM relation r
JOIN pg_catalog.pg_inherits i ON i.inhrelid = r.oid
JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND NOT a.attnotnull AND NOT a.attisdropped
JOIN pg_catalog.pg_attribute above
     ON above.attrelid = i.inhparent AND above.attname = a.attname AND above.attnotnull
WHERE a.attnum > 0 AND NOT above.attisdropped AND r.relkind IN ('r', 'p', 'f')
