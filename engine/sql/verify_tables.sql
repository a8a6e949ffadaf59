-- Ordinary and partitioned tables (partitions are counted with their root) of some schemas, with what
-- stands after FROM to read their own rows here: those of inheriting tables are not theirs, those of
-- foreign partitions are elsewhere.
-- $1 text[]: schemas
-- Columns: schema, name, oid, columns (JSON array, in their order: name, type (of domains over "char"
-- and over an array of it theirs), chars: "char" is deeper inside, limit of varchar(n) and char(n)),
-- rows_of
WITH RECURSIVE chars(oid, type) AS (
    SELECT 18::oid, 18
    UNION
    SELECT t.oid, CASE WHEN t.typtype = 'd' THEN c.type WHEN t.typelem = 18 THEN 1002 ELSE 0 END
    FROM chars c
    CROSS JOIN pg_catalog.pg_type t
    LEFT JOIN pg_catalog.pg_range r
           ON r.rngtypid = t.oid
              -- multiranges: from 14 on
              OR (pg_catalog.to_jsonb(r) ->> 'rngmultitypid')::oid = t.oid
    WHERE (t.typtype = 'd' AND t.typbasetype = c.oid)
       OR (t.typelem = c.oid AND t.typlen = -1)
       OR r.rngsubtype = c.oid
       OR (t.typtype = 'c'
           AND EXISTS (SELECT FROM pg_catalog.pg_attribute a
                       WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
                         AND a.atttypid = c.oid))
)
SELECT n.nspname AS schema, c.relname AS name, c.oid,
       (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
                   'name', a.attname,
                   'type', (SELECT coalesce(pg_catalog.max(nullif(h.type, 0)), a.atttypid::bigint)
                            FROM chars h WHERE h.oid = a.atttypid),
                   'chars', EXISTS (SELECT FROM chars h WHERE h.oid = a.atttypid AND h.type = 0),
                   'limit', CASE WHEN a.atttypid IN (1042, 1043) AND a.atttypmod > 4
                                 THEN a.atttypmod - 4 ELSE 0 END) ORDER BY a.attnum), '[]')
        FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
       CASE WHEN c.relkind = 'r' THEN 'ONLY ' || c.oid::regclass
            WHEN NOT t.abroad THEN c.oid::regclass::text
            -- one that has foreign partitions only
            WHEN t.parts IS NULL
            THEN pg_catalog.format('(SELECT * FROM ONLY %s)', c.oid::regclass)
            ELSE '(' || t.parts || ')' END AS rows_of
FROM pg_catalog.pg_namespace n
JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p')
CROSS JOIN LATERAL (
    SELECT coalesce(bool_or(l.relkind = 'f'), false) AS abroad,
           pg_catalog.string_agg(
               pg_catalog.format('SELECT %s FROM ONLY %s', coalesce(w.list, ''), l.oid::regclass),
               ' UNION ALL ') FILTER (WHERE l.relkind = 'r') AS parts
    FROM pg_catalog.pg_partition_tree(c.oid) p
    JOIN pg_catalog.pg_class l ON l.oid = p.relid
    CROSS JOIN LATERAL (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', '
                                                     ORDER BY a.attnum) AS list
                        FROM pg_catalog.pg_attribute a
                        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS w
    WHERE p.isleaf
) AS t
WHERE n.nspname = ANY ($1::text[]) AND NOT c.relispartition
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid
                    AND d.deptype = 'e')
ORDER BY 1, 2
