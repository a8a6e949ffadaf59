-- about: collations: libc, ICU, nondeterministic
-- needs: SELECT EXISTS (SELECT FROM pg_collation WHERE collprovider = 'i')
-- roles: case_owner
-- check: SELECT count(DISTINCT b) FROM t
CREATE COLLATION libc_one (LOCALE = 'C'); CREATE COLLATION libc_two (LC_COLLATE = 'C', LC_CTYPE = 'POSIX'); CREATE COLLATION icu_one (PROVIDER = icu, LOCALE = 'de-u-co-phonebk'); CREATE COLLATION loose (PROVIDER = icu, LOCALE = 'und-u-ks-level2', DETERMINISTIC = false); CREATE COLLATION copied FROM "POSIX"; CREATE SCHEMA s; CREATE COLLATION s."Own one" FROM "de-x-icu"; ALTER COLLATION icu_one OWNER TO case_owner;
CREATE TABLE t (a text COLLATE icu_one, b text COLLATE loose UNIQUE, c text COLLATE s."Own one" CHECK (c < 'z' COLLATE libc_one)); CREATE INDEX i ON t (a COLLATE copied); CREATE DOMAIN d AS text COLLATE icu_one; INSERT INTO t VALUES ('ä', 'A', 'x'), ('z', 'b', 'y'); COMMENT ON COLLATION loose IS 'loose'; CREATE TYPE r AS RANGE (SUBTYPE = text, COLLATION = icu_one);
