-- Extended statistics.
-- $1 text[]: names of the schemas; empty: all but system schemas and those that begin with "pgzm".
-- $2, $3 oid[]: catalog and OID of the objects that are left out (loader.h).
-- $2, $3 oid[]: catalog and OID of the objects that are left out (loader.h).
-- Columns: classid, oid, schema, name, owner, extension (NULL), relation (pg_class OID), def
-- (pg_get_statisticsobjdef: its own name is always qualified, the relation's where search_path does
-- not find it), target (NULL for the default).
SELECT 3381 AS classid, x.oid, n.nspname AS schema, x.stxname AS name,
       pg_catalog.pg_get_userbyid(x.stxowner) AS owner, NULL AS extension,
       x.stxrelid AS relation, pg_catalog.pg_get_statisticsobjdef(x.oid) AS def,
       NULLIF(x.target::pg_catalog.int4, -1) AS target
-- stxstattarget is there from 13 on; before, the name means the constant
FROM (SELECT -1 AS stxstattarget) AS before_13
CROSS JOIN LATERAL (
    SELECT s.oid, s.stxname, s.stxnamespace, s.stxowner, s.stxrelid, stxstattarget AS target
    FROM pg_catalog.pg_statistic_ext s) x
JOIN pg_catalog.pg_namespace n ON n.oid = x.stxnamespace
WHERE CASE WHEN pg_catalog.cardinality($1::pg_catalog.text[]) > 0
           THEN n.nspname = ANY ($1::pg_catalog.text[])
           ELSE n.nspname !~ '^(pg_|pgzm)' AND n.nspname <> 'information_schema' END
  AND x.oid >= 16384
  AND NOT EXISTS (SELECT
                  FROM ROWS FROM (pg_catalog.unnest($2::pg_catalog.oid[]),
                                  pg_catalog.unnest($3::pg_catalog.oid[])) AS l(classid, oid)
                  WHERE l.classid = 3381 AND l.oid = x.oid)
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                  WHERE e.deptype = 'e'
                    AND (e.classid = 3381 AND e.objid = x.oid
                         OR e.classid = 1259 AND e.objid = x.stxrelid))
  AND NOT EXISTS (SELECT
                  FROM ROWS FROM (pg_catalog.unnest($2::pg_catalog.oid[]),
                                  pg_catalog.unnest($3::pg_catalog.oid[])) AS y(classid, oid)
                  WHERE y.classid = 3381 AND y.oid = x.oid
                     OR y.classid = 1259 AND y.oid = x.stxrelid)
