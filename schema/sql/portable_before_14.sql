-- What a server before 14 does not have, or understands as something else. For sources from 14 on.
-- $1 text[]: names of the schemas; empty: all but system schemas and those that begin with "pgzm".
-- Columns: classid, oid (an object of the model: what is found counts if it is there), action
-- (r refused, l left out, w only named), kind, identity, reason, needs (the version).
WITH scope AS (
    SELECT n.oid, n.nspname
    FROM pg_catalog.pg_namespace n
    WHERE CASE WHEN pg_catalog.cardinality($1::pg_catalog.text[]) = 0
               THEN n.nspname !~ '^(pg_|pgzm)' AND n.nspname <> 'information_schema'
               ELSE n.nspname::pg_catalog.text = ANY ($1::pg_catalog.text[]) END
), relation AS (
    SELECT c.oid, c.relkind, c.relispartition, c.relpersistence, c.reloptions, c.relam,
           s.nspname || '.' || c.relname AS name
    FROM scope s
    JOIN pg_catalog.pg_class c ON c.relnamespace = s.oid
)
, expression AS (
    -- Stored expressions, each with the relation that it belongs to.
    SELECT w.ev_class AS relation, w.ev_action::pg_catalog.text AS tree
    FROM pg_catalog.pg_rewrite w JOIN relation r ON r.oid = w.ev_class
    UNION ALL
    SELECT d.adrelid, d.adbin::pg_catalog.text
    FROM pg_catalog.pg_attrdef d JOIN relation r ON r.oid = d.adrelid
    UNION ALL
    SELECT k.conrelid, k.conbin::pg_catalog.text
    FROM pg_catalog.pg_constraint k JOIN relation r ON r.oid = k.conrelid
    WHERE k.conbin IS NOT NULL
    UNION ALL
    SELECT i.indrelid, COALESCE(i.indexprs::pg_catalog.text, '')
                       || COALESCE(i.indpred::pg_catalog.text, '')
    FROM pg_catalog.pg_index i JOIN relation r ON r.oid = i.indrelid
    WHERE i.indexprs IS NOT NULL OR i.indpred IS NOT NULL
    UNION ALL
    SELECT p.polrelid, COALESCE(p.polqual::pg_catalog.text, '')
                       || COALESCE(p.polwithcheck::pg_catalog.text, '')
    FROM pg_catalog.pg_policy p JOIN relation r ON r.oid = p.polrelid
), call AS (
    SELECT ':funcid (' || pg_catalog.string_agg(p.oid::pg_catalog.text, '|') || ') ' AS pattern
    FROM pg_catalog.pg_proc p
    WHERE p.proname = 'extract' AND p.pronamespace = 11
)
SELECT 1259 AS classid, r.oid, CASE WHEN r.relkind IN ('v', 'm') THEN 'r' ELSE 'w' END AS action,
       CASE r.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
                      ELSE 'table' END AS kind,
       r.name AS identity,
       'EXTRACT, which gives double precision instead of numeric there' AS reason, 14 AS needs
FROM relation r
WHERE EXISTS (SELECT FROM expression e, call c WHERE e.relation = r.oid AND e.tree ~ c.pattern)
UNION ALL
SELECT 1259, r.oid, 'r', CASE r.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
                                        ELSE 'table' END,
       r.name, 'subscripts of jsonb', 14
FROM relation r
WHERE EXISTS (SELECT FROM expression e
              WHERE e.relation = r.oid AND e.tree LIKE '%:refcontainertype 3802 %')
UNION ALL
SELECT 1255, p.oid, 'r', CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END,
       s.nspname || '.' || p.proname || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid)
           || ')',
       CASE WHEN p.prosqlbody IS NOT NULL THEN 'its body is stored parsed (BEGIN ATOMIC or RETURN)'
            ELSE 'OUT arguments of a procedure' END, 14
FROM scope s
JOIN pg_catalog.pg_proc p ON p.pronamespace = s.oid
WHERE p.prosqlbody IS NOT NULL
   OR p.prokind = 'p' AND 'o' = ANY (p.proargmodes)
UNION ALL
SELECT 1259, r.oid, 'l', 'column', r.name || '.' || a.attname, 'compression lz4', 14
FROM relation r
JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid
WHERE a.attcompression = 'l' AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT 1259, r.oid, 'r', 'column', r.name || '.' || a.attname,
       'type ' || pg_catalog.format_type(a.atttypid, NULL) || ', a multirange', 14
FROM relation r
JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem
WHERE 'm' IN (t.typtype, e.typtype) AND t.oid >= 16384 AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT 3381, x.oid, 'r', 'extended statistics', s.nspname || '.' || x.stxname, 'an expression', 14
FROM scope s
JOIN pg_catalog.pg_statistic_ext x ON x.stxnamespace = s.oid
WHERE x.stxexprs IS NOT NULL
UNION ALL
SELECT 1247, t.oid, 'r', 'base type', s.nspname || '.' || t.typname, 'subscripts of its own', 14
FROM scope s
JOIN pg_catalog.pg_type t ON t.typnamespace = s.oid
JOIN pg_catalog.pg_proc p ON p.oid = t.typsubscript
WHERE t.typtype = 'b' AND t.typcategory <> 'A'
  AND p.proname NOT IN ('array_subscript_handler', 'raw_array_subscript_handler')
UNION ALL
SELECT CASE WHEN d.refobjid IS NULL THEN 2753 ELSE 2616 END::pg_catalog.oid,
       COALESCE(d.refobjid, f.oid), 'r', 'operator family', s.nspname || '.' || f.opfname,
       'support function ' || m.amprocnum || ' of ' || a.amname, 14
FROM scope s
JOIN pg_catalog.pg_opfamily f ON f.opfnamespace = s.oid
JOIN pg_catalog.pg_am a ON a.oid = f.opfmethod
JOIN pg_catalog.pg_amproc m ON m.amprocfamily = f.oid
LEFT JOIN pg_catalog.pg_depend d
     ON d.classid = 2603 AND d.objid = m.oid AND d.refclassid = 2616
WHERE (a.amname, m.amprocnum) IN (('gist', 11))
