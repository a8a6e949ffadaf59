-- For the comparer of the tests (compare.c): columns object, key, value. $1: the older one of the two
-- servers' versions, as in server_version_num.
-- One row a privilege, the owner's own among them. Who granted it is not looked at: a migration grants in
-- the owner's name what others granted, which allows the same.
SELECT x.object,
       x.object || coalesce('.' || x.attname, '') || ' to '
           || CASE WHEN g.grantee = 0 THEN 'PUBLIC' WHEN g.grantee = x.owner THEN 'its owner'
                   ELSE pg_get_userbyid(g.grantee)::text END
           || ': ' || g.privilege_type AS key,
       bool_or(g.is_grantable)::text AS value
FROM (
    SELECT n.nspname || '.' || c.relname AS object, NULL::name AS attname, c.relowner AS owner,
           coalesce(c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's'::"char" ELSE 'r' END,
                                        c.relowner)) AS acl
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
      AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pgzm%'
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND e.objid = c.oid AND e.deptype = 'e')
    UNION ALL
    SELECT n.nspname || '.' || c.relname, a.attname, c.relowner, a.attacl
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE a.attacl IS NOT NULL AND NOT a.attisdropped
      AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pgzm%'
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND e.objid = c.oid AND e.deptype = 'e')
    UNION ALL
    SELECT 'function ' || p.oid::regprocedure, NULL, p.proowner, coalesce(p.proacl, acldefault('f', p.proowner))
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pgzm%'
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND e.objid = p.oid AND e.deptype IN ('e', 'i'))
    UNION ALL
    SELECT 'type ' || t.oid::regtype, NULL, t.typowner, coalesce(t.typacl, acldefault('T', t.typowner))
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE (t.typtype IN ('e', 'd', 'r')
           OR t.typtype = 'c' AND EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c'))
      AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pgzm%'
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND e.objid = t.oid AND e.deptype = 'e')
    UNION ALL
    SELECT 'schema ' || n.nspname, NULL, n.nspowner, coalesce(n.nspacl, acldefault('n', n.nspowner))
    FROM pg_namespace n
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pgzm%'
) x
CROSS JOIN LATERAL aclexplode(x.acl) g
WHERE g.privilege_type <> 'MAINTAIN' OR $1::int >= 170000
GROUP BY x.object, x.attname, x.owner, g.grantee, g.privilege_type
