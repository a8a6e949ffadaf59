/*
 * The destination's server crashes while rows are copied. The workers' commits do not wait for the
 * disk, so it loses some that were acknowledged: they are noticed and made again, everything that
 * is built on them after them, and every row is there once.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/cancel.h"
#include "base/clock.h"
#include "tests/e2e/shop.h"
#include "tests/harness/dying.h"

/* LAST_TASK: of about 450. The last of all, which is slow, is still under way then. */
enum { PATIENCE_MS = 100000, LAST_TASK = 400 };

#define LOST "the destination lost "

/* Keys that fail, and sums that are wrong, when they are made before all rows are back. Tables that
 * are emptied first are never lost, for that waits for the disk: the parents are small. */
static const char tables[] =
    "DO $$ BEGIN FOR i IN 1..6 LOOP"
    " EXECUTE format('CREATE TABLE parent_%s (id int PRIMARY KEY, v text)', i);"
    " EXECUTE format('INSERT INTO parent_%s SELECT k, repeat(md5(k::text), 5) FROM"
    "  generate_series(1, 400) k', i);"
    " EXECUTE format('CREATE TABLE child_%s (id int, parent int REFERENCES parent_%s,"
    "  v text)', i, i);"
    " EXECUTE format('INSERT INTO child_%s SELECT k, 1 + k %% 400, repeat(md5(k::text), 4) FROM"
    "  generate_series(1, 3000) k', i);"
    " EXECUTE format('CREATE INDEX ON child_%s (id)', i);"
    " EXECUTE format('CREATE MATERIALIZED VIEW sum_%s AS SELECT count(*) n, sum(p.id) s FROM"
    "  child_%s c JOIN parent_%s p ON p.id = c.parent', i, i, i);"
    "END LOOP;"
    "FOR i IN 1..100 LOOP"
    " EXECUTE format('CREATE TABLE small_%s (id int PRIMARY KEY, v text)', i);"
    " EXECUTE format('INSERT INTO small_%s SELECT k, md5((k * %s)::text) FROM"
    "  generate_series(1, 20) k', i, i);"
    "END LOOP; END $$;"
    "CREATE TABLE slow (id int); INSERT INTO slow SELECT generate_series(1, 30);"
    "CREATE FUNCTION public.wait(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$"
    " BEGIN IF current_database() NOT LIKE '%source%' THEN PERFORM pg_sleep(0.1); END IF;"
    " RETURN i; END $$;"
    "CREATE INDEX slow_wait ON slow (public.wait(id))";

/* Without a key: a row that comes twice would be found by nobody but who counts. */
static const char parts[] =
    "CREATE TABLE big (id int, v text); ALTER TABLE big ALTER v SET STORAGE EXTERNAL;"
    "INSERT INTO big SELECT i, repeat(md5(i::text), 500) FROM generate_series(1, 9000) i;"
    "CREATE INDEX big_id ON big (id);";

/* Number and sum of the rows of every table and materialized view. */
static const char sums[] =
    "SELECT c.relname, xpath('/row/*/text()', query_to_xml(format('SELECT count(*) AS n,"
    " sum(hashtext(t::text)::bigint) AS s FROM public.%I t', c.relname), false, true, ''))"
    " FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'm')"
    " ORDER BY c.relname";

static Shop open_shop(const char *script)
{
    dying_begin_forgetful();
    Shop shop = {test_source_database("source"), test_database("dest")};
    test_sql(&shop.source, script);
    return shop;
}

static Launch prepare(const Shop *shop, const char *rate)
{
    const char *const arguments[] = {"prepare",
                                     "--jobs",
                                     "2",
                                     "--retry-timeout",
                                     "60s",
                                     "--source",
                                     shop->source.conninfo,
                                     "--dest",
                                     shop->dest.conninfo,
                                     "--max-rate",
                                     rate,
                                     NULL};
    return launch_start(&(LaunchOptions){0}, arguments);
}

static int64_t tasks_done(const Shop *shop)
{
    AUTO(mem_free) char *there = test_value(&shop->dest, "SELECT to_regclass('pgzm.event')");
    if (there == NULL)
        return 0;
    AUTO(mem_free)
    char *done = test_value(&shop->dest, "SELECT count(*) FROM pgzm.task WHERE done AND host"
                                         " IS NOT NULL");
    return atoi(done);
}

static bool has_lost(const Launch *launch)
{
    AUTO(mem_free) char *err = launch_err_so_far(launch);
    return strstr(err, LOST) != NULL;
}

/* Crashes as soon as `more` tasks were done since the last time; false when the copy has ended
 * before, or has lost something already. */
static bool crash_after(const Shop *shop, Launch *launch, int more, void (*crash)(void *))
{
    int64_t end = clock_monotonic_ms() + PATIENCE_MS, goal = tasks_done(shop) + more;
    while (tasks_done(shop) < goal) {
        if (launch_ended(launch, 10) || has_lost(launch))
            return false;
        cr_assert(clock_monotonic_ms() < end, "nothing is done");
    }
    crash(NULL);
    return true;
}

static void expect_whole(Shop *shop, Launch *launch)
{
    launch_wait(launch);
    EXPECT_EXIT(launch, 0);
    AUTO(launch_clear) Launch swap = LAUNCH("swap", "--dest", shop->dest.conninfo);
    EXPECT_EXIT(&swap, 0);
    AUTO(mem_free) char *expected = test_rows(&shop->source, sums);
    AUTO(mem_free) char *found = test_rows(&shop->dest, sums);
    cr_assert_str_eq(found, expected, "\n%s\ninstead of\n%s", found, expected);
    static const CompareScope scope = {.second_may_have_more = true};
    EXPECT_SAME(compare_databases(&shop->source, &shop->dest, &scope));
}

/* Crashes until something was lost: commits may have reached the disk just before, as every table
 * that is emptied first takes along what was committed until then. */
static void survive(void (*crash)(void *), int first, int then)
{
    Shop shop = open_shop(tables);
    AUTO(launch_clear) Launch launch = prepare(&shop, "2MB");
    cr_assert(crash_after(&shop, &launch, first, crash), "%s", launch.err);
    while (tasks_done(&shop) + then < LAST_TASK && crash_after(&shop, &launch, then, crash))
        ;
    expect_whole(&shop, &launch);
    EXPECT_CONTAINS(launch.err, LOST);
}

Test(server_crash, of_the_server_stopped_at_once, .timeout = 600)
{
    survive(dying_restart, 4, 30);
}

Test(server_crash, of_the_server_killed_in_all_its_processes, .timeout = 600)
{
    survive(dying_kill, 15, 30);
}

Test(server_crash, amid_the_parts_of_one_table, .timeout = 600)
{
    Shop shop = open_shop(parts);
    AUTO(launch_clear) Launch launch = prepare(&shop, "33MB");
    cr_assert(crash_after(&shop, &launch, 1, dying_kill), "%s", launch.err);
    expect_whole(&shop, &launch);
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM pgzm.task WHERE kind = 'copy'", "4");
}

/* Their rows cannot be told by the journal. */
Test(server_crash, empties_unlogged_tables_which_is_an_error, .timeout = 600)
{
    Shop shop =
        open_shop("CREATE UNLOGGED TABLE brief (id int);"
                  "INSERT INTO brief SELECT generate_series(1, 100000);"
                  "CREATE TABLE slow (v text); ALTER TABLE slow ALTER v SET STORAGE EXTERNAL;"
                  "INSERT INTO slow SELECT repeat('x', 1000) FROM generate_series(1, 3000)");
    AUTO(launch_clear) Launch launch = prepare(&shop, "2MB");
    cr_assert(crash_after(&shop, &launch, 1, dying_restart), "%s", launch.err);
    launch_wait(&launch);
    EXPECT_ERROR(&launch, 7, "unlogged table pgzm_shadow_public.brief has 0 rows, and 100000 were");
    AUTO(launch_clear) Launch abort_it = LAUNCH("abort", "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&abort_it, 0);
    Launch again = prepare(&shop, "100MB");
    expect_whole(&shop, &again);
    launch_clear(&again);
}
