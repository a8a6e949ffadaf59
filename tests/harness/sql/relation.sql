-- For the comparer of the tests (compare.c): columns object, key, value. $1: the older one of the two
-- servers' versions, as in server_version_num.
-- Tables, views, sequences: everything but columns. Options stand in a fixed order.
SELECT n.nspname || '.' || c.relname AS object, n.nspname || '.' || c.relname AS key,
       jsonb_strip_nulls(jsonb_build_object(
           'kind', c.relkind,
           -- Sequences are never unlogged before 15, from then on an unlogged table's are.
           'persistence', CASE WHEN c.relkind <> 'S' OR $1::int >= 150000
                          THEN c.relpersistence END,
           'options', (SELECT jsonb_agg(o ORDER BY o) FROM unnest(c.reloptions) o),
           'toast options', (SELECT jsonb_agg(o ORDER BY o) FROM pg_class t, unnest(t.reloptions) o
                             WHERE t.oid = c.reltoastrelid),
           'access method', (SELECT amname FROM pg_am a WHERE a.oid = c.relam),
           'tablespace', (SELECT spcname FROM pg_tablespace s WHERE s.oid = c.reltablespace),
           'replica identity', CASE WHEN c.relkind IN ('r', 'p') THEN c.relreplident END,
           'row security', c.relrowsecurity,
           'forced row security', c.relforcerowsecurity,
           'populated', CASE WHEN c.relkind = 'm' THEN c.relispopulated END,
           'of type', nullif(c.reloftype, 0)::regtype::text,
           'parents', (SELECT jsonb_agg(i.inhparent::regclass::text ORDER BY i.inhseqno)
                       FROM pg_inherits i WHERE i.inhrelid = c.oid),
           'partition key', CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END,
           'partition bound', pg_get_expr(c.relpartbound, c.oid),
           'comment', obj_description(c.oid, 'pg_class')))::text AS value
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c')
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pgzm%'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND e.objid = c.oid AND e.deptype = 'e')
  AND $1::int > 0
