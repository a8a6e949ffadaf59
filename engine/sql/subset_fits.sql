-- Whether a value of one type may be assigned to a column of another.
-- $1 oid: the value's type; $2 text: the column's, as format_type prints it
-- Columns: fits, name (of the value's type)
WITH RECURSIVE base AS (
    SELECT t.oid, t.typbasetype, t.typcategory
    FROM pg_catalog.pg_type t WHERE t.oid = pg_catalog.to_regtype($2)
    UNION ALL
    SELECT t.oid, t.typbasetype, t.typcategory
    FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.typbasetype
)
SELECT $1::oid = pg_catalog.to_regtype($2)
       OR pg_catalog.bool_or(b.oid = $1::oid
                             -- anything may be assigned to a string, by way of its text
                             OR b.typcategory = 'S'
                             OR EXISTS (SELECT FROM pg_catalog.pg_cast c
                                        WHERE c.castsource = $1::oid AND c.casttarget = b.oid
                                          AND c.castcontext IN ('a', 'i'))) AS fits,
       pg_catalog.format_type($1::oid, NULL) AS name
FROM base b
