-- What is not where it was left when a migration went live, so that it cannot be undone: objects of
-- the backup, and of the new ones those that are somewhere else. New ones that were dropped since are
-- no obstacle.
-- $1 bigint: migration; $2 bigint[]: later ones that are undone before it, whose backups hold its new
-- objects
-- Columns: what (for a person), lost (gone, not merely moved)
SELECT CASE WHEN n.nspname IS NULL
            THEN pg_catalog.format('%s %I.%I is gone', lower(o.kind), s.backup, o.name)
            ELSE pg_catalog.format('%s %I is in schema %I, not in %I', lower(o.kind), o.name,
                                   n.nspname,
                                   CASE o.side WHEN 'old' THEN s.backup ELSE s.live END) END AS what,
       n.nspname IS NULL AS lost
FROM pgzm.object o
JOIN pgzm.schema s ON s.migration = o.migration AND s.live = o.live
LEFT JOIN pg_catalog.pg_depend d
  ON d.classid = o.classid AND d.objid = o.oid AND d.objsubid = 0
 AND d.refclassid = 'pg_catalog.pg_namespace'::regclass AND d.deptype = 'n'
LEFT JOIN pg_catalog.pg_namespace n ON n.oid = d.refobjid
WHERE o.migration = $1::bigint AND o.side <> 'stays'
  AND CASE o.side
      WHEN 'old' THEN n.nspname IS NULL
          -- what follows another object may be back already
          OR n.nspname NOT IN (s.backup, s.live)
      ELSE n.nspname NOT IN (s.live, s.undone)
          AND NOT EXISTS (SELECT FROM pgzm.schema l
                          WHERE l.migration = ANY ($2::bigint[]) AND l.backup = n.nspname) END
ORDER BY 2 DESC, o.classid, o.oid
LIMIT 50
