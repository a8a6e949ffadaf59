-- What keeps preserved tables of a migration in step: triggers, on whatever table they are by now (a
-- later migration may have moved it into its own backup), and functions in schema pgzm.
-- $1 bigint: migration
-- Columns: on_table (0 for functions; what is on one table goes in one transaction), label, statement
WITH part AS (
    SELECT f.oid, f.proname
    FROM pgzm.preserved p
    JOIN pg_catalog.pg_proc f ON f.proname ~ ('^(sync|drain|copy)_' || p.id || '_(forward|reverse)$')
    JOIN pg_catalog.pg_namespace n ON n.oid = f.pronamespace AND n.nspname = 'pgzm'
    WHERE p.migration = $1::bigint
)
SELECT on_table, label, statement
FROM (
    SELECT 1 AS place, g.tgrelid AS on_table, g.oid,
           pg_catalog.format('sync triggers on %I.%I', n.nspname, c.relname) AS label,
           pg_catalog.format('DROP TRIGGER IF EXISTS %I ON %I.%I', g.tgname, n.nspname, c.relname)
               AS statement
    FROM part f
    JOIN pg_catalog.pg_trigger g ON g.tgfoid = f.oid
    JOIN pg_catalog.pg_class c ON c.oid = g.tgrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    UNION ALL
    SELECT 2, 0, f.oid, pg_catalog.format('function pgzm.%I', f.proname),
           pg_catalog.format('DROP FUNCTION IF EXISTS pgzm.%I(%s)', f.proname,
                             pg_catalog.pg_get_function_identity_arguments(f.oid))
    FROM part f
) AS parts
ORDER BY place, on_table, oid
