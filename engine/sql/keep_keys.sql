-- Foreign keys that must not be there while a table of the backup takes over rows of the live one: rows
-- that refer to what only the new tables have must get in, and a cascade must not delete others.
-- $1 bigint: migration; $2 oid: the table in the backup
-- Columns: table_now and table_live (names of the referencing table), name, def (as it is when live),
-- partitioned (the referencing table), comment, outside (a table that is not in the backup has the key)
WITH tree AS (
    SELECT $2::oid AS oid
    UNION
    SELECT t.relid::oid FROM pg_catalog.pg_partition_tree($2::oid::regclass) t
)
SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS table_now,
       pg_catalog.format('%I.%I', coalesce(s.live, n.nspname), c.relname) AS table_live,
       pg_catalog.quote_ident(k.conname) AS name,
       -- the name of the schema is younger than all names of columns before it
       CASE WHEN x.position > 0
            THEN overlay(d.def PLACING ' REFERENCES ' || pg_catalog.quote_ident(t.live) || '.'
                         FROM x.position FOR pg_catalog.length(x.now))
            ELSE d.def END AS def,
       c.relkind = 'p' AS partitioned,
       pg_catalog.obj_description(k.oid, 'pg_constraint') AS comment,
       s.live IS NULL AS outside
FROM pg_catalog.pg_constraint k
JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pgzm.schema s ON s.migration = $1::bigint AND s.backup = n.nspname
JOIN pg_catalog.pg_class r ON r.oid = k.confrelid
JOIN pg_catalog.pg_namespace m ON m.oid = r.relnamespace
LEFT JOIN pgzm.schema t ON t.migration = $1::bigint AND t.backup = m.nspname
CROSS JOIN LATERAL (SELECT pg_catalog.pg_get_constraintdef(k.oid) AS def) AS d
CROSS JOIN LATERAL (
    SELECT q.now, pg_catalog.strpos(d.def, q.now) AS position
    FROM (SELECT ' REFERENCES ' || pg_catalog.quote_ident(t.backup) || '.' AS now) AS q) AS x
WHERE k.contype = 'f' AND k.conparentid = 0
  AND (k.conrelid IN (SELECT oid FROM tree) OR k.confrelid IN (SELECT oid FROM tree))
ORDER BY 1, 3
