-- Columns in which values of type "char" can be: themselves, or inside domains, arrays, composites
-- and ranges of any depth.
-- $1 text[]: names of the schemas.
-- Columns: relation (pg_class OID), name (of the column), type (18: "char" or a domain over it, 1002:
-- an array of it, 0: anything else), wide (over the row s: whether one of them is above 127).
-- By relation.
WITH RECURSIVE held AS (
    SELECT 18::oid AS oid
    UNION
    SELECT t.oid
    FROM held h
    CROSS JOIN pg_catalog.pg_type t
    LEFT JOIN pg_catalog.pg_range r
           ON r.rngtypid = t.oid
              -- multiranges: from 14 on
              OR (pg_catalog.to_jsonb(r) ->> 'rngmultitypid')::oid = t.oid
    WHERE (t.typtype = 'd' AND t.typbasetype = h.oid)
       OR (t.typelem = h.oid AND t.typlen = -1)
       OR r.rngsubtype = h.oid
       OR (t.typtype = 'c'
           AND EXISTS (SELECT FROM pg_catalog.pg_attribute a
                       WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
                         AND a.atttypid = h.oid))
), walk AS (
    SELECT c.oid AS relation, a.attname AS name, a.atttypid AS type, true AS bare, false AS listed,
           '' COLLATE "C" AS before, pg_catalog.format('s.%I', a.attname) COLLATE "C" AS value,
           '' COLLATE "C" AS after, 0 AS depth
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
    JOIN held h ON h.oid = a.atttypid
    WHERE n.nspname = ANY ($1::text[]) AND c.relkind IN ('r', 'p')
      AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT w.relation, w.name, next.type, next.bare, next.listed, w.before || next.before,
           next.value, next.after || w.after, w.depth + 1
    FROM walk w
    JOIN pg_catalog.pg_type t ON t.oid = w.type
    CROSS JOIN LATERAL (
        SELECT b.oid AS type, w.bare AS bare, w.listed AS listed, '' AS before,
               pg_catalog.format('(%s)::%I.%I', w.value, n.nspname, b.typname) AS value, '' AS after
        FROM pg_catalog.pg_type b
        JOIN pg_catalog.pg_namespace n ON n.oid = b.typnamespace
        WHERE t.typtype = 'd' AND b.oid = t.typbasetype
        UNION ALL
        SELECT t.typelem, w.bare AND NOT w.listed AND t.typelem = 18, true,
               pg_catalog.format('EXISTS (SELECT FROM (SELECT pg_catalog.unnest(%s) AS v) AS u%s'
                                 ' WHERE ', w.value, w.depth),
               pg_catalog.format('u%s.v', w.depth), ')'
        WHERE t.typtype = 'b' AND t.typelem <> 0 AND t.typlen = -1
        UNION ALL
        SELECT a.atttypid, false, false, '', pg_catalog.format('(%s).%I', w.value, a.attname), ''
        FROM pg_catalog.pg_attribute a
        WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
        UNION ALL
        SELECT r.rngsubtype, false, false, '',
               pg_catalog.format('pg_catalog.%s(%s)', bound.name, w.value), ''
        FROM pg_catalog.pg_range r
        CROSS JOIN (VALUES ('lower'), ('upper')) AS bound(name)
        WHERE t.typtype = 'r' AND r.rngtypid = t.oid
        UNION ALL
        SELECT r.rngtypid, false, false,
               pg_catalog.format('EXISTS (SELECT FROM (SELECT pg_catalog.unnest(%s) AS v) AS u%s'
                                 ' WHERE ', w.value, w.depth),
               pg_catalog.format('u%s.v', w.depth), ')'
        FROM pg_catalog.pg_range r
        WHERE t.typtype = 'm' AND (pg_catalog.to_jsonb(r) ->> 'rngmultitypid')::oid = t.oid
    ) next(type, bare, listed, before, value, after)
    JOIN held h ON h.oid = next.type
)
SELECT w.relation, w.name,
       CASE WHEN pg_catalog.bool_and(w.bare AND NOT w.listed) THEN 18
            WHEN pg_catalog.bool_and(w.bare) THEN 1002
            ELSE 0 END AS type,
       -- the cast of "char" takes it as signed
       pg_catalog.string_agg(pg_catalog.format('%s(%s)::pg_catalog.int4 < 0%s', w.before, w.value,
                                               w.after),
                             ' OR ' ORDER BY w.value) AS wide
FROM walk w
WHERE w.type = 18
GROUP BY w.relation, w.name
ORDER BY w.relation, w.name
