-- Objects of some schemas that depend on objects of some others, extension members left out on the
-- referenced side.
-- $1 text[]: schemas whose objects must not lean; $2 text[]: schemas that must not be leaned on;
-- $3 oid[]: types that may be leaned on (with their array and multirange types and constructors)
-- Columns: object, leans_on
WITH RECURSIVE member AS (
    SELECT classid, objid FROM pg_catalog.pg_depend WHERE deptype = 'e'
    UNION ALL
    -- arrays of their types
    SELECT d.classid, t.typarray
    FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_type t ON t.oid = d.objid
    WHERE d.deptype = 'e' AND d.classid = 'pg_catalog.pg_type'::regclass AND t.typarray <> 0
), allowed AS (
    SELECT 'pg_catalog.pg_type'::regclass::oid AS classid, t.oid AS objid
    FROM pg_catalog.pg_type t WHERE t.oid = ANY ($3::oid[])
    UNION
    SELECT d.classid, d.objid
    FROM allowed a
    JOIN pg_catalog.pg_depend d
      ON d.refclassid = a.classid AND d.refobjid = a.objid AND d.deptype = 'i'
    WHERE d.classid IN ('pg_catalog.pg_type'::regclass, 'pg_catalog.pg_proc'::regclass)
), place AS (
    SELECT 'pg_catalog.pg_class'::regclass::oid AS classid, oid AS objid, relnamespace AS nsp
    FROM pg_catalog.pg_class
    UNION ALL SELECT 'pg_catalog.pg_proc'::regclass, oid, pronamespace FROM pg_catalog.pg_proc
    UNION ALL SELECT 'pg_catalog.pg_type'::regclass, oid, typnamespace FROM pg_catalog.pg_type
    UNION ALL SELECT 'pg_catalog.pg_operator'::regclass, oid, oprnamespace
    FROM pg_catalog.pg_operator
    UNION ALL SELECT 'pg_catalog.pg_opclass'::regclass, oid, opcnamespace FROM pg_catalog.pg_opclass
    UNION ALL SELECT 'pg_catalog.pg_opfamily'::regclass, oid, opfnamespace
    FROM pg_catalog.pg_opfamily
    UNION ALL
    SELECT 'pg_catalog.pg_amop'::regclass, o.oid, f.opfnamespace
    FROM pg_catalog.pg_amop o JOIN pg_catalog.pg_opfamily f ON f.oid = o.amopfamily
    UNION ALL
    SELECT 'pg_catalog.pg_amproc'::regclass, o.oid, f.opfnamespace
    FROM pg_catalog.pg_amproc o JOIN pg_catalog.pg_opfamily f ON f.oid = o.amprocfamily
    UNION ALL SELECT 'pg_catalog.pg_collation'::regclass, oid, collnamespace
    FROM pg_catalog.pg_collation
    UNION ALL SELECT 'pg_catalog.pg_constraint'::regclass, oid, connamespace
    FROM pg_catalog.pg_constraint
    UNION ALL SELECT 'pg_catalog.pg_conversion'::regclass, oid, connamespace
    FROM pg_catalog.pg_conversion
    UNION ALL SELECT 'pg_catalog.pg_ts_config'::regclass, oid, cfgnamespace
    FROM pg_catalog.pg_ts_config
    UNION ALL SELECT 'pg_catalog.pg_ts_dict'::regclass, oid, dictnamespace
    FROM pg_catalog.pg_ts_dict
    UNION ALL SELECT 'pg_catalog.pg_ts_parser'::regclass, oid, prsnamespace
    FROM pg_catalog.pg_ts_parser
    UNION ALL SELECT 'pg_catalog.pg_ts_template'::regclass, oid, tmplnamespace
    FROM pg_catalog.pg_ts_template
    UNION ALL SELECT 'pg_catalog.pg_statistic_ext'::regclass, oid, stxnamespace
    FROM pg_catalog.pg_statistic_ext
    UNION ALL
    SELECT 'pg_catalog.pg_rewrite'::regclass, r.oid, c.relnamespace
    FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class
    UNION ALL
    SELECT 'pg_catalog.pg_trigger'::regclass, g.oid, c.relnamespace
    FROM pg_catalog.pg_trigger g JOIN pg_catalog.pg_class c ON c.oid = g.tgrelid
    UNION ALL
    SELECT 'pg_catalog.pg_attrdef'::regclass, a.oid, c.relnamespace
    FROM pg_catalog.pg_attrdef a JOIN pg_catalog.pg_class c ON c.oid = a.adrelid
    UNION ALL
    SELECT 'pg_catalog.pg_policy'::regclass, p.oid, c.relnamespace
    FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_class c ON c.oid = p.polrelid
)
SELECT pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid) AS object,
       pg_catalog.pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid) AS leans_on
FROM pg_catalog.pg_depend d
JOIN place f ON f.classid = d.classid AND f.objid = d.objid
JOIN pg_catalog.pg_namespace fn ON fn.oid = f.nsp AND fn.nspname = ANY ($1::text[])
JOIN place t ON t.classid = d.refclassid AND t.objid = d.refobjid
JOIN pg_catalog.pg_namespace tn ON tn.oid = t.nsp AND tn.nspname = ANY ($2::text[])
WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = d.refclassid AND m.objid = d.refobjid)
  AND NOT EXISTS (SELECT FROM allowed a WHERE a.classid = d.refclassid AND a.objid = d.refobjid)
  -- a composite type is a pg_class row too
  AND NOT (d.refclassid = 'pg_catalog.pg_class'::regclass
           AND EXISTS (SELECT FROM pg_catalog.pg_type t2
                       WHERE t2.typrelid = d.refobjid AND t2.oid = ANY ($3::oid[])))
ORDER BY 1, 2
LIMIT 20
