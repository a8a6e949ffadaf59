/*
 * Connections that are lost while rows are copied and indexes are built: they are opened again, and
 * every row is there once, every statement is done once.
 */
#include <stdlib.h>
#include <time.h>

#include "tests/e2e/bakery.h"
#include "tests/harness/proxy.h"

static const CompareScope live_may_have_more = {.second_may_have_more = true};

/* Without a key: a row that comes twice would be found by nobody but who counts. */
static const char parcels[] =
    "CREATE TABLE parcels (id int, note text);"
    "INSERT INTO parcels SELECT i, repeat(i::text, 20) FROM generate_series(1, 40000) i;"
    "CREATE INDEX parcels_id ON parcels (id); CREATE INDEX parcels_note ON parcels (note);";

typedef struct Case {
    const char *what;
    ProxyStrike strike;
} Case;

#define AT(start, words, action_, moment_)                                                         \
    {                                                                                              \
        .from = start, .text = words, .action = PROXY_##action_, .moment = PROXY_##moment_         \
    }

/* Everything comes through the proxy, which strikes once. */
static Launch launch_through(Proxy *proxy, const Shop *shop, const char *command,
                             const char *timeout)
{
    test_share_roles();
    AUTO(mem_free) char *source = proxy_conninfo(proxy, PROXY_SOURCE, shop->source.name);
    AUTO(mem_free) char *dest = proxy_conninfo(proxy, PROXY_DEST, shop->dest.name);
    return LAUNCH(command, "--json", "--jobs", "2", "--retry-timeout", timeout,
                  "--preserved-tables", "customers", "--source", source, "--dest", dest);
}

static Proxy *proxy_for(const Shop *shop)
{
    const char *const servers[PROXY_SIDES] = {shop->dest.conninfo, shop->source.conninfo};
    return proxy_new(servers);
}

static void expect_whole(const Shop *shop)
{
    static const char *const kept[] = {"public.customers", "public.customers_id_seq", NULL};
    CompareScope scope = live_may_have_more;
    scope.ignored_rows = kept;
    EXPECT_SAME(compare_databases(&shop->source, &shop->dest, &scope));
    EXPECT_VALUE(&shop->dest, "SELECT count(*) || ' ' || count(DISTINCT id) FROM parcels",
                 "40000 40000");
}

static void expect_survived(const Case *one)
{
    Shop shop = bakery_with(parcels, NULL);
    AUTO(proxy_free) Proxy *proxy = proxy_for(&shop);
    proxy_arm(proxy, &one->strike);
    AUTO(launch_clear) Launch launch = launch_through(proxy, &shop, "start", "20s");
    fprintf(stderr, "%s\n", one->what);
    cr_assert_neq(proxy_struck(proxy), 0, "%s: it did not strike", one->what);
    cr_assert_eq(launch.exit_code, 0, "%s: %s", one->what, launch.err);
    EXPECT_CONTAINS(launch.err, "; trying again");
    expect_whole(&shop);
    EXPECT_VALUE(&shop.dest,
                 "SELECT count(*) > 0 FROM pgzm.event e JOIN pgzm.migration m ON m.id = e.migration"
                 " WHERE e.what = 'connection lost'",
                 "t");
    AUTO(json_decref) json_t *result = shop_json(launch.out);
    AUTO(mem_free)
    char *rows = test_value(&shop.source, "SELECT (SELECT count(*) FROM parcels) +"
                                          " (SELECT count(*) FROM breads)");
    cr_assert(json_integer_value(json_object_get(result, "rows")) >= atoi(rows), "%s: %s",
              one->what, launch.out);
    TestDatabase both[] = {shop.source, shop.dest};
    test_database_drop(&both[0]);
    test_database_drop(&both[1]);
}

static void expect_all_survived(const Case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        expect_survived(&cases[i]);
}

#define ROWS "COPY \"pgzm_shadow_public\".\"parcels\""
#define NOTED "UPDATE pgzm.task"

Test(server_retry, rows_that_a_lost_destination_took_along_are_copied_again)
{
    static const Case cases[] = {
        {"cut before the COPY", AT(NULL, ROWS, CUT, BEFORE)},
        {"cut in the middle of the rows", AT(ROWS, "in the middle of COPY", CUT, DURING)},
        {"terminated in the middle", AT(ROWS, "in the middle of COPY", TERMINATE_BACKEND, DURING)},
        {"cut before it is noted", AT(ROWS, NOTED, CUT, BEFORE)},
        {"terminated before the COMMIT", AT(ROWS, "dest: COMMIT", TERMINATE_BACKEND, BEFORE)}};
    expect_all_survived(cases, LENGTH(cases));
}

Test(server_retry, rows_whose_commit_was_not_heard_of_are_not_copied_again)
{
    static const Case cases[] = {{"cut before the COMMIT", AT(ROWS, "dest: COMMIT", CUT, BEFORE)},
                                 {"cut during the COMMIT", AT(ROWS, "dest: COMMIT", CUT, DURING)},
                                 {"cut after the COMMIT", AT(ROWS, "dest: COMMIT", CUT, AFTER)}};
    expect_all_survived(cases, LENGTH(cases));
}

Test(server_retry, an_index_is_built_once_whenever_the_connection_is_lost)
{
    static const Case cases[] = {
        {"cut before it", AT(NULL, "CREATE INDEX parcels_note ON pgzm_sh", CUT, BEFORE)},
        {"cut while it is built", AT(NULL, "CREATE INDEX parcels_note ON pgzm_sh", CUT, DURING)},
        {"cut after it", AT(NULL, "CREATE INDEX parcels_note ON pgzm_sh", CUT, AFTER)},
        {"terminated", AT(NULL, "CREATE INDEX parcels_note ON pgzm_sh", TERMINATE_BACKEND, DURING)},
        {"cut after its COMMIT",
         AT("CREATE INDEX parcels_note ON pgzm_sh", "dest: COMMIT", CUT, AFTER)},
        {"a constraint", AT("SET max_rate = ", "ADD CONSTRAINT", CUT, AFTER)}, /* not rehearsed */
        {"statistics", AT(NULL, "dest: ANALYZE", TERMINATE_BACKEND, BEFORE)}};
    expect_all_survived(cases, LENGTH(cases));
}

Test(server_retry, a_lost_source_is_read_again_in_the_same_snapshot)
{
    static const Case cases[] = {
        {"cut before the COPY", AT(NULL, "TO STDOUT", CUT, BEFORE)},
        {"terminated", AT(NULL, "TO STDOUT", TERMINATE_BACKEND, BEFORE)},
        {"cut while it reads", AT(NULL, "TO STDOUT", CUT, DURING)},
        {"cut before it has the snapshot", AT(NULL, "SET TRANSACTION SNAPSHOT", CUT, BEFORE)}};
    expect_all_survived(cases, LENGTH(cases));
}

#define SUMS "coalesce(pg_catalog.sum("

/* Each sum is taken in one statement: half of one is none. */
Test(server_retry, a_comparison_of_the_rows_goes_on_when_connections_are_lost)
{
    static const Case cases[] = {
        {"the source's cut before a sum",
         AT(NULL, "source: SELECT pg_catalog.count(*)", CUT, BEFORE)},
        {"the source's terminated",
         AT(NULL, "source: SELECT pg_catalog.count(*)", TERMINATE_BACKEND, BEFORE)},
        {"the destination's cut", AT(NULL, "dest: SELECT pg_catalog.count(*)", CUT, DURING)},
        {"the destination's cut after a sum",
         AT(NULL, "dest: SELECT pg_catalog.count(*)", CUT, AFTER)},
        {"the snapshot is imported again", AT(SUMS, "SET TRANSACTION SNAPSHOT", CUT, BEFORE)}};
    for (size_t i = 0; i < LENGTH(cases); i++) {
        Shop shop = bakery_with(parcels, NULL);
        AUTO(proxy_free) Proxy *proxy = proxy_for(&shop);
        proxy_arm(proxy, &cases[i].strike);
        AUTO(mem_free) char *source = proxy_conninfo(proxy, PROXY_SOURCE, shop.source.name);
        AUTO(mem_free) char *dest = proxy_conninfo(proxy, PROXY_DEST, shop.dest.name);
        AUTO(launch_clear)
        Launch launch =
            LAUNCH("prepare", "--verify", "checksum", "--verbose", "--jobs", "2", "--retry-timeout",
                   "20s", "--preserved-tables", "customers", "--source", source, "--dest", dest);
        cr_assert_neq(proxy_struck(proxy), 0, "%s: it did not strike", cases[i].what);
        cr_assert_eq(launch.exit_code, 0, "%s: %s", cases[i].what, launch.err);
        EXPECT_CONTAINS(launch.err, "; trying again");
        EXPECT_CONTAINS(launch.err, "tables have the source's checksum: ");
        TestDatabase both[] = {shop.source, shop.dest};
        test_database_drop(&both[0]);
        test_database_drop(&both[1]);
    }
}

/* ---- the main thread's connections ----------------------------------------------------- */

/* The rows come slowly enough that the main thread looks at its connections meanwhile. */
static Shop slow_open(void)
{
    return bakery_with("CREATE TABLE slow (id int);"
                       "INSERT INTO slow SELECT generate_series(1, 30);"
                       "CREATE FUNCTION public.wait(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE"
                       " AS $$ BEGIN IF current_database() NOT LIKE '%source%' THEN"
                       " PERFORM pg_sleep(0.1); END IF; RETURN i; END $$;"
                       "CREATE INDEX slow_wait ON slow (public.wait(id))",
                       NULL);
}

Test(server_retry, the_lock_of_the_journal_is_taken_again)
{
    Shop shop = slow_open();
    AUTO(proxy_free) Proxy *proxy = proxy_for(&shop);
    proxy_arm(proxy, &(ProxyStrike){.text = "AND NOT done)",
                                    .action = PROXY_TERMINATE_BACKEND,
                                    .moment = PROXY_BEFORE});
    AUTO(launch_clear) Launch launch = launch_through(proxy, &shop, "prepare", "20s");
    cr_assert_neq(proxy_struck(proxy), 0);
    EXPECT_EXIT(&launch, 0);
    EXPECT_CONTAINS(launch.err, "; trying again");
    EXPECT_VALUE(&shop.dest, LATEST_STATE, "PREPARED");
}

Test(server_retry, without_the_snapshot_there_is_no_way_on)
{
    Shop shop = slow_open();
    AUTO(proxy_free) Proxy *proxy = proxy_for(&shop);
    proxy_arm(proxy, &(ProxyStrike){.text = "source: SELECT 1",
                                    .action = PROXY_TERMINATE_BACKEND,
                                    .moment = PROXY_BEFORE});
    AUTO(launch_clear) Launch launch = launch_through(proxy, &shop, "start", "20s");
    cr_assert_neq(proxy_struck(proxy), 0);
    EXPECT_ERROR(&launch, 3, "the source's snapshot is gone: the connection to the source was");
    EXPECT_CONTAINS(launch.err, "pgzm-copy abort");
    EXPECT_VALUE(&shop.dest, LATEST_STATE, "PREPARING");
}

Test(server_retry, an_outage_that_lasts_is_an_error)
{
    Shop shop = bakery_with(parcels, NULL);
    AUTO(proxy_free) Proxy *proxy = proxy_for(&shop);
    proxy_arm(proxy, &(ProxyStrike){.from = ROWS,
                                    .text = "in the middle of COPY",
                                    .action = PROXY_CUT_FOR_GOOD,
                                    .moment = PROXY_DURING});
    AUTO(launch_clear) Launch launch = launch_through(proxy, &shop, "start", "2s");
    cr_assert_neq(proxy_struck(proxy), 0);
    cr_assert_eq(launch.exit_code, 3, "%s", launch.err);
    EXPECT_CONTAINS(launch.err, "pgzm-copy abort");
    DEST_RUN(&shop, "abort");

    /* and with 0 the first loss is */
    AUTO(proxy_free) Proxy *other = proxy_for(&shop);
    proxy_arm(other, &(ProxyStrike){.text = ROWS, .action = PROXY_CUT, .moment = PROXY_BEFORE});
    AUTO(launch_clear) Launch at_once = launch_through(other, &shop, "start", "0");
    EXPECT_ERROR(&at_once, 3, "copying public.parcels: the connection to the destination was lost");
}
