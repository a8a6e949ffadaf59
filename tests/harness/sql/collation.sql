-- For the comparer of the tests (compare.c): columns object, key, value. $1: the older one of the two
-- servers' versions, as in server_version_num.
-- Collations and conversions. The columns of a collation have other names in other versions; its
-- version is that of the library at hand.
SELECT 'collation ' || quote_ident(n.nspname) || '.' || quote_ident(c.collname) AS object,
       'collation ' || quote_ident(n.nspname) || '.' || quote_ident(c.collname) AS key,
       jsonb_strip_nulls(jsonb_build_object(
           'provider', c.collprovider, 'deterministic', c.collisdeterministic,
           'locale', coalesce(to_jsonb(c) ->> 'colllocale', to_jsonb(c) ->> 'colliculocale',
                              to_jsonb(c) ->> 'collcollate'),
           'character type', CASE WHEN c.collprovider = 'c' THEN to_jsonb(c) ->> 'collctype' END,
           'rules', to_jsonb(c) ->> 'collicurules', 'owner', pg_get_userbyid(c.collowner),
           'comment', obj_description(c.oid, 'pg_collation')))::text AS value
FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pgzm%'
  AND $1::int > 0
  AND c.collencoding IN (-1, pg_char_to_encoding(getdatabaseencoding()))
  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_collation'::regclass
                                            AND e.objid = c.oid AND e.deptype = 'e')
UNION ALL
SELECT 'conversion ' || i.identity, 'conversion ' || i.identity,
       jsonb_strip_nulls(jsonb_build_object(
           'from', pg_encoding_to_char(c.conforencoding), 'to', pg_encoding_to_char(c.contoencoding),
           -- 14 gave its functions one argument more
           'function', c.conproc::regproc, 'default', c.condefault,
           'owner', pg_get_userbyid(c.conowner),
           'comment', obj_description(c.oid, 'pg_conversion')))::text
FROM pg_conversion c JOIN pg_namespace n ON n.oid = c.connamespace,
     pg_identify_object('pg_conversion'::regclass, c.oid, 0) i
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pgzm%'
  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_conversion'::regclass
                                            AND e.objid = c.oid AND e.deptype = 'e')
