-- Languages that initdb did not make and no extension has.
-- $1 text[]: not looked at, a language has no schema.
-- Columns: classid, oid, schema (NULL), name, owner, extension (NULL), trusted, handler, inline, validator
-- (functions, qualified where search_path does not find them; NULL for none).
SELECT 2612 AS classid, l.oid, NULL AS schema, l.lanname AS name,
       pg_catalog.pg_get_userbyid(l.lanowner) AS owner, NULL AS extension,
       l.lanpltrusted AS trusted,
       NULLIF(l.lanplcallfoid, 0)::pg_catalog.regproc::pg_catalog.text AS handler,
       NULLIF(l.laninline, 0)::pg_catalog.regproc::pg_catalog.text AS inline,
       NULLIF(l.lanvalidator, 0)::pg_catalog.regproc::pg_catalog.text AS validator
FROM pg_catalog.pg_language l
WHERE l.oid >= 16384 AND l.lanispl AND $1::pg_catalog.text[] IS NOT NULL
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                  WHERE e.classid = 2612 AND e.objid = l.oid AND e.deptype = 'e')
