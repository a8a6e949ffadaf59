-- about: roles with upper case, quotes, a semicolon, a backslash, a keyword, a percent sign and 63 bytes of multibyte letters: as owners, in grants, policies, default privileges and settings
-- roles: "case_UPPER" "case_quo""te" "case_quo'te" "case_;DROP" "case_back\slash" "case_%I$1" "case_äääääääääääääääääääääääääääää"
-- check: SELECT c.relname, c.relowner::regrole::text FROM pg_class c WHERE c.relnamespace = 's'::regnamespace AND c.relkind IN ('r', 'v', 'S') ORDER BY c.relname COLLATE "C"
-- check: SELECT p.polname, array(SELECT r.rolname FROM pg_roles r WHERE r.oid = ANY (p.polroles) ORDER BY r.rolname COLLATE "C") FROM pg_policy p ORDER BY p.polname COLLATE "C"
-- check: SELECT count(*) FROM victim
CREATE TABLE victim (a int); INSERT INTO victim VALUES (1), (2);
CREATE SCHEMA s AUTHORIZATION "case_quo""te";
CREATE TABLE s.t (a serial PRIMARY KEY, b text); INSERT INTO s.t (b) VALUES ('x'), ('y');
ALTER TABLE s.t OWNER TO "case_;DROP"; ALTER TABLE s.t ENABLE ROW LEVEL SECURITY;
CREATE VIEW s.v AS SELECT a FROM s.t; ALTER VIEW s.v OWNER TO "case_quo'te";
CREATE FUNCTION s.f() RETURNS int LANGUAGE sql AS 'SELECT 1'; ALTER FUNCTION s.f() OWNER TO "case_back\slash";
CREATE TYPE s.e AS ENUM ('a'); ALTER TYPE s.e OWNER TO "case_äääääääääääääääääääääääääääää";
GRANT SELECT ON s.t TO "case_UPPER", "case_quo""te", "case_quo'te", "case_back\slash", "case_%I$1";
GRANT UPDATE (b) ON s.t TO "case_äääääääääääääääääääääääääääää" WITH GRANT OPTION;
GRANT USAGE ON SCHEMA s TO "case_UPPER", "case_%I$1", "case_;DROP"; GRANT EXECUTE ON FUNCTION s.f() TO "case_quo'te";
CREATE POLICY "for's" ON s.t TO "case_UPPER", "case_quo""te", "case_%I$1" USING (b <> CURRENT_USER);
CREATE POLICY other ON s.t FOR INSERT TO "case_äääääääääääääääääääääääääääää" WITH CHECK (a > 0);
ALTER DEFAULT PRIVILEGES FOR ROLE "case_quo'te" IN SCHEMA s GRANT SELECT ON TABLES TO "case_;DROP", "case_back\slash";
DO $$ begin execute format('ALTER ROLE "case_quo""te" IN DATABASE %I SET work_mem = ''7MB''', current_database()); end $$;
