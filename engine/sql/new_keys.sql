-- Foreign keys from tables that stay to tables that move out, which the swap does not know of.
-- $1 bigint: migration. Columns: what
SELECT pg_catalog.format('%I of %s', k.conname, k.conrelid::regclass) AS what
FROM pg_catalog.pg_constraint k
JOIN pgzm.object t ON t.migration = $1::bigint AND t.side = 'old' AND t.classid = 'pg_catalog.pg_class'::regclass
                  AND t.oid = k.confrelid
WHERE k.contype = 'f' AND k.conparentid = 0
  AND NOT EXISTS (SELECT FROM pgzm.object f
                  WHERE f.migration = $1::bigint AND f.side = 'old' AND f.classid = 'pg_catalog.pg_class'::regclass
                    AND f.oid = k.conrelid)
  -- known to rebuild_keys
  AND NOT EXISTS (SELECT FROM pgzm.object e
                  WHERE e.migration = $1::bigint AND e.side = 'stays'
                    AND e.classid = 'pg_catalog.pg_constraint'::regclass AND e.oid = k.oid)
LIMIT 1
