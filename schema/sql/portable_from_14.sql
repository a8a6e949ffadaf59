-- What a server from 14 on refuses. For sources before 14.
-- $1 text[]: names of the schemas; empty: all but system schemas and those that begin with "pgzm".
-- Columns: classid, oid (an object of the model: what is found counts if it is there), action
-- (r refused, l left out, w only named), kind, identity, reason, needs (the version).
WITH scope AS (
    SELECT n.oid, n.nspname
    FROM pg_catalog.pg_namespace n
    WHERE CASE WHEN pg_catalog.cardinality($1::pg_catalog.text[]) = 0
               THEN n.nspname !~ '^(pg_|pgzm)' AND n.nspname <> 'information_schema'
               ELSE n.nspname::pg_catalog.text = ANY ($1::pg_catalog.text[]) END
)
, changed AS (
    -- From 14 on these take anycompatible types.
    SELECT p.oid
    FROM pg_catalog.pg_proc p
    WHERE p.pronamespace = 11
      AND p.proname IN ('array_append', 'array_prepend', 'array_cat', 'array_position',
                        'array_positions', 'array_remove', 'array_replace')
       OR p.pronamespace = 11 AND p.proname = 'width_bucket' AND p.pronargs = 2
), polymorphic AS (
    SELECT ARRAY[2277, 2283, 2776, 3500, 3831]::pg_catalog.oid[] AS types
)
SELECT 1255 AS classid, p.oid, 'r' AS action, 'aggregate' AS kind,
       s.nspname || '.' || p.proname || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid)
           || ')' AS identity,
       'it takes anyarray or anyelement and is built on '
           || a.aggtransfn::pg_catalog.oid::pg_catalog.regproc
           || ', which takes anycompatible types from 14 on' AS reason, 0 AS needs
FROM scope s
JOIN pg_catalog.pg_proc p ON p.pronamespace = s.oid
JOIN pg_catalog.pg_aggregate a ON a.aggfnoid = p.oid
CROSS JOIN polymorphic y
WHERE (a.aggtransfn IN (SELECT oid FROM changed) OR a.aggfinalfn IN (SELECT oid FROM changed)
       OR a.aggcombinefn IN (SELECT oid FROM changed))
  AND a.aggtranstype = ANY (y.types)
UNION ALL
SELECT 2617, o.oid, 'r', 'operator', o.oid::pg_catalog.regoperator::pg_catalog.text,
       CASE WHEN o.oprkind = 'r' THEN 'there are no postfix operators from 14 on'
            ELSE 'it takes anyarray or anyelement and is built on '
                 || o.oprcode::pg_catalog.oid::pg_catalog.regproc
                 || ', which takes anycompatible types from 14 on' END, 0
FROM scope s
JOIN pg_catalog.pg_operator o ON o.oprnamespace = s.oid
CROSS JOIN polymorphic y
WHERE o.oprkind = 'r'
   OR o.oprcode IN (SELECT oid FROM changed)
      AND (o.oprleft = ANY (y.types) OR o.oprright = ANY (y.types))
