-- about: range types: canonical, subdiff, collation
CREATE TYPE floats AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = float8mi); CREATE TYPE words AS RANGE (SUBTYPE = text, SUBTYPE_OPCLASS = text_pattern_ops, COLLATION = "POSIX");
CREATE FUNCTION diff(date, date) RETURNS float8 LANGUAGE sql IMMUTABLE AS 'SELECT ($1 - $2)::float8'; CREATE TYPE days AS RANGE (SUBTYPE = date, SUBTYPE_DIFF = diff);
CREATE TYPE numbers; CREATE FUNCTION canonical(numbers) RETURNS numbers LANGUAGE internal IMMUTABLE STRICT AS 'int4range_canonical'; CREATE TYPE numbers AS RANGE (SUBTYPE = int4, CANONICAL = canonical, SUBTYPE_DIFF = int4range_subdiff);
CREATE TABLE t (f floats, w words DEFAULT '[a,b)', d days, n numbers, l words[]); INSERT INTO t VALUES ('[1.5,2)', '[x,y]', '[2020-01-01,2020-02-01]', '[1,5]', '{"[a,b]"}'), ('empty', NULL, '(,)', NULL, NULL); CREATE INDEX i ON t USING gist (d); COMMENT ON TYPE days IS 'days';
