/*
 * A destination whose lock table is too small for the schema in one transaction: it is made and
 * rehearsed in several.
 */
#include <stdlib.h>

#include "tests/e2e/shop.h"

static void use_small_server(void)
{
    setenv("TEST_SOURCE_PGHOST", getenv("TEST_PGHOST"), 1);
    setenv("TEST_SOURCE_PGPORT", getenv("TEST_PGPORT"), 1);
    setenv("TEST_PGHOST", getenv("TEST_SCRAM_PGHOST"), 1);
    setenv("TEST_PGPORT", getenv("TEST_SCRAM_PGPORT"), 1);
    setenv("TEST_PGUSER", getenv("TEST_SCRAM_PGUSER"), 1);
    setenv("TEST_PGPASSWORD", getenv("TEST_SCRAM_PGPASSWORD"), 1);
}

#define SKIP_WITHOUT_SMALL_SERVER()                                                                \
    do {                                                                                           \
        if (getenv("TEST_SCRAM_PGHOST") == NULL || getenv("TEST_SOURCE_PGHOST") != NULL)           \
            cr_skip_test("the second server of tests/run.sh, with a small lock table, is not "     \
                         "there");                                                                 \
    } while (0)

Test(server_batches, the_schema_needs_no_large_lock_table)
{
    SKIP_WITHOUT_SMALL_SERVER();
    use_small_server();
    Shop shop = shop_open();
    /* indexes that are not made with their tables: over expressions */
    test_sql(&shop.source, "DO $$ BEGIN FOR i IN 1..100 LOOP"
                           " EXECUTE format('CREATE TABLE public.wide_%s (a int, b int)', i);"
                           " FOR k IN 1..6 LOOP"
                           " EXECUTE format('CREATE INDEX ON public.wide_%s ((a + %s), b)', i, k);"
                           " END LOOP; END LOOP; END $$");
    AUTO(mem_free)
    char *space = test_value(&shop.dest, "SELECT current_setting('max_locks_per_transaction')::int"
                                         " * current_setting('max_connections')::int <= 800");
    cr_assert_str_eq(space, "t", "the lock table is not small");
    static const CompareScope scope = {.second_may_have_more = true};

    AUTO(launch_clear) Launch launch = SHOP_LAUNCH(&shop, "start", "--verbose");
    EXPECT_EXIT(&launch, 0);
    cr_assert_not_null(strstr(launch.err, "statements, in batches"), "%s", launch.err);
    cr_assert_null(strstr(launch.err, " statements, 1 transaction\n"), "%s", launch.err);
    EXPECT_SAME(compare_databases(&shop.source, &shop.dest, &scope));

    /* once more and given up: what was made in batches goes as well */
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, false);
    AUTO(launch_clear) Launch again = SHOP_LAUNCH(&shop, "prepare");
    EXPECT_EXIT(&again, 0);
    AUTO(launch_clear) Launch abort_it = LAUNCH("abort", "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&abort_it, 0);
    AUTO(mem_free) char *after = compare_fingerprint(&shop.dest, NULL, false);
    EXPECT_SAME(compare_fingerprints(before, after));
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM pg_namespace WHERE nspname ~ 'pgzm_shadow'",
                 "0");
}

/* Each of many jobs has a part of the lock table alone. */
Test(server_batches, tables_made_side_by_side_need_none_either)
{
    SKIP_WITHOUT_SMALL_SERVER();
    use_small_server();
    Shop shop = {test_source_database("source"), test_database("dest")};
    test_sql(&shop.source, "DO $$ BEGIN FOR i IN 1..700 LOOP"
                           " EXECUTE format('CREATE TABLE t%s (a int, b text)', i);"
                           " EXECUTE format('INSERT INTO t%s VALUES (%s)', i, i);"
                           " END LOOP; END $$");
    /* long enough for all of them to hold their locks at once (17 and later do without) */
    test_sql(&shop.dest,
             "CREATE SCHEMA aid; CREATE FUNCTION aid.slow() RETURNS event_trigger LANGUAGE plpgsql"
             " AS $$ BEGIN IF current_setting('application_name') ~ 'schema' THEN"
             " PERFORM pg_sleep(0.005); END IF; END $$;"
             "CREATE EVENT TRIGGER slow ON ddl_command_end EXECUTE FUNCTION aid.slow()");
    AUTO(launch_clear) Launch launch = SHOP_LAUNCH(&shop, "prepare", "--jobs", "12", "--verbose");
    EXPECT_EXIT(&launch, 0);
    EXPECT_CONTAINS(launch.err, "making 700 tables with 12 connections");
    EXPECT_VALUE(&shop.dest, "SELECT sum(rows) FROM pgzm.task WHERE kind = 'copy'", "700");
}
