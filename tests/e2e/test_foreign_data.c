#include "tests/e2e/shop.h"

/* Foreign data through a whole migration: what is in no schema, and tables without rows. */

/* A wrapper that insists on an option, as some do, and cannot be asked for rows. */
#define WRAPPER                                                                                    \
    "CREATE SCHEMA fdw; CREATE FUNCTION fdw.validate(text[], oid) RETURNS void LANGUAGE plpgsql"   \
    " AS 'begin if $2 = 1417 and not coalesce($1::text like ''%dbserver%'', false)"                \
    " then raise ''no dbserver''; end if; end';"                                                   \
    "CREATE FOREIGN DATA WRAPPER strict VALIDATOR fdw.validate OPTIONS (a 'b');"

#define TABLES                                                                                     \
    "CREATE TABLE parted (a int, b text) PARTITION BY RANGE (a);"                                  \
    "CREATE TABLE near PARTITION OF parted FOR VALUES FROM (1) TO (100);"                          \
    "CREATE FOREIGN TABLE far PARTITION OF parted FOR VALUES FROM (100) TO (200)"                  \
    " SERVER remote OPTIONS (t 'far');"                                                            \
    "CREATE TABLE base (a int); CREATE FOREIGN TABLE child (b int) INHERITS (base)"                \
    " SERVER remote;"                                                                              \
    "CREATE STATISTICS near_ab ON a, b FROM near;"                                                 \
    "INSERT INTO near SELECT i, i FROM generate_series(1, 99) i; INSERT INTO base VALUES (1);"

static const char source[] =
    WRAPPER "CREATE SERVER remote VERSION '2' FOREIGN DATA WRAPPER strict"
            " OPTIONS (dbserver 'new', port '1');"
            "CREATE USER MAPPING FOR PUBLIC SERVER remote OPTIONS (password 'sesame');" TABLES;

static const char servers[] = "SELECT srvversion, srvoptions, umoptions FROM pg_foreign_server s"
                              " JOIN pg_user_mappings m ON m.srvid = s.oid";

static Launch migrate(const TestDatabase *from, const TestDatabase *to)
{
    const char *const arguments[] = {
        "start", "--source", from->conninfo, "--dest", to->conninfo, "--verbose", NULL};
    return launch_now(arguments);
}

static void check_new(const TestDatabase *dest, const char *expected)
{
    AUTO(mem_free) char *rows = test_rows(dest, servers);
    cr_assert_str_eq(rows, expected);
    EXPECT_VALUE(dest, "SELECT count(*) FROM ONLY near", "99");
    EXPECT_VALUE(dest, "SELECT count(*) FROM ONLY base", "1");
    EXPECT_VALUE(dest,
                 "SELECT string_agg(ftrelid::regclass || coalesce(ftoptions::text, ''), ' '"
                 " ORDER BY 1) FROM (SELECT * FROM pg_foreign_table f JOIN pg_class c"
                 " ON c.oid = ftrelid AND relnamespace = 'public'::regnamespace"
                 " ORDER BY relname) x",
                 "child far{t=far}");
    EXPECT_VALUE(dest,
                 "SELECT stxnamespace::regnamespace FROM pg_statistic_ext"
                 " WHERE stxrelid = 'near'::regclass",
                 "public");
}

Test(server_foreign_data, comes_with_servers_that_insist_on_options)
{
    TestDatabase from = test_source_database("source"), to = test_database("dest");
    test_sql(&from, source);
    Launch launch = migrate(&from, &to);
    EXPECT_EXIT(&launch, 0);
    cr_assert_null(strstr(launch.out, "sesame"));
    cr_assert_null(strstr(launch.err, "sesame"));
    check_new(&to, "2|{dbserver=new,port=1}|{password=sesame}\n");
    /* The partitioned table cannot be analyzed, its partition that is here can. */
    EXPECT_VALUE(&to, "SELECT reltuples FROM pg_class WHERE oid = 'near'::regclass", "99");
    launch_clear(&launch);
    test_database_drop(&from);
    test_database_drop(&to);
}

Test(server_foreign_data, changes_in_the_swap_and_back_in_a_rollback)
{
    TestDatabase from = test_source_database("source"), to = test_database("dest");
    test_sql(&from, source);
    test_sql(&to, WRAPPER "CREATE SERVER remote VERSION '1' FOREIGN DATA WRAPPER strict"
                          " OPTIONS (dbserver 'old', kept 'yes');"
                          "CREATE USER MAPPING FOR PUBLIC SERVER remote"
                          " OPTIONS (password 'open');"
                          "CREATE FOREIGN DATA WRAPPER own VALIDATOR fdw.validate;" TABLES);
    static const char validators[] =
        "SELECT string_agg(fdwname || ' ' || fdwvalidator::regproc, ', ' ORDER BY fdwname)"
        " FROM pg_foreign_data_wrapper";
    Launch launch = migrate(&from, &to);
    EXPECT_EXIT(&launch, 0);
    /* A password is not for the journal: the live mapping stays as it is. */
    EXPECT_CONTAINS(launch.err, "not carried over: options of user mapping public");
    launch_clear(&launch);
    check_new(&to, "2|{dbserver=new,kept=yes,port=1}|{password=open}\n");
    EXPECT_VALUE(&to, "SELECT count(*) FROM pgzm.step WHERE statement ~ 'sesame|open'", "0");
    EXPECT_VALUE(&to, validators, "own fdw.validate, strict fdw.validate");

    const char *const back[] = {"rollback", "--latest", "--dest", to.conninfo, NULL};
    launch = launch_now(back);
    EXPECT_EXIT(&launch, 0);
    launch_clear(&launch);
    check_new(&to, "1|{dbserver=old,kept=yes}|{password=open}\n");
    EXPECT_VALUE(&to, validators, "own fdw.validate, strict fdw.validate");
    test_database_drop(&from);
    test_database_drop(&to);
}
