-- Privileges on members of extensions, and what the extensions' scripts gave (pg_init_privs).
-- $1 boolean: all members; otherwise those whose privileges were ever changed.
-- Columns: type (word after ON), identity (quoted), column_name (NULL for the whole object), grantee
-- (NULL for PUBLIC), privilege, has, grantable, given (by the extension), mine (the user may grant).
-- Owners are left out: they may always. So are roles that were dropped.
WITH member AS (
    SELECT e.classid, e.objid
    FROM pg_catalog.pg_depend e
    WHERE e.refclassid = 3079 AND e.deptype = 'e' AND e.objid >= 16384
), acls(classid, oid, subid, type, column_name, owner, acl, base) AS (
    SELECT 1259, c.oid, 0, CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END,
           NULL::pg_catalog.name, c.relowner, c.relacl,
           pg_catalog.acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner)
    FROM pg_catalog.pg_class c JOIN member m ON m.classid = 1259 AND m.objid = c.oid
    WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
    UNION ALL
    SELECT 1259, c.oid, a.attnum, 'TABLE', a.attname, c.relowner, a.attacl, NULL
    FROM pg_catalog.pg_class c JOIN member m ON m.classid = 1259 AND m.objid = c.oid
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped
    WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm')
    UNION ALL
    SELECT 1255, p.oid, 0, 'ROUTINE', NULL, p.proowner, p.proacl,
           pg_catalog.acldefault('f', p.proowner)
    FROM pg_catalog.pg_proc p JOIN member m ON m.classid = 1255 AND m.objid = p.oid
    UNION ALL
    SELECT 1247, t.oid, 0, 'TYPE', NULL, t.typowner, t.typacl,
           pg_catalog.acldefault('T', t.typowner)
    FROM pg_catalog.pg_type t JOIN member m ON m.classid = 1247 AND m.objid = t.oid
    UNION ALL
    SELECT 2615, n.oid, 0, 'SCHEMA', NULL, n.nspowner, n.nspacl,
           pg_catalog.acldefault('n', n.nspowner)
    FROM pg_catalog.pg_namespace n JOIN member m ON m.classid = 2615 AND m.objid = n.oid
    UNION ALL
    SELECT 2612, l.oid, 0, 'LANGUAGE', NULL, l.lanowner, l.lanacl,
           pg_catalog.acldefault('l', l.lanowner)
    FROM pg_catalog.pg_language l JOIN member m ON m.classid = 2612 AND m.objid = l.oid
    UNION ALL
    SELECT 2328, w.oid, 0, 'FOREIGN DATA WRAPPER', NULL, w.fdwowner, w.fdwacl,
           pg_catalog.acldefault('F', w.fdwowner)
    FROM pg_catalog.pg_foreign_data_wrapper w JOIN member m ON m.classid = 2328 AND m.objid = w.oid
    UNION ALL
    SELECT 1417, s.oid, 0, 'FOREIGN SERVER', NULL, s.srvowner, s.srvacl,
           pg_catalog.acldefault('S', s.srvowner)
    FROM pg_catalog.pg_foreign_server s JOIN member m ON m.classid = 1417 AND m.objid = s.oid
), known AS (
    SELECT a.classid, a.oid, a.subid, a.type, a.column_name, a.owner,
           COALESCE(a.acl, a.base) AS acl, COALESCE(v.initprivs, a.base) AS base
    FROM acls a
    LEFT JOIN pg_catalog.pg_init_privs v
           ON v.classoid = a.classid AND v.objoid = a.oid AND v.objsubid = a.subid
          AND v.privtype = 'e'
    WHERE $1::pg_catalog.bool OR a.acl IS NOT NULL OR v.initprivs IS NOT NULL
), entries AS (
    SELECT k.classid, k.oid, k.subid, x.grantee, x.privilege_type, true AS has, x.is_grantable,
           false AS given
    FROM known k, pg_catalog.aclexplode(k.acl) x
    WHERE x.grantee <> k.owner
    UNION ALL
    -- whoever owned it then granted it
    SELECT k.classid, k.oid, k.subid, x.grantee, x.privilege_type, false, false, true
    FROM known k, pg_catalog.aclexplode(k.base) x
    WHERE x.grantee NOT IN (x.grantor, k.owner)
), merged AS (
    SELECT e.classid, e.oid, e.subid, e.grantee, e.privilege_type, pg_catalog.bool_or(e.has) AS has,
           pg_catalog.bool_or(e.is_grantable) AS grantable, pg_catalog.bool_or(e.given) AS given
    FROM entries e
    GROUP BY e.classid, e.oid, e.subid, e.grantee, e.privilege_type
)
SELECT k.type, (pg_catalog.pg_identify_object(k.classid::pg_catalog.oid, k.oid, 0)).identity,
       k.column_name, r.rolname AS grantee, g.privilege_type AS privilege, g.has, g.grantable,
       g.given, pg_catalog.pg_has_role(k.owner, 'USAGE') AS mine
FROM known k
LEFT JOIN merged g ON g.classid = k.classid AND g.oid = k.oid AND g.subid = k.subid
LEFT JOIN pg_catalog.pg_roles r ON r.oid = g.grantee
WHERE g.grantee IS NULL AND $1::pg_catalog.bool AND k.subid = 0
   OR (g.grantee = 0 OR r.oid IS NOT NULL)
  AND ($1::pg_catalog.bool OR g.has <> g.given OR g.grantable)
ORDER BY 1, 2, k.subid, 4, 5
