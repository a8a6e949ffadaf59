-- Security labels of objects of the schemas, of their columns, and of languages, event triggers and
-- publications; without those of members of extensions.
-- $1 text[]: names of the schemas; empty: all but system schemas and those that begin with "pgzm".
-- Columns: classid (of the labels' catalog), oid, schema (NULL), name (the provider), owner (NULL),
-- extension (NULL), target_classid, target_oid, column_number, column_name (NULL for the whole
-- object), noun (as SECURITY LABEL ON calls the kind), arguments (of a routine, with parentheses,
-- NULL for others), label. A column of a composite type is one of the type.
WITH scope AS (
    SELECT n.oid
    FROM pg_catalog.pg_namespace n
    WHERE CASE WHEN pg_catalog.cardinality($1::pg_catalog.text[]) > 0
               THEN n.nspname = ANY ($1::pg_catalog.text[])
               ELSE n.nspname !~ '^(pg_|pgzm)' AND n.nspname <> 'information_schema' END
), target AS (
    SELECT l.classoid, l.objoid, l.objsubid, 1259::pg_catalog.oid AS classid, c.oid,
           CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
                          WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE'
                          ELSE 'TABLE' END AS noun, NULL AS arguments, l.provider, l.label
    FROM pg_catalog.pg_seclabel l
    JOIN pg_catalog.pg_class c ON c.oid = l.objoid
    JOIN scope s ON s.oid = c.relnamespace
    WHERE l.classoid = 1259 AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
    UNION ALL
    SELECT l.classoid, l.objoid, l.objsubid, 1247, c.reltype, 'TYPE', NULL, l.provider, l.label
    FROM pg_catalog.pg_seclabel l
    JOIN pg_catalog.pg_class c ON c.oid = l.objoid
    JOIN scope s ON s.oid = c.relnamespace
    WHERE l.classoid = 1259 AND c.relkind = 'c' AND l.objsubid <> 0
    UNION ALL
    SELECT l.classoid, l.objoid, 0, 1247, t.oid,
           CASE t.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END, NULL, l.provider, l.label
    FROM pg_catalog.pg_seclabel l
    JOIN pg_catalog.pg_type t ON t.oid = l.objoid
    JOIN scope s ON s.oid = t.typnamespace
    WHERE l.classoid = 1247
    UNION ALL
    SELECT l.classoid, l.objoid, 0, 1255, p.oid,
           CASE p.prokind WHEN 'p' THEN 'PROCEDURE' WHEN 'a' THEN 'AGGREGATE' ELSE 'FUNCTION' END,
           '(' || CASE WHEN p.prokind = 'a' AND p.pronargs = 0 THEN '*'
                       ELSE pg_catalog.pg_get_function_identity_arguments(p.oid) END || ')',
           l.provider, l.label
    FROM pg_catalog.pg_seclabel l
    JOIN pg_catalog.pg_proc p ON p.oid = l.objoid
    JOIN scope s ON s.oid = p.pronamespace
    WHERE l.classoid = 1255
    UNION ALL
    SELECT l.classoid, l.objoid, 0, l.classoid, l.objoid,
           CASE l.classoid WHEN 2615 THEN 'SCHEMA' WHEN 2612 THEN 'LANGUAGE'
                           WHEN 3466 THEN 'EVENT TRIGGER' ELSE 'PUBLICATION' END, NULL,
           l.provider, l.label
    FROM pg_catalog.pg_seclabel l
    WHERE l.classoid IN (2612, 3466, 6104)
       OR l.classoid = 2615 AND l.objoid IN (SELECT s.oid FROM scope s)
)
SELECT 3596 AS classid, t.objoid AS oid, NULL AS schema, t.provider AS name, NULL AS owner,
       NULL AS extension, t.classid AS target_classid, t.oid AS target_oid,
       t.objsubid AS column_number, a.attname AS column_name, t.noun, t.arguments, t.label
FROM target t
LEFT JOIN pg_catalog.pg_attribute a ON t.objsubid <> 0 AND a.attrelid = t.objoid
                                   AND a.attnum = t.objsubid
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                  WHERE e.classid = t.classoid AND e.objid = t.objoid AND e.deptype = 'e')
ORDER BY t.classoid, t.objoid, t.objsubid, t.provider
