-- What was made since a migration went live and does not go well with undoing it: what stays but leans on
-- something that goes out, foreign keys of what goes out to what stays, and names that the old
-- objects need.
-- $1 bigint: migration. Columns: object, why (what follows "object ...")
WITH RECURSIVE gone AS (
    SELECT classid, oid AS objid
    FROM pgzm.object WHERE migration = $1::bigint AND side = 'new'
    UNION
    -- what follows: indexes, constraints, defaults, row types, owned sequences, rules, triggers
    SELECT d.classid, d.objid
    FROM gone m
    JOIN pg_catalog.pg_depend d
      ON d.refclassid = m.classid AND d.refobjid = m.objid AND d.deptype IN ('a', 'i', 'P', 'S')
      -- before 15 generated columns depend so on types and functions
     AND NOT (d.classid = 'pg_catalog.pg_class'::regclass AND d.objsubid <> 0)
), back AS (
    SELECT classid, oid AS objid
    FROM pgzm.object WHERE migration = $1::bigint AND side = 'old'
    UNION
    SELECT d.classid, d.objid
    FROM back m
    JOIN pg_catalog.pg_depend d
      ON d.refclassid = m.classid AND d.refobjid = m.objid AND d.deptype IN ('a', 'i', 'P', 'S')
      -- before 15 generated columns depend so on types and functions
     AND NOT (d.classid = 'pg_catalog.pg_class'::regclass AND d.objsubid <> 0)
), known AS (
    -- the rollback makes these anew, so their names are in its statements
    SELECT statement FROM pgzm.step
    WHERE migration = $1::bigint AND part IN ('before rollback', 'after rollback')
), leaning AS (
    SELECT d.classid, d.objid, d.objsubid, d.refclassid, d.refobjid, d.refobjsubid,
           coalesce(g.tgname, p.polname, k.conname, a.attname) AS part
    FROM gone m
    JOIN pg_catalog.pg_depend d ON d.refclassid = m.classid AND d.refobjid = m.objid
    LEFT JOIN pg_catalog.pg_trigger g
      ON d.classid = 'pg_catalog.pg_trigger'::regclass AND g.oid = d.objid
    LEFT JOIN pg_catalog.pg_policy p
      ON d.classid = 'pg_catalog.pg_policy'::regclass AND p.oid = d.objid
    LEFT JOIN pg_catalog.pg_constraint k
      ON d.classid = 'pg_catalog.pg_constraint'::regclass AND k.oid = d.objid
    LEFT JOIN pg_catalog.pg_attrdef f
      ON d.classid = 'pg_catalog.pg_attrdef'::regclass AND f.oid = d.objid
    LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum
    WHERE NOT EXISTS (SELECT FROM gone x WHERE x.classid = d.classid AND x.objid = d.objid)
      -- made for the new objects and of use for them alone, or made anew (global.h)
      AND d.classid NOT IN ('pg_catalog.pg_event_trigger'::regclass,
                            'pg_catalog.pg_cast'::regclass, 'pg_catalog.pg_transform'::regclass,
                            'pg_catalog.pg_foreign_data_wrapper'::regclass,
                            'pg_catalog.pg_language'::regclass)
)
SELECT object, pg_catalog.min(why) AS why FROM (
SELECT coalesce((SELECT pg_catalog.pg_describe_object('pg_catalog.pg_class'::regclass, r.ev_class, 0)
                 FROM pg_catalog.pg_rewrite r
                 WHERE d.classid = 'pg_catalog.pg_rewrite'::regclass AND r.oid = d.objid
                   AND r.rulename = '_RETURN'),
                pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid)) AS object,
       'leans on ' || pg_catalog.pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid)
           || ', which goes out' AS why
FROM leaning d
WHERE NOT EXISTS (SELECT FROM known s
                  WHERE pg_catalog.strpos(s.statement, replace(d.part, '"', '""')) > 0)
  -- views and functions that get their definition again
  AND NOT EXISTS (SELECT FROM pgzm.object o
                  LEFT JOIN pg_catalog.pg_rewrite r
                    ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND r.oid = d.objid
                  WHERE o.migration = $1::bigint AND o.side = 'stays'
                    AND (o.classid = 'pg_catalog.pg_class'::regclass AND o.oid = r.ev_class
                         OR o.classid = d.classid AND o.oid = d.objid))
  -- what other migrations left: nobody else uses it
  AND NOT EXISTS (SELECT FROM pgzm.schema e
                  WHERE (pg_catalog.pg_identify_object_as_address(d.classid, d.objid, d.objsubid)
                        ).object_names[1] IN (e.backup, e.undone))
UNION
-- rows that went out would forbid changes of what stays
SELECT pg_catalog.pg_describe_object('pg_catalog.pg_constraint'::regclass, k.oid, 0),
       'goes out, but refers to '
           || pg_catalog.pg_describe_object('pg_catalog.pg_class'::regclass, k.confrelid, 0)
           || ', which stays'
FROM gone m
JOIN pg_catalog.pg_constraint k ON k.conrelid = m.objid AND k.contype = 'f' AND k.conparentid = 0
WHERE m.classid = 'pg_catalog.pg_class'::regclass
  AND NOT EXISTS (SELECT FROM gone x
                  WHERE x.classid = 'pg_catalog.pg_class'::regclass AND x.objid = k.confrelid)
  AND NOT EXISTS (SELECT FROM known s
                  WHERE pg_catalog.strpos(s.statement, replace(k.conname, '"', '""')) > 0)
UNION
SELECT pg_catalog.pg_describe_object('pg_catalog.pg_publication'::regclass, b.oid, 0),
       'publishes '
           || pg_catalog.pg_describe_object('pg_catalog.pg_class'::regclass, r.prrelid, 0)
           || ', which goes out'
FROM gone m
JOIN pg_catalog.pg_publication_rel r ON r.prrelid = m.objid
JOIN pg_catalog.pg_publication b ON b.oid = r.prpubid
WHERE m.classid = 'pg_catalog.pg_class'::regclass
  AND NOT EXISTS (SELECT FROM known s
                  WHERE pg_catalog.strpos(s.statement, replace(b.pubname, '"', '""')) > 0)
UNION
SELECT pg_catalog.pg_describe_object('pg_catalog.pg_class'::regclass, c.oid, 0),
       'has a name that the old objects need'
FROM pgzm.schema s
JOIN pg_catalog.pg_namespace b ON b.nspname = s.backup
JOIN pg_catalog.pg_namespace l ON l.nspname = s.live
JOIN pg_catalog.pg_class o ON o.relnamespace = b.oid
JOIN back x ON x.classid = 'pg_catalog.pg_class'::regclass AND x.objid = o.oid
JOIN pg_catalog.pg_class c ON c.relnamespace = l.oid AND c.relname = o.relname
WHERE s.migration = $1::bigint
  AND NOT EXISTS (SELECT FROM gone g
                  WHERE g.classid = 'pg_catalog.pg_class'::regclass AND g.objid = c.oid)
UNION
SELECT pg_catalog.pg_describe_object('pg_catalog.pg_type'::regclass, y.oid, 0),
       'has a name that the old objects need'
FROM pgzm.schema s
JOIN pg_catalog.pg_namespace b ON b.nspname = s.backup
JOIN pg_catalog.pg_namespace l ON l.nspname = s.live
JOIN pg_catalog.pg_type t ON t.typnamespace = b.oid
JOIN back x ON x.classid = 'pg_catalog.pg_type'::regclass AND x.objid = t.oid
JOIN pg_catalog.pg_type y ON y.typnamespace = l.oid AND y.typname = t.typname
WHERE s.migration = $1::bigint
  AND NOT EXISTS (SELECT FROM gone g
                  WHERE g.classid = 'pg_catalog.pg_type'::regclass AND g.objid = y.oid)
) AS found
GROUP BY object
ORDER BY object
LIMIT 50
