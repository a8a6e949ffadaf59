-- For the comparer of the tests (compare.c): columns object, key, value. $1: the older one of the two
-- servers' versions, as in server_version_num.
-- Text search parsers, templates, dictionaries and configurations.
WITH place AS (
    SELECT n.oid, n.nspname FROM pg_namespace n
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pgzm%'
), found AS (
    SELECT 'pg_ts_parser'::regclass AS catalog, r.oid, r.prsnamespace AS namespace,
           NULL::oid AS owner,
           jsonb_build_array(r.prsstart, r.prstoken, r.prsend, r.prsheadline, r.prslextype) AS value
    FROM pg_ts_parser r
    UNION ALL
    SELECT 'pg_ts_template'::regclass, t.oid, t.tmplnamespace, NULL,
           jsonb_build_array(t.tmplinit, t.tmpllexize)
    FROM pg_ts_template t
    UNION ALL
    SELECT 'pg_ts_dict'::regclass, d.oid, d.dictnamespace, d.dictowner,
           jsonb_build_array((SELECT tmplname FROM pg_ts_template t WHERE t.oid = d.dicttemplate),
                             d.dictinitoption)
    FROM pg_ts_dict d
    UNION ALL
    SELECT 'pg_ts_config'::regclass, c.oid, c.cfgnamespace, c.cfgowner,
           jsonb_build_array((SELECT prsname FROM pg_ts_parser r WHERE r.oid = c.cfgparser),
                             (SELECT jsonb_agg(m.maptokentype || ' ' || m.mapdict::regdictionary
                                               ORDER BY m.maptokentype, m.mapseqno)
                              FROM pg_ts_config_map m WHERE m.mapcfg = c.oid))
    FROM pg_ts_config c
)
SELECT i.identity AS object, i.type || ' ' || i.identity AS key,
       jsonb_build_array(pg_get_userbyid(f.owner), obj_description(f.oid, f.catalog::text),
                         f.value)::text AS value
FROM found f JOIN place p ON p.oid = f.namespace,
     pg_identify_object(f.catalog, f.oid, 0) i
WHERE $1::int > 0
  AND NOT EXISTS (SELECT FROM pg_depend e
                  WHERE e.classid = f.catalog AND e.objid = f.oid AND e.deptype = 'e')
