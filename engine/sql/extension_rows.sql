-- Tables and sequences whose rows belong to the user of an extension: pg_extension_config_dump.
-- No parameters. Columns: extension, identity (quoted), sequence, readable, columns (quoted, comma
-- separated; NULL for none), condition ('' or WHERE ...).
-- Those that others refer to by foreign key come first: what refers reaches more tables.
WITH RECURSIVE listed AS (
    SELECT x.extname, c.oid, c.relkind, c.relname, n.nspname, t.position,
           x.extcondition[t.position] AS condition
    FROM pg_catalog.pg_extension x
    CROSS JOIN pg_catalog.unnest(x.extconfig) WITH ORDINALITY AS t(oid, position)
    JOIN pg_catalog.pg_class c ON c.oid = t.oid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    -- others are objects like any
    WHERE EXISTS (SELECT FROM pg_catalog.pg_depend e
                  WHERE e.classid = 1259 AND e.objid = t.oid AND e.deptype = 'e')
), refers AS (
    SELECT k.conrelid AS oid, k.confrelid AS target
    FROM pg_catalog.pg_constraint k
    WHERE k.contype = 'f' AND k.conrelid IN (SELECT l.oid FROM listed l)
      AND k.confrelid IN (SELECT l.oid FROM listed l)
), reaches AS (
    SELECT r.oid, r.target FROM refers r
    UNION
    SELECT h.oid, r.target FROM reaches h JOIN refers r ON r.oid = h.target
)
SELECT l.extname AS extension, pg_catalog.format('%I.%I', l.nspname, l.relname) AS identity,
       l.relkind = 'S' AS sequence, pg_catalog.has_table_privilege(l.oid, 'SELECT') AS readable,
       (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attnum)
        FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = l.oid AND a.attnum > 0 AND NOT a.attisdropped
          AND a.attgenerated = '') AS columns,
       COALESCE(l.condition, '') AS condition
FROM listed l
ORDER BY l.extname, (SELECT pg_catalog.count(*) FROM reaches h WHERE h.oid = l.oid), l.position
