-- Views and materialized views of the schemas, without members of extensions.
-- $1 text[]: schemas to read; empty for all but system schemas and those named pgzm...
-- $2, $3 oid[]: catalog and OID of the objects that are left out (loader.h).
-- Columns: classid, oid, schema, name, owner, extension; the others as in struct View (model.h).
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
)
SELECT 1259 AS classid,
       c.oid,
       s.nspname AS schema,
       c.relname AS name,
       pg_catalog.pg_get_userbyid(c.relowner) AS owner,
       (SELECT e.extname
        FROM pg_catalog.pg_depend d
        JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
        WHERE d.classid = 1259 AND d.objid = c.oid AND d.refclassid = 3079 AND d.deptype = 'x'
        ORDER BY e.extname LIMIT 1) AS extension,
       c.relkind,
       c.reltype AS row_type,
       t.typarray AS row_type_array,
       pg_catalog.rtrim(pg_catalog.pg_get_viewdef(c.oid), ';') AS def,
       (SELECT pg_catalog.string_agg(
                   pg_catalog.quote_ident(o.option_name) || '='
                       || pg_catalog.quote_literal(COALESCE(o.option_value, 'true')), ', '
                   ORDER BY o.number)
        FROM pg_catalog.pg_options_to_table(c.reloptions)
                 WITH ORDINALITY AS o(option_name, option_value, number)
        WHERE o.option_name <> 'check_option') AS options,
       (SELECT pg_catalog.upper(o.option_value)
        FROM pg_catalog.pg_options_to_table(c.reloptions) o
        WHERE o.option_name = 'check_option') AS check_option,
       CASE WHEN am.amname <> 'heap' THEN am.amname END AS access_method,
       ts.spcname AS tablespace,
       c.relispopulated AS populated,
       CASE WHEN c.relkind = 'm'
            THEN COALESCE(pg_catalog.pg_relation_size(c.oid), 0)
                     + COALESCE(pg_catalog.pg_relation_size(c.reltoastrelid), 0)
            ELSE 0 END AS total_bytes
FROM scope s
JOIN pg_catalog.pg_class c ON c.relnamespace = s.oid
JOIN pg_catalog.pg_type t ON t.oid = c.reltype
LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam
LEFT JOIN pg_catalog.pg_tablespace ts ON ts.oid = c.reltablespace
WHERE c.relkind IN ('v', 'm')
  AND NOT EXISTS (SELECT 1 FROM left_out x WHERE x.classid = 1259 AND x.oid = c.oid)
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d
                  WHERE d.classid = 1259 AND d.objid = c.oid AND d.deptype = 'e')
