-- For the comparer of the tests (compare.c): columns object, key, value. $1: the older one of the two
-- servers' versions, as in server_version_num.
SELECT c.oid::regclass::text AS object, n.nspname || '.' || s.stxname AS key,
       jsonb_strip_nulls(jsonb_build_object(
           'definition', pg_get_statisticsobjdef(s.oid), 'owner', pg_get_userbyid(s.stxowner),
           'target', nullif(coalesce(to_jsonb(s) ->> 'stxstattarget', '-1'), '-1'),
           'comment', obj_description(s.oid, 'pg_statistic_ext')))::text AS value
FROM pg_statistic_ext s
JOIN pg_class c ON c.oid = s.stxrelid
JOIN pg_namespace n ON n.oid = s.stxnamespace
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pgzm%'
  AND $1::int > 0
