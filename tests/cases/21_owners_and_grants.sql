-- about: owners per object; grants WITH GRANT OPTION and by a non-owner; column grants; REVOKE from the owner
-- roles: case_owner case_other case_reader
-- check: SELECT DISTINCT c.oid::regclass::text, g.grantee::regrole::text, g.privilege_type, g.is_grantable FROM pg_class c, aclexplode(c.relacl) g WHERE c.relnamespace = 's'::regnamespace AND g.privilege_type <> 'MAINTAIN' ORDER BY 1, 2, 3, 4
CREATE SCHEMA s AUTHORIZATION case_owner;
CREATE TABLE s.t (a int, b text, c int); ALTER TABLE s.t OWNER TO case_owner;
CREATE VIEW s.v AS SELECT a FROM s.t; ALTER VIEW s.v OWNER TO case_other;
CREATE SEQUENCE s.q; ALTER SEQUENCE s.q OWNER TO case_other;
CREATE TYPE s.e AS ENUM ('a'); ALTER TYPE s.e OWNER TO case_owner;
CREATE DOMAIN s.d AS int; ALTER DOMAIN s.d OWNER TO case_other;
CREATE FUNCTION s.f() RETURNS int LANGUAGE sql AS 'SELECT 1'; ALTER FUNCTION s.f() OWNER TO case_other;
CREATE PROCEDURE s.p() LANGUAGE sql AS ''; ALTER PROCEDURE s.p() OWNER TO case_owner;
CREATE MATERIALIZED VIEW s.m AS SELECT 1 AS a; ALTER MATERIALIZED VIEW s.m OWNER TO case_owner;
GRANT USAGE ON SCHEMA s TO case_other WITH GRANT OPTION;
GRANT SELECT, INSERT ON s.t TO case_other WITH GRANT OPTION;
SET ROLE case_other; GRANT SELECT ON s.t TO case_reader; GRANT USAGE ON SCHEMA s TO case_reader; RESET ROLE;
GRANT SELECT (a), UPDATE (b) ON s.t TO case_reader, PUBLIC;
GRANT REFERENCES (c) ON s.t TO case_reader WITH GRANT OPTION;
REVOKE INSERT, TRUNCATE ON s.t FROM case_owner;
REVOKE ALL ON s.v FROM case_other; GRANT ALL ON s.q TO PUBLIC;
REVOKE EXECUTE ON FUNCTION s.f() FROM PUBLIC; GRANT EXECUTE ON FUNCTION s.f() TO case_reader;
REVOKE USAGE ON TYPE s.e FROM PUBLIC; GRANT USAGE ON DOMAIN s.d TO case_reader;
GRANT EXECUTE ON PROCEDURE s.p() TO case_reader WITH GRANT OPTION;
