-- Columns of tables that can hold an infinite interval (from 17 on) or numeric (from 14 on).
-- $1 text[]: names of the schemas; empty: all but system schemas and those that begin with "pgzm".
-- Columns: relation (pg_class OID), name (of the column), type (1186 interval, 1700 numeric), plain
-- (the value itself, or inside an array, range or multirange). By relation.
WITH RECURSIVE scope AS (
    SELECT n.oid, n.nspname
    FROM pg_catalog.pg_namespace n
    WHERE CASE WHEN pg_catalog.cardinality($1::pg_catalog.text[]) = 0
               THEN n.nspname !~ '^(pg_|pgzm)' AND n.nspname <> 'information_schema'
               ELSE n.nspname::pg_catalog.text = ANY ($1::pg_catalog.text[]) END
), held AS (
    SELECT t.oid, t.oid AS type, true AS plain
    FROM pg_catalog.pg_type t WHERE t.oid IN (1186, 1700)
    UNION
    SELECT t.oid, h.type, h.plain AND t.typtype = 'd'
    FROM held h, pg_catalog.pg_type t
    LEFT JOIN pg_catalog.pg_range r
         ON r.rngtypid = t.oid
            OR (pg_catalog.to_jsonb(r) ->> 'rngmultitypid')::pg_catalog.oid = t.oid
    WHERE t.typtype = 'd' AND t.typbasetype = h.oid
       OR t.typelem = h.oid AND t.typlen = -1
       OR r.rngsubtype = h.oid
)
SELECT c.oid AS relation, a.attname AS name, h.type, h.plain
FROM scope s
JOIN pg_catalog.pg_class c ON c.relnamespace = s.oid
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
JOIN held h ON h.oid = a.atttypid
WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
ORDER BY c.oid, a.attnum
