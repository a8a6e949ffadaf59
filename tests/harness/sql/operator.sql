-- For the comparer of the tests (compare.c): columns object, key, value. $1: the older one of the two
-- servers' versions, as in server_version_num.
-- Operators; operator families with each operator and function that they or their classes have;
-- operator classes. Who a member belongs to differs between versions and is not looked at.
WITH place AS (
    SELECT n.oid, n.nspname FROM pg_namespace n
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pgzm%'
), member AS (
    SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
)
SELECT 'operator ' || o.oid::regoperator AS object, 'operator ' || o.oid::regoperator AS key,
       jsonb_strip_nulls(jsonb_build_object(
           'owner', pg_get_userbyid(o.oprowner), 'function', o.oprcode::regprocedure,
           'commutator', nullif(o.oprcom, 0)::regoperator,
           'negator', nullif(o.oprnegate, 0)::regoperator,
           'restrict', nullif(o.oprrest::oid, 0)::regproc,
           'join', nullif(o.oprjoin::oid, 0)::regproc, 'hashes', o.oprcanhash,
           'merges', o.oprcanmerge, 'comment', obj_description(o.oid, 'pg_operator')))::text
           AS value
FROM pg_operator o JOIN place p ON p.oid = o.oprnamespace
WHERE o.oprcode <> 0 AND $1::int > 0
  AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_operator'::regclass AND m.objid = o.oid)
UNION ALL
SELECT i.identity, 'operator family ' || i.identity,
       jsonb_strip_nulls(jsonb_build_object(
           'owner', pg_get_userbyid(f.opfowner), 'comment', obj_description(f.oid, 'pg_opfamily'),
           'operators', (SELECT jsonb_agg(m.amopstrategy || ' ' || m.amopopr::regoperator || ' '
                                          || m.amoppurpose::text || ' ' || m.amopsortfamily
                                          ORDER BY m.amopstrategy,
                                                   m.amopopr::regoperator::text COLLATE "C")
                         FROM pg_amop m WHERE m.amopfamily = f.oid AND m.amopsortfamily < 16384),
           'functions', (SELECT jsonb_agg(m.amprocnum || ' ' || m.amproc::regprocedure
                                          ORDER BY m.amprocnum,
                                                   m.amproc::regprocedure::text COLLATE "C")
                         FROM pg_amproc m WHERE m.amprocfamily = f.oid)))::text
FROM pg_opfamily f JOIN place p ON p.oid = f.opfnamespace,
     pg_identify_object('pg_opfamily'::regclass, f.oid, 0) i
WHERE NOT EXISTS (SELECT FROM member m
                  WHERE m.classid = 'pg_opfamily'::regclass AND m.objid = f.oid)
UNION ALL
SELECT i.identity, 'operator class ' || i.identity,
       jsonb_strip_nulls(jsonb_build_object(
           'owner', pg_get_userbyid(c.opcowner), 'type', c.opcintype::regtype,
           'default', c.opcdefault, 'storage', nullif(c.opckeytype, 0)::regtype,
           'family', (SELECT opfname FROM pg_opfamily f WHERE f.oid = c.opcfamily),
           'comment', obj_description(c.oid, 'pg_opclass')))::text
FROM pg_opclass c JOIN place p ON p.oid = c.opcnamespace,
     pg_identify_object('pg_opclass'::regclass, c.oid, 0) i
WHERE NOT EXISTS (SELECT FROM member m
                  WHERE m.classid = 'pg_opclass'::regclass AND m.objid = c.oid)
