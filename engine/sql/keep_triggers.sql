-- Triggers and rules of a table of the backup (and of its partitions) that must not fire while it takes
-- over rows: what they do was done already. Those of a sync go on.
-- $1 bigint: migration; $2 oid: the table
-- Columns: label, disable (statement now), enable (statement when the table is live)
WITH tree AS (
    SELECT $2::oid AS oid
    UNION
    SELECT t.relid::oid FROM pg_catalog.pg_partition_tree($2::oid::regclass) t
), part AS (
    SELECT g.tgrelid AS oid, g.tgname AS name, g.tgenabled AS enabled, 'TRIGGER' AS word
    FROM pg_catalog.pg_trigger g
    JOIN pg_catalog.pg_proc p ON p.oid = g.tgfoid
    JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    WHERE g.tgrelid IN (SELECT oid FROM tree) AND NOT g.tgisinternal AND n.nspname <> 'pgzm'
    UNION ALL
    SELECT r.ev_class, r.rulename, r.ev_enabled, 'RULE'
    FROM pg_catalog.pg_rewrite r
    WHERE r.ev_class IN (SELECT oid FROM tree) AND r.ev_type <> '1'
)
SELECT pg_catalog.format('%s %I of %I.%I', pg_catalog.lower(p.word), p.name, s.live, c.relname)
           AS label,
       pg_catalog.format('ALTER TABLE ONLY %I.%I DISABLE %s %I', n.nspname, c.relname, p.word,
                         p.name) AS disable,
       pg_catalog.format('ALTER TABLE ONLY %I.%I ENABLE %s%s %I', s.live, c.relname,
                         CASE p.enabled WHEN 'A' THEN 'ALWAYS ' WHEN 'R' THEN 'REPLICA ' ELSE '' END,
                         p.word, p.name) AS enable
FROM part p
JOIN pg_catalog.pg_class c ON c.oid = p.oid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pgzm.schema s ON s.migration = $1::bigint AND s.backup = n.nspname
WHERE p.enabled <> 'D'
ORDER BY c.oid, p.word DESC, p.name
