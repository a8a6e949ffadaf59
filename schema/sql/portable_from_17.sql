-- What a server from 17 on does otherwise. For sources before 17.
-- $1 text[]: names of the schemas; empty: all but system schemas and those that begin with "pgzm".
-- Columns: classid, oid (an object of the model: what is found counts if it is there), action
-- (r refused, l left out, w only named), kind, identity, reason, needs (the version).
WITH scope AS (
    SELECT n.oid, n.nspname
    FROM pg_catalog.pg_namespace n
    WHERE CASE WHEN pg_catalog.cardinality($1::pg_catalog.text[]) = 0
               THEN n.nspname !~ '^(pg_|pgzm)' AND n.nspname <> 'information_schema'
               ELSE n.nspname::pg_catalog.text = ANY ($1::pg_catalog.text[]) END
), relation AS (
    SELECT c.oid, c.relkind, c.relispartition, c.relpersistence, c.reloptions, c.relam,
           s.nspname || '.' || c.relname AS name
    FROM scope s
    JOIN pg_catalog.pg_class c ON c.relnamespace = s.oid
)
SELECT 1259 AS classid, r.oid, 'w' AS action,
       CASE WHEN d.classid = 2618 THEN 'materialized view' ELSE 'index' END AS kind,
       CASE WHEN d.classid = 2618 THEN r.name ELSE c.relname || ' on ' || r.name END AS identity,
       'it calls function ' || pg_catalog.string_agg(DISTINCT p.oid::pg_catalog.regprocedure
           ::pg_catalog.text, ', ')
           || ', which has no search_path of its own: from 17 on it finds nothing but pg_catalog '
              'there by a bare name' AS reason, 0 AS needs
FROM pg_catalog.pg_depend d
JOIN pg_catalog.pg_proc p ON p.oid = d.refobjid
JOIN pg_catalog.pg_language l ON l.oid = p.prolang
LEFT JOIN pg_catalog.pg_rewrite w ON d.classid = 2618 AND w.oid = d.objid
LEFT JOIN pg_catalog.pg_class c ON d.classid = 1259 AND c.oid = d.objid AND c.relkind IN ('i', 'I')
LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
JOIN relation r ON r.oid = COALESCE(w.ev_class, i.indrelid)
WHERE d.refclassid = 1255
  AND d.classid IN (1259, 2618)
  AND (d.classid = 1259 OR r.relkind = 'm')
  AND p.oid >= 16384
  AND l.lanname NOT IN ('c', 'internal')
  AND NOT EXISTS (SELECT FROM pg_catalog.unnest(p.proconfig) o(setting)
                  WHERE o.setting LIKE 'search_path=%')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                  WHERE e.classid = 1255 AND e.objid = p.oid AND e.deptype = 'e')
GROUP BY r.oid, r.name, d.classid, c.relname
