-- about: an index function that relies on search_path is named where maintenance has its own
-- dest: >= 17
-- source: < 17
-- expect: 0 code_of
CREATE TABLE t (a int); CREATE FUNCTION helper(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1'; CREATE FUNCTION code_of(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 + 1'; CREATE INDEX i ON t (code_of(a));
