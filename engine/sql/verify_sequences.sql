-- Sequences that number a column, with the query that tells where both are: of the shadow before the
-- swap, of what is live afterwards. Preserved tables are left out before the swap, which sets theirs.
-- $1 bigint: migration; $2 boolean: it is live
-- Columns: sequence, of_column, up (false: it counts down), query (last_value, is_called, the column's
-- extreme value), source_query (the same on the source)
WITH place AS (
    SELECT n.oid, s.live
    FROM pgzm.schema s
    JOIN pg_catalog.pg_namespace n ON n.nspname = CASE WHEN $2::boolean THEN s.live ELSE s.shadow END
    WHERE s.migration = $1::bigint
), feeds AS (
    -- of its own column, and of defaults that call it
    SELECT d.objid AS seq, d.refobjid AS relation, d.refobjsubid AS attnum
    FROM pg_catalog.pg_depend d
    WHERE d.classid = 'pg_catalog.pg_class'::regclass
      AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjsubid > 0
      AND d.deptype IN ('a', 'i')
    UNION
    SELECT d.refobjid, f.adrelid, f.adnum
    FROM pg_catalog.pg_depend d
    JOIN pg_catalog.pg_attrdef f ON f.oid = d.objid
    WHERE d.classid = 'pg_catalog.pg_attrdef'::regclass
      AND d.refclassid = 'pg_catalog.pg_class'::regclass
)
SELECT pg_catalog.format('%I.%I', p.live, s.relname) AS sequence,
       pg_catalog.format('%I of %I.%I', a.attname, p.live, c.relname) AS of_column,
       q.seqincrement > 0 AS up,
       pg_catalog.format('SELECT last_value, is_called, (SELECT pg_catalog.%s(%I) FROM %s%s) FROM %s',
                         CASE WHEN q.seqincrement > 0 THEN 'max' ELSE 'min' END, a.attname,
                         CASE c.relkind WHEN 'p' THEN '' ELSE 'ONLY ' END, c.oid::regclass,
                         s.oid::regclass) AS query,
       pg_catalog.format('SELECT last_value, is_called, (SELECT pg_catalog.%s(%I) FROM %s%I.%I) '
                         'FROM %I.%I', CASE WHEN q.seqincrement > 0 THEN 'max' ELSE 'min' END,
                         a.attname, CASE c.relkind WHEN 'p' THEN '' ELSE 'ONLY ' END, p.live,
                         c.relname, p.live, s.relname) AS source_query
FROM place p
JOIN pg_catalog.pg_class s ON s.relnamespace = p.oid AND s.relkind = 'S'
JOIN pg_catalog.pg_sequence q ON q.seqrelid = s.oid AND NOT q.seqcycle
JOIN feeds f ON f.seq = s.oid
JOIN pg_catalog.pg_class c ON c.oid = f.relation AND c.relkind IN ('r', 'p') AND NOT c.relispartition
JOIN pg_catalog.pg_attribute a ON a.attrelid = f.relation AND a.attnum = f.attnum
WHERE a.atttypid IN ('pg_catalog.int2'::regtype, 'pg_catalog.int4'::regtype, 'pg_catalog.int8'::regtype)
  AND EXISTS (SELECT FROM pgzm.object o
              WHERE o.migration = $1::bigint AND o.side = 'new'
                AND o.classid = 'pg_catalog.pg_class'::regclass AND o.oid = c.oid)
  AND NOT EXISTS (SELECT FROM pgzm.preserved v
                  WHERE v.migration = $1::bigint AND v.new_oid = c.oid AND NOT $2::boolean)
  -- FROM would ask another server
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_partition_tree(c.oid) t
                  JOIN pg_catalog.pg_class l ON l.oid = t.relid AND l.relkind = 'f')
ORDER BY 1, 4
