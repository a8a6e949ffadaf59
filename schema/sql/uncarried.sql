-- What exists and is not carried over: objects of the schemas, and global ones of the database.
-- $1 text[]: names of the schemas; empty: all but system schemas and those that begin with "pgzm".
-- $2, $3 oid[]: catalog and OID of the objects that are left out (loader.h).
-- Columns: kind, identity (as pg_identify_object prints it, where it can).
-- Members of extensions come with these; what initdb made has an OID below 16384. Large objects
-- are one row with their number.
WITH scope AS (
    SELECT n.oid
    FROM pg_catalog.pg_namespace n
    WHERE CASE WHEN pg_catalog.cardinality($1::pg_catalog.text[]) > 0
               THEN n.nspname = ANY ($1::pg_catalog.text[])
               ELSE n.nspname !~ '^(pg_|pgzm)' AND n.nspname <> 'information_schema' END
), here AS (
    SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()
), found(kind, classid, oid, namespace) AS (
    -- of another encoding than the database's: nobody can use it there
    SELECT 'collation', 3456::pg_catalog.oid, c.oid, c.collnamespace
    FROM pg_catalog.pg_collation c, pg_catalog.pg_database d
    WHERE d.datname = pg_catalog.current_database()
      AND c.collencoding NOT IN (-1, d.encoding)
    UNION ALL
    -- those whose options are hidden from the reader: see user_mappings.sql
    SELECT 'user mapping', 1418, m.umid, NULL
    FROM pg_catalog.pg_user_mappings m
    JOIN pg_catalog.pg_foreign_server s ON s.oid = m.srvid
    WHERE NOT (m.umuser <> 0 AND m.usename = CURRENT_USER
                   AND (pg_catalog.pg_has_role(s.srvowner, 'USAGE')
                        OR pg_catalog.has_server_privilege(s.oid, 'USAGE'))
               OR m.umuser = 0 AND pg_catalog.pg_has_role(s.srvowner, 'USAGE')
               OR (SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = CURRENT_USER))
), listed(kind, identity) AS (
    SELECT f.kind,
           CASE WHEN f.kind = 'user mapping' THEN
               (SELECT m.usename || ' on server ' || m.srvname
                FROM pg_catalog.pg_user_mappings m WHERE m.umid = f.oid)
           ELSE (pg_catalog.pg_identify_object(f.classid, f.oid, 0)).identity END
    FROM found f
    WHERE f.oid >= 16384
      AND NOT EXISTS (SELECT
                      FROM ROWS FROM (pg_catalog.unnest($2::pg_catalog.oid[]),
                                      pg_catalog.unnest($3::pg_catalog.oid[])) AS x(classid, oid)
                      WHERE x.classid = f.classid AND x.oid = f.oid)
      AND (f.namespace IS NULL OR f.namespace IN (SELECT s.oid FROM scope s))
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                      WHERE e.classid = f.classid AND e.objid = f.oid AND e.objsubid = 0
                        AND e.deptype IN ('e', 'i'))
    UNION ALL
    -- operators and functions added to a family of PostgreSQL or of an extension
    SELECT 'operator family member', i.identity
    FROM (SELECT 2602 AS classid, o.oid, o.amopfamily AS family, 2617 AS what, o.amopopr AS object
          FROM pg_catalog.pg_amop o
          UNION ALL
          SELECT 2603, p.oid, p.amprocfamily, 1255, p.amproc FROM pg_catalog.pg_amproc p) m,
         pg_catalog.pg_identify_object(m.classid::pg_catalog.oid, m.oid, 0) i
    WHERE m.oid >= 16384
      AND (m.family < 16384
           -- those that the extension itself added are not told apart from others
           OR m.object >= 16384
              AND EXISTS (SELECT FROM pg_catalog.pg_depend e
                          WHERE e.classid = 2753 AND e.objid = m.family AND e.deptype = 'e'))
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                      WHERE d.classid = m.classid::pg_catalog.oid AND d.objid = m.oid
                        AND d.refclassid = 2616)
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                      WHERE e.classid = m.what::pg_catalog.oid AND e.objid = m.object
                        AND e.deptype = 'e')
    UNION ALL
    -- where a subscription connects to is nobody's business
    SELECT 'subscription',
           pg_catalog.quote_ident(s.subname) || ' to '
           || (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(x.name), ', ' ORDER BY x.name)
               FROM pg_catalog.unnest(s.subpublications) x(name))
    FROM pg_catalog.pg_subscription s JOIN here h ON s.subdbid = h.oid
    UNION ALL
    SELECT 'security label',
           l.provider || ' on ' || i.type || ' ' || i.identity
    FROM pg_catalog.pg_seclabel l,
         pg_catalog.pg_identify_object(l.classoid, l.objoid, l.objsubid) i
    WHERE l.classoid NOT IN (1247, 1255, 1259, 2612, 2615, 3466, 6104)
       OR EXISTS (SELECT FROM pg_catalog.pg_depend e
                  WHERE e.classid = l.classoid AND e.objid = l.objoid AND e.deptype = 'e')
    UNION ALL
    SELECT 'large objects', pg_catalog.count(*)::pg_catalog.text
    FROM pg_catalog.pg_largeobject_metadata HAVING pg_catalog.count(*) > 0
    UNION ALL
    -- those that initdb gave are in pg_init_privs
    SELECT 'privileges on a system object', i.type || ' ' || i.identity
    FROM (SELECT 1259::pg_catalog.oid AS classid, c.oid, 0 AS subid, c.relacl AS acl
          FROM pg_catalog.pg_class c WHERE c.relacl IS NOT NULL AND c.oid < 16384
          UNION ALL
          SELECT 1259, a.attrelid, a.attnum, a.attacl
          FROM pg_catalog.pg_attribute a WHERE a.attacl IS NOT NULL AND a.attrelid < 16384
          UNION ALL
          SELECT 1255, p.oid, 0, p.proacl
          FROM pg_catalog.pg_proc p WHERE p.proacl IS NOT NULL AND p.oid < 16384
          UNION ALL
          SELECT 2615, n.oid, 0, n.nspacl
          FROM pg_catalog.pg_namespace n
          WHERE n.nspacl IS NOT NULL AND n.oid < 16384 AND n.nspname <> 'public') g
    LEFT JOIN pg_catalog.pg_init_privs v
           ON v.classoid = g.classid AND v.objoid = g.oid AND v.objsubid = g.subid,
    pg_catalog.pg_identify_object(g.classid, g.oid, g.subid) i
    WHERE (v.initprivs IS NULL OR NOT (v.initprivs @> g.acl AND g.acl @> v.initprivs))
      AND i.identity !~ '^information_schema([.]|$)'
)
SELECT l.kind, l.identity
FROM listed l
WHERE l.identity IS NOT NULL
ORDER BY l.kind, l.identity
