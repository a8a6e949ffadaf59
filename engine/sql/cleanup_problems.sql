-- Why the backups of migrations must not be dropped: objects outside that lean on what is in them, and
-- objects in them that the journal does not own. Owned is what the migration moved there, by OID, and
-- what goes with it; owned objects that are elsewhere by now are outside.
-- $1 bigint[]: migrations
-- Columns: object, leans_on (NULL: it is in a backup, but none of it), place (the schema then)
WITH RECURSIVE place AS MATERIALIZED (
    SELECT s.migration, n.oid, n.nspname
    FROM pgzm.schema s JOIN pg_catalog.pg_namespace n ON n.nspname IN (s.backup, s.undone)
    WHERE s.migration = ANY ($1::bigint[])
), content AS MATERIALIZED (
    SELECT d.classid, d.objid, p.nspname, p.migration
    FROM place p
    JOIN pg_catalog.pg_depend d
      ON d.refclassid = 'pg_catalog.pg_namespace'::regclass AND d.refobjid = p.oid
    -- gone with the schema, and of use for it alone
    WHERE d.classid <> 'pg_catalog.pg_default_acl'::regclass
), recorded AS MATERIALIZED (
    SELECT c.classid, c.objid
    FROM content c
    JOIN pgzm.object o
      ON o.migration = c.migration AND o.side <> 'stays' AND o.classid = c.classid
     AND o.oid = c.objid
    UNION
    -- old rows of tables that a rollback kept
    SELECT c.classid, c.objid
    FROM content c
    JOIN pg_catalog.pg_class r ON c.classid = 'pg_catalog.pg_class'::regclass AND r.oid = c.objid
    JOIN pgzm.preserved p ON p.migration = c.migration AND p.aside = r.relname
), inside AS (
    SELECT classid, objid FROM recorded
    UNION
    SELECT x.classid, x.objid
    FROM inside i
    CROSS JOIN LATERAL (
        -- parts of a whole: indexes, constraints, defaults, row types, owned sequences, rules,
        -- triggers, policies
        SELECT d.classid, d.objid
        FROM pg_catalog.pg_depend d
        WHERE d.refclassid = i.classid AND d.refobjid = i.objid
          AND d.deptype IN ('a', 'i', 'P', 'S')
          -- before 15 generated columns depend so on types and functions
          AND NOT (d.classid = 'pg_catalog.pg_class'::regclass AND d.objsubid <> 0)
          -- a publication would lose a table
          AND d.classid <> 'pg_catalog.pg_publication_rel'::regclass
          -- a table that was made a partition since is somebody's
          AND NOT (d.classid = 'pg_catalog.pg_class'::regclass
                   AND EXISTS (SELECT FROM pg_catalog.pg_class c
                               WHERE c.oid = d.objid AND c.relkind IN ('r', 'p', 'f'))
                   AND NOT EXISTS (SELECT FROM recorded r
                                   WHERE r.classid = d.classid AND r.objid = d.objid))
        UNION ALL
        -- a cast from or to a type that goes, a transform of one: nobody else can use it
        SELECT 'pg_catalog.pg_cast'::regclass, k.oid
        FROM pg_catalog.pg_cast k
        WHERE i.classid = 'pg_catalog.pg_type'::regclass
          AND i.objid IN (k.castsource, k.casttarget)
        UNION ALL
        SELECT 'pg_catalog.pg_transform'::regclass, t.oid
        FROM pg_catalog.pg_transform t
        WHERE i.classid = 'pg_catalog.pg_type'::regclass AND i.objid = t.trftype
    ) AS x
), alien AS (
    -- in a backup, but not of it, with its parts
    SELECT c.classid, c.objid
    FROM content c
    WHERE NOT EXISTS (SELECT FROM inside x WHERE x.classid = c.classid AND x.objid = c.objid)
    UNION
    SELECT d.classid, d.objid
    FROM alien a
    JOIN pg_catalog.pg_depend d ON d.refclassid = a.classid AND d.refobjid = a.objid
    WHERE d.deptype IN ('a', 'i', 'P', 'S')
), found AS (
    SELECT d.classid, d.objid, d.objsubid, d.refclassid, d.refobjid, d.refobjsubid,
           NULL::name AS place
    FROM inside i
    JOIN pg_catalog.pg_depend d ON d.refclassid = i.classid AND d.refobjid = i.objid
    WHERE NOT EXISTS (SELECT FROM inside x WHERE x.classid = d.classid AND x.objid = d.objid)
      -- named as what it is just below
      AND NOT EXISTS (SELECT FROM alien a WHERE a.classid = d.classid AND a.objid = d.objid)
    UNION ALL
    SELECT c.classid, c.objid, 0, NULL, NULL, NULL, c.nspname
    FROM content c
    JOIN alien a ON a.classid = c.classid AND a.objid = c.objid
)
SELECT DISTINCT
       coalesce((SELECT pg_catalog.pg_describe_object('pg_catalog.pg_class'::regclass, r.ev_class, 0)
                 FROM pg_catalog.pg_rewrite r
                 WHERE f.classid = 'pg_catalog.pg_rewrite'::regclass AND r.oid = f.objid
                   AND r.rulename = '_RETURN'),
                pg_catalog.pg_describe_object(f.classid, f.objid, f.objsubid)) AS object,
       pg_catalog.pg_describe_object(f.refclassid, f.refobjid, f.refobjsubid) AS leans_on,
       f.place
FROM found f
ORDER BY 3 NULLS FIRST, 1, 2
LIMIT 50
