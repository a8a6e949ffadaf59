-- What is in none of a migration's backup schemas but depends on something inside: it uses old objects,
-- and keeps cleanup from dropping them.
-- $1 bigint: migration
-- Columns: outcome, message, hint
WITH RECURSIVE inside AS (
    SELECT 'pg_catalog.pg_namespace'::regclass::oid AS classid, n.oid AS objid
    FROM pgzm.schema s JOIN pg_catalog.pg_namespace n ON n.nspname = s.backup
    WHERE s.migration = $1::bigint
    UNION
    -- contents depend on their schema, parts on their whole
    SELECT d.classid, d.objid
    FROM inside i JOIN pg_catalog.pg_depend d ON d.refclassid = i.classid AND d.refobjid = i.objid
    WHERE d.deptype IN ('a', 'i', 'P', 'S')
       OR d.refclassid = 'pg_catalog.pg_namespace'::regclass
)
SELECT 'warning' AS outcome,
       pg_catalog.format('%s leans on %s of the backup',
                         pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid),
                         pg_catalog.pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid))
           AS message,
       'It uses the old object, not the live one; cleanup is refused while it does.' AS hint
FROM inside i
JOIN pg_catalog.pg_depend d ON d.refclassid = i.classid AND d.refobjid = i.objid
WHERE NOT EXISTS (SELECT FROM inside x WHERE x.classid = d.classid AND x.objid = d.objid)
  -- what is kept for the rollback alone
  AND d.classid NOT IN ('pg_catalog.pg_cast'::regclass, 'pg_catalog.pg_transform'::regclass,
                        'pg_catalog.pg_default_acl'::regclass)
ORDER BY 2
LIMIT 20
