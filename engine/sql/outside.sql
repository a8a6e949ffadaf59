-- Objects outside the shadow schemas of a migration that depend on objects inside. What is in no
-- schema and leans on them (a cast of a new type, a language with a new handler, servers of a new
-- wrapper) was made with the shadow and goes with it.
-- $1 bigint: migration. Columns: object, leans_on
WITH RECURSIVE inside AS (
    SELECT 'pg_catalog.pg_namespace'::regclass::oid AS classid, n.oid AS objid
    FROM pgzm.schema s JOIN pg_catalog.pg_namespace n ON n.nspname = s.shadow
    WHERE s.migration = $1::bigint
    UNION
    -- contents depend on their schema, parts on their whole
    SELECT d.classid, d.objid
    FROM inside i JOIN pg_catalog.pg_depend d ON d.refclassid = i.classid AND d.refobjid = i.objid
    WHERE d.deptype IN ('a', 'i', 'P', 'S')
       OR d.refclassid = 'pg_catalog.pg_namespace'::regclass
       OR d.classid IN ('pg_catalog.pg_cast'::regclass, 'pg_catalog.pg_transform'::regclass,
                        'pg_catalog.pg_language'::regclass, 'pg_catalog.pg_am'::regclass,
                        'pg_catalog.pg_foreign_data_wrapper'::regclass,
                        'pg_catalog.pg_foreign_server'::regclass,
                        'pg_catalog.pg_user_mapping'::regclass)
)
SELECT pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid) AS object,
       pg_catalog.pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid) AS leans_on
FROM inside i
JOIN pg_catalog.pg_depend d ON d.refclassid = i.classid AND d.refobjid = i.objid
WHERE NOT EXISTS (SELECT FROM inside x WHERE x.classid = d.classid AND x.objid = d.objid)
LIMIT 5
