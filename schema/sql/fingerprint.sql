-- A digest of the definitions in the schemas: differs when one changed. Made of the xmin of catalog
-- rows where nothing but DDL updates them, otherwise of the columns that DDL sets: VACUUM, ANALYZE,
-- TRUNCATE and REINDEX do not change it, nor do triggers named pgzm...
-- $1 text[]: schemas to read; empty for all but system schemas and those named pgzm...
-- $2, $3 oid[]: catalog and OID of the objects that are left out (loader.h).
-- Columns: digest.
WITH left_out AS (
    SELECT x.classid, x.oid
    FROM ROWS FROM (pg_catalog.unnest($2::pg_catalog.oid[]),
                    pg_catalog.unnest($3::pg_catalog.oid[])) AS x(classid, oid)
), scope AS (
    SELECT n.oid
    FROM pg_catalog.pg_namespace n
    WHERE CASE WHEN pg_catalog.cardinality($1::pg_catalog.text[]) = 0
               THEN n.nspname !~ '^(pg_|pgzm)' AND n.nspname <> 'information_schema'
               ELSE n.nspname::pg_catalog.text = ANY ($1::pg_catalog.text[]) END
), relation AS (
    SELECT c.oid, c.relkind,
           pg_catalog.concat_ws(',', c.oid, c.relname, c.relnamespace, c.reltype, c.reloftype,
                                c.relowner, c.relam, c.reltablespace, c.relkind, c.relpersistence,
                                c.relnatts, c.relchecks, c.relrowsecurity, c.relforcerowsecurity,
                                c.relreplident, c.relispartition, c.relispopulated, c.reloptions,
                                c.relacl, c.relpartbound) AS definition
    FROM scope s
    JOIN pg_catalog.pg_class c ON c.relnamespace = s.oid
    WHERE NOT EXISTS (SELECT 1 FROM left_out x WHERE x.classid = 1259 AND x.oid = c.oid)
), type AS (
    SELECT t.oid, t.xmin, t.typrelid
    FROM scope s
    JOIN pg_catalog.pg_type t ON t.typnamespace = s.oid
    WHERE NOT EXISTS (SELECT 1 FROM left_out x WHERE x.classid = 1247 AND x.oid = t.oid)
), item AS (
    SELECT 'relation' AS kind, r.definition FROM relation r
    UNION ALL
    SELECT 'column', pg_catalog.concat_ws(',', a.attrelid, a.attnum, a.xmin)
    FROM relation r JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid
    WHERE r.relkind IN ('r', 'p', 'v', 'm', 'c', 'f') AND a.attnum > 0
    UNION ALL
    SELECT 'default', pg_catalog.concat_ws(',', d.oid, d.xmin)
    FROM relation r JOIN pg_catalog.pg_attrdef d ON d.adrelid = r.oid
    UNION ALL
    SELECT 'inheritance', pg_catalog.concat_ws(',', h.inhrelid, h.inhparent, h.xmin)
    FROM relation r JOIN pg_catalog.pg_inherits h ON h.inhrelid = r.oid
    UNION ALL
    SELECT 'index', pg_catalog.concat_ws(',', i.indexrelid, i.indrelid, i.indisunique,
                                         i.indisprimary, i.indisvalid, i.indisclustered,
                                         i.indisreplident, i.indkey)
    FROM relation r JOIN pg_catalog.pg_index i ON i.indexrelid = r.oid
    UNION ALL
    SELECT 'rule', pg_catalog.concat_ws(',', w.oid, w.xmin)
    FROM relation r JOIN pg_catalog.pg_rewrite w ON w.ev_class = r.oid
    UNION ALL
    SELECT 'trigger', pg_catalog.concat_ws(',', g.oid, g.xmin)
    FROM relation r JOIN pg_catalog.pg_trigger g ON g.tgrelid = r.oid
    WHERE g.tgname !~ '^pgzm'
    UNION ALL
    SELECT 'policy', pg_catalog.concat_ws(',', p.oid, p.xmin)
    FROM relation r JOIN pg_catalog.pg_policy p ON p.polrelid = r.oid
    UNION ALL
    SELECT 'sequence', pg_catalog.concat_ws(',', q.seqrelid, q.xmin)
    FROM relation r JOIN pg_catalog.pg_sequence q ON q.seqrelid = r.oid
    UNION ALL
    SELECT 'type', pg_catalog.concat_ws(',', t.oid, t.xmin) FROM type t
    UNION ALL
    SELECT 'label', pg_catalog.concat_ws(',', e.oid, e.xmin)
    FROM type t JOIN pg_catalog.pg_enum e ON e.enumtypid = t.oid
    UNION ALL
    SELECT 'range', pg_catalog.concat_ws(',', g.rngtypid, g.xmin)
    FROM type t JOIN pg_catalog.pg_range g ON g.rngtypid = t.oid
    UNION ALL
    SELECT 'constraint', pg_catalog.concat_ws(',', k.oid, k.xmin)
    FROM scope s JOIN pg_catalog.pg_constraint k ON k.connamespace = s.oid
    WHERE k.conname !~ '^pgzm'
      AND NOT EXISTS (SELECT 1 FROM left_out x WHERE x.classid = 2606 AND x.oid = k.oid)
    UNION ALL
    SELECT 'function', pg_catalog.concat_ws(',', f.oid, f.xmin)
    FROM scope s JOIN pg_catalog.pg_proc f ON f.pronamespace = s.oid
    WHERE NOT EXISTS (SELECT 1 FROM left_out x WHERE x.classid = 1255 AND x.oid = f.oid)
    UNION ALL
    SELECT 'statistics', pg_catalog.concat_ws(',', x.oid, x.xmin)
    FROM scope s JOIN pg_catalog.pg_statistic_ext x ON x.stxnamespace = s.oid
    UNION ALL
    SELECT 'collation', pg_catalog.concat_ws(',', c.oid, c.xmin)
    FROM scope s JOIN pg_catalog.pg_collation c ON c.collnamespace = s.oid
    UNION ALL
    SELECT 'conversion', pg_catalog.concat_ws(',', c.oid, c.xmin)
    FROM scope s JOIN pg_catalog.pg_conversion c ON c.connamespace = s.oid
    UNION ALL
    SELECT 'aggregate', pg_catalog.concat_ws(',', a.aggfnoid::pg_catalog.oid, a.xmin)
    FROM scope s
    JOIN pg_catalog.pg_proc f ON f.pronamespace = s.oid
    JOIN pg_catalog.pg_aggregate a ON a.aggfnoid = f.oid
    UNION ALL
    SELECT 'cast', pg_catalog.concat_ws(',', c.oid, c.xmin)
    FROM type t JOIN pg_catalog.pg_cast c ON c.castsource = t.oid
    UNION ALL
    SELECT 'cast', pg_catalog.concat_ws(',', c.oid, c.xmin)
    FROM type t JOIN pg_catalog.pg_cast c ON c.casttarget = t.oid AND c.castsource <> t.oid
    UNION ALL
    SELECT 'transform', pg_catalog.concat_ws(',', f.oid, f.xmin) FROM pg_catalog.pg_transform f
    UNION ALL
    SELECT 'language', pg_catalog.concat_ws(',', l.oid, l.xmin) FROM pg_catalog.pg_language l
    UNION ALL
    SELECT 'access method', pg_catalog.concat_ws(',', a.oid, a.xmin) FROM pg_catalog.pg_am a
    UNION ALL
    SELECT 'operator', pg_catalog.concat_ws(',', o.oid, o.xmin)
    FROM scope s JOIN pg_catalog.pg_operator o ON o.oprnamespace = s.oid
    UNION ALL
    SELECT 'operator class', pg_catalog.concat_ws(',', c.oid, c.xmin)
    FROM scope s JOIN pg_catalog.pg_opclass c ON c.opcnamespace = s.oid
    UNION ALL
    SELECT 'operator family', pg_catalog.concat_ws(',', f.oid, f.xmin)
    FROM scope s JOIN pg_catalog.pg_opfamily f ON f.opfnamespace = s.oid
    UNION ALL
    SELECT 'family operator', pg_catalog.concat_ws(',', m.oid, m.xmin)
    FROM scope s
    JOIN pg_catalog.pg_opfamily f ON f.opfnamespace = s.oid
    JOIN pg_catalog.pg_amop m ON m.amopfamily = f.oid
    UNION ALL
    SELECT 'family function', pg_catalog.concat_ws(',', m.oid, m.xmin)
    FROM scope s
    JOIN pg_catalog.pg_opfamily f ON f.opfnamespace = s.oid
    JOIN pg_catalog.pg_amproc m ON m.amprocfamily = f.oid
    UNION ALL
    SELECT 'text search parser', pg_catalog.concat_ws(',', p.oid, p.xmin)
    FROM scope s JOIN pg_catalog.pg_ts_parser p ON p.prsnamespace = s.oid
    UNION ALL
    SELECT 'text search template', pg_catalog.concat_ws(',', t.oid, t.xmin)
    FROM scope s JOIN pg_catalog.pg_ts_template t ON t.tmplnamespace = s.oid
    UNION ALL
    SELECT 'text search dictionary', pg_catalog.concat_ws(',', d.oid, d.xmin)
    FROM scope s JOIN pg_catalog.pg_ts_dict d ON d.dictnamespace = s.oid
    UNION ALL
    SELECT 'text search configuration', pg_catalog.concat_ws(',', c.oid, c.xmin)
    FROM scope s JOIN pg_catalog.pg_ts_config c ON c.cfgnamespace = s.oid
    UNION ALL
    SELECT 'text search mapping',
           pg_catalog.concat_ws(',', m.mapcfg, m.maptokentype, m.mapseqno, m.mapdict)
    FROM scope s
    JOIN pg_catalog.pg_ts_config c ON c.cfgnamespace = s.oid
    JOIN pg_catalog.pg_ts_config_map m ON m.mapcfg = c.oid
    UNION ALL
    SELECT 'foreign table', pg_catalog.concat_ws(',', f.ftrelid, f.xmin)
    FROM relation r JOIN pg_catalog.pg_foreign_table f ON f.ftrelid = r.oid
    UNION ALL
    SELECT 'foreign-data wrapper', pg_catalog.concat_ws(',', w.oid, w.xmin)
    FROM pg_catalog.pg_foreign_data_wrapper w
    UNION ALL
    SELECT 'server', pg_catalog.concat_ws(',', v.oid, v.xmin)
    FROM pg_catalog.pg_foreign_server v
    UNION ALL
    -- its catalog is for superusers
    SELECT 'user mapping', pg_catalog.concat_ws(',', m.umid, m.srvid, m.umuser, m.umoptions)
    FROM pg_catalog.pg_user_mappings m
    UNION ALL
    SELECT 'event trigger', pg_catalog.concat_ws(',', v.oid, v.xmin)
    FROM pg_catalog.pg_event_trigger v
    UNION ALL
    SELECT 'publication', pg_catalog.concat_ws(',', p.oid, p.xmin)
    FROM pg_catalog.pg_publication p
    UNION ALL
    SELECT 'publication table', pg_catalog.concat_ws(',', p.oid, p.xmin)
    FROM pg_catalog.pg_publication_rel p
    UNION ALL
    -- before 15 the catalog does not exist, 6237; its rows are never updated
    SELECT 'publication schema', pg_catalog.concat_ws(',', d.objid, d.refclassid, d.refobjid)
    FROM pg_catalog.pg_depend d WHERE d.classid = 6237
    UNION ALL
    -- not by the row: while a shadow is made they are taken away and brought back
    SELECT 'default privileges',
           pg_catalog.concat_ws(',', a.defaclrole, a.defaclnamespace, a.defaclobjtype,
                                (SELECT pg_catalog.string_agg(x.item::pg_catalog.text, ','
                                                              ORDER BY x.item::pg_catalog.text)
                                 FROM pg_catalog.unnest(a.defaclacl) x(item)))
    FROM pg_catalog.pg_default_acl a
    WHERE a.defaclnamespace = 0 OR a.defaclnamespace IN (SELECT s.oid FROM scope s)
    UNION ALL
    SELECT 'setting', pg_catalog.concat_ws(',', g.setrole, g.xmin)
    FROM pg_catalog.pg_db_role_setting g
    JOIN pg_catalog.pg_database b ON b.oid = g.setdatabase
    WHERE b.datname = pg_catalog.current_database()
    UNION ALL
    SELECT 'grant on the database', b.datacl::pg_catalog.text
    FROM pg_catalog.pg_database b WHERE b.datname = pg_catalog.current_database()
    UNION ALL
    SELECT 'security label', pg_catalog.concat_ws(',', l.classoid, l.objoid, l.objsubid, l.provider,
                                                  l.xmin)
    FROM pg_catalog.pg_seclabel l
)
-- A sum does not depend on the order, and needs no memory for the whole.
SELECT pg_catalog.md5(pg_catalog.concat_ws(
           ',', pg_catalog.count(*),
           pg_catalog.sum(pg_catalog.hashtextextended(i.kind || ':' || i.definition, 0)),
           pg_catalog.sum(pg_catalog.hashtextextended(i.kind || ':' || i.definition, 1))))
           AS digest
FROM item i
