/*
 * Workers that join a running prepare: they share its rows, may come, go and die, and no row is
 * there twice or not at all.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/e2e/bakery.h"

static const CompareScope live_may_have_more = {.second_may_have_more = true};

enum { TABLES = 10, PATIENCE_MS = 60000 };

/* Tables whose rows take a second each to be stored, but not to be read. */
static Shop slow_open(void)
{
    return bakery_with("CREATE FUNCTION public.wait(i int) RETURNS boolean LANGUAGE plpgsql AS $$"
                       " BEGIN IF current_database() NOT LIKE '%source%' THEN"
                       " PERFORM pg_sleep(0.01); END IF; RETURN true; END $$;"
                       "DO $$ BEGIN FOR i IN 1..10 LOOP"
                       " EXECUTE format('CREATE TABLE slow_%s (id int, note text,"
                       " CHECK (public.wait(id)))', i);"
                       " EXECUTE format('INSERT INTO slow_%s SELECT n, repeat(n::text, 2000)"
                       " FROM generate_series(1, 100) n', i); END LOOP; END $$",
                       NULL);
}

static Launch start(const Shop *shop, const char *command, const char *jobs, const char *program)
{
    const char *const arguments[] = {command,    "--json",
                                     "--jobs",   jobs,
                                     "--source", shop->source.conninfo,
                                     "--dest",   shop->dest.conninfo,
                                     NULL};
    return launch_start(&(LaunchOptions){.program = program}, arguments);
}

static void await(const TestDatabase *database, const char *query)
{
    int64_t end = clock_monotonic_ms() + PATIENCE_MS;
    for (;;) {
        AUTO(mem_free) char *value = test_value(database, query);
        if (value != NULL && strcmp(value, "t") == 0)
            return;
        cr_assert(clock_monotonic_ms() < end, "in vain: %s", query);
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    }
}

/* The journal is there and the rows have begun to come. */
static void await_rows(const Shop *shop)
{
    await(&shop->dest, "SELECT to_regclass('pgzm.event') IS NOT NULL");
    await(&shop->dest, "SELECT count(*) > 0 FROM pgzm.task");
}

static void await_worker(const Shop *shop, pid_t pid)
{
    AUTO(mem_free)
    char *query = mem_printf("SELECT count(*) > 0 FROM pgzm.task WHERE chunk IS NOT NULL AND done"
                             " AND process = %d",
                             (int)pid);
    await(&shop->dest, query);
}

static void expect_whole(const Shop *shop)
{
    EXPECT_SAME(compare_databases(&shop->source, &shop->dest, &live_may_have_more));
    for (int i = 1; i <= TABLES; i++) {
        AUTO(mem_free)
        char *query = mem_printf("SELECT count(*) || ' ' || count(DISTINCT id) FROM slow_%d", i);
        EXPECT_VALUE(&shop->dest, query, "100 100");
    }
}

static int64_t number(const Launch *launch, const char *key)
{
    AUTO(json_decref) json_t *result = shop_json(launch->out);
    return json_integer_value(json_object_get(result, key));
}

Test(server_worker, workers_share_the_rows_and_one_may_die)
{
    Shop shop = slow_open();
    AUTO(launch_clear) Launch prepare = start(&shop, "start", "1", NULL);
    await_rows(&shop);
    AUTO(launch_clear) Launch mortal = start(&shop, "worker", "1", NULL);
    AUTO(launch_clear) Launch other = start(&shop, "worker", "2", NULL);
    await_worker(&shop, mortal.pid);
    int other_pid = (int)other.pid;
    kill(mortal.pid, SIGKILL);
    launch_wait(&mortal);
    launch_wait(&other);
    launch_wait(&prepare);
    EXPECT_EXIT(&other, 0);
    EXPECT_EXIT(&prepare, 0);
    EXPECT_EXIT(&mortal, 128 + SIGKILL);
    expect_whole(&shop);

    /* each did a part, and says how much */
    EXPECT_VALUE(&shop.dest,
                 "SELECT count(DISTINCT process) FROM pgzm.task WHERE chunk IS NOT NULL"
                 " AND host IS NOT NULL",
                 "3");
    AUTO(mem_free)
    char *query = mem_printf("SELECT count(*) FROM pgzm.task WHERE chunk IS NOT NULL"
                             " AND process = %d",
                             other_pid);
    AUTO(mem_free) char *chunks = test_value(&shop.dest, query);
    cr_assert_eq(number(&other, "chunks"), atoi(chunks), "%s: %s", chunks, other.out);
    AUTO(mem_free)
    char *rows = test_value(&shop.dest, "SELECT sum(rows) FROM pgzm.task WHERE chunk IS NOT NULL");
    cr_assert_eq(number(&prepare, "rows"), atoi(rows), "%s: %s", rows, prepare.out);
}

/* A worker whose command was killed as soon as both held the snapshot. */
static Launch start_orphan(const Shop *shop, const char *jobs)
{
    AUTO(launch_clear) Launch prepare = start(shop, "prepare", "1", NULL);
    await_rows(shop);
    Launch worker = start(shop, "worker", jobs, NULL);
    await(&shop->dest, "SELECT count(*) > 0 FROM pgzm.snapshot WHERE worker");
    kill(prepare.pid, SIGKILL);
    launch_wait(&prepare);
    return worker;
}

Test(server_worker, a_worker_holds_the_snapshot_for_a_command_that_goes_on)
{
    Shop shop = slow_open();
    AUTO(launch_clear) Launch worker = start_orphan(&shop, "1");
    /* what is deleted now was there then */
    test_sql(&shop.source, "DELETE FROM slow_1; DELETE FROM slow_10");
    AUTO(launch_clear) Launch resume = start(&shop, "prepare", "1", NULL);
    launch_wait(&resume);
    EXPECT_ERROR(&resume, 5, "migration ");
    AUTO(launch_clear) Launch again = SHOP_LAUNCH(&shop, "prepare", "--resume", "--jobs", "1");
    EXPECT_EXIT(&again, 0);
    launch_wait(&worker);
    EXPECT_EXIT(&worker, 0);
    DEST_RUN(&shop, "swap");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM slow_1", "100");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM slow_10", "100");
}

Test(server_worker, without_the_command_workers_bring_all_rows_in)
{
    Shop shop = slow_open();
    AUTO(launch_clear) Launch worker = start_orphan(&shop, "4");
    launch_wait(&worker);
    EXPECT_EXIT(&worker, 0);
    EXPECT_VALUE(&shop.dest, "SELECT rows_in IS NOT NULL FROM pgzm.migration", "t");
    SHOP_RUN(&shop, "start", "--resume");
    expect_whole(&shop);
}

/* The condition and the mask are the migration's: a worker has no such options. */
Test(server_worker, a_worker_copies_the_part_and_the_masked_values_too)
{
    Shop shop = slow_open();
    test_sql(&shop.source, "DELETE FROM slow_10 WHERE id > 90");
    const char *const arguments[] = {"start",
                                     "--jobs",
                                     "1",
                                     "--where",
                                     "slow_1:id <= 50",
                                     "--where",
                                     "slow_2:id IN (SELECT id FROM slow_10)",
                                     "--mask",
                                     "slow_3.note='masked ' || id",
                                     "--mask",
                                     "slow_4.note=NULL",
                                     "--where",
                                     "slow_4:id > 90",
                                     "--source",
                                     shop.source.conninfo,
                                     "--dest",
                                     shop.dest.conninfo,
                                     NULL};
    AUTO(launch_clear) Launch start_it = launch_start(&(LaunchOptions){0}, arguments);
    await_rows(&shop);
    AUTO(launch_clear) Launch worker = start(&shop, "worker", "3", NULL);
    launch_wait(&worker);
    launch_wait(&start_it);
    EXPECT_EXIT(&worker, 0);
    EXPECT_EXIT(&start_it, 0);
    cr_assert_gt(number(&worker, "chunks"), 4, "%s", worker.out);
    EXPECT_VALUE(&shop.dest, "SELECT count(*) || ' ' || max(id) FROM slow_1", "50 50");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) || ' ' || max(id) FROM slow_2", "90 90");
    EXPECT_VALUE(&shop.dest,
                 "SELECT count(*) || ' ' || count(*) FILTER (WHERE note = 'masked ' || id)"
                 " FROM slow_3",
                 "100 100");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) || ' ' || count(note) FROM slow_4", "10 0");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM slow_5", "100");
}

Test(server_worker, a_part_goes_on_in_the_snapshot_that_a_worker_holds)
{
    Shop shop = slow_open();
    const char *const arguments[] = {"prepare",
                                     "--jobs",
                                     "1",
                                     "--where",
                                     "slow_1:id <= 50",
                                     "--mask",
                                     "slow_10.note='masked'",
                                     "--source",
                                     shop.source.conninfo,
                                     "--dest",
                                     shop.dest.conninfo,
                                     NULL};
    AUTO(launch_clear) Launch prepare = launch_start(&(LaunchOptions){0}, arguments);
    await_rows(&shop);
    AUTO(launch_clear) Launch worker = start(&shop, "worker", "1", NULL);
    await(&shop.dest, "SELECT count(*) > 0 FROM pgzm.snapshot WHERE worker");
    kill(prepare.pid, SIGKILL);
    launch_wait(&prepare);
    test_sql(&shop.source, "DELETE FROM slow_1; DELETE FROM slow_10");
    AUTO(launch_clear) Launch all = SHOP_LAUNCH(&shop, "prepare", "--resume");
    EXPECT_ERROR(&all, 5, "migration ");
    EXPECT_CONTAINS(all.err, "was prepared with other options: --where");
    AUTO(launch_clear)
    Launch again = SHOP_LAUNCH(&shop, "start", "--resume", "--where", "slow_1:id <= 50", "--mask",
                               "slow_10.note='masked'");
    EXPECT_EXIT(&again, 0);
    launch_wait(&worker);
    EXPECT_EXIT(&worker, 0);
    EXPECT_VALUE(&shop.dest, "SELECT count(*) || ' ' || count(DISTINCT id) FROM slow_1", "50 50");
    EXPECT_VALUE(&shop.dest,
                 "SELECT count(*) || ' ' || count(DISTINCT id) FROM slow_10 WHERE note = 'masked'",
                 "100 100");
}

/* Workers alone would be done in a moment. */
Test(server_worker, the_rate_of_the_migration_is_that_of_all_together)
{
    Shop shop = {test_source_database("source"), test_database("dest")};
    test_sql(&shop.source, "DO $$ BEGIN FOR i IN 1..12 LOOP"
                           " EXECUTE format('CREATE TABLE wide_%s (t text)', i);"
                           " EXECUTE format('ALTER TABLE wide_%s ALTER t SET STORAGE EXTERNAL', i);"
                           " EXECUTE format('INSERT INTO wide_%s SELECT repeat(''x'', 1000)"
                           " FROM generate_series(1, 1000)', i); END LOOP; END $$");
    const char *const arguments[] = {
        "prepare", "--jobs",           "1", "--max-rate", "2MB", "--source", shop.source.conninfo,
        "--dest",  shop.dest.conninfo, NULL};
    AUTO(launch_clear) Launch prepare = launch_start(&(LaunchOptions){0}, arguments);
    await_rows(&shop);
    int64_t began = clock_monotonic_ms();
    AUTO(launch_clear) Launch worker = start(&shop, "worker", "3", NULL);
    launch_wait(&prepare);
    launch_wait(&worker);
    EXPECT_EXIT(&prepare, 0);
    EXPECT_EXIT(&worker, 0);
    /* 12 MB; the first second's share may be that of one */
    cr_assert_geq(clock_monotonic_ms() - began, 3500);
    cr_assert_gt(number(&worker, "chunks"), 4, "%s", worker.out);
    EXPECT_VALUE(&shop.dest, "SELECT sum(rows) FROM pgzm.task WHERE kind = 'copy'", "12000");
}

Test(server_worker, what_does_not_fit_is_refused_by_name)
{
    Shop shop = slow_open();
    AUTO(launch_clear) Launch early = SHOP_LAUNCH(&shop, "worker");
    EXPECT_ERROR(&early, 5, "no migration into this destination is being prepared");

    AUTO(launch_clear) Launch prepare = start(&shop, "prepare", "2", NULL);
    await_rows(&shop);
    AUTO(launch_clear) Launch wrong = SHOP_LAUNCH(&shop, "worker", "--timestamp", "17");
    EXPECT_ERROR(&wrong, 5, "migration 17 is not being prepared");
    TestDatabase copy = test_source_database("source");
    AUTO(launch_clear)
    Launch other = LAUNCH("worker", "--source", copy.conninfo, "--dest", shop.dest.conninfo);
    EXPECT_ERROR(&other, 5, "migration ");
    EXPECT_CONTAINS(other.err, " copies another database: ");
    launch_wait(&prepare);
    EXPECT_EXIT(&prepare, 0);
    AUTO(mem_free) char *id = test_value(&shop.dest, "SELECT id FROM pgzm.migration");
    AUTO(launch_clear) Launch late = SHOP_LAUNCH(&shop, "worker", "--timestamp", id);
    EXPECT_ERROR(&late, 5, "migration ");
    EXPECT_CONTAINS(late.err, " is not being prepared");
}

/* The same with nothing of the other's network: the servers are reached by the paths of their
 * sockets. */
Test(server_worker, works_in_a_network_namespace_of_its_own)
{
    if (system("unshare -rn true 2>/dev/null") != 0)
        cr_skip_test("unshare -rn is not allowed here");
    char path[] = "/tmp/pgzmtest-worker.XXXXXX";
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    dprintf(fd, "#!/bin/sh\nexec unshare -rn '%s' \"$@\"\n", launch_command());
    fchmod(fd, 0700);
    close(fd);
    Shop shop = slow_open();
    AUTO(launch_clear) Launch prepare = start(&shop, "start", "1", NULL);
    await_rows(&shop);
    AUTO(launch_clear) Launch worker = start(&shop, "worker", "2", path);
    launch_wait(&worker);
    launch_wait(&prepare);
    unlink(path);
    EXPECT_EXIT(&worker, 0);
    EXPECT_EXIT(&prepare, 0);
    expect_whole(&shop);
    cr_assert_gt(number(&worker, "chunks"), 0, "%s", worker.out);
}
