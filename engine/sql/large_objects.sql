-- Large objects of the source.
-- No parameters. Columns: oid, owner, comment, grants (JSON list of grantee, null for PUBLIC,
-- privilege and grantable; NULL for none; what the owner has by default is not among them).
SELECT m.oid, pg_catalog.pg_get_userbyid(m.lomowner),
       pg_catalog.obj_description(m.oid, 'pg_largeobject'),
       (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(r.rolname, x.privilege_type,
                                                               x.is_grantable))
        FROM pg_catalog.aclexplode(m.lomacl) x
        LEFT JOIN pg_catalog.pg_roles r ON r.oid = x.grantee
        WHERE x.grantee <> m.lomowner AND (x.grantee = 0 OR r.oid IS NOT NULL))
FROM pg_catalog.pg_largeobject_metadata m
ORDER BY m.oid
