-- Whether every object that a migration moves is where it belongs, by OID, under its name: before the
-- swap the new ones in the shadow and the old ones live, afterwards the old ones in the backup and the
-- new ones live, or in the backup of a later migration.
-- $1 bigint: migration; $2 boolean: it is live
-- Columns: outcome, message, hint
WITH expected AS (
    SELECT o.side, o.classid, o.oid, o.kind, o.name,
           CASE WHEN $2::boolean AND o.side = 'old' THEN s.backup
                WHEN $2::boolean THEN coalesce(l.backup, s.live)
                WHEN o.side = 'old' THEN s.live ELSE s.shadow END AS place,
           -- applications and their owners may change what is live
           o.side = 'new' AND $2::boolean AS may_change
    FROM pgzm.object o
    JOIN pgzm.schema s ON s.migration = o.migration AND s.live = o.live
    LEFT JOIN LATERAL (
        SELECT t.backup
        FROM pgzm.object p
        JOIN pgzm.migration m ON m.id = p.migration AND m.state IN ('SWAPPED', 'SETTLED')
        JOIN pgzm.schema t ON t.migration = p.migration AND t.live = p.live
        WHERE o.side = 'new' AND p.side = 'old' AND p.migration > o.migration
          AND p.classid = o.classid AND p.oid = o.oid
        LIMIT 1
    ) AS l ON true
    WHERE o.migration = $1::bigint AND o.side <> 'stays'
), found AS (
    SELECT e.side, e.classid, e.oid, lower(e.kind) AS kind, e.name, e.place, e.may_change,
           n.nspname AS here,
           coalesce(c.relname, t.typname, f.proname, p.oprname, k.opcname, y.opfname, l.collname,
                    v.conname, tp.prsname, tt.tmplname, td.dictname, tc.cfgname, x.stxname)
               AS name_now
    FROM expected e
    LEFT JOIN pg_catalog.pg_depend d
      ON d.classid = e.classid AND d.objid = e.oid AND d.objsubid = 0
     AND d.refclassid = 'pg_catalog.pg_namespace'::regclass AND d.deptype = 'n'
    LEFT JOIN pg_catalog.pg_namespace n ON n.oid = d.refobjid
    LEFT JOIN pg_catalog.pg_class c
      ON e.classid = 'pg_catalog.pg_class'::regclass AND c.oid = e.oid
    LEFT JOIN pg_catalog.pg_type t ON e.classid = 'pg_catalog.pg_type'::regclass AND t.oid = e.oid
    LEFT JOIN pg_catalog.pg_proc f ON e.classid = 'pg_catalog.pg_proc'::regclass AND f.oid = e.oid
    LEFT JOIN pg_catalog.pg_operator p
      ON e.classid = 'pg_catalog.pg_operator'::regclass AND p.oid = e.oid
    LEFT JOIN pg_catalog.pg_opclass k
      ON e.classid = 'pg_catalog.pg_opclass'::regclass AND k.oid = e.oid
    LEFT JOIN pg_catalog.pg_opfamily y
      ON e.classid = 'pg_catalog.pg_opfamily'::regclass AND y.oid = e.oid
    LEFT JOIN pg_catalog.pg_collation l
      ON e.classid = 'pg_catalog.pg_collation'::regclass AND l.oid = e.oid
    LEFT JOIN pg_catalog.pg_conversion v
      ON e.classid = 'pg_catalog.pg_conversion'::regclass AND v.oid = e.oid
    LEFT JOIN pg_catalog.pg_ts_parser tp
      ON e.classid = 'pg_catalog.pg_ts_parser'::regclass AND tp.oid = e.oid
    LEFT JOIN pg_catalog.pg_ts_template tt
      ON e.classid = 'pg_catalog.pg_ts_template'::regclass AND tt.oid = e.oid
    LEFT JOIN pg_catalog.pg_ts_dict td
      ON e.classid = 'pg_catalog.pg_ts_dict'::regclass AND td.oid = e.oid
    LEFT JOIN pg_catalog.pg_ts_config tc
      ON e.classid = 'pg_catalog.pg_ts_config'::regclass AND tc.oid = e.oid
    LEFT JOIN pg_catalog.pg_statistic_ext x
      ON e.classid = 'pg_catalog.pg_statistic_ext'::regclass AND x.oid = e.oid
), wrong AS (
    SELECT f.may_change, f.classid, f.oid, f.side,
           CASE WHEN f.here IS NULL
                THEN pg_catalog.format('%s %I.%I is gone', f.kind, f.place, f.name)
                WHEN f.here <> f.place
                THEN pg_catalog.format('%s %I is in schema %I, not in %I', f.kind, f.name, f.here,
                                       f.place)
                ELSE pg_catalog.format('%s %I.%I is named %I now', f.kind, f.place, f.name,
                                       f.name_now) END AS message,
           f.here IS NULL AS lost
    FROM found f
    WHERE f.here IS NULL OR f.here <> f.place OR f.name_now <> f.name
)
(SELECT CASE WHEN w.may_change THEN 'warning' ELSE 'failure' END AS outcome,
        w.message,
        CASE WHEN w.may_change THEN 'It was changed since the swap.'
             WHEN w.lost AND $2::boolean
             THEN 'What was dropped cannot be brought back: this migration cannot be rolled back.'
             WHEN w.lost THEN 'Run pgzm-copy abort and prepare again.'
             ELSE 'Move or rename it back, then run this command again.' END AS hint
 FROM wrong w
 ORDER BY w.may_change, w.lost DESC, w.classid, w.oid
 LIMIT 50)
UNION ALL
SELECT 'pass', pg_catalog.format('%s objects are where they belong', (SELECT count(*) FROM found)),
       ''
WHERE NOT EXISTS (SELECT FROM wrong)
