-- Records what a migration moves. New: everything in its shadow schemas that has a place in a schema
-- of its own (indexes, constraints, row and array types and owned sequences follow what they belong to).
-- Old: the live namesakes of what is new (the names of functions and operators include their argument
-- types, those of operator classes and families their access method), partitions of tables that are
-- old, what belongs to a range type that is old, extended statistics of tables that are old. Members
-- of extensions never move.
-- $1 bigint: migration
WITH RECURSIVE map AS (
    SELECT s.live, l.oid AS live_oid, h.oid AS shadow_oid
    FROM pgzm.schema s
    JOIN pg_catalog.pg_namespace h ON h.nspname = s.shadow
    LEFT JOIN pg_catalog.pg_namespace l ON l.nspname = s.live
    WHERE s.migration = $1::bigint
), word (classid, kind) AS (
    VALUES ('pg_catalog.pg_class'::regclass::oid, NULL),
           ('pg_catalog.pg_type'::regclass, 'TYPE'),
           ('pg_catalog.pg_proc'::regclass, NULL),
           ('pg_catalog.pg_operator'::regclass, 'OPERATOR'),
           ('pg_catalog.pg_opclass'::regclass, 'OPERATOR CLASS'),
           ('pg_catalog.pg_opfamily'::regclass, 'OPERATOR FAMILY'),
           ('pg_catalog.pg_collation'::regclass, 'COLLATION'),
           ('pg_catalog.pg_conversion'::regclass, 'CONVERSION'),
           ('pg_catalog.pg_ts_parser'::regclass, 'TEXT SEARCH PARSER'),
           ('pg_catalog.pg_ts_template'::regclass, 'TEXT SEARCH TEMPLATE'),
           ('pg_catalog.pg_ts_dict'::regclass, 'TEXT SEARCH DICTIONARY'),
           ('pg_catalog.pg_ts_config'::regclass, 'TEXT SEARCH CONFIGURATION'),
           ('pg_catalog.pg_statistic_ext'::regclass, 'STATISTICS')
), follows AS (
    -- members of extensions, and sequences that go with their column's table
    SELECT d.classid, d.objid
    FROM pg_catalog.pg_depend d
    WHERE d.deptype = 'e'
    UNION ALL
    SELECT d.classid, d.objid
    FROM pg_catalog.pg_depend d
    JOIN pg_catalog.pg_class c ON c.oid = d.objid AND c.relkind = 'S'
    WHERE d.classid = 'pg_catalog.pg_class'::regclass
      AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i')
), placed AS (
    SELECT d.classid, d.objid, m.live, d.refobjid = m.shadow_oid AS new
    FROM map m
    JOIN pg_catalog.pg_depend d
      ON d.refclassid = 'pg_catalog.pg_namespace'::regclass
     AND d.refobjid IN (m.live_oid, m.shadow_oid) AND d.deptype = 'n'
    WHERE NOT EXISTS (SELECT FROM follows f WHERE f.classid = d.classid AND f.objid = d.objid)
), signature AS (
    SELECT p.classid, p.objid, p.live, p.new, c.relkind,
           coalesce(w.kind,
                    CASE f.prokind WHEN 'p' THEN 'PROCEDURE' WHEN 'a' THEN 'AGGREGATE'
                                   WHEN 'f' THEN 'FUNCTION' WHEN 'w' THEN 'FUNCTION' END,
                    CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
                                   WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE'
                                   ELSE 'TABLE' END) AS kind,
           coalesce(c.relname, t.typname, f.proname, o.oprname, k.opcname, y.opfname, l.collname,
                    v.conname, tp.prsname, tt.tmplname, td.dictname, tc.cfgname, x.stxname) AS name,
           coalesce(k.opcmethod, y.opfmethod, 0::oid) AS method,
           coalesce(f.proargtypes::oid[], ARRAY[o.oprleft, o.oprright]) AS types
    FROM placed p
    JOIN word w ON w.classid = p.classid
    LEFT JOIN pg_catalog.pg_class c
      ON p.classid = 'pg_catalog.pg_class'::regclass AND c.oid = p.objid
    LEFT JOIN pg_catalog.pg_type t ON p.classid = 'pg_catalog.pg_type'::regclass AND t.oid = p.objid
    LEFT JOIN pg_catalog.pg_proc f ON p.classid = 'pg_catalog.pg_proc'::regclass AND f.oid = p.objid
    LEFT JOIN pg_catalog.pg_operator o
      ON p.classid = 'pg_catalog.pg_operator'::regclass AND o.oid = p.objid
    LEFT JOIN pg_catalog.pg_opclass k
      ON p.classid = 'pg_catalog.pg_opclass'::regclass AND k.oid = p.objid
    LEFT JOIN pg_catalog.pg_opfamily y
      ON p.classid = 'pg_catalog.pg_opfamily'::regclass AND y.oid = p.objid
    LEFT JOIN pg_catalog.pg_collation l
      ON p.classid = 'pg_catalog.pg_collation'::regclass AND l.oid = p.objid
    LEFT JOIN pg_catalog.pg_conversion v
      ON p.classid = 'pg_catalog.pg_conversion'::regclass AND v.oid = p.objid
    LEFT JOIN pg_catalog.pg_ts_parser tp
      ON p.classid = 'pg_catalog.pg_ts_parser'::regclass AND tp.oid = p.objid
    LEFT JOIN pg_catalog.pg_ts_template tt
      ON p.classid = 'pg_catalog.pg_ts_template'::regclass AND tt.oid = p.objid
    LEFT JOIN pg_catalog.pg_ts_dict td
      ON p.classid = 'pg_catalog.pg_ts_dict'::regclass AND td.oid = p.objid
    LEFT JOIN pg_catalog.pg_ts_config tc
      ON p.classid = 'pg_catalog.pg_ts_config'::regclass AND tc.oid = p.objid
    LEFT JOIN pg_catalog.pg_statistic_ext x
      ON p.classid = 'pg_catalog.pg_statistic_ext'::regclass AND x.oid = p.objid
), argument AS (
    -- argument types as schema and name, shadow schemas under their live names
    SELECT s.classid, s.objid, pg_catalog.array_agg(
               coalesce(m.live, n.nspname::text) || '.' || t.typname ORDER BY a.ordinality) AS types
    FROM signature s
    CROSS JOIN LATERAL pg_catalog.unnest(s.types) WITH ORDINALITY AS a(type, ordinality)
    JOIN pg_catalog.pg_type t ON t.oid = a.type
    JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
    LEFT JOIN map m ON m.shadow_oid = t.typnamespace
    -- no type on one side of a prefix operator
    WHERE a.type <> 0
    GROUP BY s.classid, s.objid
), named AS (
    SELECT s.classid, s.objid, s.live, s.new, s.relkind, s.kind, s.name,
           pg_catalog.concat_ws(' ', s.method, pg_catalog.array_position(s.types, 0::oid),
                                a.types) AS extra
    FROM signature s
    LEFT JOIN argument a ON a.classid = s.classid AND a.objid = s.objid
), old AS (
    SELECT o.classid, o.objid
    FROM named o
    JOIN named n ON n.new AND n.classid = o.classid AND n.live = o.live AND n.name = o.name
                AND n.extra = o.extra
    WHERE NOT o.new
    UNION
    SELECT part.classid, part.objid
    FROM old r
    CROSS JOIN LATERAL (
        SELECT r.classid, i.inhrelid AS objid
        FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
        WHERE r.classid = 'pg_catalog.pg_class'::regclass AND i.inhparent = r.objid
          AND c.relispartition
        UNION ALL
        SELECT 'pg_catalog.pg_statistic_ext'::regclass, x.oid
        FROM pg_catalog.pg_statistic_ext x
        WHERE r.classid = 'pg_catalog.pg_class'::regclass AND x.stxrelid = r.objid
        UNION ALL
        -- multirange types and constructor functions
        SELECT d.classid, d.objid
        FROM pg_catalog.pg_depend d
        WHERE r.classid = 'pg_catalog.pg_type'::regclass AND d.refclassid = r.classid
          AND d.refobjid = r.objid AND d.deptype = 'i'
    ) AS part
)
INSERT INTO pgzm.object (migration, side, classid, oid, kind, live, name, lockable)
SELECT $1::bigint, CASE WHEN n.new THEN 'new' ELSE 'old' END, n.classid, n.objid, n.kind, n.live,
       n.name, coalesce(n.relkind IN ('r', 'p'), false)
FROM named n
WHERE n.new OR EXISTS (SELECT FROM old o WHERE o.classid = n.classid AND o.objid = n.objid)
