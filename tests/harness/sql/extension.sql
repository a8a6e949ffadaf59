-- For the comparer of the tests (compare.c): columns object, key, value. $1: the older one of the two
-- servers' versions, as in server_version_num.
SELECT 'extension ' || e.extname AS object, e.extname AS key,
       jsonb_build_object('schema', n.nspname, 'version', e.extversion)::text AS value
FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
WHERE $1::int > 0
