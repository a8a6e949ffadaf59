-- about: an extension in a custom schema, members with changed ACL, DEPENDS ON EXTENSION
-- roles: case_reader
-- needs: SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'hstore')
-- check: SELECT (SELECT nspname FROM pg_namespace WHERE oid = extnamespace) FROM pg_extension WHERE extname = 'hstore'
-- check: SELECT has_function_privilege('case_reader', 'ext.slice(ext.hstore,text[])', 'EXECUTE'), has_function_privilege('public', 'ext.slice(ext.hstore,text[])', 'EXECUTE')
-- check: SELECT classid::regclass, count(*) FROM pg_depend WHERE deptype = 'x' GROUP BY 1 ORDER BY 1
CREATE SCHEMA ext; CREATE EXTENSION hstore SCHEMA ext; GRANT USAGE ON SCHEMA ext TO case_reader;
REVOKE EXECUTE ON FUNCTION ext.slice(ext.hstore, text[]) FROM PUBLIC; GRANT EXECUTE ON FUNCTION ext.slice(ext.hstore, text[]) TO case_reader;
CREATE TABLE t (id int PRIMARY KEY, h ext.hstore DEFAULT 'a=>1'); INSERT INTO t VALUES (1, 'b=>2'), (2, 'x=>NULL');
CREATE INDEX i ON t USING gin (h); CREATE FUNCTION f(ext.hstore) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER tr BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION tf(); CREATE MATERIALIZED VIEW m AS SELECT h FROM t;
ALTER FUNCTION f(ext.hstore) DEPENDS ON EXTENSION hstore; ALTER TRIGGER tr ON t DEPENDS ON EXTENSION hstore; ALTER MATERIALIZED VIEW m DEPENDS ON EXTENSION hstore; ALTER INDEX i DEPENDS ON EXTENSION hstore;
