-- Indexes of the tables and materialized views of the schemas, without those of members of
-- extensions and without what a failed CREATE INDEX CONCURRENTLY left behind.
-- $1 text[]: schemas to read; empty for all but system schemas and those named pgzm...
-- $2, $3 oid[]: catalog and OID of the objects that are left out (loader.h).
-- Columns: classid, oid, schema, name, owner, extension; the others as in struct Index (model.h).
WITH left_out AS (
    SELECT x.classid, x.oid
    FROM ROWS FROM (pg_catalog.unnest($2::pg_catalog.oid[]),
                    pg_catalog.unnest($3::pg_catalog.oid[])) AS x(classid, oid)
), scope AS (
    SELECT n.oid, n.nspname
    FROM pg_catalog.pg_namespace n
    WHERE CASE WHEN pg_catalog.cardinality($1::pg_catalog.text[]) = 0
               THEN n.nspname !~ '^(pg_|pgzm)' AND n.nspname <> 'information_schema'
               ELSE n.nspname::pg_catalog.text = ANY ($1::pg_catalog.text[]) END
), extended AS (
    SELECT DISTINCT ON (d.objid) d.objid AS oid, e.extname
    FROM pg_catalog.pg_depend d
    JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
    WHERE d.classid = 1259 AND d.refclassid = 3079 AND d.deptype = 'x'
    ORDER BY d.objid, e.extname
)
SELECT f.*,
       -- The tablespace, which pg_get_indexdef leaves out, stands before the predicate.
       CASE WHEN f.tablespace IS NULL THEN f.bare_def
            WHEN f.predicate IS NULL
            THEN f.bare_def || ' TABLESPACE ' || pg_catalog.quote_ident(f.tablespace)
            ELSE pg_catalog.left(f.bare_def, -pg_catalog.length(f.predicate)) || ' TABLESPACE '
                     || pg_catalog.quote_ident(f.tablespace) || f.predicate END AS def
-- Definitions are made once for each index (OFFSET keeps the two apart, or each mention would be a
-- call), and only of what is not left out: they wait for whoever has it locked.
FROM (
    SELECT 1259 AS classid,
           c.oid,
           s.nspname AS schema,
           c.relname AS name,
           NULL AS owner,
           e.extname AS extension,
           i.indrelid AS "table",
           k.oid AS constraint,
           (SELECT h.inhparent FROM pg_catalog.pg_inherits h WHERE h.inhrelid = c.oid) AS parent,
           c.relkind,
           pg_catalog.pg_get_indexdef(c.oid) AS bare_def,
           CASE WHEN ts.spcname IS NOT NULL
                THEN ' WHERE ' || pg_catalog.pg_get_expr(i.indpred, i.indrelid) END AS predicate,
           CASE WHEN k.contype IN ('p', 'u')
                THEN (SELECT pg_catalog.string_agg(
                                 (SELECT pg_catalog.quote_ident(a.attname)
                                  FROM pg_catalog.pg_attribute a
                                  WHERE a.attrelid = i.indrelid AND a.attnum = x.attnum), ', '
                                 ORDER BY x.number)
                      FROM pg_catalog.unnest(i.indkey::pg_catalog.int2[])
                               WITH ORDINALITY AS x(attnum, number)
                      WHERE x.number <= i.indnkeyatts) END AS columns_def,
           CASE WHEN k.contype IN ('p', 'u') AND i.indnatts > i.indnkeyatts
                THEN (SELECT pg_catalog.string_agg(
                                 (SELECT pg_catalog.quote_ident(a.attname)
                                  FROM pg_catalog.pg_attribute a
                                  WHERE a.attrelid = i.indrelid AND a.attnum = x.attnum), ', '
                                 ORDER BY x.number)
                      FROM pg_catalog.unnest(i.indkey::pg_catalog.int2[])
                               WITH ORDINALITY AS x(attnum, number)
                      WHERE x.number > i.indnkeyatts) END AS include_def,
           CASE WHEN c.reloptions IS NOT NULL
                THEN (SELECT pg_catalog.string_agg(
                                 pg_catalog.quote_ident(o.option_name) || '='
                                     || pg_catalog.quote_literal(COALESCE(o.option_value, 'true')),
                                 ', ' ORDER BY o.number)
                      FROM pg_catalog.pg_options_to_table(c.reloptions)
                               WITH ORDINALITY AS o(option_name, option_value, number)) END
               AS options,
           ts.spcname AS tablespace,
           i.indisunique AS unique,
           i.indisprimary AS primary,
           i.indisexclusion AS exclusion,
           i.nulls_not_distinct,
           COALESCE(k.period, false) AS without_overlaps,
           i.indisvalid AS valid,
           i.indisclustered AS clustered,
           i.indisreplident AS replica_identity,
           -- a btree over columns alone, with all rows
           c.relam = 403 AND i.indexprs IS NULL AND i.indpred IS NULL AS plain,
           pg_catalog.array_to_string(
               ARRAY(SELECT COALESCE(a.attstattarget, -1)
                     FROM pg_catalog.pg_attribute a
                     WHERE a.attrelid = c.oid AND a.attnum > 0
                     ORDER BY a.attnum), ',') AS statistics
    FROM scope s
    JOIN pg_catalog.pg_class c ON c.relnamespace = s.oid
    -- Columns that came later stand for constants before: indnullsnotdistinct 15, conperiod 18.
    CROSS JOIN (SELECT false AS indnullsnotdistinct, false AS conperiod) AS earlier
    CROSS JOIN LATERAL (
        SELECT x.indrelid, x.indkey, x.indnatts, x.indnkeyatts, x.indisunique, x.indisprimary,
               x.indisexclusion, x.indisvalid, x.indisready, x.indisclustered, x.indisreplident,
               x.indpred, x.indexprs, indnullsnotdistinct AS nulls_not_distinct
        FROM pg_catalog.pg_index x
        WHERE x.indexrelid = c.oid) i
    JOIN pg_catalog.pg_class r ON r.oid = i.indrelid
    LEFT JOIN LATERAL (
        SELECT y.oid, y.contype, conperiod AS period
        FROM pg_catalog.pg_constraint y
        WHERE y.conrelid = i.indrelid AND y.conindid = c.oid
          AND y.contype IN ('p', 'u', 'x')) k ON true
    LEFT JOIN extended e ON e.oid = c.oid
    LEFT JOIN pg_catalog.pg_tablespace ts ON ts.oid = c.reltablespace
    WHERE c.relkind IN ('i', 'I')
      AND NOT EXISTS (SELECT 1 FROM left_out x WHERE x.classid = 1259 AND x.oid = c.oid)
      AND r.relkind IN ('r', 'p', 'm')
      AND i.indisready
      AND (i.indisvalid OR c.relkind = 'I')
      AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e
                      WHERE e.classid = 1259 AND e.objid = i.indrelid AND e.deptype = 'e')
    OFFSET 0
) f
