-- What the user may not do in the destination.
-- $1 text[]: live schemas that are migrated. Columns: outcome, message, hint
SELECT 'failure' AS outcome,
       pg_catalog.format('user %s may not create schemas in database %s', current_user,
                         current_database()) AS message,
       pg_catalog.format('Run GRANT CREATE ON DATABASE %I TO %I as its owner.', current_database(),
                         current_user) AS hint
WHERE NOT pg_catalog.has_database_privilege(current_database(), 'CREATE')
UNION ALL
SELECT 'failure', pg_catalog.format('user %s does not own schema %s of the destination', current_user,
                         n.nspname),
       pg_catalog.format('Run ALTER SCHEMA %I OWNER TO %I, or connect as a superuser.', n.nspname,
                         current_user)
FROM pg_catalog.pg_namespace n
WHERE n.nspname = ANY ($1::text[])
  AND NOT pg_catalog.pg_has_role(n.nspowner, 'USAGE')
UNION ALL
SELECT 'failure', pg_catalog.format('user %s does not own %s %I.%I of the destination', current_user,
                         CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
                                        WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'foreign table'
                                        ELSE 'table' END,
                         n.nspname, c.relname),
       pg_catalog.format('Grant role %I to %I, or connect as a superuser.',
                         pg_catalog.pg_get_userbyid(c.relowner), current_user)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ANY ($1::text[]) AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
  AND NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')
LIMIT 10
