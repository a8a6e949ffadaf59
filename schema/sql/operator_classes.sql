-- Operator classes with the members that belong to them.
-- $1 text[]: names of the schemas; empty: all but system schemas and those that begin with "pgzm".
-- Columns: classid, oid, schema, name, owner, extension (NULL), method (access method), is_default,
-- type, family (qualified where search_path does not find it), storage (NULL when the type's own),
-- members (written, comma separated; NULL for none), loose_classes, loose_oids (lists of the same
-- length: catalogs and OIDs of the members of its family that belong to no class).
WITH scope AS (
    SELECT n.oid, n.nspname
    FROM pg_catalog.pg_namespace n
    WHERE CASE WHEN pg_catalog.cardinality($1::pg_catalog.text[]) > 0
               THEN n.nspname = ANY ($1::pg_catalog.text[])
               ELSE n.nspname !~ '^(pg_|pgzm)' AND n.nspname <> 'information_schema' END
), member AS (
    SELECT o.amopfamily AS family, 2602 AS classid, o.oid, o.amopstrategy AS number,
           'OPERATOR ' || o.amopstrategy || ' ' || o.amopopr::pg_catalog.regoperator
               || COALESCE(' FOR ORDER BY '
                           || CASE WHEN pg_catalog.pg_opfamily_is_visible(f.oid) THEN ''
                                   ELSE pg_catalog.quote_ident(n.nspname) || '.' END
                           || pg_catalog.quote_ident(f.opfname), '') AS def
    FROM pg_catalog.pg_amop o
    LEFT JOIN pg_catalog.pg_opfamily f ON f.oid = o.amopsortfamily
    LEFT JOIN pg_catalog.pg_namespace n ON n.oid = f.opfnamespace
    UNION ALL
    SELECT p.amprocfamily, 2603, p.oid, p.amprocnum,
           'FUNCTION ' || p.amprocnum || ' (' || pg_catalog.format_type(p.amproclefttype, NULL)
               || ', ' || pg_catalog.format_type(p.amprocrighttype, NULL) || ') '
               || p.amproc::pg_catalog.regprocedure
    FROM pg_catalog.pg_amproc p
), placed AS (
    -- `class` is NULL for a loose member
    SELECT m.*, (SELECT d.refobjid FROM pg_catalog.pg_depend d
                 WHERE d.classid = m.classid::pg_catalog.oid AND d.objid = m.oid
                   AND d.refclassid = 2616 LIMIT 1) AS class
    FROM member m
    WHERE m.oid >= 16384
      AND m.family IN (SELECT k.opcfamily FROM pg_catalog.pg_opclass k WHERE k.oid >= 16384)
)
SELECT 2616 AS classid, c.oid, s.nspname AS schema, c.opcname AS name,
       pg_catalog.pg_get_userbyid(c.opcowner) AS owner, NULL AS extension,
       a.amname AS method, c.opcdefault AS is_default,
       pg_catalog.format_type(c.opcintype, NULL) AS type,
       CASE WHEN pg_catalog.pg_opfamily_is_visible(f.oid) THEN ''
            ELSE pg_catalog.quote_ident(n.nspname) || '.' END
       || pg_catalog.quote_ident(f.opfname) AS family,
       CASE WHEN c.opckeytype <> 0 THEN pg_catalog.format_type(c.opckeytype, NULL) END AS storage,
       (SELECT pg_catalog.string_agg(p.def, ', ' ORDER BY p.classid, p.number,
                                     p.def COLLATE pg_catalog."C")
        FROM placed p WHERE p.class = c.oid) AS members,
       l.loose_classes, l.loose_oids
FROM scope s
JOIN pg_catalog.pg_opclass c ON c.opcnamespace = s.oid
JOIN pg_catalog.pg_am a ON a.oid = c.opcmethod
JOIN pg_catalog.pg_opfamily f ON f.oid = c.opcfamily
JOIN pg_catalog.pg_namespace n ON n.oid = f.opfnamespace
LEFT JOIN (
    SELECT p.family,
           pg_catalog.string_agg(p.classid::pg_catalog.text, ',' ORDER BY p.oid) AS loose_classes,
           pg_catalog.string_agg(p.oid::pg_catalog.text, ',' ORDER BY p.oid) AS loose_oids
    FROM placed p
    WHERE p.class IS NULL
    GROUP BY p.family) l ON l.family = f.oid
WHERE c.oid >= 16384
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                  WHERE e.classid = 2616 AND e.objid = c.oid AND e.deptype = 'e')
