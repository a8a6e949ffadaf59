-- Whether preserved tables are kept in step: sync triggers for every event are on the table that
-- applications write to, and on each of its partitions, and are enabled always; what the triggers could
-- not write and nobody has copied again yet. A rollback that keeps tables and did not end leaves some that
-- are not copied to their end.
-- $1 bigint: migration; $2 boolean: it is live
-- Columns: outcome, message, hint
WITH RECURSIVE preserved AS (
    SELECT p.id, p.live || '.' || p.name AS label, p.synced, p.kept,
           CASE WHEN $2::boolean THEN p.new_oid ELSE p.old_oid END AS oid,
           CASE WHEN $2::boolean THEN 'reverse' ELSE 'forward' END AS direction
    FROM pgzm.preserved p WHERE p.migration = $1::bigint
), written AS (
    SELECT p.id, p.label, p.direction, p.oid AS relation FROM preserved p
    WHERE p.synced OR NOT p.kept
    UNION
    SELECT w.id, w.label, w.direction, i.inhrelid
    FROM written w
    JOIN pg_catalog.pg_inherits i ON i.inhparent = w.relation
    JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid AND c.relispartition
), event (word, bit) AS (
    -- pg_trigger.h
    VALUES ('INSERT', 4), ('DELETE', 8), ('UPDATE', 16), ('TRUNCATE', 32)
), lacking AS (
    SELECT w.label, w.relation, pg_catalog.string_agg(e.word, ', ' ORDER BY e.bit) AS words
    FROM written w
    CROSS JOIN event e
    WHERE NOT EXISTS (
        SELECT FROM pg_catalog.pg_trigger g
        JOIN pg_catalog.pg_proc f ON f.oid = g.tgfoid
        JOIN pg_catalog.pg_namespace n ON n.oid = f.pronamespace
        WHERE n.nspname = 'pgzm' AND g.tgrelid = w.relation AND g.tgenabled = 'A'
          AND g.tgtype & e.bit <> 0
          AND pg_catalog.starts_with(g.tgname, pg_catalog.format('pgzm_%s_%s_', w.id, w.direction)))
    GROUP BY w.label, w.relation
), behind AS (
    SELECT p.label, count(*) AS rows,
           count(*) FILTER (WHERE r.reason <> 'isolation') AS errors,
           pg_catalog.min(r.reason) FILTER (WHERE r.reason <> 'isolation') AS reason
    FROM preserved p JOIN pgzm.redo r ON r.preserved = p.id
    GROUP BY p.label
)
SELECT 'failure' AS outcome,
       pg_catalog.format('preserved table %s: no enabled sync trigger for %s on %s', l.label, l.words,
                         l.relation::regclass) AS message,
       CASE WHEN $2::boolean
            THEN 'What is written there is missing in the backup: a rollback would lose it.'
            ELSE 'Rows that are written there would be lost in the swap. Run pgzm-copy abort and '
                 || 'prepare again.' END AS hint
FROM lacking l
UNION ALL
SELECT CASE WHEN p.kept THEN 'warning' ELSE 'failure' END,
       pg_catalog.format(CASE WHEN p.kept THEN 'a rollback that keeps table %s did not end'
                              ELSE 'preserved table %s was not copied to its end' END, p.label),
       CASE WHEN p.kept THEN 'Run that rollback again, or one that does not keep the table.'
            ELSE 'Run pgzm-copy abort and prepare again.' END
FROM preserved p WHERE NOT p.synced
UNION ALL
SELECT CASE WHEN b.errors > 0 THEN 'failure' ELSE 'warning' END,
       CASE WHEN b.errors > 0
            THEN pg_catalog.format('preserved table %s: %s of %s rows that are behind could not be '
                                   'written: %s', b.label, b.errors, b.rows, b.reason)
            ELSE pg_catalog.format('preserved table %s is %s %s behind', b.label, b.rows,
                                   CASE b.rows WHEN 1 THEN 'row' ELSE 'rows' END) END,
       pg_catalog.format('They are copied again before and in the %s%s.',
                         CASE WHEN $2::boolean THEN 'rollback' ELSE 'swap' END,
                         CASE WHEN b.errors > 0 THEN ', which is refused while that fails' ELSE '' END)
FROM behind b
UNION ALL
SELECT 'pass', pg_catalog.format('%s preserved %s kept in step', count(*),
                                 CASE count(*) WHEN 1 THEN 'table is' ELSE 'tables are' END), ''
FROM preserved
HAVING count(*) > 0 AND NOT EXISTS (SELECT FROM lacking) AND NOT EXISTS (SELECT FROM behind)
   AND bool_and(synced)
