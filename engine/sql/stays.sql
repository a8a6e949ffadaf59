-- What stays in the destination but leans on something that moves out with the swap, and names that
-- staying objects hold while something new needs them.
-- $1 bigint: migration. Columns: object, leans_on
WITH RECURSIVE moved AS (
    SELECT classid, oid AS objid
    FROM pgzm.object WHERE migration = $1::bigint AND side = 'old'
    UNION
    -- what follows: indexes, constraints, defaults, row types, owned sequences, rules, triggers
    SELECT d.classid, d.objid
    FROM moved m
    JOIN pg_catalog.pg_depend d
      ON d.refclassid = m.classid AND d.refobjid = m.objid AND d.deptype IN ('a', 'i', 'P', 'S')
), new_name AS (
    SELECT c.relname, l.oid AS live_oid
    FROM pgzm.schema s
    JOIN pg_catalog.pg_namespace h ON h.nspname = s.shadow
    JOIN pg_catalog.pg_namespace l ON l.nspname = s.live
    JOIN pg_catalog.pg_class c ON c.relnamespace = h.oid
    WHERE s.migration = $1::bigint
)
SELECT pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid) AS object,
       pg_catalog.pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid) AS leans_on
FROM moved m
JOIN pg_catalog.pg_depend d ON d.refclassid = m.classid AND d.refobjid = m.objid
WHERE NOT EXISTS (SELECT FROM moved x WHERE x.classid = d.classid AND x.objid = d.objid)
  -- views and functions that get their definition again
  AND NOT EXISTS (SELECT FROM pgzm.object o
                  LEFT JOIN pg_catalog.pg_rewrite r
                    ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND r.oid = d.objid
                  WHERE o.migration = $1::bigint AND o.side = 'stays'
                    AND (o.classid = 'pg_catalog.pg_class'::regclass AND o.oid = r.ev_class
                         OR o.classid = d.classid AND o.oid = d.objid))
  -- what earlier migrations left: it follows the objects by OID and nobody else uses it
  AND NOT EXISTS (SELECT FROM pgzm.schema e
                  WHERE (pg_catalog.pg_identify_object_as_address(d.classid, d.objid, d.objsubid)
                        ).object_names[1] IN (e.backup, e.undone))
  -- made anew in the swap (global.h), or of use for the old objects only
  AND d.classid NOT IN ('pg_catalog.pg_event_trigger'::regclass, 'pg_catalog.pg_cast'::regclass,
                        'pg_catalog.pg_transform'::regclass,
                        'pg_catalog.pg_foreign_data_wrapper'::regclass,
                        'pg_catalog.pg_language'::regclass)
  -- foreign keys of staying tables are made anew (crossing_keys.sql)
  AND NOT (d.classid = 'pg_catalog.pg_constraint'::regclass
           AND EXISTS (SELECT FROM pg_catalog.pg_constraint k
                       WHERE k.oid = d.objid AND k.contype = 'f'))
UNION
SELECT pg_catalog.pg_describe_object('pg_catalog.pg_class'::regclass, c.oid, 0),
       'the name, which the new schema needs'
FROM new_name n
JOIN pg_catalog.pg_class c ON c.relnamespace = n.live_oid AND c.relname = n.relname
WHERE NOT EXISTS (SELECT FROM moved x
                  WHERE x.classid = 'pg_catalog.pg_class'::regclass AND x.objid = c.oid)
UNION
-- tables, types and what they bring along share the names of types
SELECT pg_catalog.pg_describe_object('pg_catalog.pg_type'::regclass, y.oid, 0),
       'the name, which the new schema needs'
FROM pgzm.schema s
JOIN pg_catalog.pg_namespace h ON h.nspname = s.shadow
JOIN pg_catalog.pg_namespace l ON l.nspname = s.live
JOIN pg_catalog.pg_type t ON t.typnamespace = h.oid
JOIN pg_catalog.pg_type y ON y.typnamespace = l.oid AND y.typname = t.typname
WHERE s.migration = $1::bigint
  AND NOT EXISTS (SELECT FROM moved x
                  WHERE x.classid = 'pg_catalog.pg_type'::regclass AND x.objid = y.oid)
ORDER BY 1, 2
LIMIT 50
