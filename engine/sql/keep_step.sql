-- What a rollback of a migration does to a table that is live then.
-- $1 bigint: migration; $2 oid: the table
-- No row: it stays. Columns: old (oid of the table that comes back, NULL for none), preserved (it is kept
-- in step anyway)
SELECT (SELECT o.oid FROM pgzm.object o
        JOIN pg_catalog.pg_class c ON c.oid = o.oid
        WHERE o.migration = n.migration AND o.side = 'old' AND o.classid = n.classid
          AND o.live = n.live AND o.name = n.name AND c.relkind IN ('r', 'p')) AS old,
       EXISTS (SELECT FROM pgzm.preserved p
               WHERE p.migration = n.migration AND p.new_oid = n.oid AND NOT p.kept) AS preserved
FROM pgzm.object n
WHERE n.migration = $1::bigint AND n.side = 'new' AND n.oid = $2::oid
  AND n.classid = 'pg_catalog.pg_class'::regclass
