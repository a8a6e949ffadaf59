#include <criterion/criterion.h>

#include "tests/schema/replay.h"

Test(server_function, arguments_results_and_settings_come_back)
{
    Replay r = replay(
        "function",
        "CREATE TYPE pair AS (a int, b text);"
        "CREATE FUNCTION f(a int, b text DEFAULT 'it''s', VARIADIC c int[] DEFAULT '{1,2}')"
        " RETURNS int LANGUAGE sql COST 7 AS 'SELECT 1';"
        "CREATE FUNCTION f(a numeric) RETURNS numeric LANGUAGE sql IMMUTABLE STRICT LEAKPROOF"
        " PARALLEL SAFE AS 'SELECT $1';"
        "CREATE FUNCTION f(a text, OUT x int, INOUT y text) LANGUAGE sql AS 'SELECT 1, $2';"
        "CREATE FUNCTION rows() RETURNS TABLE (x int, \"Y z\" text) LANGUAGE sql ROWS 33"
        " AS 'SELECT 1, NULL::text';"
        "CREATE FUNCTION several() RETURNS SETOF pair LANGUAGE sql AS 'SELECT 1, NULL::text';"
        "CREATE FUNCTION safe() RETURNS int LANGUAGE plpgsql SECURITY DEFINER"
        " SET search_path = '' SET work_mem = '8MB' AS $$begin return 1; end$$;"
        "CREATE FUNCTION paths() RETURNS int LANGUAGE sql"
        " SET search_path = \"$user\", public, pg_temp AS 'SELECT 1';"
        "CREATE FUNCTION poly(anyelement, anyarray) RETURNS anyelement LANGUAGE sql AS"
        " 'SELECT $1';"
        "CREATE FUNCTION broken() RETURNS int LANGUAGE plpgsql AS $$begin return nowhere(); "
        "end$$;");
    cr_assert(replay_find(&r.list, FRAGMENT_FUNCTION, "function public.f(a numeric)") != SIZE_MAX);
    replay_end(&r);
}

Test(server_function, procedures_windows_and_c_functions_come_back)
{
    Replay r =
        replay("procedure",
               "CREATE PROCEDURE p(a int, INOUT b text DEFAULT 'x') LANGUAGE plpgsql AS"
               " 'begin b := a; end';"
               "CREATE FUNCTION w() RETURNS bigint LANGUAGE internal WINDOW AS 'window_row_number';"
               "CREATE FUNCTION c() RETURNS language_handler LANGUAGE c AS"
               " '$libdir/plpgsql', 'plpgsql_call_handler';"
               "CREATE FUNCTION helped(text, text) RETURNS bool LANGUAGE internal IMMUTABLE STRICT"
               " SUPPORT textlike_support AS 'textlike';"
               "REVOKE EXECUTE ON PROCEDURE p(int, text) FROM PUBLIC;"
               "COMMENT ON PROCEDURE p(int, text) IS 'a procedure';");
    cr_assert(
        replay_has(&r.list,
                   "REVOKE EXECUTE ON PROCEDURE public.p(a integer, INOUT b text) FROM PUBLIC") ||
        replay_has(&r.list, "REVOKE EXECUTE ON PROCEDURE public.p(IN a integer, INOUT b text)"
                            " FROM PUBLIC"));
    replay_end(&r);
}

Test(server_function, a_procedure_with_out_arguments_comes_back)
{
    if (test_server_version() < 140000)
        cr_skip("procedures take OUT arguments from 14 on");
    Replay r = replay("outproc", "CREATE PROCEDURE p(a int, OUT b text) LANGUAGE plpgsql AS"
                                 " 'begin b := a; end';"
                                 "COMMENT ON PROCEDURE p(int, OUT text) IS 'a procedure';"
                                 "GRANT EXECUTE ON PROCEDURE p(int) TO pg_monitor;");
    cr_assert_neq(replay_find(&r.list, FRAGMENT_COMMENT, "comment public.p"), SIZE_MAX);
    replay_end(&r);
}
