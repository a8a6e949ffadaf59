-- What a parameter of one type can do with a column of another.
-- $1, $2 text: types of parameter and column, as the server prints them. Columns: writable,
-- comparable, usable (where the first is asked for); all false for types that this server does not
-- know by that name
WITH type AS (
    SELECT pg_catalog.to_regtype($1::text)::oid AS ours,
           pg_catalog.to_regtype($2::text)::oid AS theirs
), way AS (
    SELECT c.castsource, c.casttarget, c.castcontext
    FROM pg_catalog.pg_cast c, type t
    WHERE (c.castsource, c.casttarget) IN ((t.ours, t.theirs), (t.theirs, t.ours))
)
SELECT t.ours IS NOT DISTINCT FROM t.theirs AND t.ours IS NOT NULL
       OR EXISTS (SELECT FROM way w WHERE w.castsource = t.ours AND w.castcontext IN ('a', 'i'))
       -- anything can be assigned to a string
       OR EXISTS (SELECT FROM pg_catalog.pg_type y
                  WHERE y.oid = t.theirs AND y.typcategory = 'S' AND t.ours IS NOT NULL)
       AS writable,
       t.ours IS NOT DISTINCT FROM t.theirs AND t.ours IS NOT NULL
       OR EXISTS (SELECT FROM way w WHERE w.castcontext = 'i')
       OR EXISTS (SELECT FROM pg_catalog.pg_operator o
                  WHERE o.oprname = '=' AND o.oprleft = t.theirs AND o.oprright = t.ours)
       AS comparable,
       t.ours IS NOT DISTINCT FROM t.theirs AND t.ours IS NOT NULL
       OR EXISTS (SELECT FROM way w WHERE w.castsource = t.theirs AND w.castcontext = 'i') AS usable
FROM type t
