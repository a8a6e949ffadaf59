-- What binary COPY of each table's columns would need, as this server sees it.
-- $1 text[]: names of the schemas; empty: all but system schemas and those that begin with "pgzm".
-- Columns: schema, name, lacks_send, lacks_receive, reg_type, embeds_oid, numeric, interval,
-- jsonpath, money, foreign_types (send functions from outside pg_catalog as "function extension
-- version"; "" for none), column_types (names of types without schema; "" for none).
-- Generated columns do not travel and are not looked at.
WITH RECURSIVE relations AS (
    SELECT c.oid, n.nspname, c.relname
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE CASE WHEN pg_catalog.cardinality($1::pg_catalog.text[]) > 0
               THEN n.nspname = ANY ($1::pg_catalog.text[])
               ELSE n.nspname !~ '^(pg_|pgzm)' AND n.nspname <> 'information_schema' END
      AND c.relkind IN ('r', 'p')
), columns AS (
    -- One row without a name and a type for a table without columns.
    SELECT r.oid AS relation, r.nspname, r.relname,
           a.attname AS name, a.atttypid AS type, a.atttypmod AS modifier
    FROM relations r
    LEFT JOIN pg_catalog.pg_attribute a
           ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
), printed AS (
    SELECT x.type, x.modifier,
           CASE WHEN pg_catalog.starts_with(f.name, q.prefix)
                THEN pg_catalog.substr(f.name, pg_catalog.length(q.prefix) + 1)
                ELSE f.name END AS name
    FROM (SELECT DISTINCT c.type, c.modifier FROM columns c WHERE c.type IS NOT NULL) x
    JOIN pg_catalog.pg_type t ON t.oid = x.type
    JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
    CROSS JOIN LATERAL (SELECT pg_catalog.format_type(x.type, x.modifier)) f(name)
    CROSS JOIN LATERAL (SELECT pg_catalog.quote_ident(n.nspname) || '.') q(prefix)
), walk(root, type) AS (
    SELECT c.type, c.type FROM columns c WHERE c.type IS NOT NULL GROUP BY c.type
    UNION
    SELECT w.root, next.type
    FROM walk w
    JOIN pg_catalog.pg_type t ON t.oid = w.type
    CROSS JOIN LATERAL (
        SELECT t.typbasetype WHERE t.typtype = 'd'
        UNION ALL
        SELECT t.typelem WHERE t.typsend = 'pg_catalog.array_send'::pg_catalog.regproc
        UNION ALL
        SELECT a.atttypid FROM pg_catalog.pg_attribute a
        WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
        UNION ALL
        SELECT r.rngsubtype FROM pg_catalog.pg_range r WHERE r.rngtypid = t.oid
        UNION ALL -- from a multirange to its range
        SELECT d.refobjid FROM pg_catalog.pg_depend d
        WHERE t.typtype = 'm' AND d.classid = 1247 AND d.objid = t.oid AND d.refclassid = 1247
          AND d.deptype = 'i'
    ) next(type)
), flags AS (
    SELECT w.root,
           pg_catalog.bool_or(t.typsend = 0) AS lacks_send,
           -- Receive functions that only raise an error: pg_node_tree, pg_ndistinct,
           -- pg_dependencies, pg_mcv_list and the two summaries of BRIN. That of tsquery does so for
           -- the empty query ("malformed tsquery: operand not found").
           pg_catalog.bool_or(t.typreceive = 0
                              OR t.oid IN (194, 3361, 3402, 3615, 5017, 4600, 4601))
               AS lacks_receive,
           pg_catalog.bool_or(t.oid IN (24, 2202, 2203, 2204, 2205, 2206, 3734, 3769, 4089, 4096,
                                        4191)) AS reg_type,
           -- Below 10000 OIDs are the same everywhere.
           pg_catalog.bool_or(
               t.typsend = 'pg_catalog.array_send'::pg_catalog.regproc AND t.typelem >= 10000
               -- counted, since EXISTS might be answered by reading all columns there are
               OR CASE WHEN t.typtype = 'c'
                       THEN (SELECT pg_catalog.count(*) > 0
                             FROM pg_catalog.pg_attribute a
                             WHERE a.attrelid = t.typrelid AND a.attnum > 0
                               AND NOT a.attisdropped AND a.atttypid >= 10000)
                       ELSE false END) AS embeds_oid,
           pg_catalog.bool_or(t.oid = 1700) AS has_numeric,
           pg_catalog.bool_or(t.oid = 1186) AS has_interval,
           pg_catalog.bool_or(t.oid = 4072) AS has_jsonpath,
           pg_catalog.bool_or(t.oid = 790) AS has_money,
           pg_catalog.array_agg(p.proname || COALESCE(' ' || x.extname || ' ' || x.extversion, ''))
               FILTER (WHERE p.pronamespace <> 11) AS foreign_types
    FROM walk w
    JOIN pg_catalog.pg_type t ON t.oid = w.type
    LEFT JOIN pg_catalog.pg_proc p ON p.oid = t.typsend
    LEFT JOIN pg_catalog.pg_depend d
           ON d.classid = 1255 AND d.objid = p.oid AND d.refclassid = 3079 AND d.deptype = 'e'
    LEFT JOIN pg_catalog.pg_extension x ON x.oid = d.refobjid
    GROUP BY w.root
), described AS (
    -- All of it in one pass over the columns: a join of what is not stored has no statistics, and
    -- might go through the one list for each row of the other.
    SELECT c.nspname, c.relname,
           pg_catalog.bool_or(f.lacks_send) AS lacks_send,
           pg_catalog.bool_or(f.lacks_receive) AS lacks_receive,
           pg_catalog.bool_or(f.reg_type) AS reg_type,
           pg_catalog.bool_or(f.embeds_oid) AS embeds_oid,
           pg_catalog.bool_or(f.has_numeric) AS has_numeric,
           pg_catalog.bool_or(f.has_interval) AS has_interval,
           pg_catalog.bool_or(f.has_jsonpath) AS has_jsonpath,
           pg_catalog.bool_or(f.has_money) AS has_money,
           pg_catalog.array_agg(c.type) FILTER (WHERE f.foreign_types IS NOT NULL)
               AS foreign_roots,
           pg_catalog.string_agg(pg_catalog.quote_ident(c.name) || ' ' || p.name, ', '
                                 ORDER BY c.name) AS column_types
    FROM columns c
    LEFT JOIN printed p ON p.type = c.type AND p.modifier = c.modifier
    LEFT JOIN flags f ON f.root = c.type
    GROUP BY c.relation, c.nspname, c.relname
)
SELECT d.nspname AS schema, d.relname AS name,
       COALESCE(d.lacks_send, false) AS lacks_send,
       COALESCE(d.lacks_receive, false) AS lacks_receive,
       COALESCE(d.reg_type, false) AS reg_type,
       COALESCE(d.embeds_oid, false) AS embeds_oid,
       COALESCE(d.has_numeric, false) AS numeric,
       COALESCE(d.has_interval, false) AS interval,
       COALESCE(d.has_jsonpath, false) AS jsonpath,
       COALESCE(d.has_money, false) AS money,
       CASE WHEN d.foreign_roots IS NULL THEN ''
            ELSE (SELECT pg_catalog.string_agg(DISTINCT s.foreign_type, ', ')
                  FROM flags f
                  CROSS JOIN LATERAL pg_catalog.unnest(f.foreign_types) s(foreign_type)
                  WHERE f.root = ANY (d.foreign_roots)) END AS foreign_types,
       COALESCE(d.column_types, '') AS column_types
FROM described d
