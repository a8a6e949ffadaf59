-- Foreign keys that must not be there while the old tables are a backup: between tables that move out
-- and tables that stay, and between old tables where a preserved one is written to (rows that refer to
-- rows which only the new tables have must get in, and a cascade must not delete from the backup).
-- $1 bigint: migration
-- Columns: staying (oid of the table that stays, NULL for none), table_live (name when live), name, def,
-- partitioned (the referencing table), outgoing (the referencing table is one that moves), comment, oid
-- (pg_constraint), shadow (the table that will be referenced, NULL for none of that name)
WITH moved AS (
    SELECT oid FROM pgzm.object
    WHERE migration = $1::bigint AND side = 'old' AND classid = 'pg_catalog.pg_class'::regclass
)
SELECT CASE WHEN f.oid IS NULL THEN k.conrelid WHEN t.oid IS NULL THEN k.confrelid END AS staying,
       pg_catalog.format('%I.%I', n.nspname, c.relname) AS table_live,
       pg_catalog.quote_ident(k.conname) AS name,
       pg_catalog.pg_get_constraintdef(k.oid) AS def,
       c.relkind = 'p' AS partitioned,
       f.oid IS NOT NULL AS outgoing,
       pg_catalog.obj_description(k.oid, 'pg_constraint') AS comment,
       k.oid,
       (SELECT pg_catalog.format('%I.%I', s.shadow, d.relname)
        FROM pg_catalog.pg_class d
        JOIN pg_catalog.pg_namespace e ON e.oid = d.relnamespace
        JOIN pgzm.schema s ON s.migration = $1::bigint AND s.live = e.nspname
        WHERE d.oid = k.confrelid
          AND pg_catalog.to_regclass(pg_catalog.format('%I.%I', s.shadow, d.relname)) IS NOT NULL)
           AS shadow
FROM pg_catalog.pg_constraint k
JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN moved f ON f.oid = k.conrelid
LEFT JOIN moved t ON t.oid = k.confrelid
WHERE k.contype = 'f' AND k.conparentid = 0
  AND ((f.oid IS NULL) <> (t.oid IS NULL)
       OR f.oid IS NOT NULL AND EXISTS (SELECT FROM pgzm.preserved p
                                        WHERE p.migration = $1::bigint
                                          AND p.old_oid IN (k.conrelid, k.confrelid)))
ORDER BY 2, 3
