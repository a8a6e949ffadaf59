-- Who needs whom, as pg_depend says it, between what initdb did not make and with the schemas.
-- No parameters. Columns: from_classid, from_oid, from_subid, to_classid, to_oid, to_subid, type.
SELECT d.classid AS from_classid, d.objid AS from_oid, d.objsubid AS from_subid,
       d.refclassid AS to_classid, d.refobjid AS to_oid, d.refobjsubid AS to_subid,
       d.deptype AS type
FROM pg_catalog.pg_depend d
WHERE d.objid >= 16384
  AND (d.refobjid >= 16384 OR d.refclassid = 2615)
  AND d.deptype <> 'p'
