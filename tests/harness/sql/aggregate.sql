-- For the comparer of the tests (compare.c): columns object, key, value. $1: the older one of the two
-- servers' versions, as in server_version_num.
SELECT 'aggregate ' || i.identity AS object, 'aggregate ' || i.identity AS key,
       jsonb_strip_nulls(jsonb_build_object(
           'arguments', pg_get_function_arguments(p.oid),
           'result', pg_get_function_result(p.oid), 'parallel', p.proparallel,
           'row', to_jsonb(a) - 'aggfnoid' - 'aggtranstype' - 'aggmtranstype' - 'aggsortop',
           'state', format_type(a.aggtranstype, NULL),
           'moving state', format_type(nullif(a.aggmtranstype, 0), NULL),
           'sort', nullif(a.aggsortop, 0)::regoperator))::text AS value
FROM pg_aggregate a
JOIN pg_proc p ON p.oid = a.aggfnoid
JOIN pg_namespace n ON n.oid = p.pronamespace
CROSS JOIN LATERAL pg_identify_object('pg_proc'::regclass, p.oid, 0) i
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pgzm%'
  AND $1::int > 0
  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid
                                            AND e.deptype = 'e')
