-- How a foreign key compares, as conditions over c (the referencing row) and p (the referenced row).
-- Operators are named without a schema: the type's may be called otherwise where they are used.
-- $1 oid: pg_constraint row
-- Columns: counts (the rows of c that must have one in p), equal (NULL for a PERIOD alone),
-- period_of_c and period_of_p (PostgreSQL 18; otherwise NULL), whole_c and whole_p (partitioned)
SELECT CASE WHEN k.confmatchtype = 'f'
            THEN pg_catalog.format('NOT (%s)', pg_catalog.string_agg(
                     pg_catalog.format('c.%I IS NULL', f.attname), ' AND ' ORDER BY n.position))
            ELSE pg_catalog.string_agg(pg_catalog.format('c.%I IS NOT NULL', f.attname), ' AND '
                                       ORDER BY n.position) END AS counts,
       pg_catalog.string_agg(pg_catalog.format('p.%I %s c.%I', t.attname, o.oprname, f.attname),
                             ' AND ' ORDER BY n.position)
           FILTER (WHERE NOT n.period) AS equal,
       max(f.attname::text) FILTER (WHERE n.period) AS period_of_c,
       max(t.attname::text) FILTER (WHERE n.period) AS period_of_p,
       r.relkind = 'p' AS whole_c,
       d.relkind = 'p' AS whole_p
FROM pg_catalog.pg_constraint k
JOIN pg_catalog.pg_class r ON r.oid = k.conrelid
JOIN pg_catalog.pg_class d ON d.oid = k.confrelid
CROSS JOIN LATERAL (
    SELECT u.position, u.c, u.p, u.operator,
           coalesce((pg_catalog.to_jsonb(k) ->> 'conperiod')::boolean, false)
               AND u.position = pg_catalog.cardinality(k.conkey) AS period
    FROM ROWS FROM (pg_catalog.unnest(k.conkey), pg_catalog.unnest(k.confkey),
                    pg_catalog.unnest(k.conpfeqop)) WITH ORDINALITY
         AS u (c, p, operator, position)
) AS n
JOIN pg_catalog.pg_attribute f ON f.attrelid = k.conrelid AND f.attnum = n.c
JOIN pg_catalog.pg_attribute t ON t.attrelid = k.confrelid AND t.attnum = n.p
JOIN pg_catalog.pg_operator o ON o.oid = n.operator
WHERE k.oid = $1::oid
GROUP BY k.oid, k.confmatchtype, r.relkind, d.relkind
