-- about: base type with shell, typmod functions, non-literal default; undefined type
-- check: SELECT a, b, l FROM t ORDER BY a::text
CREATE TYPE ghost; CREATE TYPE code;
CREATE FUNCTION code_in(cstring, oid, int) RETURNS code LANGUAGE internal IMMUTABLE STRICT AS 'varcharin'; CREATE FUNCTION code_out(code) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'varcharout';
CREATE FUNCTION code_recv(internal, oid, int) RETURNS code LANGUAGE internal STABLE STRICT AS 'varcharrecv'; CREATE FUNCTION code_send(code) RETURNS bytea LANGUAGE internal STABLE STRICT AS 'varcharsend';
CREATE FUNCTION code_typmod_in(cstring[]) RETURNS int LANGUAGE internal IMMUTABLE STRICT AS 'varchartypmodin'; CREATE FUNCTION code_typmod_out(int) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'varchartypmodout';
CREATE TYPE code (INPUT = code_in, OUTPUT = code_out, RECEIVE = code_recv, SEND = code_send, TYPMOD_IN = code_typmod_in, TYPMOD_OUT = code_typmod_out, INTERNALLENGTH = VARIABLE, ALIGNMENT = int4, STORAGE = extended, CATEGORY = 'X', PREFERRED = true, DEFAULT = 'it''s', DELIMITER = ';', COLLATABLE = true);
CREATE TABLE t (a code, b code(8), l code[]); INSERT INTO t VALUES ('x', 'abc', '{a;b}'); INSERT INTO t (b) VALUES ('zz'); COMMENT ON TYPE code IS 'base';
CREATE FUNCTION of_ghost(ghost) RETURNS int LANGUAGE internal AS 'int4in';
