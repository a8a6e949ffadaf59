-- What one transaction runs to trade places, in order. Tables that are in use, what is over them and
-- what needs their names come last ("hot"), so that they are locked for their own moves alone.
-- $1 bigint: migration; $2 text: 'swap' or 'rollback'; $3 oid[]: live tables and sequences in use, the
-- busiest first; $4 boolean: all that clients wait for is hot
-- Columns: comes (a table that comes into the live schema), phase (1 to 3: while nothing that is in use is locked; 4 to 7: in the end), statement (NULL
-- for a table that is only locked), oid, locks (name of a table to lock before, NULL for none), problem
-- (an object that is not where it should be; then nothing may run). Phases: 1 statements before the
-- moves, 2 moves, 3 and 4 statements after and before, 5 moves, 6 statements after, 7 schemas that are
-- empty then.
-- Functions and operators go first: their identity includes types, which move later.
WITH RECURSIVE item AS MATERIALIZED (
    SELECT o.classid, o.oid, o.kind, o.name, o.live, o.lockable, c.relkind,
           (o.side = 'old') = ($2 = 'rollback') AS comes,
           CASE WHEN (o.side = 'old') = ($2 = 'rollback') THEN s.live
                WHEN $2 = 'rollback' THEN s.undone ELSE s.backup END AS target,
           CASE WHEN (o.side = 'old') <> ($2 = 'rollback') THEN s.live
                WHEN $2 = 'rollback' THEN s.backup ELSE s.shadow END AS origin,
           n.nspname AS here,
           coalesce(c.relname, t.typname, p.proname, o.name) AS bare
    FROM pgzm.object o
    JOIN pgzm.schema s ON s.migration = o.migration AND s.live = o.live
    LEFT JOIN pg_catalog.pg_depend d
      ON d.classid = o.classid AND d.objid = o.oid AND d.objsubid = 0 AND d.deptype = 'n'
     AND d.refclassid = 'pg_catalog.pg_namespace'::regclass
    LEFT JOIN pg_catalog.pg_namespace n ON n.oid = d.refobjid
    LEFT JOIN pg_catalog.pg_class c
      ON o.classid = 'pg_catalog.pg_class'::regclass AND c.oid = o.oid
    LEFT JOIN pg_catalog.pg_type t ON o.classid = 'pg_catalog.pg_type'::regclass AND t.oid = o.oid
    LEFT JOIN pg_catalog.pg_proc p ON o.classid = 'pg_catalog.pg_proc'::regclass AND p.oid = o.oid
    WHERE o.migration = $1::bigint AND o.side <> 'stays'
), owned AS MATERIALIZED (
    -- sequences that follow their table, and indexes
    SELECT i.oid AS root, c.oid, c.relname, c.relkind
    FROM item i
    JOIN pg_catalog.pg_depend d
      ON d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = i.oid
     AND d.classid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i')
    JOIN pg_catalog.pg_class c ON c.oid = d.objid AND c.relkind = 'S'
    WHERE i.classid = 'pg_catalog.pg_class'::regclass
    UNION ALL
    SELECT i.oid, c.oid, c.relname, c.relkind
    FROM item i
    JOIN pg_catalog.pg_index x ON x.indrelid = i.oid
    JOIN pg_catalog.pg_class c ON c.oid = x.indexrelid
    WHERE i.classid = 'pg_catalog.pg_class'::regclass
), step AS MATERIALIZED (
    SELECT id, statement, part = 'before ' || $2 AS before
    FROM pgzm.step WHERE migration = $1::bigint AND part IN ('before ' || $2, 'after ' || $2)
), mentioned AS MATERIALIZED (
    -- what a statement before the moves is about must not have moved by then
    SELECT s.id, m.classid, m.oid
    FROM step s
    JOIN (SELECT classid, oid, pg_catalog.format('%I.%I', origin, bare) AS name FROM item
          UNION ALL
          SELECT i.classid, i.oid, pg_catalog.format('%I.%I', i.origin, w.relname)
          FROM owned w JOIN item i ON i.classid = 'pg_catalog.pg_class'::regclass AND i.oid = w.root
          WHERE w.relkind = 'S') AS m
      -- however it is quoted; a name too many does no harm
      ON pg_catalog.strpos(pg_catalog.translate(s.statement, '"''\', ''),
                           pg_catalog.translate(m.name, '"''\', '')) > 0
    WHERE s.before
), late_step AS MATERIALIZED (
    SELECT s.id
    FROM step s
    WHERE s.before
      -- global objects that no table is about
      AND (s.statement !~ ('^(DROP|ALTER) (EVENT TRIGGER|CAST|TRANSFORM|SERVER|USER MAPPING'
                           '|LANGUAGE|FOREIGN DATA WRAPPER|ACCESS METHOD) ')
           OR EXISTS (SELECT FROM mentioned m
                      WHERE m.id = s.id AND m.classid = 'pg_catalog.pg_class'::regclass))
), uses AS MATERIALIZED (
    -- views and what they read
    SELECT r.ev_class AS view, d.refobjid AS relation
    FROM pg_catalog.pg_rewrite r
    JOIN pg_catalog.pg_depend d
      ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = r.oid
     AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid <> r.ev_class
), seed AS (
    SELECT i.oid
    FROM item i
    WHERE i.classid = 'pg_catalog.pg_class'::regclass AND NOT i.comes
      AND ($4::boolean OR i.oid = ANY ($3::oid[]) OR i.relkind = 'f'
           -- what cannot be told to be cold: a view over what stays, or over nothing
           OR i.relkind = 'v'
              AND (NOT EXISTS (SELECT FROM uses u WHERE u.view = i.oid)
                   OR EXISTS (SELECT FROM uses u WHERE u.view = i.oid AND NOT EXISTS (
                          SELECT FROM item x WHERE x.classid = 'pg_catalog.pg_class'::regclass
                             AND x.oid = u.relation))))
    UNION
    SELECT p.old_oid FROM pgzm.preserved p WHERE p.migration = $1::bigint
    UNION
    SELECT p.new_oid FROM pgzm.preserved p WHERE p.migration = $1::bigint
    UNION
    SELECT m.oid FROM mentioned m JOIN late_step l ON l.id = m.id
), busy AS (
    SELECT oid FROM seed
    UNION
    -- queries reach partitions through their parents, tables through views
    SELECT x.oid
    FROM busy b
    CROSS JOIN LATERAL (
        SELECT h.inhparent AS oid FROM pg_catalog.pg_inherits h WHERE h.inhrelid = b.oid
        UNION ALL
        SELECT u.view FROM uses u WHERE u.relation = b.oid) AS x
), name AS MATERIALIZED (
    -- names in the live schema that moving takes or frees: relations, and types
    SELECT i.classid, i.oid, i.live, i.comes, 'r' AS space, i.bare AS name
    FROM item i WHERE i.classid = 'pg_catalog.pg_class'::regclass
    UNION ALL
    SELECT i.classid, i.oid, i.live, i.comes, 'r', w.relname
    FROM owned w JOIN item i ON i.classid = 'pg_catalog.pg_class'::regclass AND i.oid = w.root
    UNION ALL
    SELECT i.classid, i.oid, i.live, i.comes, x.space, x.name
    FROM item i
    JOIN pg_catalog.pg_type t
      ON i.classid = 'pg_catalog.pg_type'::regclass AND t.oid = i.oid
      OR i.classid = 'pg_catalog.pg_class'::regclass AND t.typrelid = i.oid
    LEFT JOIN pg_catalog.pg_type a ON a.oid = t.typarray
    CROSS JOIN LATERAL (
        VALUES ('t', t.typname), ('t', a.typname),
               ('r', CASE WHEN t.typrelid <> 0 THEN t.typname END)) AS x(space, name)
    WHERE x.name IS NOT NULL
), late AS (
    SELECT i.classid, i.oid
    FROM item i JOIN busy b ON b.oid = i.oid
    UNION
    SELECT n.classid, n.oid
    FROM name n
    JOIN name o ON o.live = n.live AND o.space = n.space AND o.name = n.name AND NOT o.comes
    JOIN busy b ON b.oid = o.oid
    WHERE n.comes
), move AS (
    SELECT i.*, l.oid IS NOT NULL AS hot,
           i.classid IN ('pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_operator'::regclass) AS early
    FROM item i LEFT JOIN late l ON l.classid = i.classid AND l.oid = i.oid
), line AS (
    SELECT CASE WHEN m.hot THEN 5 ELSE 2 END AS phase,
           CASE WHEN m.early THEN m.comes::integer WHEN m.comes THEN 4 ELSE 2 END
           -- what cannot be locked beforehand goes before the tables
           + CASE WHEN m.relkind IN ('r', 'p') THEN 1 ELSE 0 END AS place,
           m.comes AS comes, m.oid::bigint AS position,
           CASE WHEN m.here IS NULL OR m.here = m.target THEN NULL ELSE
           pg_catalog.format('ALTER %s %s SET SCHEMA %I', m.kind,
               CASE WHEN m.classid = 'pg_catalog.pg_class'::regclass
                    THEN pg_catalog.format('%I.%I', m.here, m.bare)
                    WHEN m.classid = 'pg_catalog.pg_proc'::regclass
                    -- Procedures are told apart by their OUT arguments too, aggregates have a *
                    -- for none.
                    THEN pg_catalog.format('%I.%I(%s)', m.here, m.bare,
                        coalesce(nullif(pg_catalog.pg_get_function_identity_arguments(m.oid), ''),
                                 CASE m.kind WHEN 'AGGREGATE' THEN '*' ELSE '' END))
                    ELSE (pg_catalog.pg_identify_object(m.classid, m.oid, 0)).identity END,
               m.target) END AS statement,
           m.oid,
           CASE WHEN m.lockable AND m.here IS NOT NULL
                THEN pg_catalog.format('%I.%I', m.here, m.bare) END AS locks,
           -- a new object that was dropped since is no obstacle to a rollback
           CASE WHEN m.here IS NULL AND (m.comes OR $2 = 'swap')
                THEN pg_catalog.format('%s %s is gone', pg_catalog.lower(m.kind), m.name)
                -- what follows another object is where it belongs already
                WHEN m.here NOT IN (m.target, m.origin)
                THEN pg_catalog.format('%s %s is not in schema %s any more',
                                       pg_catalog.lower(m.kind), m.name, m.origin)
           END AS problem
    FROM move m
    UNION ALL
    -- tables that stay but whose keys, triggers, policies or defaults are made anew
    SELECT 5, 1, false, o.oid::bigint, NULL, o.oid,
           pg_catalog.format('%I.%I', n.nspname, c.relname), NULL
    FROM pgzm.object o
    JOIN pg_catalog.pg_class c ON c.oid = o.oid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE o.migration = $1::bigint AND o.side = 'stays' AND o.lockable
    UNION ALL
    SELECT CASE WHEN s.before THEN CASE WHEN l.id IS NULL THEN 1 ELSE 4 END
                -- global objects of that name may be made in the same swap
                WHEN s.statement ~ '^GRANT .* ON (SCHEMA|TABLE|SEQUENCE|TYPE|ROUTINE) '
                  OR s.statement ~ '^REVOKE .* ON (TABLE|SEQUENCE|TYPE|ROUTINE) ' THEN 3
                ELSE 6 END,
           0, false, s.id, s.statement, NULL, NULL, NULL
    FROM step s LEFT JOIN late_step l ON l.id = s.id
    UNION ALL
    SELECT 1, 1, false, pg_catalog.row_number() OVER (ORDER BY x.name),
           pg_catalog.format('CREATE SCHEMA %I', x.name), NULL, NULL, NULL
    FROM pgzm.schema s
    CROSS JOIN LATERAL (
        VALUES (CASE WHEN $2 = 'rollback' THEN s.undone ELSE s.backup END), (s.live)) AS x(name)
    WHERE s.migration = $1::bigint
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_namespace n WHERE n.nspname = x.name)
    UNION ALL
    SELECT 7, 0, false, pg_catalog.row_number() OVER (ORDER BY x.name),
           CASE WHEN x.used
                -- what the swap had to create goes again, unless it is used by now
                THEN pg_catalog.format('DO %L', pg_catalog.format(
                         'BEGIN DROP SCHEMA %I; EXCEPTION WHEN dependent_objects_still_exist THEN'
                         ' NULL; END', x.name))
                ELSE pg_catalog.format('DROP SCHEMA %I', x.name) END, NULL, NULL, NULL
    FROM pgzm.schema s
    CROSS JOIN LATERAL (
        VALUES (CASE WHEN $2 = 'swap' THEN s.shadow END, false),
               (CASE WHEN $2 = 'rollback' THEN s.backup END, true),
               (CASE WHEN $2 = 'rollback' AND s.created THEN s.live END, true)) AS x(name, used)
    WHERE s.migration = $1::bigint AND x.name IS NOT NULL
)
SELECT comes AND locks IS NOT NULL AS comes, phase, statement, oid, locks, problem
FROM line
ORDER BY phase, place, pg_catalog.array_position($3::oid[], oid), position
