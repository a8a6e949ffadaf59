/*
 * A destination that is in use: the rate of rows, the memory of index builds, and the lag of
 * replicas, which a server without any only mentions.
 */
#include "base/cancel.h"
#include "base/clock.h"
#include "tests/e2e/shop.h"
#include "tests/harness/unfit.h"

static Shop open_rows(void)
{
    Shop shop = {test_source_database("source"), test_database("dest")};
    test_sql(&shop.source, "CREATE TABLE wide (id integer PRIMARY KEY, t text NOT NULL);"
                           "ALTER TABLE wide ALTER t SET STORAGE EXTERNAL;"
                           "INSERT INTO wide SELECT g, repeat('x', 1000) FROM"
                           " generate_series(1, 3000) AS g;"
                           "CREATE INDEX noted ON wide (length(t), id)");
    return shop;
}

Test(server_throttle, rows_take_the_time_that_the_rate_asks_for)
{
    Shop shop = open_rows();
    int64_t start = clock_monotonic_ms();
    AUTO(launch_clear)
    Launch launch = SHOP_LAUNCH(&shop, "prepare", "--jobs", "2", "--max-rate", "1MB");
    EXPECT_EXIT(&launch, 0);
    /* about 3 MB; what is behind the last message and a tenth of a second are free */
    cr_assert_geq(clock_monotonic_ms() - start, 2500);
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM pgzm_shadow_public.wide", "3000");
}

Test(server_throttle, a_wait_for_the_rate_is_over_when_the_command_is)
{
    Shop shop = open_rows();
    int64_t start = clock_monotonic_ms();
    AUTO(launch_clear)
    Launch launch = SHOP_LAUNCH(&shop, "prepare", "--max-rate", "1kB", "--timeout", "3s");
    cr_assert_neq(launch.exit_code, 0);
    EXPECT_CONTAINS(launch.err, "--timeout");
    cr_assert_lt(clock_monotonic_ms() - start, 60000);
}

Test(server_throttle, no_replica_is_no_reason_to_wait)
{
    Shop shop = open_rows();
    AUTO(mem_free)
    char *replicas = test_value(&shop.dest, "SELECT count(*) FROM pg_stat_replication");
    AUTO(launch_clear) Launch launch = SHOP_LAUNCH(&shop, "prepare", "--max-lag", "10s");
    EXPECT_EXIT(&launch, 0);
    if (strcmp(replicas, "0") == 0)
        EXPECT_CONTAINS(launch.err, "the destination has no replicas");
}

Test(server_throttle, an_index_build_has_its_part_of_the_memory)
{
    Shop shop = open_rows();
    /* told by the expression of an index */
    test_sql(&shop.source, "CREATE SCHEMA aid;"
                           "CREATE FUNCTION aid.note(integer) RETURNS integer IMMUTABLE"
                           " LANGUAGE plpgsql AS $$ BEGIN IF $1 = 7 AND"
                           " current_setting('application_name') LIKE 'pgzm-copy load%' THEN"
                           " RAISE EXCEPTION 'memory %, workers %',"
                           " current_setting('maintenance_work_mem'),"
                           " current_setting('max_parallel_maintenance_workers'); END IF;"
                           " RETURN $1; END $$;"
                           "CREATE INDEX told ON wide (aid.note(id))");
    AUTO(launch_clear)
    Launch launch = SHOP_LAUNCH(&shop, "prepare", "--jobs", "1", "--index-memory", "40MB");
    EXPECT_ERROR(&launch, 7, "making index pgzm_shadow_public.told: memory 40MB, workers 0");
    AUTO(launch_clear) Launch abort_it = LAUNCH("abort", "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&abort_it, 0);
    AUTO(launch_clear)
    Launch refused = SHOP_LAUNCH(&shop, "prepare", "--index-memory", "much");
    EXPECT_ERROR(&refused, 2, "the memory of index builds is no size");
}

/* Rows that are in, committed or not, as far as the WAL tells. */
static void expect_nothing_done(const TestDatabase *dest, const char *who)
{
    AUTO(mem_free)
    char *done = test_value(dest, "SELECT count(*) FROM pgzm.task WHERE done"
                                  " AND kind = 'copy'");
    cr_assert_str_eq(done, "0", "%s did not wait: %s tables", who, done);
}

static void await(const TestDatabase *database, const char *query)
{
    for (int i = 0; i < 600; i++) {
        AUTO(mem_free) char *value = test_value(database, query);
        if (value != NULL && value[0] == 't')
            return;
        cancel_sleep(NULL, 100);
    }
    cr_assert_fail("in vain: %s", query);
}

Test(server_throttle, a_replica_that_lags_is_waited_for_by_workers_too, .timeout = 180)
{
    Unfit servers = unfit_start();
    Shop shop = open_rows();
    shop.dest = servers.primary;
    await(&servers.standby, "SELECT pg_is_in_recovery()");
    await(&shop.dest, "SELECT count(*) > 0 FROM pg_stat_replication WHERE state = 'streaming'");
    test_sql(&servers.standby, "SELECT pg_wal_replay_pause()");
    test_sql(&shop.dest, "CREATE TABLE aside AS SELECT repeat('x', 1000) FROM"
                         " generate_series(1, 2000)");
    const char *const arguments[] = {"prepare",   "--verbose",
                                     "--jobs",    "1",
                                     "--max-lag", "100kB",
                                     "--source",  shop.source.conninfo,
                                     "--dest",    shop.dest.conninfo,
                                     NULL};
    const char *const help[] = {"worker", "--verbose",        "--jobs",
                                "1",      "--source",         shop.source.conninfo,
                                "--dest", shop.dest.conninfo, NULL};
    AUTO(launch_clear) Launch prepare = launch_start(&(LaunchOptions){0}, arguments);
    await(&shop.dest, "SELECT to_regclass('pgzm.event') IS NOT NULL");
    await(&shop.dest, "SELECT count(*) > 0 FROM pgzm.task");
    AUTO(launch_clear) Launch worker = launch_start(&(LaunchOptions){0}, help);
    await(&shop.dest, "SELECT count(*) > 0 FROM pgzm.snapshot WHERE worker");
    cancel_sleep(NULL, 2000);
    expect_nothing_done(&shop.dest, "the command or its worker");
    test_sql(&servers.standby, "SELECT pg_wal_replay_resume()");
    launch_wait(&prepare);
    launch_wait(&worker);
    EXPECT_EXIT(&prepare, 0);
    EXPECT_EXIT(&worker, 0);
    EXPECT_CONTAINS(prepare.err, "paused: replica ");
    EXPECT_CONTAINS(worker.err, "paused: replica ");
    EXPECT_CONTAINS(worker.err, "the copy goes on");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM pgzm_shadow_public.wide", "3000");
}
