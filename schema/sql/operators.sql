-- Operators, without shells (what is only named as another's commutator or negator).
-- $1 text[]: names of the schemas; empty: all but system schemas and those that begin with "pgzm".
-- Columns: classid, oid, schema, name, owner, extension (NULL), left_type, right_type (NULL for a
-- prefix or postfix operator), function, commutator, negator (as the inside of OPERATOR(...)),
-- commutator_schema, negator_schema (OID of the schema when it is read, else 0), restrict, join,
-- hashes, merges. Names are qualified where search_path does not find them. A commutator or negator
-- in a schema that is not read is left out, as naming it might make a shell there.
WITH scope AS (
    SELECT n.oid, n.nspname
    FROM pg_catalog.pg_namespace n
    WHERE CASE WHEN pg_catalog.cardinality($1::pg_catalog.text[]) > 0
               THEN n.nspname = ANY ($1::pg_catalog.text[])
               ELSE n.nspname !~ '^(pg_|pgzm)' AND n.nspname <> 'information_schema' END
), other AS (
    SELECT p.oid,
           CASE WHEN pg_catalog.pg_operator_is_visible(p.oid) THEN ''
                ELSE pg_catalog.quote_ident(n.nspname) || '.' END || p.oprname AS name,
           COALESCE(s.oid, 0) AS schema
    FROM pg_catalog.pg_operator p
    JOIN pg_catalog.pg_namespace n ON n.oid = p.oprnamespace
    LEFT JOIN scope s ON s.oid = p.oprnamespace
    WHERE s.oid IS NOT NULL
       OR p.oid < 16384
       OR EXISTS (SELECT FROM pg_catalog.pg_depend e
                  WHERE e.classid = 2617 AND e.objid = p.oid AND e.deptype = 'e')
)
SELECT 2617 AS classid, o.oid, s.nspname AS schema, o.oprname AS name,
       pg_catalog.pg_get_userbyid(o.oprowner) AS owner, NULL AS extension,
       CASE WHEN o.oprleft <> 0 THEN pg_catalog.format_type(o.oprleft, NULL) END AS left_type,
       CASE WHEN o.oprright <> 0 THEN pg_catalog.format_type(o.oprright, NULL) END AS right_type,
       o.oprcode::pg_catalog.regproc::pg_catalog.text AS function,
       c.name AS commutator, COALESCE(c.schema, 0) AS commutator_schema,
       g.name AS negator, COALESCE(g.schema, 0) AS negator_schema,
       NULLIF(o.oprrest::pg_catalog.oid, 0)::pg_catalog.regproc::pg_catalog.text AS restrict,
       NULLIF(o.oprjoin::pg_catalog.oid, 0)::pg_catalog.regproc::pg_catalog.text AS join,
       o.oprcanhash AS hashes, o.oprcanmerge AS merges
FROM scope s
JOIN pg_catalog.pg_operator o ON o.oprnamespace = s.oid
LEFT JOIN other c ON c.oid = o.oprcom
LEFT JOIN other g ON g.oid = o.oprnegate
WHERE o.oid >= 16384
  AND o.oprcode <> 0
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                  WHERE e.classid = 2617 AND e.objid = o.oid AND e.deptype = 'e')
