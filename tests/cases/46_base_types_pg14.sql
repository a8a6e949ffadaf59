-- about: base type with a subscript function
-- source: >= 14
-- dest: >= 14
CREATE TYPE pairs; CREATE FUNCTION pairs_in(cstring) RETURNS pairs LANGUAGE internal IMMUTABLE STRICT AS 'jsonb_in'; CREATE FUNCTION pairs_out(pairs) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'jsonb_out';
CREATE TYPE pairs (INPUT = pairs_in, OUTPUT = pairs_out, LIKE = jsonb, SUBSCRIPT = jsonb_subscript_handler); CREATE TABLE t (p pairs); INSERT INTO t VALUES ('{"a": 1}');
