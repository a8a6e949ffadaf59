#include <criterion/criterion.h>

#include "tests/schema/roundtrip.h"

Test(server_aggregate, every_sort_comes_back)
{
    Replay r = roundtrip_begin(
        "CREATE FUNCTION step(numeric, int) RETURNS numeric LANGUAGE sql IMMUTABLE AS"
        " 'SELECT $1 + $2'; CREATE FUNCTION unstep(numeric, int) RETURNS numeric LANGUAGE sql"
        " IMMUTABLE AS 'SELECT $1 - $2';"
        "CREATE FUNCTION last(numeric) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1::text';"
        "CREATE AGGREGATE total(int) (SFUNC = step, STYPE = numeric, INITCOND = '0',"
        " SSPACE = 100, FINALFUNC = last, COMBINEFUNC = numeric_add, MSFUNC = step,"
        " MINVFUNC = unstep, MSTYPE = numeric, MSSPACE = 50, MFINALFUNC = last, MINITCOND = '0',"
        " PARALLEL = SAFE);"
        "CREATE AGGREGATE rows(*) (SFUNC = int8inc, STYPE = int8, INITCOND = '0');"
        "CREATE AGGREGATE smallest(int) (SFUNC = int4smaller, STYPE = int,"
        " SORTOP = operator(pg_catalog.<));"
        "CREATE AGGREGATE middle(float8 ORDER BY anyelement) (SFUNC = ordered_set_transition,"
        " STYPE = internal, FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA,"
        " FINALFUNC_MODIFY = READ_WRITE);"
        "CREATE AGGREGATE place(VARIADIC \"any\" ORDER BY VARIADIC \"any\") ("
        " SFUNC = ordered_set_transition_multi, STYPE = internal, FINALFUNC = rank_final,"
        " FINALFUNC_EXTRA, HYPOTHETICAL);"
        "CREATE FUNCTION push(anyarray, anyelement) RETURNS anyarray LANGUAGE sql IMMUTABLE "
        "AS'SELECT $1 || $2';"
        "CREATE AGGREGATE gather(anyelement) (SFUNC = push, STYPE = anyarray,"
        " INITCOND = '{}') ;"
        "COMMENT ON AGGREGATE rows(*) IS 'how many';"
        "CREATE ROLE aggregate_reader;"
        "GRANT EXECUTE ON FUNCTION total(int) TO aggregate_reader;"
        "REVOKE EXECUTE ON FUNCTION rows() FROM PUBLIC;"
        "CREATE TABLE t (v int); CREATE VIEW sums AS SELECT total(v), rows(*) FROM t");
    cr_assert(roundtrip_needs(&r.list, roundtrip_find(&r.list, "CREATE VIEW"),
                              roundtrip_find(&r.list, "CREATE AGGREGATE public.total")));
    cr_assert(roundtrip_needs(&r.list, roundtrip_find(&r.list, "CREATE AGGREGATE public.total"),
                              roundtrip_find(&r.list, "CREATE OR REPLACE FUNCTION public.unstep")));
    test_sql(&r.dest, "INSERT INTO t VALUES (1), (2), (4)");
    AUTO(mem_free) char *sums = test_rows(&r.dest, "SELECT * FROM sums");
    cr_assert_str_eq(sums, "7|3\n");
    replay_end(&r);
    /* the grants go with the databases */
    TestDatabase database = test_database("role");
    test_sql(&database, "DROP ROLE aggregate_reader");
    test_database_drop(&database);
}
