-- What belongs to a range type but does not follow it into another schema: its multirange type and the
-- constructor functions of both. Run with an empty search_path.
-- $1 oid: a type; $2 text: the schema to move to. Columns: statement
WITH RECURSIVE part AS (
    SELECT 'pg_catalog.pg_type'::regclass::oid AS classid, t.oid AS objid
    FROM pg_catalog.pg_type t WHERE t.oid = $1::oid AND t.typtype = 'r'
    UNION
    SELECT d.classid, d.objid
    FROM part p
    JOIN pg_catalog.pg_depend d
      ON d.refclassid = p.classid AND d.refobjid = p.objid AND d.deptype = 'i'
    WHERE d.classid IN ('pg_catalog.pg_type'::regclass, 'pg_catalog.pg_proc'::regclass)
)
SELECT pg_catalog.format('ALTER TYPE %s SET SCHEMA %I', t.oid::regtype, $2::text) AS statement
FROM part p JOIN pg_catalog.pg_type t
  ON p.classid = 'pg_catalog.pg_type'::regclass AND t.oid = p.objid
WHERE t.oid <> $1::oid
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.typarray = t.oid)
UNION ALL
SELECT pg_catalog.format('ALTER ROUTINE %s SET SCHEMA %I', f.oid::regprocedure, $2::text)
FROM part p JOIN pg_catalog.pg_proc f
  ON p.classid = 'pg_catalog.pg_proc'::regclass AND f.oid = p.objid
