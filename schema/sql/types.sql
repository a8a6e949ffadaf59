-- Enums, domains, free composite types, base types, shells (typtype p) and ranges with their multiranges.
-- $1 text[]: names of the schemas; empty: all but system schemas and those that begin with "pgzm".
-- Columns: classid, oid, schema, name, owner, extension, and one for each member of Type.
-- Names of functions, operator classes and collations are qualified where search_path does not
-- find them. A domain's NOT NULL has a name from 17 on; the generated one is not given.
SELECT 1247 AS classid, t.oid, n.nspname AS schema, t.typname AS name,
       pg_catalog.pg_get_userbyid(t.typowner) AS owner, NULL AS extension,
       CASE WHEN t.typisdefined THEN t.typtype ELSE 'p' END AS typtype, t.typarray AS array_oid, t.typrelid AS relation_oid,
       CASE WHEN t.typtype = 'e' THEN
           (SELECT COALESCE(pg_catalog.json_agg(l.enumlabel ORDER BY l.enumsortorder), '[]')
            FROM pg_catalog.pg_enum l WHERE l.enumtypid = t.oid) END AS labels,
       CASE WHEN t.typtype = 'd' THEN pg_catalog.format_type(t.typbasetype, t.typtypmod) END
           AS base_type,
       CASE WHEN c.oid <> CASE t.typtype WHEN 'd' THEN b.typcollation ELSE s.typcollation END THEN
           CASE WHEN pg_catalog.pg_collation_is_visible(c.oid) THEN ''
                ELSE pg_catalog.quote_ident(cn.nspname) || '.' END
           || pg_catalog.quote_ident(c.collname) END AS collation,
       CASE WHEN t.typtype = 'd' THEN pg_catalog.pg_get_expr(t.typdefaultbin, 0) END
           AS default_expr,
       t.typnotnull AS not_null,
       nn.conname AS not_null_name,
       CASE WHEN r.rngtypid IS NOT NULL THEN pg_catalog.format_type(r.rngsubtype, NULL) END
           AS subtype,
       CASE WHEN o.opcdefault THEN NULL
            WHEN pg_catalog.pg_opclass_is_visible(o.oid) THEN pg_catalog.quote_ident(o.opcname)
            ELSE pg_catalog.quote_ident(opn.nspname) || '.' || pg_catalog.quote_ident(o.opcname)
       END AS subtype_opclass,
       NULLIF(r.rngcanonical::pg_catalog.oid, 0)::pg_catalog.regproc::pg_catalog.text AS canonical,
       NULLIF(r.rngsubdiff::pg_catalog.oid, 0)::pg_catalog.regproc::pg_catalog.text
           AS subtype_diff,
       m.typname AS multirange_name, mn.nspname AS multirange_schema,
       COALESCE(m.oid, 0) AS multirange_oid, COALESCE(m.typarray, 0) AS multirange_array_oid,
       CASE WHEN t.typtype = 'b' THEN pg_catalog.concat_ws(', ',
           'INPUT = ' || t.typinput, 'OUTPUT = ' || t.typoutput,
           'RECEIVE = ' || NULLIF(t.typreceive::pg_catalog.oid, 0)::pg_catalog.regproc,
           'SEND = ' || NULLIF(t.typsend::pg_catalog.oid, 0)::pg_catalog.regproc,
           'TYPMOD_IN = ' || NULLIF(t.typmodin::pg_catalog.oid, 0)::pg_catalog.regproc,
           'TYPMOD_OUT = ' || NULLIF(t.typmodout::pg_catalog.oid, 0)::pg_catalog.regproc,
           'ANALYZE = ' || NULLIF(t.typanalyze::pg_catalog.oid, 0)::pg_catalog.regproc,
           -- 14 and later; with an element that of fixed-length arrays is the default
           'SUBSCRIPT = ' || NULLIF(NULLIF(pg_catalog.to_json(t.*) ->> 'typsubscript', '-'),
                                    CASE WHEN t.typelem <> 0 THEN 'raw_array_subscript_handler' END),
           'INTERNALLENGTH = ' || COALESCE(NULLIF(t.typlen, -1)::pg_catalog.text, 'VARIABLE'),
           CASE WHEN t.typbyval THEN 'PASSEDBYVALUE' END,
           'ALIGNMENT = ' || CASE t.typalign WHEN 'c' THEN 'char' WHEN 's' THEN 'int2'
                                             WHEN 'd' THEN 'double' ELSE 'int4' END,
           'STORAGE = ' || CASE t.typstorage WHEN 'e' THEN 'external' WHEN 'x' THEN 'extended'
                                             WHEN 'm' THEN 'main' ELSE 'plain' END,
           'CATEGORY = ' || pg_catalog.quote_literal(t.typcategory::pg_catalog.text),
           CASE WHEN t.typispreferred THEN 'PREFERRED = true' END,
           'DEFAULT = ' || pg_catalog.quote_literal(t.typdefault),
           CASE WHEN t.typelem <> 0
                THEN 'ELEMENT = ' || pg_catalog.format_type(t.typelem, NULL) END,
           'DELIMITER = ' || pg_catalog.quote_literal(NULLIF(t.typdelim, ',')::pg_catalog.text),
           CASE WHEN t.typcollation <> 0 THEN 'COLLATABLE = true' END) END AS base_options
FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_class rel ON rel.oid = t.typrelid
LEFT JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype
LEFT JOIN pg_catalog.pg_range r ON r.rngtypid = t.oid
LEFT JOIN pg_catalog.pg_type s ON s.oid = r.rngsubtype
LEFT JOIN pg_catalog.pg_opclass o ON o.oid = r.rngsubopc
LEFT JOIN pg_catalog.pg_namespace opn ON opn.oid = o.opcnamespace
LEFT JOIN pg_catalog.pg_collation c
       ON c.oid = CASE t.typtype WHEN 'd' THEN t.typcollation WHEN 'r' THEN r.rngcollation END
LEFT JOIN pg_catalog.pg_namespace cn ON cn.oid = c.collnamespace
LEFT JOIN pg_catalog.pg_constraint nn
       ON nn.contypid = t.oid AND nn.contype = 'n' AND nn.conname <> t.typname || '_not_null'
-- from 14 on; a column that older versions do not have cannot be named
LEFT JOIN pg_catalog.pg_type m
       ON m.oid = (pg_catalog.to_json(r.*) ->> 'rngmultitypid')::pg_catalog.oid
LEFT JOIN pg_catalog.pg_namespace mn ON mn.oid = m.typnamespace
WHERE CASE WHEN pg_catalog.cardinality($1::pg_catalog.text[]) > 0
           THEN n.nspname = ANY ($1::pg_catalog.text[])
           ELSE n.nspname !~ '^(pg_|pgzm)' AND n.nspname <> 'information_schema' END
  AND t.oid >= 16384
  AND (NOT t.typisdefined OR t.typtype IN ('e', 'd', 'r') OR t.typtype = 'c' AND rel.relkind = 'c'
       OR t.typtype = 'b' AND NOT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.typarray = t.oid))
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                  WHERE e.classid = 1247 AND e.objid = t.oid AND e.deptype = 'e')
ORDER BY t.oid
