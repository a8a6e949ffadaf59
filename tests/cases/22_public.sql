-- about: the public schema with another owner, other grants and no comment: those of the destination's stay, the source's grants are added
-- ignore: schema
-- dest-has-more: grants on public stay
-- roles: case_owner case_reader
-- dest-check: SELECT has_schema_privilege('case_reader', 'public', 'USAGE')
ALTER SCHEMA public OWNER TO case_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC; GRANT USAGE ON SCHEMA public TO case_reader;
COMMENT ON SCHEMA public IS NULL;
CREATE TABLE t (a int);
