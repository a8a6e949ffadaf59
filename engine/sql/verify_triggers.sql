-- Triggers and rules that are not in the state that they must have: those of preserved tables' other
-- side (the shadow before the swap, the backup afterwards) are disabled, since sync writes there what
-- was done already; those of other new tables are enabled unless they were made otherwise.
-- $1 bigint: migration; $2 boolean: it is live
-- Columns: outcome, message, hint
WITH RECURSIVE quiet AS (
    SELECT CASE WHEN $2::boolean THEN p.old_oid ELSE p.new_oid END AS oid
    FROM pgzm.preserved p WHERE p.migration = $1::bigint AND (p.synced OR NOT p.kept)
    UNION
    SELECT i.inhrelid
    FROM quiet q
    JOIN pg_catalog.pg_inherits i ON i.inhparent = q.oid
    JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid AND c.relispartition
), part AS (
    SELECT 'trigger' AS kind, g.tgname AS name, g.tgrelid AS relation, g.tgenabled AS enabled
    FROM pg_catalog.pg_trigger g
    JOIN pg_catalog.pg_proc f ON f.oid = g.tgfoid
    JOIN pg_catalog.pg_namespace n ON n.oid = f.pronamespace
    WHERE NOT g.tgisinternal AND n.nspname <> 'pgzm'
    UNION ALL
    SELECT 'rule', r.rulename, r.ev_class, r.ev_enabled
    FROM pg_catalog.pg_rewrite r WHERE r.rulename <> '_RETURN'
)
SELECT 'failure' AS outcome,
       pg_catalog.format('%s %I on %s is %s', p.kind, p.name, p.relation::regclass,
                         CASE WHEN q.oid IS NULL THEN 'disabled' ELSE 'not disabled' END) AS message,
       CASE WHEN q.oid IS NULL
            THEN pg_catalog.format('Run ALTER TABLE %s ENABLE %s %I.', p.relation::regclass,
                                   upper(p.kind), p.name)
            ELSE pg_catalog.format('It would act a second time on what is synced. Run ALTER TABLE %s '
                                   'DISABLE %s %I.', p.relation::regclass, upper(p.kind), p.name)
       END AS hint
FROM part p
LEFT JOIN quiet q ON q.oid = p.relation
WHERE CASE WHEN q.oid IS NOT NULL THEN p.enabled <> 'D'
      ELSE p.enabled = 'D' AND NOT $2::boolean
           AND EXISTS (SELECT FROM pgzm.object o
                       WHERE o.migration = $1::bigint AND o.side = 'new'
                         AND o.classid = 'pg_catalog.pg_class'::regclass AND o.oid = p.relation)
           AND NOT EXISTS (SELECT FROM pgzm.task t
                           WHERE t.migration = $1::bigint AND t.kind = 'enabled state'
                             AND t.relation = p.relation
                             AND pg_catalog.strpos(t.statement, replace(p.name, '"', '""')) > 0) END
ORDER BY 2
LIMIT 50
