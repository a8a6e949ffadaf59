-- Extensions of the destination that a rehearsal may move along with their schema's name, so that names
-- which the source had to qualify mean them too: relocatable, ours, and without relations (moving a
-- relation would lock it).
-- No parameters. Columns: name, schema
SELECT e.extname AS name, n.nspname AS schema
FROM pg_catalog.pg_extension e
JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
WHERE e.extrelocatable
  AND n.nspname <> 'pg_catalog'
  AND pg_catalog.pg_has_role(e.extowner, 'USAGE')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.refobjid = e.oid
                    AND d.deptype = 'e' AND d.classid = 'pg_catalog.pg_class'::regclass)
ORDER BY 1
