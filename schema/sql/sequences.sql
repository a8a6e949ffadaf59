-- Sequences with the column that each belongs to.
-- $1 text[]: names of the schemas; empty: all but system schemas and those that begin with "pgzm".
-- Columns: classid, oid, schema, name, owner, extension, persistence, type, start, increment, min,
-- max, cache, cycle, owned_class, owned_oid, owned_number (0 for a free sequence), identity.
SELECT 1259 AS classid, c.oid, n.nspname AS schema, c.relname AS name,
       pg_catalog.pg_get_userbyid(c.relowner) AS owner, NULL AS extension,
       c.relpersistence AS persistence, pg_catalog.format_type(s.seqtypid, NULL) AS type,
       s.seqstart AS start, s.seqincrement AS increment, s.seqmin AS min, s.seqmax AS max,
       s.seqcache AS cache, s.seqcycle AS cycle,
       COALESCE(d.refclassid, 0) AS owned_class, COALESCE(d.refobjid, 0) AS owned_oid,
       COALESCE(d.refobjsubid, 0) AS owned_number, COALESCE(d.deptype = 'i', false) AS identity
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_sequence s ON s.seqrelid = c.oid
LEFT JOIN pg_catalog.pg_depend d
       ON d.classid = 1259 AND d.objid = c.oid AND d.objsubid = 0
      AND d.refclassid = 1259 AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
WHERE CASE WHEN pg_catalog.cardinality($1::pg_catalog.text[]) > 0
           THEN n.nspname = ANY ($1::pg_catalog.text[])
           ELSE n.nspname !~ '^(pg_|pgzm)' AND n.nspname <> 'information_schema' END
  AND c.oid >= 16384
  AND c.relkind = 'S'
  AND c.relpersistence <> 't'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                  WHERE e.classid = 1259 AND e.objid = c.oid AND e.deptype = 'e')
ORDER BY c.oid
