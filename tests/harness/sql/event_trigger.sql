-- For the comparer of the tests (compare.c): columns object, key, value. $1: the older one of the two
-- servers' versions, as in server_version_num.
SELECT 'event trigger ' || t.evtname AS object, t.evtname::text AS key,
       jsonb_build_object('event', t.evtevent, 'function', t.evtfoid::regprocedure::text,
                          'enabled', t.evtenabled, 'tags', t.evttags,
                          'comment', obj_description(t.oid, 'pg_event_trigger'))::text AS value
FROM pg_event_trigger t
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_event_trigger'::pg_catalog.regclass AND e.objid = t.oid AND e.deptype = 'e')
  AND $1::int > 0
