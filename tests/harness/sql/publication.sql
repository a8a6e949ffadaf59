-- For the comparer of the tests (compare.c): columns object, key, value. $1: the older one of the two
-- servers' versions, as in server_version_num.
-- A publication with its parameters, and each table that comes out of it, however it got in.
SELECT 'publication ' || p.pubname AS object, p.pubname::text AS key,
       (to_jsonb(p) - ARRAY['oid', 'pubowner']
        - CASE WHEN $1::int < 130000 THEN ARRAY['pubviaroot', 'pubgencols']
               WHEN $1::int < 180000 THEN ARRAY['pubgencols'] ELSE '{}' END
        || jsonb_build_object('comment', obj_description(p.oid, 'pg_publication')))::text AS value
FROM pg_publication p
UNION ALL
SELECT 'publication ' || v.pubname || ' of ' || v.schemaname || '.' || v.tablename,
       v.pubname || ' of ' || v.schemaname || '.' || v.tablename,
       (to_jsonb(v) - CASE WHEN $1::int < 150000 THEN ARRAY['attnames', 'rowfilter']
                           ELSE '{}' END)::text
FROM pg_publication_tables v
WHERE v.schemaname NOT LIKE 'pgzm%'
