-- What of the system's own the objects of the schemas use, for a server to look whether it has it.
-- $1 text[]: names of the schemas; empty: all but system schemas and those that begin with "pgzm".
-- Columns: what (type, collation, setting; function: one of an extension, which a server may have as
-- its own by now), name, arguments (of a function), classid, oid, kind, identity (of who uses it).
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
, used AS (
    SELECT a.atttypid AS type, a.attcollation AS collation, 1259 AS classid, r.oid,
           'column' AS kind, r.name || '.' || a.attname AS identity
    FROM relation r
    JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid
    WHERE r.relkind IN ('r', 'p', 'f', 'v', 'm', 'c') AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT b.type, b.collation, 1247, t.oid, 'type', s.nspname || '.' || t.typname
    FROM scope s
    JOIN pg_catalog.pg_type t ON t.typnamespace = s.oid
    LEFT JOIN pg_catalog.pg_range g ON g.rngtypid = t.oid
    CROSS JOIN LATERAL (
        SELECT CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE g.rngsubtype END AS type,
               CASE t.typtype WHEN 'd' THEN t.typcollation ELSE g.rngcollation END AS collation) b
    WHERE t.typtype IN ('d', 'r')
    UNION ALL
    SELECT x.type, 0, 1255, p.oid, CASE p.prokind WHEN 'a' THEN 'aggregate'
                                                  WHEN 'p' THEN 'procedure' ELSE 'function' END,
           s.nspname || '.' || p.proname || '('
               || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')'
    FROM scope s
    JOIN pg_catalog.pg_proc p ON p.pronamespace = s.oid
    CROSS JOIN LATERAL pg_catalog.unnest(p.prorettype || COALESCE(p.proallargtypes,
                                         p.proargtypes::pg_catalog.oid[])) x(type)
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                      WHERE e.classid = 1255 AND e.objid = p.oid AND e.deptype IN ('e', 'i'))
)
SELECT 'type' AS what, t.typname AS name, NULL AS arguments, u.classid, u.oid, u.kind, u.identity
FROM used u
JOIN pg_catalog.pg_type t ON t.oid = u.type
WHERE t.typnamespace = 11 AND t.oid < 16384
UNION ALL
SELECT 'collation', l.collname, NULL, u.classid, u.oid, u.kind, u.identity
FROM used u
JOIN pg_catalog.pg_collation l ON l.oid = u.collation
WHERE l.collnamespace = 11 AND l.oid <> 100
UNION ALL
SELECT DISTINCT 'function', p.proname::pg_catalog.text,
       pg_catalog.array_to_string(p.proargtypes::pg_catalog.oid[]::pg_catalog.regtype[], ','),
       0, 0::pg_catalog.oid, 'extension', x.extname::pg_catalog.text
FROM pg_catalog.pg_depend d
JOIN pg_catalog.pg_proc p ON p.oid = d.refobjid
JOIN pg_catalog.pg_depend e
     ON e.classid = 1255 AND e.objid = p.oid AND e.refclassid = 3079 AND e.deptype = 'e'
JOIN pg_catalog.pg_extension x ON x.oid = e.refobjid
WHERE d.refclassid = 1255 AND d.deptype = 'n' AND p.oid >= 16384
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend m
                  WHERE m.classid = d.classid AND m.objid = d.objid AND m.deptype = 'e')
UNION ALL
-- parameters of extensions, with a dot, are known where the extension is
SELECT 'setting', g.name, NULL, 2964, s.setrole, 'database setting',
       g.name || COALESCE(' of role ' || r.rolname, '')
FROM pg_catalog.pg_db_role_setting s
JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
CROSS JOIN LATERAL (SELECT pg_catalog.split_part(c.item, '=', 1) AS name
                    FROM pg_catalog.unnest(s.setconfig) c(item)) g
WHERE d.datname = pg_catalog.current_database()
  AND g.name !~ '[.]'
  -- what no list of settings shows, and every version has
  AND g.name NOT IN ('role', 'session_authorization')
