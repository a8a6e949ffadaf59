-- What the user may not read on the source.
-- $1 oid[]: relations that are left out. Columns: outcome, message, hint
WITH relation AS (
    SELECT c.oid, c.relkind, n.nspname, pg_catalog.format('%I.%I', n.nspname, c.relname) AS name,
           pg_catalog.has_schema_privilege(n.oid, 'USAGE') AS seen,
           CASE WHEN c.relkind = 'S' THEN pg_catalog.has_sequence_privilege(c.oid, 'SELECT')
                ELSE pg_catalog.has_table_privilege(c.oid, 'SELECT') END AS readable,
           c.relkind <> 'S' AND pg_catalog.row_security_active(c.oid) AS filtered
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'S') AND c.relpersistence <> 't'
      AND NOT EXISTS (SELECT FROM pg_catalog.unnest($1::pg_catalog.oid[]) AS x(oid)
                      WHERE x.oid = c.oid)
      AND n.nspname <> 'information_schema'
      AND n.nspname !~ '^pg_'
      AND n.nspname !~ '^pgzm'
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                      WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid
                        AND d.deptype = 'e')
), numbered AS (
    SELECT r.kind, r.name, pg_catalog.row_number() OVER (PARTITION BY r.kind ORDER BY r.name) AS n
    FROM (SELECT DISTINCT 1 AS kind, pg_catalog.quote_ident(nspname) AS name
          FROM relation WHERE NOT seen
          UNION ALL
          SELECT CASE WHEN relkind = 'S' THEN 3 ELSE 2 END, name
          FROM relation WHERE NOT readable
          UNION ALL
          SELECT 4, name FROM relation WHERE filtered AND readable) r
), found AS (
    SELECT kind, count(*) AS n,
           pg_catalog.string_agg(name, ', ' ORDER BY name) FILTER (WHERE n <= 5) ||
           CASE WHEN count(*) > 5 THEN pg_catalog.format(' and %s more', count(*) - 5) ELSE '' END
           AS names
    FROM numbered GROUP BY kind
)
SELECT 'failure' AS outcome,
       CASE kind
           WHEN 1 THEN pg_catalog.format('user %s has no USAGE on schemas of the source: %s',
                                         current_user, names)
           WHEN 2 THEN pg_catalog.format('user %s may not read tables of the source: %s',
                                         current_user, names)
           WHEN 3 THEN pg_catalog.format('user %s may not read sequences of the source: %s',
                                         current_user, names)
           ELSE pg_catalog.format('row-level security hides rows of the source from user %s: %s',
                                  current_user, names) END AS message,
       CASE kind
           WHEN 1 THEN pg_catalog.format('Run GRANT USAGE ON SCHEMA ... TO %I, or leave them out '
                                         'with --exclude-schema.', current_user)
           WHEN 2 THEN pg_catalog.format('Run GRANT SELECT ON ALL TABLES IN SCHEMA ... TO %I, or '
                                         'leave them out with --exclude-table.', current_user)
           WHEN 3 THEN pg_catalog.format('Run GRANT SELECT ON ALL SEQUENCES IN SCHEMA ... TO %I.',
                                         current_user)
           ELSE 'Read as the owner of these tables, or as a user with BYPASSRLS.' END AS hint
FROM found ORDER BY kind
