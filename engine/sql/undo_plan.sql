-- The rollback of a migration that has others on top of it, as lines for a person: its objects are where
-- those put them, so it is told from the journal what will be run when they are undone.
-- $1 bigint: migration. Columns: line
SELECT line FROM (
    SELECT 1 AS part, 0 AS place, id::bigint AS position, statement AS line
    FROM pgzm.step WHERE migration = $1::bigint AND part = 'before rollback'
    UNION ALL
    SELECT 2, 0, pg_catalog.row_number() OVER (ORDER BY s.undone),
           pg_catalog.format('CREATE SCHEMA %I', s.undone)
    FROM pgzm.schema s WHERE s.migration = $1::bigint
    UNION ALL
    SELECT 3, CASE o.side WHEN 'new' THEN 1 ELSE 2 END, o.oid::bigint,
           pg_catalog.format('ALTER %s %I.%s SET SCHEMA %I', o.kind,
               CASE o.side WHEN 'new' THEN s.live ELSE s.backup END,
               CASE WHEN p.oid IS NOT NULL
                    THEN pg_catalog.format('%I(%s)', p.proname,
                             coalesce(nullif(pg_catalog.pg_get_function_identity_arguments(p.oid),
                                             ''),
                                      CASE o.kind WHEN 'AGGREGATE' THEN '*' ELSE '' END))
                    ELSE pg_catalog.quote_ident(coalesce(c.relname, o.name)) END,
               CASE o.side WHEN 'new' THEN s.undone ELSE s.live END)
    FROM pgzm.object o
    JOIN pgzm.schema s ON s.migration = o.migration AND s.live = o.live
    LEFT JOIN pg_catalog.pg_class c
      ON o.classid = 'pg_catalog.pg_class'::regclass AND c.oid = o.oid
    LEFT JOIN pg_catalog.pg_proc p ON o.classid = 'pg_catalog.pg_proc'::regclass AND p.oid = o.oid
    WHERE o.migration = $1::bigint AND o.side <> 'stays'
      -- what was dropped since does not move
      AND (o.side = 'old' OR EXISTS (SELECT FROM pg_catalog.pg_depend d
                                     WHERE d.classid = o.classid AND d.objid = o.oid
                                       AND d.refclassid = 'pg_catalog.pg_namespace'::regclass))
    UNION ALL
    SELECT 4, 0, id::bigint, statement
    FROM pgzm.step WHERE migration = $1::bigint AND part = 'after rollback'
    UNION ALL
    SELECT 5, 0, pg_catalog.row_number() OVER (ORDER BY s.backup),
           pg_catalog.format('DROP SCHEMA %I', s.backup)
    FROM pgzm.schema s WHERE s.migration = $1::bigint
    UNION ALL
    SELECT 6, 0, 0, pg_catalog.format('UPDATE pgzm.migration SET state = ''ROLLED BACK'' WHERE id = %s',
                                      $1::bigint)
) AS plan
ORDER BY part, place, position
