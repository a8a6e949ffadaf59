#include <criterion/criterion.h>

#include "tests/schema/roundtrip.h"

Test(server_statistics, every_kind_comes_back)
{
    Replay r =
        roundtrip_begin("CREATE SCHEMA other; CREATE TABLE t (a int, b int, c text);"
                        "CREATE STATISTICS all_kinds ON a, b FROM t;"
                        "CREATE STATISTICS other.some (ndistinct, dependencies) ON c, a FROM t;"
                        "CREATE STATISTICS \"odd \"\" name\" (mcv) ON a, b, c FROM t;"
                        "COMMENT ON STATISTICS other.some IS 'it''s some';");
    cr_assert(replay_has(&r.list, "CREATE STATISTICS other.some (ndistinct, dependencies) ON a, c"
                                  " FROM public.t"));
    cr_assert(replay_has(&r.list, "COMMENT ON STATISTICS other.some IS 'it''s some'"));
    const Fragment *made = &r.list.items[roundtrip_find(&r.list, "CREATE STATISTICS other.some")];
    cr_assert_eq(made->section, SECTION_PRE);
    cr_assert_eq(made->table, r.model->tables.items[0].object.address.oid);
    replay_end(&r);
}

Test(server_statistics, targets_and_owners_are_kept)
{
    if (test_server_version() < 130000)
        cr_skip("statistics have a target from 13 on");
    Replay r = roundtrip_begin(
        "DO $$BEGIN CREATE ROLE pgzm_t_stat; EXCEPTION WHEN duplicate_object THEN NULL; END$$;"
        "CREATE TABLE t (a int, b int); CREATE STATISTICS s ON a, b FROM t;"
        "CREATE STATISTICS zero ON b, a FROM t;"
        "ALTER STATISTICS s SET STATISTICS 321; ALTER STATISTICS zero SET STATISTICS 0;"
        "ALTER STATISTICS s OWNER TO pgzm_t_stat;");
    cr_assert(replay_has(&r.list, "ALTER STATISTICS public.s SET STATISTICS 321"));
    cr_assert(replay_has(&r.list, "ALTER STATISTICS public.zero SET STATISTICS 0"));
    AUTO(mem_free)
    char *rows = test_rows(&r.dest, "SELECT stxname, stxstattarget, stxowner::regrole"
                                    " FROM pg_statistic_ext ORDER BY 1");
    cr_assert_not_null(strstr(rows, "s|321|pgzm_t_stat\n"));
    cr_assert_not_null(strstr(rows, "zero|0|"));
    test_sql(&r.source, "DROP OWNED BY pgzm_t_stat CASCADE");
    test_sql(&r.dest, "DROP OWNED BY pgzm_t_stat CASCADE; DROP ROLE pgzm_t_stat");
    replay_end(&r);
}

Test(server_statistics, expressions_come_from_14_on)
{
    if (test_server_version() < 140000)
        cr_skip("statistics have expressions from 14 on");
    Replay r = roundtrip_begin(
        "CREATE TABLE t (a int, b text);"
        "CREATE FUNCTION zz(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper($1)';"
        "CREATE STATISTICS mixed ON (a + 1), zz(b) FROM t;"
        "CREATE STATISTICS one ON (zz(b)) FROM t;");
    cr_assert(
        roundtrip_needs(&r.list, roundtrip_find(&r.list, "CREATE STATISTICS public.one"),
                        roundtrip_find(&r.list, "CREATE OR REPLACE FUNCTION public.zz(text)")));
    replay_end(&r);
}

Test(server_statistics, any_relation_with_rows_has_them)
{
    Replay r = roundtrip_begin("CREATE TABLE parted (a int, b int) PARTITION BY RANGE (a);"
                               "CREATE TABLE part PARTITION OF parted FOR VALUES FROM (0) TO (9);"
                               "CREATE STATISTICS s1 ON a, b FROM parted;"
                               "CREATE STATISTICS s2 ON a, b FROM part;"
                               "CREATE MATERIALIZED VIEW m AS SELECT a, b FROM parted;"
                               "CREATE STATISTICS s3 ON a, b FROM m;"
                               "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER far"
                               " FOREIGN DATA WRAPPER w;"
                               "CREATE FOREIGN TABLE f (a int, b int) SERVER far;"
                               "CREATE STATISTICS s4 ON a, b FROM f;");
    cr_assert(roundtrip_needs(&r.list, roundtrip_find(&r.list, "CREATE STATISTICS public.s4"),
                              roundtrip_find(&r.list, "CREATE FOREIGN TABLE")));
    replay_end(&r);
}

Test(server_statistics, a_view_that_has_to_wait_takes_them_along)
{
    Replay r = roundtrip_begin("CREATE TABLE t (id int PRIMARY KEY, b int);"
                               "CREATE MATERIALIZED VIEW m AS SELECT id, b FROM t GROUP BY id;"
                               "CREATE STATISTICS s ON id, b FROM m;");
    const Fragment *made = &r.list.items[roundtrip_find(&r.list, "CREATE STATISTICS")];
    cr_assert_eq(made->section, SECTION_POST);
    replay_end(&r);
}

Test(server_statistics, servers_before_13_get_no_target)
{
    if (test_server_version() < 130000)
        cr_skip("statistics have a target from 13 on");
    TestDatabase database = test_database("stattarget");
    test_sql(&database, "CREATE TABLE t (a int, b int); CREATE STATISTICS s ON a, b FROM t;"
                        "ALTER STATISTICS s SET STATISTICS 321;");
    AUTO(arena_free) Arena *arena = arena_new();
    AUTO(conn_free) Conn *conn = replay_connect(&database, CONN_SOURCE);
    AUTO(error_clear) Error err = ERROR_INIT;
    Model *model;
    FragmentList list, older;
    replay_read(&database, arena, &model, &list);
    cr_assert(roundtrip_has(&list, "ALTER STATISTICS public.s SET STATISTICS 321"));
    cr_assert(fragments_build(model, 120000, conn, arena, &older, &err), "%s", err.message);
    cr_assert(!roundtrip_has(&older, "ALTER STATISTICS public.s SET"));
    cr_assert(roundtrip_has(&older, "CREATE STATISTICS public.s"));
    conn_free(TAKE(conn));
    test_database_drop(&database);
}
