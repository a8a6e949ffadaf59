-- Preserved tables: what stands after FROM on the side that applications use and on the other one (the
-- shadow before the swap, the backup afterwards), the values that are compared, and how many rows that
-- other side is known to be behind in this snapshot. Where the new table has another type of
-- PostgreSQL's own the old value is seen as one of that.
-- $1 bigint: migration; $2 boolean: it is live
-- Columns: name, live_rows, other_rows (NULL when it is gone), live_values, other_values (JSON arrays:
-- value, an expression over t; type, 0 where the sides may differ; limit of varchar(n) and char(n)),
-- behind
SELECT pg_catalog.format('%I.%I', p.live, p.name) AS name,
       CASE l.relkind WHEN 'r' THEN 'ONLY ' ELSE '' END || l.oid::regclass AS live_rows,
       CASE o.relkind WHEN 'r' THEN 'ONLY ' ELSE '' END || o.oid::regclass AS other_rows,
       CASE WHEN $2::boolean THEN v.new ELSE v.old END AS live_values,
       CASE WHEN $2::boolean THEN v.old ELSE v.new END AS other_values,
       (SELECT count(*) FROM pgzm.redo r WHERE r.preserved = p.id) AS behind
FROM pgzm.preserved p
LEFT JOIN pg_catalog.pg_class l ON l.oid = CASE WHEN $2::boolean THEN p.new_oid ELSE p.old_oid END
LEFT JOIN pg_catalog.pg_class o ON o.oid = CASE WHEN $2::boolean THEN p.old_oid ELSE p.new_oid END
CROSS JOIN LATERAL (
    SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
                        'value', pg_catalog.format('t.%I', k.name), 'type', e.type,
                        'limit', e.length) ORDER BY k.ordinality), '[]') AS new,
           coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
                        'value', pg_catalog.format('t.%I%s', k.name,
                            CASE WHEN e.is_cast
                                 THEN '::' || pg_catalog.format_type(b.atttypid, b.atttypmod) END),
                        'type', e.type, 'limit', e.length) ORDER BY k.ordinality), '[]') AS old
    FROM pg_catalog.unnest(p.columns) WITH ORDINALITY AS k(name, ordinality)
    LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = p.old_oid AND a.attname = k.name
    LEFT JOIN pg_catalog.pg_attribute b ON b.attrelid = p.new_oid AND b.attname = k.name
    LEFT JOIN pg_catalog.pg_type s ON s.oid = a.atttypid
    LEFT JOIN pg_catalog.pg_type y ON y.oid = b.atttypid
    CROSS JOIN LATERAL (
        SELECT (a.atttypid, a.atttypmod) <> (b.atttypid, b.atttypmod)
                   AND s.typnamespace = 'pg_catalog'::regnamespace
                   AND y.typnamespace = 'pg_catalog'::regnamespace AS is_cast
    ) AS c
    CROSS JOIN LATERAL (
        SELECT c.is_cast, CASE WHEN c.is_cast OR a.atttypid = b.atttypid
                               THEN b.atttypid::bigint ELSE 0 END AS type,
               CASE WHEN b.atttypid IN (1042, 1043) AND b.atttypmod > 4
                    THEN b.atttypmod - 4 ELSE 0 END AS length
    ) AS e
) AS v
WHERE p.migration = $1::bigint AND (p.synced OR NOT p.kept)
ORDER BY p.id
