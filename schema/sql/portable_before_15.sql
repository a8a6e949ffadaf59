-- What a server before 15 does not have. For sources from 15 on.
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
), expression AS (
    SELECT 1259 AS classid, r.oid, CASE r.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
                                                  ELSE 'rule' END AS kind,
           CASE WHEN r.relkind IN ('v', 'm') THEN r.name ELSE w.rulename || ' on ' || r.name END
               AS identity,
           w.ev_action::pg_catalog.text || COALESCE(w.ev_qual::pg_catalog.text, '') AS tree
    FROM relation r JOIN pg_catalog.pg_rewrite w ON w.ev_class = r.oid
    UNION ALL
    SELECT 1259, r.oid, 'column', r.name || '.' || a.attname, d.adbin::pg_catalog.text
    FROM relation r
    JOIN pg_catalog.pg_attrdef d ON d.adrelid = r.oid
    JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum = d.adnum
    UNION ALL
    SELECT 1259, r.oid, 'partition', r.name, c.relpartbound::pg_catalog.text
    FROM relation r JOIN pg_catalog.pg_class c ON c.oid = r.oid
    WHERE c.relpartbound IS NOT NULL
    UNION ALL
    SELECT 1259, r.oid, 'partitioned table', r.name, p.partexprs::pg_catalog.text
    FROM relation r JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = r.oid
    WHERE p.partexprs IS NOT NULL
    UNION ALL
    SELECT 1259, r.oid, 'check constraint', k.conname || ' on ' || r.name, k.conbin::pg_catalog.text
    FROM relation r
    JOIN pg_catalog.pg_constraint k ON k.conrelid = r.oid AND k.contype = 'c'
    UNION ALL
    SELECT 1259, r.oid, 'index', c.relname || ' on ' || r.name,
           COALESCE(i.indexprs::pg_catalog.text, '') || COALESCE(i.indpred::pg_catalog.text, '')
    FROM relation r
    JOIN pg_catalog.pg_index i ON i.indrelid = r.oid
    JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
    UNION ALL
    SELECT 1259, r.oid, 'policy', p.polname || ' on ' || r.name,
           COALESCE(p.polqual::pg_catalog.text, '')
               || COALESCE(p.polwithcheck::pg_catalog.text, '')
    FROM relation r JOIN pg_catalog.pg_policy p ON p.polrelid = r.oid
    UNION ALL
    SELECT 1259, r.oid, 'trigger', t.tgname || ' on ' || r.name, t.tgqual::pg_catalog.text
    FROM relation r JOIN pg_catalog.pg_trigger t ON t.tgrelid = r.oid
    UNION ALL
    SELECT 1247, t.oid, 'domain', s.nspname || '.' || t.typname,
           COALESCE(t.typdefaultbin::pg_catalog.text, '') || COALESCE(k.trees, '')
    FROM scope s
    JOIN pg_catalog.pg_type t ON t.typnamespace = s.oid AND t.typtype = 'd'
    CROSS JOIN LATERAL (SELECT pg_catalog.string_agg(k.conbin::pg_catalog.text, ' ') AS trees
                        FROM pg_catalog.pg_constraint k WHERE k.contypid = t.oid) k
    UNION ALL
    SELECT 1255, p.oid, 'function', s.nspname || '.' || p.proname,
           COALESCE(p.proargdefaults::pg_catalog.text, '')
               || COALESCE(p.prosqlbody::pg_catalog.text, '')
    FROM scope s JOIN pg_catalog.pg_proc p ON p.pronamespace = s.oid
)
SELECT 1259 AS classid, r.oid, 'r' AS action, 'view' AS kind, r.name AS identity,
       'the option security_invoker' AS reason, 15 AS needs
FROM relation r
WHERE r.relkind = 'v'
  AND EXISTS (SELECT FROM pg_catalog.unnest(r.reloptions) o(option)
              WHERE o.option LIKE 'security\_invoker=%')
UNION ALL
SELECT 1259, r.oid, 'r', 'index', c.relname || ' on ' || r.name, 'NULLS NOT DISTINCT', 15
FROM relation r
JOIN pg_catalog.pg_index i ON i.indrelid = r.oid
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
WHERE i.indnullsnotdistinct
UNION ALL
SELECT 1259, r.oid, 'r', 'foreign key', k.conname || ' on ' || r.name,
       'ON DELETE SET NULL or SET DEFAULT of some columns', 15
FROM relation r
JOIN pg_catalog.pg_constraint k ON k.conrelid = r.oid
WHERE k.contype = 'f' AND k.confdelsetcols IS NOT NULL AND k.conparentid = 0
UNION ALL
SELECT 1259, r.oid, 'l', 'unlogged sequence', r.name, 'UNLOGGED: it is logged there', 15
FROM relation r
WHERE r.relkind = 'S' AND r.relpersistence = 'u'
UNION ALL
SELECT 1259, r.oid, 'r', 'column', r.name || '.' || a.attname,
       'type ' || pg_catalog.format_type(a.atttypid, a.atttypmod), 15
FROM relation r
JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid
CROSS JOIN LATERAL (
    SELECT ((a.atttypmod - 4) >> 16) & 65535 AS precision,
           (((a.atttypmod - 4) & 2047) # 1024) - 1024 AS scale) t
WHERE a.atttypid IN (1700, 1231) AND a.atttypmod >= 4 AND a.attnum > 0 AND NOT a.attisdropped
  AND r.relkind IN ('r', 'p', 'f', 'v', 'm')
  AND (t.scale < 0 OR t.scale > t.precision)
UNION ALL
SELECT 6104, p.oid, 'r', 'publication', p.pubname, 'tables of a schema', 15
FROM pg_catalog.pg_publication p
WHERE EXISTS (SELECT FROM pg_catalog.pg_publication_namespace n WHERE n.pnpubid = p.oid)
UNION ALL
SELECT 6104, p.oid, 'r', 'publication', p.pubname,
       CASE WHEN pg_catalog.bool_or(t.prqual IS NOT NULL) THEN 'a row filter'
            ELSE 'a list of columns' END, 15
FROM pg_catalog.pg_publication p
JOIN pg_catalog.pg_publication_rel t ON t.prpubid = p.oid
WHERE t.prqual IS NOT NULL OR t.prattrs IS NOT NULL
GROUP BY p.oid, p.pubname
UNION ALL
-- printed with three octal digits, of which an older server takes the backslash
SELECT e.classid, e.oid, 'r', e.kind, e.identity, 'a constant of type "char" above 127', 15
FROM expression e
WHERE e.tree ~ ':consttype 18 [^}]*:constvalue 1 \[ -'
   -- of an array the first four bytes are its length
   OR e.tree ~ ':consttype 1002 [^}]*:constvalue \d+ \[ (-?\d+ ){4}[^\]]*-'
