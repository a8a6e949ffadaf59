-- Event triggers of the destination that would see the making of the new objects.
-- No parameters. Columns: outcome, message, hint
SELECT 'warning' AS outcome,
       pg_catalog.format('event trigger %s of the destination sees the making of the new objects',
                         e.evtname) AS message,
       'Where it refuses or changes them, disable it meanwhile (ALTER EVENT TRIGGER ... DISABLE).'
       AS hint
FROM pg_catalog.pg_event_trigger e
WHERE e.evtenabled <> 'D' AND e.evtevent <> 'login'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = 'pg_catalog.pg_event_trigger'::regclass AND d.objid = e.oid
                    AND d.deptype = 'e')
  -- 17 and later: off in our sessions, where the user may say so
  AND NOT (pg_catalog.current_setting('event_triggers', true) IS NOT DISTINCT FROM 'off')
ORDER BY e.evtname
