-- For the comparer of the tests (compare.c): columns object, key, value. $1: the older one of the two
-- servers' versions, as in server_version_num.
SELECT 'type ' || t.oid::regtype AS object, t.oid::regtype::text AS key,
       jsonb_strip_nulls(jsonb_build_object(
           'kind', t.typtype,
           'labels', (SELECT jsonb_agg(l.enumlabel ORDER BY l.enumsortorder) FROM pg_enum l
                      WHERE l.enumtypid = t.oid),
           'base', CASE WHEN t.typbasetype <> 0 THEN format_type(t.typbasetype, t.typtypmod) END,
           'default', t.typdefault,
           'not null', t.typnotnull,
           'collation', (SELECT o.collname FROM pg_collation o WHERE o.oid = t.typcollation),
           'subtype', format_type(r.rngsubtype, NULL),
           'operator class', (SELECT o.opcname FROM pg_opclass o WHERE o.oid = r.rngsubopc),
           'canonical', nullif(r.rngcanonical, 0)::regprocedure::text,
           'difference', nullif(r.rngsubdiff, 0)::regprocedure::text,
           'multirange', CASE WHEN $1::int >= 140000
                         THEN ((to_jsonb(r) ->> 'rngmultitypid')::oid)::regtype::text END,
           'base type', CASE WHEN t.typtype = 'b' THEN jsonb_build_object(
               'functions', ARRAY[t.typinput, t.typoutput, t.typreceive, t.typsend, t.typmodin,
                                  t.typmodout, t.typanalyze]::regproc[],
               'subscript', CASE WHEN $1::int >= 140000 THEN to_jsonb(t) ->> 'typsubscript' END,
               'length', t.typlen, 'by value', t.typbyval, 'alignment', t.typalign,
               'storage', t.typstorage, 'category', t.typcategory,
               'preferred', t.typispreferred, 'delimiter', t.typdelim,
               'element', format_type(nullif(t.typelem, 0), NULL)) END,
           'comment', obj_description(t.oid, 'pg_type')))::text AS value
FROM pg_type t
JOIN pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_range r ON r.rngtypid = t.oid
WHERE (t.typtype IN ('e', 'd', 'r', 'p')
       OR t.typtype = 'b' AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid)
       OR t.typtype = 'c' AND EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c'))
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pgzm%'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND e.objid = t.oid AND e.deptype = 'e')
