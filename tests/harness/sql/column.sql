-- For the comparer of the tests (compare.c): columns object, key, value. $1: the older one of the two
-- servers' versions, as in server_version_num.
-- The position counts columns that are there; where inheritance adds columns it is not stable.
SELECT n.nspname || '.' || c.relname AS object, n.nspname || '.' || c.relname || '.' || a.attname AS key,
       jsonb_strip_nulls(jsonb_build_object(
           'position', CASE WHEN c.relispartition
                                 OR NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid)
                       THEN row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum) END,
           'type', format_type(a.atttypid, a.atttypmod),
           'not null', a.attnotnull,
           'default', pg_get_expr(d.adbin, d.adrelid),
           -- From 17 on partitions have their parent's.
           'identity', CASE WHEN NOT c.relispartition THEN nullif(a.attidentity, '') END,
           'generated', nullif(a.attgenerated, ''),
           'collation', (SELECT o.name FROM
                         (SELECT l.oid, quote_ident(ln.nspname) || '.' || quote_ident(l.collname)
                                 AS name
                          FROM pg_collation l JOIN pg_namespace ln ON ln.oid = l.collnamespace) o
                         WHERE o.oid = a.attcollation),
           'storage', a.attstorage,
           'compression', nullif(to_jsonb(a) ->> 'attcompression', ''),
           'statistics', nullif(coalesce(to_jsonb(a) ->> 'attstattarget', '-1'), '-1'),
           -- 15.20 and its siblings note there when the column got its type.
           'options', (SELECT jsonb_agg(o ORDER BY o) FROM unnest(a.attoptions) o
                       WHERE o NOT LIKE 'pg\_attver=%'),
           'local', a.attislocal,
           'inherited', a.attinhcount,
           'comment', col_description(c.oid, a.attnum)))::text AS value
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pgzm%'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND e.objid = c.oid AND e.deptype = 'e')
  AND $1::int > 0
