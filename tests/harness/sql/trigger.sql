-- For the comparer of the tests (compare.c): columns object, key, value. $1: the older one of the two
-- servers' versions, as in server_version_num.
-- Triggers, and of their copies on partitions whether they are enabled. Copies are internal up to 14.
SELECT n.nspname || '.' || c.relname AS object, n.nspname || '.' || c.relname || ': ' || t.tgname AS key,
       jsonb_strip_nulls(jsonb_build_object(
           'definition', pg_get_triggerdef(t.oid),
           'enabled', t.tgenabled,
           'comment', obj_description(t.oid, 'pg_trigger')))::text AS value
FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
-- Those of constraint triggers cannot be told from keys' own up to 14.
WHERE (NOT t.tgisinternal
       OR c.relispartition AND t.tgconstraint = 0 AND t.tgname !~ '^RI_')
  AND ($1::int >= 150000 OR t.tgconstraint = 0
       OR coalesce(to_jsonb(t) ->> 'tgparentid', '0') = '0')
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pgzm%'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND e.objid = c.oid AND e.deptype = 'e')
  AND $1::int > 0
