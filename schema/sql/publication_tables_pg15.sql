-- Tables that publications name: those of the schemas and of extensions.
-- $1 text[]: names of the schemas; empty: all but system schemas and those that begin with "pgzm".
-- $2, $3 oid[]: catalog and OID of the objects that are left out (loader.h).
-- Columns: classid, oid, schema (NULL), name (the publication's), owner (NULL), extension (NULL),
-- publication, table, table_schema, table_name, of_extension, columns (NULL for all), filter
-- (NULL for none). The list of columns is a set: it is given by name, which does not change with
-- the order of the columns in the table.
SELECT 6106 AS classid, r.oid, NULL AS schema, p.pubname AS name, NULL AS owner,
       NULL AS extension, p.oid AS publication, c.oid AS "table", n.nspname AS table_schema,
       c.relname AS table_name, m.member AS of_extension,
       (SELECT pg_catalog.json_agg(a.attname ORDER BY a.attname)
        FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = c.oid AND a.attnum = ANY (r.prattrs)) AS columns,
       pg_catalog.pg_get_expr(r.prqual, c.oid) AS filter
FROM pg_catalog.pg_publication_rel r
JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid
JOIN pg_catalog.pg_class c ON c.oid = r.prrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace,
LATERAL (SELECT EXISTS (SELECT FROM pg_catalog.pg_depend e
                        WHERE e.classid = 1259 AND e.objid = c.oid AND e.deptype = 'e')) m(member)
WHERE NOT EXISTS (SELECT
                  FROM ROWS FROM (pg_catalog.unnest($2::pg_catalog.oid[]),
                                  pg_catalog.unnest($3::pg_catalog.oid[])) AS x(classid, oid)
                  WHERE x.classid = 6106 AND x.oid = r.oid OR x.classid = 1259 AND x.oid = c.oid)
  AND (m.member
       OR CASE WHEN pg_catalog.cardinality($1::pg_catalog.text[]) > 0
               THEN n.nspname = ANY ($1::pg_catalog.text[])
               ELSE n.nspname !~ '^(pg_|pgzm)' AND n.nspname <> 'information_schema' END)
