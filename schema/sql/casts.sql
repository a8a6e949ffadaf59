-- Casts that initdb did not make, unless a type or the function is in a schema that is not read.
-- $1 text[]: names of the schemas; empty: all but system schemas and those that begin with "pgzm".
-- Columns: classid, oid, schema (NULL), name ("source AS target"), owner (NULL), extension (NULL),
-- function (with its arguments; NULL for none), castmethod, castcontext. Names are qualified where
-- search_path does not find them.
WITH scope AS (
    SELECT n.oid
    FROM pg_catalog.pg_namespace n
    WHERE n.nspname ~ '^pg_' OR n.nspname = 'information_schema'
       OR CASE WHEN pg_catalog.cardinality($1::pg_catalog.text[]) > 0
               THEN n.nspname = ANY ($1::pg_catalog.text[])
               ELSE n.nspname !~ '^pgzm' END
       OR EXISTS (SELECT FROM pg_catalog.pg_extension x WHERE x.extnamespace = n.oid)
)
SELECT 2605 AS classid, c.oid, NULL AS schema,
       pg_catalog.format_type(c.castsource, NULL) || ' AS '
           || pg_catalog.format_type(c.casttarget, NULL) AS name,
       NULL AS owner, NULL AS extension,
       NULLIF(c.castfunc, 0)::pg_catalog.regprocedure::pg_catalog.text AS function, c.castmethod,
       c.castcontext
FROM pg_catalog.pg_cast c
JOIN pg_catalog.pg_type s ON s.oid = c.castsource
JOIN pg_catalog.pg_type t ON t.oid = c.casttarget
LEFT JOIN pg_catalog.pg_proc p ON p.oid = c.castfunc
WHERE c.oid >= 16384
  AND s.typnamespace IN (SELECT x.oid FROM scope x)
  AND t.typnamespace IN (SELECT x.oid FROM scope x)
  AND (p.oid IS NULL OR p.pronamespace IN (SELECT x.oid FROM scope x))
  -- a range's cast to its multirange comes with the range
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                  WHERE e.classid = 2605 AND e.objid = c.oid AND e.deptype IN ('e', 'i'))
