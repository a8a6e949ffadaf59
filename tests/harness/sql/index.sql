-- For the comparer of the tests (compare.c): columns object, key, value. $1: the older one of the two
-- servers' versions, as in server_version_num.
SELECT n.nspname || '.' || t.relname AS object, n.nspname || '.' || c.relname AS key,
       jsonb_strip_nulls(jsonb_build_object(
           'definition', pg_get_indexdef(c.oid),
           'table', t.relname,
           'tablespace', (SELECT spcname FROM pg_tablespace s WHERE s.oid = c.reltablespace),
           'persistence', c.relpersistence,
           'clustered', i.indisclustered,
           'replica identity', i.indisreplident,
           'valid', i.indisvalid AND i.indisready,
           'immediate', i.indimmediate,
           'constraint', (SELECT k.contype FROM pg_constraint k
                          WHERE k.conindid = c.oid AND k.contype IN ('p', 'u', 'x')),
           'parent', (SELECT h.inhparent::regclass::text FROM pg_inherits h WHERE h.inhrelid = c.oid),
           'statistics', (SELECT jsonb_agg(coalesce(to_jsonb(a) ->> 'attstattarget', '-1') ORDER BY attnum)
                          FROM pg_attribute a WHERE a.attrelid = c.oid),
           'comment', obj_description(c.oid, 'pg_class')))::text AS value
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_class t ON t.oid = i.indrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pgzm%'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND e.objid = t.oid AND e.deptype = 'e')
  AND $1::int > 0
