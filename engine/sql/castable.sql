-- Whether values of two types, as format_type prints them, may be assigned to each other, both ways.
-- $1 text, $2 text. Columns: castable
SELECT pg_catalog.to_regtype($1) IS NOT NULL AND pg_catalog.to_regtype($2) IS NOT NULL
       AND pg_catalog.bool_and(
           one = other
           OR EXISTS (SELECT FROM pg_catalog.pg_cast c
                      WHERE c.castsource = one AND c.casttarget = other AND c.castcontext IN ('a', 'i'))
           -- anything may be assigned to a string, by way of its text
           OR (SELECT t.typcategory FROM pg_catalog.pg_type t WHERE t.oid = other) = 'S') AS castable
FROM (VALUES (pg_catalog.to_regtype($1)::oid, pg_catalog.to_regtype($2)::oid),
             (pg_catalog.to_regtype($2)::oid, pg_catalog.to_regtype($1)::oid)) AS ways (one, other)
