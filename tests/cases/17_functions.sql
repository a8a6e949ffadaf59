-- about: functions: defaults, VARIADIC, OUT, TABLE, SETOF, overloads, SET search_path '' and lists, COST and ROWS
-- check: SELECT f(1), f('a'), f(1, 2), o.*, g.* FROM outs(3) o, several(2) g
CREATE TABLE t (a int, b text); INSERT INTO t VALUES (1, 'x');
CREATE FUNCTION f(int) RETURNS text LANGUAGE sql AS $$ SELECT 'int' $$;
CREATE FUNCTION f(text) RETURNS text LANGUAGE sql AS $$ SELECT 'text' $$;
CREATE FUNCTION f(int, int) RETURNS text LANGUAGE sql AS $$ SELECT 'two' $$;
CREATE FUNCTION defaults(a int, b text DEFAULT 'it''s', c timestamptz DEFAULT now(), d int[] DEFAULT '{1,2}')
    RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION many(VARIADIC l text[]) RETURNS int LANGUAGE sql IMMUTABLE STRICT AS 'SELECT 2';
CREATE FUNCTION "any"(VARIADIC "any") RETURNS int LANGUAGE internal AS 'pg_num_nulls';
CREATE FUNCTION outs(IN a int, OUT b int, INOUT c text DEFAULT 'c') LANGUAGE sql AS $$ SELECT a + 1, c $$;
CREATE FUNCTION several(n int) RETURNS TABLE (x int, "Y y" text) LANGUAGE sql ROWS 7 COST 33
    AS $$ SELECT i, 'y' || i FROM generate_series(1, n) i $$;
CREATE FUNCTION of_rows() RETURNS SETOF t LANGUAGE sql STABLE AS 'SELECT * FROM public.t';
CREATE FUNCTION records() RETURNS SETOF record LANGUAGE sql AS 'SELECT 1, 2';
CREATE FUNCTION path_empty() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = '' AS 'SELECT 3';
CREATE FUNCTION path_list() RETURNS int LANGUAGE sql SET search_path = pg_catalog, "$user", "A b", public
    SET work_mem = '5MB' SET datestyle = 'ISO, DMY' AS 'SELECT 4';
CREATE FUNCTION marked(t) RETURNS int LANGUAGE sql IMMUTABLE LEAKPROOF PARALLEL SAFE STRICT COST 1000
    AS 'SELECT $1.a';
CREATE FUNCTION dollars() RETURNS text LANGUAGE plpgsql AS $f$ begin return $function$ $$ ' \ $function$; end $f$;
CREATE FUNCTION poly(anyelement, anyarray) RETURNS anyelement LANGUAGE sql AS 'SELECT $1';
COMMENT ON FUNCTION f(text) IS 'with text';
