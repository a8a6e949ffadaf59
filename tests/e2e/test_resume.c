/*
 * A prepare that was cut short goes on: what is done stays, nothing comes twice, and rows of two
 * snapshots are never mixed.
 */
#include <signal.h>
#include <stdlib.h>

#include "tests/e2e/bakery.h"
#include "tests/harness/proxy.h"

/* Without a key: a row that comes twice would be found by nobody but who counts. */
static const char parcels[] =
    "CREATE TABLE parcels (id int, note text);"
    "INSERT INTO parcels SELECT i, repeat(i::text, 20) FROM generate_series(1, 20000) i;"
    "CREATE INDEX parcels_id ON parcels (id); CREATE INDEX parcels_note ON parcels (note);"
    "CREATE MATERIALIZED VIEW parcel_count AS SELECT count(*) AS n FROM parcels;"
    "CREATE UNIQUE INDEX parcel_count_n ON parcel_count (n);"
    "CREATE SCHEMA side; CREATE TABLE side.labels (id int PRIMARY KEY, parcel int);"
    "INSERT INTO side.labels SELECT i, i FROM generate_series(1, 50) i;";

static Proxy *proxy_for(const Shop *shop)
{
    const char *const servers[PROXY_SIDES] = {shop->dest.conninfo, shop->source.conninfo};
    return proxy_new(servers);
}

/* A prepare that dies where it is told to. */
static void prepare_until(const Shop *shop, const ProxyStrike *strike)
{
    AUTO(proxy_free) Proxy *proxy = proxy_for(shop);
    AUTO(mem_free) char *source = proxy_conninfo(proxy, PROXY_SOURCE, shop->source.name);
    AUTO(mem_free) char *dest = proxy_conninfo(proxy, PROXY_DEST, shop->dest.name);
    proxy_arm(proxy, strike);
    AUTO(launch_clear)
    Launch launch = LAUNCH("prepare", "--jobs", "2", "--preserved-tables", "customers", "--source",
                           source, "--dest", dest);
    cr_assert_neq(proxy_struck(proxy), 0, "there is no %s", strike->text);
    EXPECT_EXIT(&launch, 128 + SIGKILL);
}

static const CompareScope live_may_have_more = {.second_may_have_more = true};

static void expect_goes_live(Shop *shop, const char *what)
{
    static const char *const kept[] = {"public.customers", "public.customers_id_seq", NULL};
    CompareScope scope = live_may_have_more;
    scope.ignored_rows = kept;
    AUTO(launch_clear) Launch swap = DEST_LAUNCH(shop, "swap");
    cr_assert_eq(swap.exit_code, 0, "%s: %s", what, swap.err);
    EXPECT_SAME(compare_databases(&shop->source, &shop->dest, &scope));
    EXPECT_VALUE(&shop->dest, "SELECT count(*) || ' ' || count(DISTINCT id) FROM parcels",
                 "20000 20000");
}

static const char customers[] = "SELECT string_agg(c::text, ';' ORDER BY c::text) FROM customers c";

/* The end of prepare is reached whatever was done before it was cut short. */
static void expect_resumed(const char *what, const ProxyStrike *strike)
{
    fprintf(stderr, "%s\n", what);
    Shop shop = bakery_with(parcels, NULL);
    prepare_until(&shop, strike);
    test_sql(&shop.dest, "UPDATE customers SET name = 'changed meanwhile' WHERE id = 1");
    AUTO(launch_clear) Launch status = DEST_LAUNCH(&shop, "status");
    EXPECT_CONTAINS(status.out, "pgzm-copy prepare --resume");
    EXPECT_CONTAINS(status.out, "pgzm-copy abort");
    AUTO(launch_clear) Launch resume = SHOP_LAUNCH(&shop, "prepare", "--resume", KEEPING);
    cr_assert_eq(resume.exit_code, 0, "%s: %s", what, resume.err);
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM pgzm.migration", "1");
    AUTO(mem_free) char *mine = test_value(&shop.dest, customers);
    expect_goes_live(&shop, what);
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM customers WHERE name = 'changed meanwhile'",
                 "1");
    DEST_RUN(&shop, "rollback", "--latest");
    EXPECT_VALUE(&shop.dest, customers, mine);
    TestDatabase both[] = {shop.source, shop.dest};
    test_database_drop(&both[0]);
    test_database_drop(&both[1]);
}

#define AT(start, words, moment_)                                                                  \
    &(ProxyStrike)                                                                                 \
    {                                                                                              \
        .from = start, .text = words, .action = PROXY_KILL_CLIENT, .moment = PROXY_##moment_       \
    }
#define ALL_IN "SET rows_in"
#define STATE "UPDATE pgzm.migration SET state"

Test(server_resume, when_all_rows_were_in_the_rest_is_made)
{
    expect_resumed("while it is noted", AT(NULL, ALL_IN, AFTER));
    expect_resumed("before the sequences", AT(ALL_IN, "setval", BEFORE));
    expect_resumed("after the sequences", AT(ALL_IN, "setval", AFTER));
}

Test(server_resume, when_preserved_tables_were_half_in_step_they_are_brought_in_step)
{
    expect_resumed("before the triggers", AT(ALL_IN, "CREATE TRIGGER \"pgzm", BEFORE));
    expect_resumed("with the triggers", AT("CREATE TRIGGER \"pgzm", "COMMIT", AFTER));
    expect_resumed("before their rows", AT(ALL_IN, "FOR KEY SHARE", DURING));
}

Test(server_resume, what_the_end_of_prepare_records_is_recorded_once)
{
    expect_resumed("before it records", AT(ALL_IN, "DELETE FROM pgzm.step", DURING));
    expect_resumed("half recorded", AT("DELETE FROM pgzm.step", "INSERT INTO pgzm.step", AFTER));
    expect_resumed("before the state", AT(ALL_IN, STATE, BEFORE));
}

Test(server_resume, without_the_snapshot_rows_are_not_taken_from_another)
{
    Shop shop = bakery_with(parcels, NULL);
    prepare_until(&shop, AT("TO STDOUT", "in the middle of COPY", DURING));
    test_sql(&shop.source, "DELETE FROM parcels WHERE id > 10");
    AUTO(launch_clear) Launch status = DEST_LAUNCH(&shop, "status");
    cr_assert_null(strstr(status.out, "--resume"), "%s", status.out);
    AUTO(launch_clear) Launch resume = SHOP_LAUNCH(&shop, "prepare", "--resume", KEEPING);
    EXPECT_ERROR(&resume, 5, "the source's snapshot is gone, and not all rows of migration ");
    EXPECT_CONTAINS(resume.err, "pgzm-copy abort");
    EXPECT_VALUE(&shop.dest, LATEST_STATE, "PREPARING");
    DEST_RUN(&shop, "abort");
    SHOP_RUN(&shop, "prepare", KEEPING);
    DEST_RUN(&shop, "swap");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM parcels", "10");
}

Test(server_resume, what_does_not_fit_is_refused_by_name)
{
    Shop shop = bakery_with(parcels, NULL);
    AUTO(launch_clear) Launch nothing = SHOP_LAUNCH(&shop, "prepare", "--resume", KEEPING);
    EXPECT_ERROR(&nothing, 5, "there is no unfinished migration to resume");
    prepare_until(&shop, AT(ALL_IN, "setval", BEFORE));

    AUTO(launch_clear) Launch other = SHOP_LAUNCH(&shop, "prepare", "--resume");
    EXPECT_ERROR(&other, 5, "migration ");
    EXPECT_CONTAINS(other.err, "was prepared with other options: --preserved-tables customers");
    TestDatabase copy = test_source_database("other");
    AUTO(launch_clear)
    Launch elsewhere = LAUNCH("prepare", "--resume", KEEPING, "--source", copy.conninfo, "--dest",
                              shop.dest.conninfo);
    EXPECT_ERROR(&elsewhere, 5, "migration ");
    EXPECT_CONTAINS(elsewhere.err, "was prepared from another database");
    test_sql(&shop.source, "ALTER TABLE parcels ADD more int");
    AUTO(launch_clear) Launch changed = SHOP_LAUNCH(&shop, "prepare", "--resume", KEEPING);
    EXPECT_ERROR(&changed, 5, "definitions on the source have changed since");
    test_sql(&shop.source, "ALTER TABLE parcels DROP more");
    AUTO(launch_clear) Launch jobs = SHOP_LAUNCH(&shop, "start", "--resume", "-j1", KEEPING);
    EXPECT_ERROR(&jobs, 5, "definitions on the source have changed since"); /* a dropped column */
    DEST_RUN(&shop, "abort");
    AUTO(launch_clear) Launch late = SHOP_LAUNCH(&shop, "prepare", "--resume", KEEPING);
    EXPECT_ERROR(&late, 5, "there is no unfinished migration to resume");
    SHOP_RUN(&shop, "prepare", KEEPING);
    AUTO(launch_clear) Launch done = SHOP_LAUNCH(&shop, "prepare", "--resume", KEEPING);
    EXPECT_ERROR(&done, 5, "migration ");
    EXPECT_CONTAINS(done.err, " is prepared: there is nothing to resume");
}

/* ---- a part of the rows, other values -------------------------------------------------- */

#define PART "--where", "parcels:id % 4 = 0", "--mask", "parcels.note=md5(parcels.note)"
#define MASKED_PART                                                                                \
    "SELECT count(*) || ' ' || count(DISTINCT id) || ' ' || count(*) FILTER (WHERE id % 4 = 0"     \
    " AND note = md5(repeat(id::text, 20))) FROM "

/* Dies with all rows in, or with some, of a dump. */
static void prepare_part_until(const Shop *shop, const char *from_dump, const ProxyStrike *strike)
{
    AUTO(proxy_free) Proxy *proxy = proxy_for(shop);
    AUTO(mem_free) char *source = proxy_conninfo(proxy, PROXY_SOURCE, shop->source.name);
    AUTO(mem_free) char *dest = proxy_conninfo(proxy, PROXY_DEST, shop->dest.name);
    proxy_arm(proxy, strike);
    AUTO(launch_clear)
    Launch launch =
        from_dump == NULL
            ? LAUNCH("prepare", "--jobs", "2", PART, "--source", source, "--dest", dest)
            : LAUNCH("prepare", "--jobs", "1", "--from-dump", from_dump, "--dest", dest);
    cr_assert_neq(proxy_struck(proxy), 0, "there is no %s", strike->text);
    EXPECT_EXIT(&launch, 128 + SIGKILL);
}

static void refuse_part(const Shop *shop, const char *option, const char *value)
{
    AUTO(launch_clear)
    Launch other =
        SHOP_LAUNCH(shop, "prepare", "--resume", "--where", "parcels:id % 4 = 0", option, value);
    EXPECT_ERROR(&other, 5, "migration ");
    EXPECT_CONTAINS(other.err, "was prepared with other options: --where");
}

Test(server_resume, a_part_goes_on_with_the_same_conditions_and_masks_alone)
{
    Shop shop = bakery_with(parcels, NULL);
    prepare_part_until(&shop, NULL, AT(ALL_IN, "setval", BEFORE));
    AUTO(launch_clear) Launch all = SHOP_LAUNCH(&shop, "prepare", "--resume");
    EXPECT_ERROR(&all, 5, "migration ");
    EXPECT_CONTAINS(all.err, "was prepared with other options: --where");
    refuse_part(&shop, "--mask", "parcels.note=upper(parcels.note)");
    refuse_part(&shop, "--where", "parcels:id > 0");
    AUTO(launch_clear) Launch resume = SHOP_LAUNCH(&shop, "start", "--resume", PART);
    EXPECT_EXIT(&resume, 0);
    EXPECT_VALUE(&shop.dest, MASKED_PART "parcels", "5000 5000 5000");
    EXPECT_VALUE(&shop.dest, "SELECT n FROM parcel_count", "5000");
    DEST_RUN(&shop, "verify", "--checksum");
}

Test(server_resume, a_part_in_a_dump_goes_on_in_the_midst_of_its_rows)
{
    Shop shop = bakery_with(parcels, NULL);
    char folder[] = "/tmp/pgzmtest-resume.XXXXXX";
    cr_assert_not_null(mkdtemp(folder));
    AUTO(launch_clear)
    Launch dump = LAUNCH("dump", "--source", shop.source.conninfo, "--dir", folder, PART);
    EXPECT_EXIT(&dump, 0);
    test_sql(&shop.source, "DELETE FROM parcels");
    prepare_part_until(&shop, folder, AT("FROM STDIN", "in the middle of COPY", DURING));
    EXPECT_VALUE(&shop.dest, "SELECT count(*) > 0 FROM pgzm.task WHERE kind = 'copy' AND NOT done",
                 "t");
    AUTO(launch_clear)
    Launch masked = DEST_LAUNCH(&shop, "prepare", "--resume", "--from-dump", folder, "--mask",
                                "parcels.note='x'");
    EXPECT_ERROR(&masked, 2, "what is taken was decided when the dump was made");
    AUTO(launch_clear)
    Launch resume = DEST_LAUNCH(&shop, "start", "--resume", "--from-dump", folder);
    AUTO(mem_free) char *remove = mem_printf("rm -rf '%s'", folder);
    cr_assert_eq(system(remove), 0);
    EXPECT_EXIT(&resume, 0);
    EXPECT_VALUE(&shop.dest, MASKED_PART "parcels", "5000 5000 5000");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM side.labels", "50");
}

Test(server_resume, small_tables_share_transactions_as_they_do_the_first_time)
{
    Shop shop = bakery_with("DO $$ BEGIN FOR i IN 1..200 LOOP"
                            " EXECUTE format('CREATE TABLE tiny_%s (id int PRIMARY KEY)', i);"
                            " EXECUTE format('INSERT INTO tiny_%s VALUES (1), (2)', i);"
                            " END LOOP; END $$",
                            NULL);
    char folder[] = "/tmp/pgzmtest-resume.XXXXXX";
    cr_assert_not_null(mkdtemp(folder));
    AUTO(launch_clear)
    Launch dump = LAUNCH("dump", "--source", shop.source.conninfo, "--dir", folder);
    EXPECT_EXIT(&dump, 0);
    AUTO(proxy_free) Proxy *proxy = proxy_for(&shop);
    AUTO(mem_free) char *dest = proxy_conninfo(proxy, PROXY_DEST, shop.dest.name);
    proxy_arm(proxy, AT(NULL, "FROM STDIN", BEFORE)); /* the first rows */
    AUTO(launch_clear) Launch first = LAUNCH("prepare", "--from-dump", folder, "--dest", dest);
    EXPECT_EXIT(&first, 128 + SIGKILL);
    test_sql(&shop.dest, "CREATE TABLE aside AS SELECT id FROM pgzm.task WHERE NOT done");
    AUTO(launch_clear)
    Launch resume = DEST_LAUNCH(&shop, "prepare", "--resume", "--from-dump", folder);
    AUTO(mem_free) char *remove = mem_printf("rm -rf '%s'", folder);
    cr_assert_eq(system(remove), 0);
    EXPECT_EXIT(&resume, 0);
    /* 200 tables with their keys, each noted by its transaction */
    EXPECT_VALUE(&shop.dest,
                 "SELECT count(*) >= 200 AND count(DISTINCT t.xmin::text) < 50 FROM pgzm.task t"
                 " JOIN aside USING (id)",
                 "t");
    EXPECT_VALUE(&shop.dest, "SELECT sum(rows) FROM pgzm.task WHERE label LIKE '%tiny%'", "400");
    EXPECT_VALUE(&shop.dest,
                 "SELECT count(*) FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid"
                 " WHERE c.relname LIKE 'tiny%' AND k.contype = 'p' AND c.reltuples = 2",
                 "200");
}

Test(server_resume, a_schema_that_was_not_built_to_the_end_is_aborted)
{
    Shop shop = bakery_with(parcels, NULL);
    prepare_until(&shop, AT("ALTER SCHEMA", "COMMIT", AFTER));
    AUTO(launch_clear) Launch resume = SHOP_LAUNCH(&shop, "prepare", "--resume", KEEPING);
    EXPECT_ERROR(&resume, 5, "migration ");
    EXPECT_CONTAINS(resume.err, "cannot be resumed: its schema was not built to the end");
    DEST_RUN(&shop, "abort");
    SHOP_RUN(&shop, "prepare", KEEPING);
}

/* Its tables were being made side by side, by sessions other than the one that holds the locks. */
Test(server_resume, many_tables_that_were_not_made_to_the_end_are_aborted)
{
    Shop shop = bakery_with("DO $$ BEGIN FOR i IN 1..210 LOOP"
                            " EXECUTE format('CREATE TABLE tiny_%s (id int PRIMARY KEY)', i);"
                            " END LOOP; END $$",
                            NULL);
    prepare_until(&shop, AT("CREATE TABLE \"pgzm_shadow_public\".\"tiny_9\"", "COMMIT", AFTER));
    AUTO(launch_clear) Launch resume = SHOP_LAUNCH(&shop, "prepare", "--resume", KEEPING);
    EXPECT_CONTAINS(resume.err, "cannot be resumed: its schema was not built to the end");
    DEST_RUN(&shop, "abort");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM pg_namespace WHERE nspname ~ '^pgzm_'", "0");
    SHOP_RUN(&shop, "prepare", KEEPING);
    DEST_RUN(&shop, "swap");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM pg_tables WHERE tablename ~ '^tiny_'", "210");
}
