-- Collations for the database's encoding.
-- $1 text[]: names of the schemas; empty: all but system schemas and those that begin with "pgzm".
-- Columns: classid, oid, schema, name, owner, extension (NULL), options (what CREATE COLLATION has in
-- parentheses). Where ICU's and the builtin provider's locale stands: collcollate before 15, colliculocale
-- in 15 and 16, colllocale from 17 on; rules from 16 on. Read through JSON, since a column that a version
-- does not have cannot be named.
WITH scope AS (
    SELECT n.oid, n.nspname
    FROM pg_catalog.pg_namespace n
    WHERE CASE WHEN pg_catalog.cardinality($1::pg_catalog.text[]) > 0
               THEN n.nspname = ANY ($1::pg_catalog.text[])
               ELSE n.nspname !~ '^(pg_|pgzm)' AND n.nspname <> 'information_schema' END
), found AS (
    SELECT c.oid, s.nspname, c.collname, c.collowner, c.collprovider, c.collisdeterministic,
           pg_catalog.to_json(c.*) AS j
    FROM scope s
    JOIN pg_catalog.pg_collation c ON c.collnamespace = s.oid
    WHERE c.oid >= 16384
      AND c.collencoding IN (-1, (SELECT d.encoding FROM pg_catalog.pg_database d
                                  WHERE d.datname = pg_catalog.current_database()))
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                      WHERE e.classid = 3456 AND e.objid = c.oid AND e.deptype = 'e')
)
SELECT 3456 AS classid, f.oid, f.nspname AS schema, f.collname AS name,
       pg_catalog.pg_get_userbyid(f.collowner) AS owner, NULL AS extension,
       pg_catalog.concat_ws(', ',
           'PROVIDER = ' || CASE f.collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin'
                                                ELSE 'libc' END,
           CASE WHEN NOT f.collisdeterministic THEN 'DETERMINISTIC = false' END,
           CASE WHEN f.collprovider IN ('i', 'b')
                THEN 'LOCALE = ' || pg_catalog.quote_literal(COALESCE(
                         f.j ->> 'colllocale', f.j ->> 'colliculocale', f.j ->> 'collcollate'))
                WHEN f.j ->> 'collcollate' = f.j ->> 'collctype'
                THEN 'LOCALE = ' || pg_catalog.quote_literal(f.j ->> 'collcollate')
                ELSE 'LC_COLLATE = ' || pg_catalog.quote_literal(f.j ->> 'collcollate')
                     || ', LC_CTYPE = ' || pg_catalog.quote_literal(f.j ->> 'collctype') END,
           'RULES = ' || pg_catalog.quote_literal(f.j ->> 'collicurules')) AS options
FROM found f
