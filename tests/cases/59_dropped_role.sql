-- about: grants of a dropped role: what is left of it is a number, and is not carried over
-- ignore: grant
-- dest-check: SELECT NOT EXISTS (SELECT FROM pg_class c, aclexplode(relacl) a WHERE c.oid = 't'::regclass AND a.grantee <> 0 AND NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = a.grantee))
-- dest-check: SELECT has_table_privilege('public', 't', 'INSERT')
CREATE TABLE t (a int);
INSERT INTO t VALUES (1);
GRANT INSERT ON t TO PUBLIC;
-- A role is not dropped while it has grants; this is what is left when a catalog was damaged.
DO $$
DECLARE
    gone text := 'case_gone_' || (SELECT oid FROM pg_database WHERE datname = current_database());
BEGIN
    EXECUTE format('CREATE ROLE %I', gone);
    EXECUTE format('GRANT SELECT ON t TO %I', gone);
    EXECUTE format('DELETE FROM pg_authid WHERE rolname = %L', gone);
END $$;
