-- What in the destination would take part without being asked.
-- No parameters. Columns: fatal, what, hint
SELECT true AS fatal,
       pg_catalog.format('publication %s of the destination publishes all tables', p.pubname) AS what,
       'It would publish shadow tables and the journal. Drop it, or publish named tables.' AS hint
FROM pg_catalog.pg_publication p WHERE p.puballtables
UNION ALL
SELECT false,
       pg_catalog.format('event trigger %s of the destination sees the making of the new objects',
                         e.evtname), ''
FROM pg_catalog.pg_event_trigger e
WHERE e.evtenabled <> 'D' AND e.evtevent <> 'login'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = 'pg_catalog.pg_event_trigger'::regclass AND d.objid = e.oid
                    AND d.deptype = 'e')
  AND NOT (pg_catalog.current_setting('event_triggers', true) IS NOT DISTINCT FROM 'off')
UNION ALL
SELECT true, pg_catalog.format('schema %s is left over in the destination', n.nspname),
       'No migration in the journal made it. Look into it and drop it.'
FROM pg_catalog.pg_namespace n
WHERE n.nspname ~ '^pgzm_(shadow|aside)_'
UNION ALL
SELECT false,
       pg_catalog.format('user %s does not see how long transactions of others last (role '
                         'pg_read_all_stats): the swap cannot wait for them, but will try its locks '
                         'briefly again and again', current_user), ''
WHERE NOT pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')
