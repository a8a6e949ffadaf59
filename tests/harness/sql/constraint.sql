-- For the comparer of the tests (compare.c): columns object, key, value. $1: the older one of the two
-- servers' versions, as in server_version_num.
-- Without the copies that a foreign key has on partitions: their names depend on the version.
-- NO INHERIT means nothing for keys, and whether a partition's NOT NULL counts as local depends on
-- whether its primary key was made before or after it was attached.
SELECT coalesce(n.nspname || '.' || c.relname, 'type ' || t.oid::regtype) AS object,
       coalesce(n.nspname || '.' || c.relname, t.oid::regtype::text) || ': ' || k.conname AS key,
       jsonb_strip_nulls(jsonb_build_object(
           'type', k.contype,
           'definition', pg_get_constraintdef(k.oid),
           'validated', k.convalidated,
           'local', CASE WHEN k.contype <> 'n' OR NOT c.relispartition THEN k.conislocal END,
           'inherited', k.coninhcount,
           'no inherit', CASE WHEN k.contype IN ('c', 'n') THEN k.connoinherit END,
           'comment', obj_description(k.oid, 'pg_constraint')))::text AS value
FROM pg_constraint k
JOIN pg_namespace n ON n.oid = k.connamespace
LEFT JOIN pg_class c ON c.oid = k.conrelid
LEFT JOIN pg_type t ON t.oid = k.contypid
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pgzm%'
  AND NOT (k.contype = 'f' AND k.conparentid <> 0)
  AND (k.contype <> 'n' OR $1::int >= 180000)
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND e.objid = k.conrelid AND e.deptype = 'e')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND e.objid = k.contypid AND e.deptype = 'e')
