-- Privileges of schemas, relations, columns, functions, types and others that differ from what an
-- object of the kind has by default; default privileges; what is granted on the database.
-- $1 text[]: names of the schemas; empty: all but system schemas and those that begin with "pgzm".
-- Columns: classid, oid, column_name (NULL for the whole object), grantee (NULL for PUBLIC),
-- grantor, privilege, grantable, revoked (a default privilege that was taken away).
-- Rows of an object follow each other. The same privilege from several grantors is one row.
-- What initdb grants on the schema public counts as its default (15 and later: CREATE is not part
-- of it), relative to its present owner. The owner always may grant: that is not looked at. Roles
-- that were dropped are left out.
WITH scope AS (
    SELECT n.oid, n.nspname, n.nspowner, n.nspacl
    FROM pg_catalog.pg_namespace n
    WHERE CASE WHEN pg_catalog.cardinality($1::pg_catalog.text[]) > 0
               THEN n.nspname = ANY ($1::pg_catalog.text[])
               ELSE n.nspname !~ '^(pg_|pgzm)' AND n.nspname <> 'information_schema' END
), acls AS (
    SELECT 2615::pg_catalog.oid AS classid, s.oid, 0 AS subid, NULL::pg_catalog.name AS column_name,
           s.nspowner AS owner,
           COALESCE(s.nspacl, pg_catalog.acldefault('n', s.nspowner)) AS acl,
           CASE WHEN s.nspname = 'public' THEN ARRAY[
                    pg_catalog.makeaclitem(s.nspowner, s.nspowner, 'USAGE', false),
                    pg_catalog.makeaclitem(s.nspowner, s.nspowner, 'CREATE', false),
                    pg_catalog.makeaclitem(0, s.nspowner, 'USAGE', false)]
                ELSE pg_catalog.acldefault('n', s.nspowner) END AS base
    FROM scope s
    WHERE s.nspacl IS NOT NULL OR s.nspname = 'public'
    UNION ALL
    SELECT 1259, c.oid, 0, NULL, c.relowner, c.relacl,
           pg_catalog.acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner)
    FROM pg_catalog.pg_class c
    JOIN scope s ON s.oid = c.relnamespace
    WHERE c.relacl IS NOT NULL AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
    UNION ALL
    SELECT 1259, c.oid, a.attnum, a.attname, c.relowner, a.attacl, NULL
    FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
    JOIN scope s ON s.oid = c.relnamespace
    WHERE a.attacl IS NOT NULL AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'f', 'v', 'm')
    UNION ALL
    SELECT 1255, p.oid, 0, NULL, p.proowner, p.proacl, pg_catalog.acldefault('f', p.proowner)
    FROM pg_catalog.pg_proc p
    JOIN scope s ON s.oid = p.pronamespace
    WHERE p.proacl IS NOT NULL
    UNION ALL
    SELECT 1247, t.oid, 0, NULL, t.typowner, t.typacl, pg_catalog.acldefault('T', t.typowner)
    FROM pg_catalog.pg_type t
    JOIN scope s ON s.oid = t.typnamespace
    WHERE t.typacl IS NOT NULL
    UNION ALL
    SELECT 2328, w.oid, 0, NULL, w.fdwowner, w.fdwacl, pg_catalog.acldefault('F', w.fdwowner)
    FROM pg_catalog.pg_foreign_data_wrapper w
    WHERE w.fdwacl IS NOT NULL
    UNION ALL
    SELECT 2612, l.oid, 0, NULL, l.lanowner, l.lanacl, pg_catalog.acldefault('l', l.lanowner)
    FROM pg_catalog.pg_language l
    WHERE l.lanacl IS NOT NULL AND l.oid >= 16384
    UNION ALL
    SELECT 1417, v.oid, 0, NULL, v.srvowner, v.srvacl, pg_catalog.acldefault('S', v.srvowner)
    FROM pg_catalog.pg_foreign_server v
    WHERE v.srvacl IS NOT NULL
    UNION ALL
    -- those for all schemas stand in the place of what PostgreSQL grants, those for one only add
    SELECT 826, d.oid, 0, NULL, d.defaclrole, d.defaclacl,
           CASE WHEN d.defaclnamespace = 0 THEN
               pg_catalog.acldefault(CASE d.defaclobjtype WHEN 'S' THEN 's'
                                                          ELSE d.defaclobjtype END::"char",
                                     d.defaclrole) END
    FROM pg_catalog.pg_default_acl d
    WHERE d.defaclnamespace = 0 OR d.defaclnamespace IN (SELECT s.oid FROM scope s)
    UNION ALL
    SELECT 1262, d.oid, 0, NULL, d.datdba, d.datacl, pg_catalog.acldefault('d', d.datdba)
    FROM pg_catalog.pg_database d
    WHERE d.datacl IS NOT NULL AND d.datname = pg_catalog.current_database()
), own AS (
    SELECT a.*
    FROM acls a
    WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                      WHERE e.classid = a.classid AND e.objid = a.oid AND e.deptype = 'e')
), present AS (
    SELECT a.classid, a.oid, a.subid, a.column_name, a.owner, x.grantee, x.privilege_type,
           pg_catalog.bool_or(x.is_grantable) AS grantable,
           COALESCE(pg_catalog.max(x.grantor) FILTER (WHERE x.grantor = a.owner),
                    pg_catalog.min(x.grantor)) AS grantor
    FROM own a, pg_catalog.aclexplode(a.acl) x
    GROUP BY a.classid, a.oid, a.subid, a.column_name, a.owner, x.grantee, x.privilege_type
), base AS (
    SELECT a.classid, a.oid, a.subid, a.column_name, a.owner, x.grantee, x.privilege_type
    FROM own a, pg_catalog.aclexplode(a.base) x
), changed AS (
    SELECT p.classid, p.oid, p.subid, p.column_name, p.grantee, p.grantor, p.privilege_type,
           p.grantable AND p.grantee <> p.owner AS grantable, false AS revoked
    FROM present p
    LEFT JOIN base b ON b.classid = p.classid AND b.oid = p.oid AND b.subid = p.subid
                    AND b.grantee = p.grantee AND b.privilege_type = p.privilege_type
    WHERE b.oid IS NULL OR p.grantable AND p.grantee <> p.owner
    UNION ALL
    SELECT b.classid, b.oid, b.subid, b.column_name, b.grantee, b.owner, b.privilege_type, false,
           true
    FROM base b
    LEFT JOIN present p ON p.classid = b.classid AND p.oid = b.oid AND p.subid = b.subid
                       AND p.grantee = b.grantee AND p.privilege_type = b.privilege_type
    WHERE p.oid IS NULL
)
SELECT c.classid, c.oid, c.column_name, r.rolname AS grantee,
       pg_catalog.pg_get_userbyid(c.grantor) AS grantor, c.privilege_type AS privilege,
       c.grantable, c.revoked
FROM changed c
LEFT JOIN pg_catalog.pg_roles r ON r.oid = c.grantee
WHERE c.grantee = 0 OR r.oid IS NOT NULL
ORDER BY c.classid, c.oid, c.revoked DESC, c.subid, r.rolname, c.privilege_type
