-- What a server before 17 does not have. For sources from 17 on.
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
-- Rows that are inserted into the partitioned table get their numbers there, too.
SELECT 1259 AS classid, r.oid, 'l' AS action, 'identity column' AS kind,
       r.name || '.' || a.attname AS identity,
       'identity of its partitions: only what is inserted into the table itself is numbered'
           AS reason, 17 AS needs
FROM relation r
JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid
WHERE r.relkind = 'p' AND a.attidentity <> '' AND NOT r.relispartition AND NOT a.attisdropped
UNION ALL
SELECT 1259, r.oid, 'r', 'exclusion constraint', k.conname || ' on ' || r.name,
       'the table is partitioned', 17
FROM relation r
JOIN pg_catalog.pg_constraint k ON k.conrelid = r.oid
WHERE r.relkind = 'p' AND k.contype = 'x' AND k.conparentid = 0
UNION ALL
SELECT 1259, r.oid, 'l', 'access method', m.amname || ' of ' || r.name,
       'the table is partitioned', 17
FROM relation r
JOIN pg_catalog.pg_am m ON m.oid = r.relam
WHERE r.relkind = 'p'
UNION ALL
SELECT 3456, l.oid, 'r', 'collation', s.nspname || '.' || l.collname, 'the builtin provider', 17
FROM scope s
JOIN pg_catalog.pg_collation l ON l.collnamespace = s.oid
WHERE l.collprovider = 'b' AND COALESCE(l.colllocale, '') <> 'PG_UNICODE_FAST'
UNION ALL
SELECT 3466, t.oid, 'r', 'event trigger', t.evtname, 'it fires at login', 17
FROM pg_catalog.pg_event_trigger t
WHERE t.evtevent = 'login'
UNION ALL
SELECT 1259, r.oid, 'l', 'privilege', 'MAINTAIN on ' || r.name || ' for '
           || pg_catalog.string_agg(CASE WHEN g.grantee = 0 THEN 'PUBLIC'
                  ELSE pg_catalog.pg_get_userbyid(g.grantee)::pg_catalog.text END, ', '
                  ORDER BY g.grantee),
       'there is no such privilege', 17
FROM relation r
JOIN pg_catalog.pg_class c ON c.oid = r.oid
CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) g
WHERE g.privilege_type = 'MAINTAIN' AND g.grantee <> c.relowner
GROUP BY r.oid, r.name
UNION ALL
SELECT 826, d.oid, 'l', 'default privilege', 'MAINTAIN of ' || r.rolname,
       'there is no such privilege', 17
FROM pg_catalog.pg_default_acl d
JOIN pg_catalog.pg_roles r ON r.oid = d.defaclrole
WHERE EXISTS (SELECT FROM pg_catalog.aclexplode(d.defaclacl) g
              WHERE g.privilege_type = 'MAINTAIN' AND g.grantee <> d.defaclrole)
UNION ALL
SELECT 1259, r.oid, 'w', 'column', r.name || '.' || a.attname,
       'a jsonpath with syntax that is newer than the destination fails to load', 0
FROM relation r
JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid
WHERE a.atttypid IN (4072, 4073) AND r.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
