-- Sequences of a table of the backup that go on where those of the live table are.
-- $1 oid: the live table; $2 oid: the table of the backup
-- Columns: label, statement (for the rollback, before anything moves)
WITH side (side, oid) AS (
    VALUES ('new', $1::oid), ('old', $2::oid)
), feeds AS (
    -- by ownership, or by a default that calls nextval
    SELECT DISTINCT ON (s.side, a.attname) s.side, a.attname, f.sequence
    FROM side s
    JOIN pg_catalog.pg_attribute a ON a.attrelid = s.oid AND a.attnum > 0 AND NOT a.attisdropped
    CROSS JOIN LATERAL (
        SELECT d.objid AS sequence, 1 AS rank
        FROM pg_catalog.pg_depend d
        WHERE d.classid = 'pg_catalog.pg_class'::regclass
          AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = s.oid
          AND d.refobjsubid = a.attnum AND d.deptype IN ('a', 'i')
        UNION ALL
        SELECT d.refobjid, 2
        FROM pg_catalog.pg_attrdef f
        JOIN pg_catalog.pg_depend d
          ON d.classid = 'pg_catalog.pg_attrdef'::regclass AND d.objid = f.oid
         AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid <> s.oid
        WHERE f.adrelid = s.oid AND f.adnum = a.attnum
    ) AS f
    JOIN pg_catalog.pg_class c ON c.oid = f.sequence AND c.relkind = 'S'
    ORDER BY s.side, a.attname, f.rank, f.sequence
)
SELECT pg_catalog.format('value of sequence %I.%I', on_.nspname, oc.relname) AS label,
       CASE WHEN n.sequence IS NOT NULL
            THEN pg_catalog.format('SELECT setval(%L::regclass, last_value, is_called) FROM %I.%I',
                                   pg_catalog.format('%I.%I', on_.nspname, oc.relname), nn.nspname,
                                   nc.relname)
            -- the live table numbers its rows without a sequence: go on after the largest
            ELSE pg_catalog.format('SELECT setval(%L::regclass, max(%I)::bigint) FROM %I.%I',
                                   pg_catalog.format('%I.%I', on_.nspname, oc.relname), o.attname,
                                   tn.nspname, tc.relname) END AS statement
FROM feeds o
JOIN pg_catalog.pg_class oc ON oc.oid = o.sequence
JOIN pg_catalog.pg_namespace on_ ON on_.oid = oc.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = $1::oid AND a.attname = o.attname
JOIN pg_catalog.pg_class tc ON tc.oid = $1::oid
JOIN pg_catalog.pg_namespace tn ON tn.oid = tc.relnamespace
LEFT JOIN feeds n ON n.side = 'new' AND n.attname = o.attname
LEFT JOIN pg_catalog.pg_class nc ON nc.oid = n.sequence
LEFT JOIN pg_catalog.pg_namespace nn ON nn.oid = nc.relnamespace
WHERE o.side = 'old' AND n.sequence IS DISTINCT FROM o.sequence
ORDER BY 1
