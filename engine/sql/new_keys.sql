-- Foreign keys from tables that stay to tables that move out, which the swap does not know of.
-- $1 bigint: migration. Columns: what
SELECT pg_catalog.format('%I of %s', k.conname, k.conrelid::regclass) AS what
FROM pg_catalog.pg_constraint k
JOIN pgzm.object t ON t.migration = $1::bigint AND t.side = 'old' AND t.classid = 'pg_catalog.pg_class'::regclass
                  AND t.oid = k.confrelid
JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE k.contype = 'f' AND k.conparentid = 0
  AND NOT EXISTS (SELECT FROM pgzm.object f
                  WHERE f.migration = $1::bigint AND f.side = 'old' AND f.classid = 'pg_catalog.pg_class'::regclass
                    AND f.oid = k.conrelid)
  -- as rebuild_keys writes it
  AND NOT EXISTS (SELECT FROM pgzm.step p
                  WHERE p.migration = $1::bigint AND p.part = 'after swap'
                    AND p.statement = pg_catalog.format('ALTER TABLE %I.%I DROP CONSTRAINT %I',
                                                        n.nspname, c.relname, k.conname))
LIMIT 1
