-- Functions of the system's own that stored definitions call, by themselves or through operators, for
-- an older server to look whether it has them.
-- $1 text[]: names of the schemas; empty: all but system schemas and those that begin with "pgzm".
-- Columns: what (call), name, arguments (how many), classid, oid, kind, identity (of who calls).
-- EXTRACT is looked at elsewhere: older servers know it by another name.
WITH scope AS (
    SELECT n.oid, n.nspname
    FROM pg_catalog.pg_namespace n
    WHERE CASE WHEN pg_catalog.cardinality($1::pg_catalog.text[]) = 0
               THEN n.nspname !~ '^(pg_|pgzm)' AND n.nspname <> 'information_schema'
               ELSE n.nspname::pg_catalog.text = ANY ($1::pg_catalog.text[]) END
), relation AS (
    SELECT c.oid, s.nspname || '.' || c.relname AS name,
           CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
                          ELSE 'table' END AS kind
    FROM scope s
    JOIN pg_catalog.pg_class c ON c.relnamespace = s.oid
), expression AS (
    SELECT r.oid, r.kind, r.name, w.ev_action::pg_catalog.text
               || COALESCE(w.ev_qual::pg_catalog.text, '') AS tree
    FROM relation r JOIN pg_catalog.pg_rewrite w ON w.ev_class = r.oid
    UNION ALL
    SELECT r.oid, 'column', r.name || '.' || a.attname, d.adbin::pg_catalog.text
    FROM relation r
    JOIN pg_catalog.pg_attrdef d ON d.adrelid = r.oid
    JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum = d.adnum
    UNION ALL
    SELECT r.oid, 'check constraint', k.conname || ' on ' || r.name, k.conbin::pg_catalog.text
    FROM relation r
    JOIN pg_catalog.pg_constraint k ON k.conrelid = r.oid AND k.contype = 'c'
    UNION ALL
    SELECT r.oid, 'index', c.relname || ' on ' || r.name,
           COALESCE(i.indexprs::pg_catalog.text, '') || COALESCE(i.indpred::pg_catalog.text, '')
    FROM relation r
    JOIN pg_catalog.pg_index i ON i.indrelid = r.oid
    JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
    WHERE i.indexprs IS NOT NULL OR i.indpred IS NOT NULL
    UNION ALL
    SELECT r.oid, 'policy', p.polname || ' on ' || r.name,
           COALESCE(p.polqual::pg_catalog.text, '')
               || COALESCE(p.polwithcheck::pg_catalog.text, '')
    FROM relation r JOIN pg_catalog.pg_policy p ON p.polrelid = r.oid
    UNION ALL
    SELECT r.oid, 'trigger', t.tgname || ' on ' || r.name, t.tgqual::pg_catalog.text
    FROM relation r JOIN pg_catalog.pg_trigger t ON t.tgrelid = r.oid
    WHERE t.tgqual IS NOT NULL
    UNION ALL
    SELECT r.oid, r.kind, r.name, p.partexprs::pg_catalog.text
    FROM relation r JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = r.oid
    WHERE p.partexprs IS NOT NULL
), called AS (
    SELECT DISTINCT e.oid, e.kind, e.name, m.match[1]::pg_catalog.oid AS function
    FROM expression e
    CROSS JOIN LATERAL pg_catalog.regexp_matches(e.tree,
        ':(?:funcid|opfuncid|aggfnoid|winfnoid) (\d+)', 'g') AS m(match)
)
SELECT 'call' AS what, p.proname AS name, p.pronargs AS arguments, 1259 AS classid, c.oid,
       c.kind, c.name AS identity
FROM called c
JOIN pg_catalog.pg_proc p ON p.oid = c.function
WHERE p.oid < 16384 AND p.pronamespace = 11 AND p.proname <> 'extract'
