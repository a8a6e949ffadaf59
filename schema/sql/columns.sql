-- Columns of the tables, views, materialized views and composite types of the schemas.
-- $1 text[]: schemas to read; empty for all but system schemas and those named pgzm...
-- $2, $3 oid[]: catalog and OID of the objects that are left out (loader.h).
-- Columns: relation (pg_class OID); the others as in struct Column (model.h). By relation, number.
WITH left_out AS (
    SELECT x.classid, x.oid
    FROM ROWS FROM (pg_catalog.unnest($2::pg_catalog.oid[]),
                    pg_catalog.unnest($3::pg_catalog.oid[])) AS x(classid, oid)
), scope AS (
    SELECT n.oid, n.nspname
    FROM pg_catalog.pg_namespace n
    WHERE CASE WHEN pg_catalog.cardinality($1::pg_catalog.text[]) = 0
               THEN n.nspname !~ '^(pg_|pgzm)' AND n.nspname <> 'information_schema'
               ELSE n.nspname::pg_catalog.text = ANY ($1::pg_catalog.text[]) END
), not_null AS (
    -- Before 18 no table has such rows.
    SELECT k.conrelid, k.conkey[1] AS attnum, k.conname, k.connoinherit, k.conislocal,
           k.convalidated,
           -- the server would choose another name then
           EXISTS (SELECT 1 FROM pg_catalog.pg_constraint o
                   WHERE o.conname = k.conname AND o.connamespace = k.connamespace
                     AND o.oid <> k.oid) AS taken
    FROM pg_catalog.pg_constraint k
    WHERE k.contype = 'n' AND k.conrelid <> 0
)
SELECT c.oid AS relation,
       a.attnum AS number,
       a.attname AS name,
       a.atttypid AS type_oid,
       pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
       CASE WHEN a.attcollation <> t.typcollation
            THEN (SELECT CASE WHEN pg_catalog.pg_collation_is_visible(l.oid) THEN ''
                              ELSE pg_catalog.quote_ident(ln.nspname) || '.' END
                             || pg_catalog.quote_ident(l.collname)
                  FROM pg_catalog.pg_collation l
                  JOIN pg_catalog.pg_namespace ln ON ln.oid = l.collnamespace
                  WHERE l.oid = a.attcollation) END AS collation,
       a.attnotnull AS not_null,
       -- The name that the server would choose need not be said.
       CASE WHEN nn.taken
                 OR nn.conname::pg_catalog.text
                 <> c.relname::pg_catalog.text || '_' || a.attname::pg_catalog.text || '_not_null'
            THEN nn.conname END AS not_null_name,
       COALESCE(nn.connoinherit, false) AS not_null_no_inherit,
       COALESCE(nn.conislocal, true) AS not_null_local,
       COALESCE(nn.convalidated, true) AS not_null_valid,
       pg_catalog.pg_get_expr(ad.adbin, ad.adrelid) AS default_expr,
       ad.oid AS default_oid,
       a.attgenerated AS generated,
       a.attidentity AS identity,
       a.attislocal AS local,
       a.attinhcount AS inherited,
       CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage END AS storage,
       a.compression,
       COALESCE(a.attstattarget, -1) AS statistics,
       CASE WHEN a.attoptions IS NOT NULL
            THEN (SELECT pg_catalog.string_agg(
                             pg_catalog.quote_ident(o.option_name) || '='
                                 || pg_catalog.quote_literal(o.option_value), ', '
                             ORDER BY o.number)
                  FROM pg_catalog.pg_options_to_table(a.attoptions)
                           WITH ORDINALITY AS o(option_name, option_value, number)
                  -- the server's own note of when the column got its type (15.20 and its siblings)
                  WHERE o.option_name <> 'pg_attver') END AS options,
       CASE WHEN a.attfdwoptions IS NOT NULL
            THEN (SELECT pg_catalog.string_agg(
                             pg_catalog.quote_ident(o.option_name) || ' '
                                 || pg_catalog.quote_literal(COALESCE(o.option_value, '')), ', '
                             ORDER BY o.number)
                  FROM pg_catalog.pg_options_to_table(a.attfdwoptions)
                           WITH ORDINALITY AS o(option_name, option_value, number)) END
           AS foreign_options,
       de.description AS comment
FROM scope s
JOIN pg_catalog.pg_class c ON c.relnamespace = s.oid
-- attcompression is there from 14 on; before, the name means the constant
CROSS JOIN (SELECT ''::pg_catalog."char" AS attcompression) AS before_14
CROSS JOIN LATERAL (
    SELECT x.attrelid, x.attnum, x.attname, x.atttypid, x.atttypmod, x.attcollation, x.attnotnull,
           x.attgenerated, x.attidentity, x.attislocal, x.attinhcount, x.attstorage,
           x.attstattarget, x.attoptions, x.attfdwoptions, x.attisdropped,
           attcompression AS compression
    FROM pg_catalog.pg_attribute x
    WHERE x.attrelid = c.oid) a
LEFT JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_attrdef ad ON ad.adrelid = a.attrelid AND ad.adnum = a.attnum
     AND NOT EXISTS (SELECT 1 FROM left_out x WHERE x.classid = 2604 AND x.oid = ad.oid)
LEFT JOIN pg_catalog.pg_description de
     ON de.classoid = 1259 AND de.objoid = a.attrelid AND de.objsubid = a.attnum
LEFT JOIN not_null nn ON nn.conrelid = a.attrelid AND nn.attnum = a.attnum
WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'c')
  AND a.attnum > 0
  AND NOT a.attisdropped
  AND NOT EXISTS (SELECT 1 FROM left_out x WHERE x.classid = 1259 AND x.oid = c.oid)
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d
                  WHERE d.classid = 1259 AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY c.oid, a.attnum
