-- about: procedures, window function, C-language function, SUPPORT function
CREATE TABLE t (a int);
CREATE PROCEDURE p(a int, INOUT b text DEFAULT 'b') LANGUAGE plpgsql SET search_path = public
    AS $$ begin insert into t values (a); end $$;
CREATE PROCEDURE p(text) LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';
CREATE FUNCTION my_rank() RETURNS bigint LANGUAGE internal WINDOW IMMUTABLE AS 'window_rank';
CREATE FUNCTION numbers(int, int) RETURNS SETOF int LANGUAGE internal IMMUTABLE STRICT ROWS 500
    SUPPORT generate_series_int4_support AS 'generate_series_int4';
CREATE FUNCTION in_c(internal) RETURNS internal LANGUAGE c STRICT AS '$libdir/dict_snowball', 'dsnowball_init';
CREATE VIEW v AS SELECT a, my_rank() OVER (ORDER BY a) FROM t;
COMMENT ON PROCEDURE p(text) IS 'of text';
