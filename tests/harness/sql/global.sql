-- For the comparer of the tests (compare.c): columns object, key, value. $1: the older one of the two
-- servers' versions, as in server_version_num.
-- What is in no schema and no file of its own here: casts, transforms, languages, access methods.
WITH member AS (
    SELECT classid, objid FROM pg_depend WHERE deptype IN ('e', 'i')
)
SELECT 'cast ' || c.castsource::regtype || ' as ' || c.casttarget::regtype AS object,
       'cast ' || c.castsource::regtype || ' as ' || c.casttarget::regtype AS key,
       jsonb_strip_nulls(jsonb_build_object(
           'function', nullif(c.castfunc, 0)::regprocedure, 'method', c.castmethod,
           'context', c.castcontext, 'comment', obj_description(c.oid, 'pg_cast')))::text AS value
FROM pg_cast c
WHERE c.oid >= 16384 AND $1::int > 0
  AND NOT EXISTS (SELECT FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
                  WHERE t.oid IN (c.castsource, c.casttarget) AND n.nspname LIKE 'pgzm%')
  AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_cast'::regclass AND m.objid = c.oid)
UNION ALL
SELECT 'transform ' || t.trftype::regtype || ' ' || l.lanname,
       'transform ' || t.trftype::regtype || ' ' || l.lanname,
       jsonb_strip_nulls(jsonb_build_object(
           'from', nullif(t.trffromsql::oid, 0)::regprocedure,
           'to', nullif(t.trftosql::oid, 0)::regprocedure,
           'comment', obj_description(t.oid, 'pg_transform')))::text
FROM pg_transform t JOIN pg_language l ON l.oid = t.trflang
JOIN pg_type y ON y.oid = t.trftype JOIN pg_namespace n ON n.oid = y.typnamespace
WHERE t.oid >= 16384 AND n.nspname NOT LIKE 'pgzm%'
  AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_transform'::regclass AND m.objid = t.oid)
UNION ALL
SELECT 'language ' || l.lanname, 'language ' || l.lanname,
       jsonb_strip_nulls(jsonb_build_object(
           'trusted', l.lanpltrusted, 'handler', nullif(l.lanplcallfoid, 0)::regprocedure,
           'inline', nullif(l.laninline, 0)::regprocedure,
           'validator', nullif(l.lanvalidator, 0)::regprocedure,
           'owner', pg_get_userbyid(l.lanowner), 'grants', l.lanacl,
           'comment', obj_description(l.oid, 'pg_language')))::text
FROM pg_language l
WHERE l.oid >= 16384
  AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_language'::regclass AND m.objid = l.oid)
UNION ALL
SELECT 'access method ' || a.amname, 'access method ' || a.amname,
       jsonb_strip_nulls(jsonb_build_object(
           'type', a.amtype, 'handler', a.amhandler,
           'comment', obj_description(a.oid, 'pg_am')))::text
FROM pg_am a
WHERE a.oid >= 16384
  AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_am'::regclass AND m.objid = a.oid)
