-- Operator families, also those that a class made for itself: made first, they serve it as well.
-- $1 text[]: names of the schemas; empty: all but system schemas and those that begin with "pgzm".
-- Columns: classid, oid, schema, name, owner, extension (NULL), method (access method),
-- member_classes, member_oids, members (lists of the same length: the catalogs and OIDs of the
-- members that belong to no class, and how each is written).
WITH scope AS (
    SELECT n.oid, n.nspname
    FROM pg_catalog.pg_namespace n
    WHERE CASE WHEN pg_catalog.cardinality($1::pg_catalog.text[]) > 0
               THEN n.nspname = ANY ($1::pg_catalog.text[])
               ELSE n.nspname !~ '^(pg_|pgzm)' AND n.nspname <> 'information_schema' END
), member AS (
    SELECT o.amopfamily AS family, 2602 AS classid, o.oid,
           'OPERATOR ' || o.amopstrategy || ' ' || o.amopopr::pg_catalog.regoperator
               || COALESCE(' FOR ORDER BY '
                           || CASE WHEN pg_catalog.pg_opfamily_is_visible(f.oid) THEN ''
                                   ELSE pg_catalog.quote_ident(n.nspname) || '.' END
                           || pg_catalog.quote_ident(f.opfname), '') AS def
    FROM pg_catalog.pg_amop o
    LEFT JOIN pg_catalog.pg_opfamily f ON f.oid = o.amopsortfamily
    LEFT JOIN pg_catalog.pg_namespace n ON n.oid = f.opfnamespace
    UNION ALL
    SELECT p.amprocfamily, 2603, p.oid,
           'FUNCTION ' || p.amprocnum || ' (' || pg_catalog.format_type(p.amproclefttype, NULL)
               || ', ' || pg_catalog.format_type(p.amprocrighttype, NULL) || ') '
               || p.amproc::pg_catalog.regprocedure
    FROM pg_catalog.pg_amproc p
)
SELECT 2753 AS classid, f.oid, s.nspname AS schema, f.opfname AS name,
       pg_catalog.pg_get_userbyid(f.opfowner) AS owner, NULL AS extension,
       a.amname AS method, m.member_classes, m.member_oids, m.members
FROM scope s
JOIN pg_catalog.pg_opfamily f ON f.opfnamespace = s.oid
JOIN pg_catalog.pg_am a ON a.oid = f.opfmethod
LEFT JOIN LATERAL (
    SELECT pg_catalog.string_agg(e.classid::pg_catalog.text, ',' ORDER BY e.oid) AS member_classes,
           pg_catalog.string_agg(e.oid::pg_catalog.text, ',' ORDER BY e.oid) AS member_oids,
           pg_catalog.json_agg(e.def ORDER BY e.oid) AS members
    FROM member e
    WHERE e.family = f.oid
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                      WHERE d.classid = e.classid::pg_catalog.oid AND d.objid = e.oid
                        AND d.refclassid = 2616)) m ON true
WHERE f.oid >= 16384
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                  WHERE e.classid = 2753 AND e.objid = f.oid AND e.deptype = 'e')
