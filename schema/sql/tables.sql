-- Ordinary, partitioned and foreign tables of the schemas, without members of extensions.
-- $1 text[]: schemas to read; empty for all but system schemas and those named pgzm...
-- $2, $3 oid[]: catalog and OID of the objects that are left out (loader.h).
-- Columns: classid, oid, schema, name, owner, extension; the others as in struct Table (model.h).
WITH RECURSIVE left_out AS (
    SELECT x.classid, x.oid
    FROM ROWS FROM (pg_catalog.unnest($2::pg_catalog.oid[]),
                    pg_catalog.unnest($3::pg_catalog.oid[])) AS x(classid, oid)
), scope AS (
    SELECT n.oid, n.nspname
    FROM pg_catalog.pg_namespace n
    WHERE CASE WHEN pg_catalog.cardinality($1::pg_catalog.text[]) = 0
               THEN n.nspname !~ '^(pg_|pgzm)' AND n.nspname <> 'information_schema'
               ELSE n.nspname::pg_catalog.text = ANY ($1::pg_catalog.text[]) END
), inheritance AS (
    -- inhdetachpending is there from 14 on; before, the name means the constant. A partition whose
    -- DETACH CONCURRENTLY was begun no longer belongs to its parent for new queries.
    SELECT i.inhrelid, i.inhparent, i.inhseqno
    FROM (SELECT false AS inhdetachpending) AS before_14,
         LATERAL (SELECT c.inhrelid, c.inhparent, c.inhseqno, inhdetachpending AS pending
                  FROM pg_catalog.pg_inherits c) i
    WHERE NOT i.pending
), hashed AS (
    -- The hash of an enum depends on its labels' OIDs; arrays, records and ranges may hold enums:
    -- 3500 anyenum, 2277 anyarray, 2249 record, 3831 anyrange, 4537 anymultirange.
    SELECT p.partrelid AS oid
    FROM pg_catalog.pg_partitioned_table p
    WHERE p.partstrat = 'h'
      AND EXISTS (SELECT 1 FROM pg_catalog.pg_opclass o
                  WHERE o.oid = ANY (p.partclass::pg_catalog.oid[])
                    AND o.opcintype IN (3500, 2277, 2249, 3831, 4537))
    UNION
    SELECT i.inhrelid FROM hashed h JOIN inheritance i ON i.inhparent = h.oid
)
SELECT f.*,
       f.heap_bytes / pg_catalog.current_setting('block_size')::pg_catalog.int8 AS heap_pages,
       f.heap_bytes + f.toast_bytes AS total_bytes
-- Measured once each (OFFSET keeps the two apart, or each mention would be a call), and only what
-- is not left out: measuring waits for whoever has it locked.
FROM (
    SELECT 1259 AS classid,
           c.oid,
           s.nspname AS schema,
           c.relname AS name,
           pg_catalog.pg_get_userbyid(c.relowner) AS owner,
           NULL AS extension,
           c.relkind,
           c.relpersistence AS persistence,
           c.reltype AS row_type,
           t.typarray AS row_type_array,
           p.parents,
           (c.relispartition AND p.parents IS NOT NULL) AS is_partition,
           CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END AS partition_key,
           CASE WHEN c.relispartition AND p.parents IS NOT NULL
                THEN pg_catalog.pg_get_expr(c.relpartbound, c.oid) END AS partition_bound,
           (h.oid IS NOT NULL) AS hash_enum_key,
           CASE WHEN c.reloftype <> 0
                THEN pg_catalog.format_type(c.reloftype, NULL) END AS of_type,
           CASE WHEN c.relkind = 'p' OR am.amname <> 'heap' THEN am.amname END AS access_method,
           ts.spcname AS tablespace,
           CASE WHEN c.reloptions IS NOT NULL OR toast.reloptions IS NOT NULL
                THEN (SELECT pg_catalog.string_agg(
                                 o.prefix || pg_catalog.quote_ident(o.option_name) || '='
                                     || pg_catalog.quote_literal(COALESCE(o.option_value, 'true')),
                                 ', ' ORDER BY o.prefix, o.number)
                      FROM (SELECT '' AS prefix, x.option_name, x.option_value, x.number
                            FROM pg_catalog.pg_options_to_table(c.reloptions)
                                     WITH ORDINALITY AS x(option_name, option_value, number)
                            UNION ALL
                            SELECT 'toast.', x.option_name, x.option_value, x.number
                            FROM pg_catalog.pg_options_to_table(toast.reloptions)
                                     WITH ORDINALITY AS x(option_name, option_value, number)) o) END
               AS options,
           v.srvname AS server,
           v.oid AS server_oid,
           CASE WHEN f.ftoptions IS NOT NULL
                THEN (SELECT pg_catalog.string_agg(
                                 pg_catalog.quote_ident(o.option_name) || ' '
                                     || pg_catalog.quote_literal(COALESCE(o.option_value, '')), ', '
                                 ORDER BY o.number)
                      FROM pg_catalog.pg_options_to_table(f.ftoptions)
                               WITH ORDINALITY AS o(option_name, option_value, number)) END
               AS foreign_options,
           CASE WHEN c.relkind = 'f' THEN 'd' ELSE c.relreplident END AS replica_identity,
           c.relrowsecurity AS row_security,
           c.relforcerowsecurity AS force_row_security,
           CASE WHEN c.relkind = 'r'
                THEN COALESCE(pg_catalog.pg_relation_size(c.oid), 0) ELSE 0 END AS heap_bytes,
           CASE WHEN c.relkind = 'r' AND c.reltoastrelid <> 0
                THEN COALESCE(pg_catalog.pg_relation_size(c.reltoastrelid), 0)
                ELSE 0 END AS toast_bytes,
           -- 13 and older do not tell an empty table from one never analyzed
           CASE WHEN c.reltuples = 0 AND c.relpages = 0
                     AND pg_catalog.current_setting('server_version_num')::pg_catalog.int4 < 140000
                THEN -1 ELSE c.reltuples END AS row_estimate
    FROM scope s
    JOIN pg_catalog.pg_class c ON c.relnamespace = s.oid
    JOIN pg_catalog.pg_type t ON t.oid = c.reltype
    LEFT JOIN (SELECT i.inhrelid,
                      pg_catalog.string_agg(i.inhparent::pg_catalog.text, ',' ORDER BY i.inhseqno)
                          AS parents
               FROM inheritance i
               GROUP BY i.inhrelid) p ON p.inhrelid = c.oid
    LEFT JOIN hashed h ON h.oid = c.oid
    LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam
    LEFT JOIN pg_catalog.pg_tablespace ts ON ts.oid = c.reltablespace
    LEFT JOIN pg_catalog.pg_class toast ON toast.oid = c.reltoastrelid
    LEFT JOIN pg_catalog.pg_foreign_table f ON f.ftrelid = c.oid
    LEFT JOIN pg_catalog.pg_foreign_server v ON v.oid = f.ftserver
    WHERE c.relkind IN ('r', 'p', 'f')
      AND NOT EXISTS (SELECT 1 FROM left_out x WHERE x.classid = 1259 AND x.oid = c.oid)
      AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d
                      WHERE d.classid = 1259 AND d.objid = c.oid AND d.deptype = 'e')
    OFFSET 0
) f
