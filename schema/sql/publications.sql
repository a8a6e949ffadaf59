-- Publications; what they publish is in publication_tables.sql and publication_schemas.sql.
-- $1 text[]: not looked at.
-- Columns: classid, oid, schema (NULL), name, owner, extension (NULL), all_tables, publish (as in
-- the option of that name), via_root (false before 13), generated_columns (before 18 'n').
SELECT 6104 AS classid, p.oid, NULL AS schema, p.pubname AS name,
       pg_catalog.pg_get_userbyid(p.pubowner) AS owner, NULL AS extension,
       p.puballtables AS all_tables,
       pg_catalog.concat_ws(', ', CASE WHEN p.pubinsert THEN 'insert' END,
                            CASE WHEN p.pubupdate THEN 'update' END,
                            CASE WHEN p.pubdelete THEN 'delete' END,
                            CASE WHEN p.pubtruncate THEN 'truncate' END) AS publish,
       -- columns that not every version has
       COALESCE((j.row ->> 'pubviaroot')::pg_catalog.bool, false) AS via_root,
       COALESCE(j.row ->> 'pubgencols', 'n') AS generated_columns
FROM pg_catalog.pg_publication p, pg_catalog.to_jsonb(p) j(row)
WHERE $1::pg_catalog.text[] IS NOT NULL
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                  WHERE e.classid = 6104 AND e.objid = p.oid AND e.deptype = 'e')
