-- Who needs whom among the objects of the database that initdb did not make, as pg_depend says it;
-- dependency.c makes of it what the model holds. No joins on purpose: in a database whose catalogs
-- just grew, as a rehearsal's do, the planner would take them for small and loop.
-- $1 text[]: schemas to read (not looked at: edges cross schemas).
-- Columns: from_classid, from_oid, from_subid, to_classid, to_oid, to_subid, type.
SELECT d.classid AS from_classid, d.objid AS from_oid, d.objsubid AS from_subid,
       d.refclassid AS to_classid, d.refobjid AS to_oid, d.refobjsubid AS to_subid,
       d.deptype AS type
FROM pg_catalog.pg_depend d
WHERE d.objid >= 16384
  AND d.refobjid >= 16384
  AND d.deptype <> 'p'
  AND $1::pg_catalog.text[] IS NOT NULL
