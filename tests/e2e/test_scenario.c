/*
 * What a migration must be able to do, from its beginning to its end: one test for each of the
 * fourteen scenarios that the design names, with both databases compared afterwards. Here the
 * first eight: the life of a migration. The others are in test_circumstance.c.
 */
#include <stdlib.h>

#include "tests/e2e/bakery.h"
#include "tests/harness/clients.h"

static const CompareScope live_may_have_more = {.second_may_have_more = true};

/* What a migration makes under live names and leaves there: somebody may use it by now. */
static const char *const made_extensions[] = {"after:  extension ", "after:  schema addons",
                                              "after:  grant schema addons ", NULL};

static const char our_schemas[] =
    "SELECT coalesce(string_agg(regexp_replace(nspname, '[0-9]{13}', 'N'), ' ' ORDER BY nspname),"
    " '') FROM pg_namespace WHERE nspname LIKE 'pgzm%'";

static char *latest_id(const Shop *shop)
{
    return test_value(&shop->dest, "SELECT max(id) FROM pgzm.migration");
}

static void expect_image(const TestDatabase *database, const char *before, const char *when)
{
    AUTO(mem_free) char *now = compare_image(database);
    AUTO(mem_free) char *rows = compare_fingerprints(before, now);
    cr_assert_null(rows, "after %s:\n%s", when, rows);
}

/* ---- 1: all of it ------------------------------------------------------------------------ */

/* A query that counts the rows which violate any foreign key of the live schemas. */
static const char orphans[] =
    "SELECT 'SELECT sum(n) FROM (' || string_agg(format("
    "  'SELECT count(*) AS n FROM %s%s f WHERE ROW(%s) IS NOT NULL AND NOT EXISTS (SELECT FROM %s p"
    " WHERE %s)', CASE c.relkind WHEN 'r' THEN 'ONLY ' ELSE '' END, k.conrelid::regclass,"
    "  (SELECT string_agg(format('f.%I', a.attname), ', ') FROM pg_attribute a"
    "   WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)), k.confrelid::regclass,"
    "  (SELECT string_agg(format('f.%I = p.%I', a.attname, b.attname), ' AND ')"
    "   FROM unnest(k.conkey, k.confkey) AS u (f, p)"
    "   JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.f"
    "   JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = u.p)), ' UNION ALL ')"
    "  || ') o'"
    " FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE k.contype = 'f' AND k.conparentid = 0 AND n.nspname NOT LIKE 'pgzm%'";

Test(server_scenario, a_full_migration)
{
    Shop shop = shop_open();
    AUTO(mem_free) char *source = compare_image(&shop.source);
    AUTO(mem_free) char *users = test_rows(&shop.dest, "SELECT * FROM users ORDER BY id");
    AUTO(launch_clear)
    Launch launch = SHOP_LAUNCH(&shop, "start", "--preserved-tables", "users,sessions");
    EXPECT_EXIT(&launch, 0);
    EXPECT_CONTAINS(launch.out, "Done: the new data is live.");

    static const char *const kept[] = {"public.users", "public.sessions", "public.users_id_seq",
                                       NULL};
    const CompareScope scope = {.ignored_rows = kept, .second_may_have_more = true};
    EXPECT_SAME(compare_databases(&shop.source, &shop.dest, &scope));
    EXPECT_SAME(compare_dumps(&shop.source, &shop.dest, &scope));
    AUTO(mem_free) char *users_after = test_rows(&shop.dest, "SELECT * FROM users ORDER BY id");
    cr_assert_str_eq(users, users_after);
    AUTO(mem_free) char *query = test_value(&shop.dest, orphans);
    EXPECT_VALUE(&shop.dest, query, "0");
    EXPECT_VALUE(&shop.dest, our_schemas,
                 "pgzm pgzm_backup_N_Ware House pgzm_backup_N_addons pgzm_backup_N_public"
                 " pgzm_backup_N_reporting");
    AUTO(mem_free) char *id = latest_id(&shop);
    AUTO(mem_free)
    char *old = mem_printf("SELECT count(*) FROM pgzm_backup_%s_public.orders", id);
    EXPECT_VALUE(&shop.dest, old, "100");
    DEST_RUN(&shop, "verify");
    expect_image(&shop.source, source, "start");
}

/* ---- 2: dry runs ------------------------------------------------------------------------- */

/* A dry run of each command; NULL ends the arguments. Commands that need no source get none. */
static void expect_dry(const Shop *shop, const char *const *const *runs)
{
    AUTO(mem_free) char *source = compare_image(&shop->source);
    AUTO(mem_free) char *dest = compare_image(&shop->dest);
    for (; *runs != NULL; runs++) {
        const char *arguments[16] = {(*runs)[0], "--dry-run", "--dest", shop->dest.conninfo};
        size_t n = 4;
        if (strcmp(arguments[0], "start") == 0 || strcmp(arguments[0], "prepare") == 0) {
            arguments[n++] = "--source";
            arguments[n++] = shop->source.conninfo;
        }
        for (size_t i = 1; (*runs)[i] != NULL; i++)
            arguments[n++] = (*runs)[i];
        AUTO(launch_clear) Launch launch = launch_now(arguments);
        EXPECT_EXIT(&launch, 0);
        cr_assert_gt(strlen(launch.out), 100, "no plan of %s:\n%s", arguments[0], launch.out);
        expect_image(&shop->dest, dest, arguments[0]);
    }
    expect_image(&shop->source, source, "all of them");
}
#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

Test(server_scenario, a_dry_run_of_every_command_changes_nothing)
{
    Shop shop = bakery_with("ALTER TABLE breads DROP COLUMN since", NULL);
    expect_dry(&shop,
               (const char *const *const[]){WORDS("start", KEEPING), WORDS("prepare", KEEPING),
                                            WORDS("start", KEEPING, "--rehearse"), NULL});
    SHOP_RUN(&shop, "prepare", KEEPING);
    expect_dry(&shop, (const char *const *const[]){WORDS("swap"), WORDS("abort"), NULL});
    DEST_RUN(&shop, "swap");
    AUTO(mem_free) char *id = latest_id(&shop);
    expect_dry(&shop, (const char *const *const[]){
                          WORDS("rollback", "--latest"), WORDS("rollback", "--timestamp", id),
                          WORDS("rollback", "--latest", "--keep-tables", "breads"),
                          WORDS("cleanup", "--timestamp", id),
                          WORDS("cleanup", "--before", "2100-01-01"), NULL});
    DEST_RUN(&shop, "rollback", "--latest");
    expect_dry(&shop, (const char *const *const[]){WORDS("cleanup", "--timestamp", id), NULL});
}

/* ---- 3: and back ------------------------------------------------------------------------- */

Test(server_scenario, edits_after_the_swap_are_gone_after_a_rollback)
{
    Shop shop = shop_open();
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, false);
    SHOP_RUN(&shop, "start");
    test_sql(&shop.dest, "UPDATE products SET name = 'edited'; DELETE FROM sessions;"
                         "INSERT INTO countries (code, name) VALUES ('XX', 'Nowhere');"
                         "GRANT SELECT ON products TO shop_readonly");
    AUTO(launch_clear) Launch verify = DEST_LAUNCH(&shop, "verify", "--checksum");
    EXPECT_EXIT(&verify, 0);
    EXPECT_CONTAINS(verify.out, "All is well");
    AUTO(launch_clear) Launch back = DEST_LAUNCH(&shop, "rollback", "--latest");
    EXPECT_EXIT(&back, 0);
    EXPECT_CONTAINS(back.out, "Rolled back: the old data is live again.");
    AUTO(mem_free) char *after = compare_fingerprint(&shop.dest, NULL, false);
    EXPECT_SAME(compare_fingerprints_but(before, after, made_extensions));
    EXPECT_VALUE(&shop.dest, "SELECT name FROM products WHERE id = 1", "Old product 1");
    test_sql(&shop.dest, "INSERT INTO orders (user_id, total) VALUES (1, 5);"
                         "UPDATE users SET name = 'back' WHERE id = 1;"
                         "UPDATE products SET name = name || '!';"
                         "DELETE FROM sessions WHERE user_id = 2");
}

/* ---- 4: preserved tables ----------------------------------------------------------------- */

/* For each preserved table of the latest migration, a query that counts the rows which are not the
 * same on both of its sides. */
static const char sides_differ[] =
    "SELECT 'SELECT ' || string_agg(format('(SELECT count(*) FROM ((SELECT %1$s FROM %2$s EXCEPT"
    " ALL SELECT %1$s FROM %3$s) UNION ALL (SELECT %1$s FROM %3$s EXCEPT ALL SELECT %1$s FROM"
    " %2$s)) d)', (SELECT string_agg(quote_ident(c), ', ') FROM unnest(columns) c),"
    " old_oid::regclass, new_oid::regclass), ' + ') FROM pgzm.preserved"
    " WHERE migration = (SELECT max(id) FROM pgzm.migration)";

static void expect_in_step(const Shop *shop, const char *when)
{
    AUTO(mem_free) char *query = test_value(&shop->dest, sides_differ);
    AUTO(mem_free) char *rows = test_value(&shop->dest, query);
    cr_assert_str_eq(rows, "0", "%s: %s rows differ", when, rows);
}

Test(server_scenario, preserved_tables_of_every_sort_are_equal_under_load)
{
    static const char both[] =
        "CREATE TABLE one (id serial PRIMARY KEY, v int);"
        "CREATE TABLE pair (a int, b text, v int, PRIMARY KEY (a, b));"
        "CREATE TABLE \"Always\" (\"Id\" int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, \"Val\" int,"
        " doubled int GENERATED ALWAYS AS (\"Val\" * 2) STORED);"
        "CREATE TABLE nokey (code text NOT NULL UNIQUE, v int);"
        "CREATE TABLE emptied (id int PRIMARY KEY, v int);"
        "CREATE TABLE bare (v int);";
    static const char *const statements[] = {
        "INSERT INTO one (v) VALUES ($1::int)",
        "UPDATE one SET v = v + 1 WHERE id = 1 + $1::int % 300",
        "DELETE FROM one WHERE id = 301 + $1::int % 100",
        "INSERT INTO pair VALUES ($1::int, 'new', 1)",
        "UPDATE pair SET b = b || '+', v = v + 1 WHERE a = 1 + $1::int % 300",
        "UPDATE pair SET a = -a WHERE a = $1::int - 800",
        "INSERT INTO \"Always\" (\"Val\") VALUES ($1::int)",
        "UPDATE \"Always\" SET \"Val\" = \"Val\" + 1 WHERE \"Id\" = 1 + $1::int % 300",
        "UPDATE nokey SET code = code || '.', v = v + 1 WHERE v = $1::int % 300",
        "INSERT INTO nokey VALUES ('n' || $1::int, 0)",
        "INSERT INTO emptied VALUES ($1::int, 1)",
        "UPDATE emptied SET id = -id WHERE id = $1::int - 8",
        NULL};
    Shop shop = bakery_with(both, both);
    test_sql(&shop.dest,
             "INSERT INTO one (v) SELECT i FROM generate_series(1, 2000) i;"
             "INSERT INTO pair SELECT i, 'b', i FROM generate_series(1, 2000) i;"
             "INSERT INTO \"Always\" (\"Val\") SELECT i FROM generate_series(1, 2000) i;"
             "INSERT INTO nokey SELECT 'c' || i, i FROM generate_series(1, 2000) i;"
             "INSERT INTO emptied SELECT -i - 1000000, i FROM generate_series(1, 2000) i");
    AUTO(launch_clear) Launch refused = SHOP_LAUNCH(&shop, "prepare", "--preserved-tables", "bare");
    EXPECT_ERROR(&refused, 4, "table bare cannot be preserved");

    Clients *clients = clients_start(&shop.dest, 4, 200, statements);
    AUTO(launch_clear)
    Launch prepare =
        SHOP_LAUNCH(&shop, "prepare", "--preserved-tables", "one,pair,\"Always\",nokey,emptied");
    clients_await(clients, 200);
    test_sql(&shop.dest, "TRUNCATE emptied");
    clients_await(clients, 100);
    ClientsReport report = clients_stop(clients);
    EXPECT_EXIT(&prepare, 0);
    cr_assert_eq(report.failures, 0, "%s", report.first_failure);
    expect_in_step(&shop, "prepared");

    clients = clients_start(&shop.dest, 4, 200, statements + 1);
    AUTO(launch_clear) Launch swap = DEST_LAUNCH(&shop, "swap");
    clients_await(clients, 200);
    test_sql(&shop.dest, "TRUNCATE emptied");
    clients_await(clients, 100);
    report = clients_stop(clients);
    EXPECT_EXIT(&swap, 0);
    expect_in_step(&shop, "live");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) >= 1900 FROM one", "t");
    AUTO(mem_free) char *rows = test_rows(&shop.dest, "SELECT * FROM pair ORDER BY a, b");
    DEST_RUN(&shop, "rollback", "--latest");
    AUTO(mem_free) char *after = test_rows(&shop.dest, "SELECT * FROM pair ORDER BY a, b");
    cr_assert_str_eq(rows, after);
}

/* ---- 5: errors --------------------------------------------------------------------------- */

Test(server_scenario, errors_are_clear_and_leave_production_untouched)
{
    Shop shop = bakery_open();
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, false);
    AUTO(launch_clear) Launch early = DEST_LAUNCH(&shop, "swap");
    EXPECT_ERROR(&early, 5, "nothing is prepared to be swapped");
    AUTO(launch_clear) Launch unknown = SHOP_LAUNCH(&shop, "start", "--preserved-tables", "users");
    EXPECT_ERROR(&unknown, 4, "preserved table users does not exist on the source");
    EXPECT_CONTAINS(unknown.err, "users");
    EXPECT_VALUE(&shop.dest, our_schemas, "");

    /* A second command while the first one waits for a lock. */
    AUTO(session_close) PGconn *lock = session_open(&shop.source, "BEGIN; LOCK TABLE breads");
    AUTO(launch_clear)
    Launch first =
        launch_start(&(LaunchOptions){0}, WORDS("prepare", "--source", shop.source.conninfo,
                                                "--dest", shop.dest.conninfo, KEEPING));
    session_await_waiting(&shop.source);
    AUTO(launch_clear) Launch second = SHOP_LAUNCH(&shop, "prepare");
    EXPECT_ERROR(&second, 5, "another pgzm-copy command is at work on the destination");
    EXPECT_LIVE(&shop, before);
    session_run(lock, "COMMIT");
    launch_wait(&first);
    EXPECT_EXIT(&first, 0);

    /* A shadow table that somebody dropped. */
    test_sql(&shop.dest, "DROP VIEW pgzm_shadow_public.open_orders");
    AUTO(launch_clear) Launch gone = DEST_LAUNCH(&shop, "swap");
    EXPECT_ERROR(&gone, 5, "view open_orders is gone");
    test_sql(&shop.dest, "DROP TABLE pgzm_shadow_public.orders");
    AUTO(launch_clear) Launch broken = DEST_LAUNCH(&shop, "swap");
    EXPECT_ERROR(&broken, 5, "counting rows that violate foreign key orders_customer_id_fkey");
    EXPECT_VALUE(&shop.dest, LATEST_STATE, "PREPARED");
    DEST_RUN(&shop, "abort");
    EXPECT_LIVE(&shop, before);
}

/* ---- 6: two phases ----------------------------------------------------------------------- */

Test(server_scenario, one_prepares_another_swaps_and_a_third_rolls_back)
{
    Shop shop = bakery_open();
    test_role(&shop.dest, "pgzmtest_clerk");
    test_role(&shop.dest, "pgzmtest_deputy");
    test_sql(&shop.dest,
             "DO $$ BEGIN"
             " GRANT pgzmtest_clerk TO pgzmtest_deputy;"
             " EXECUTE format('ALTER DATABASE %I OWNER TO pgzmtest_clerk', current_database());"
             " ALTER SCHEMA public OWNER TO pgzmtest_clerk; DROP EXTENSION citext CASCADE;"
             " DROP VIEW open_orders, cheap; DROP TABLE notes, orders, breads, customers;"
             " DROP TYPE progress; DROP FUNCTION gross; END $$");
    test_sql(&shop.source, "DROP EXTENSION citext CASCADE;"
                           "ALTER TABLE customers ADD COLUMN IF NOT EXISTS email text");
    TestDatabase clerk = test_as(&shop.dest, "pgzmtest_clerk");
    TestDatabase deputy = test_as(&shop.dest, "pgzmtest_deputy");
    test_sql(&clerk,
             "CREATE TABLE customers (id serial PRIMARY KEY, name text NOT NULL);"
             "INSERT INTO customers (name) SELECT 'Live ' || i FROM generate_series(1, 60) i;"
             "CREATE TABLE breads (id int PRIMARY KEY, name text);"
             "INSERT INTO breads VALUES (1, 'old bread 1')");
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, false);
    AUTO(launch_clear)
    Launch prepare = LAUNCH("prepare", "--source", shop.source.conninfo, "--dest", clerk.conninfo,
                            "--no-owner", "--no-privileges", KEEPING);
    EXPECT_EXIT(&prepare, 0);

    /* What changes is in the shadow as soon as it is committed. */
    AUTO(session_close) PGconn *app = session_open(&clerk, "BEGIN");
    session_run(app, "UPDATE customers SET name = 'seen' WHERE id = 7; DELETE FROM customers"
                     " WHERE id = 50; INSERT INTO customers (name) VALUES ('late'); COMMIT");
    EXPECT_VALUE(&shop.dest,
                 "SELECT string_agg(id || name, ',' ORDER BY id) FROM"
                 " pgzm_shadow_public.customers WHERE id IN (7, 50, 61)",
                 "7seen,61late");

    AUTO(launch_clear)
    Launch swap = launch_start(
        &(LaunchOptions){.environment = WORDS("HOME=/nonexistent", "PGAPPNAME=elsewhere", "PATH")},
        WORDS("swap", "--dest", deputy.conninfo));
    launch_wait(&swap);
    EXPECT_EXIT(&swap, 0);
    EXPECT_VALUE(&shop.dest, "SELECT name FROM customers WHERE id = 7", "seen");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM breads", "30");
    test_sql(&clerk, "UPDATE customers SET name = 'since' WHERE id = 7");
    DEST_RUN(&shop, "rollback", "--latest");
    EXPECT_VALUE(&shop.dest, "SELECT name FROM customers WHERE id = 7", "since");
    test_sql(&clerk, "UPDATE customers SET name = 'Live 7' WHERE id = 7; DELETE FROM customers"
                     " WHERE id = 61; INSERT INTO customers VALUES (50, 'Live 50')");
    static const char *const counted[] = {"before: values public.customers_id_seq",
                                          "after:  values public.customers_id_seq", NULL};
    AUTO(mem_free) char *after = compare_fingerprint(&shop.dest, NULL, false);
    EXPECT_SAME(compare_fingerprints_but(before, after, counted));
    EXPECT_VALUE(&shop.dest,
                 "SELECT string_agg(role, ' ' ORDER BY id) FROM (SELECT min(id) AS id, role FROM"
                 " pgzm.event GROUP BY role) r",
                 "pgzmtest_clerk pgzmtest_deputy postgres");
}

/* ---- 7: geography ------------------------------------------------------------------------ */

Test(server_scenario, geography_is_the_same_after_migration_and_rollback)
{
    Shop shop = {test_source_database("source"), test_database("dest")};
    AUTO(mem_free)
    char *there = test_value(&shop.dest, "SELECT count(*) FROM pg_available_extensions"
                                         " WHERE name = 'postgis'");
    if (strcmp(there, "1") != 0)
        cr_skip_test("the extension postgis is not installed for this server");
    static const char both[] =
        "CREATE EXTENSION postgis;"
        "CREATE TABLE places (id int PRIMARY KEY, name text, at geometry(Point, 4326),"
        " area geography(Polygon), shape geometry, middle geometry GENERATED ALWAYS AS"
        " (st_centroid(shape)) STORED, CHECK (st_isvalid(shape)));"
        "CREATE INDEX places_at ON places USING gist (at);"
        "CREATE INDEX places_area ON places USING gist (area);"
        "CREATE INDEX places_buffer ON places USING gist (st_envelope(shape));"
        "CREATE TABLE tracks (id int PRIMARY KEY, line geometry(LineStringZ, 3857));"
        "CREATE VIEW near AS SELECT id, name FROM places"
        " WHERE st_dwithin(at, st_setsrid(st_makepoint(13, 52), 4326), 2);";
    static const char rows[] =
        "INSERT INTO places (id, name, at, area, shape) SELECT i, 'p' || i,"
        " st_setsrid(st_makepoint(%d + i * 0.01, 52.5), 4326),"
        " st_geogfromtext(format('POLYGON((%%1$s 50, %%2$s 50, %%2$s 51, %%1$s 50))', i * 0.1,"
        " i * 0.1 + 1)), st_makeenvelope(i, 0, i + 2, 3) FROM generate_series(1, 150) i;"
        "INSERT INTO tracks SELECT i, st_setsrid(st_makeline(st_makepoint(i, %d, 1),"
        " st_makepoint(2, i, 3)), 3857) FROM generate_series(1, 20) i;";
    static const char texts[] =
        "SELECT id, st_astext(at), st_astext(area), st_astext(shape), st_astext(middle) FROM places"
        " UNION ALL SELECT id, st_astext(line), '', '', '' FROM tracks ORDER BY 1, 2";
    AUTO(mem_free) char *source_rows = mem_printf(rows, 10, 7);
    AUTO(mem_free) char *dest_rows = mem_printf(rows, 20, 9);
    test_sql(&shop.source, both);
    test_sql(&shop.source, source_rows);
    test_sql(&shop.dest, both);
    test_sql(&shop.dest, dest_rows);
    AUTO(mem_free) char *new = test_rows(&shop.source, texts);
    AUTO(mem_free) char *old = test_rows(&shop.dest, texts);
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, false);

    SHOP_RUN(&shop, "start");
    EXPECT_SAME(compare_databases(&shop.source, &shop.dest, &live_may_have_more));
    AUTO(mem_free) char *after = test_rows(&shop.dest, texts);
    cr_assert_str_eq(new, after);
    static const char nearest[] =
        "SET enable_seqscan = off; SELECT string_agg(id::text, ',') FROM (SELECT id FROM places"
        " ORDER BY at <-> st_setsrid(st_makepoint(10.5, 52.5), 4326), id LIMIT 5) p";
    EXPECT_VALUE(&shop.dest, nearest, "50,49,51,48,52");
    DEST_RUN(&shop, "rollback", "--latest");
    AUTO(mem_free) char *back = test_rows(&shop.dest, texts);
    cr_assert_str_eq(old, back);
    EXPECT_LIVE(&shop, before);
}

/* ---- 8: one on top of the other ---------------------------------------------------------- */

Test(server_scenario, three_migrations_can_be_rolled_back_to_a_chosen_one_and_cleaned_up)
{
    Shop shop = bakery_open();
    char *ids[3], *worlds[3];
    for (int i = 0; i < 3; i++) {
        AUTO(mem_free)
        char *change = mem_printf("UPDATE breads SET name = 'bread of %d'; CREATE TABLE only_%d"
                                  " (id int)",
                                  i, i);
        test_sql(&shop.source, change);
        SHOP_RUN(&shop, "start", KEEPING);
        ids[i] = latest_id(&shop);
        worlds[i] = compare_fingerprint(&shop.dest, NULL, false);
    }
    static const char backups[] =
        "SELECT coalesce(string_agg(substr(nspname, 13, 13), ' ' ORDER BY nspname), '')"
        " FROM pg_namespace WHERE nspname LIKE 'pgzm\\_backup%'";
    AUTO(launch_clear) Launch list = DEST_LAUNCH(&shop, "list");
    EXPECT_EXIT(&list, 0);
    for (int i = 0; i < 3; i++)
        EXPECT_CONTAINS(list.out, ids[i]);

    /* Exactly what began before the second one. */
    DEST_RUN(&shop, "cleanup", "--before", ids[1]);
    AUTO(mem_free) char *left = mem_printf("%s %s", ids[1], ids[2]);
    EXPECT_VALUE(&shop.dest, backups, left);
    AUTO(mem_free) char *cleaned = compare_fingerprint(&shop.dest, NULL, false);
    EXPECT_SAME(compare_fingerprints(worlds[2], cleaned));
    AUTO(launch_clear) Launch gone = DEST_LAUNCH(&shop, "rollback", "--timestamp", ids[0]);
    EXPECT_ERROR(&gone, 5, "the backup of migration ");
    EXPECT_CONTAINS(gone.err, ids[0]);
    EXPECT_VALUE(&shop.dest, "SELECT name FROM breads WHERE id = 1", "bread of 2");

    /* Back to the world of the first one, over the third. */
    DEST_RUN(&shop, "rollback", "--timestamp", ids[1]);
    EXPECT_VALUE(&shop.dest, "SELECT name FROM breads WHERE id = 1", "bread of 0");
    EXPECT_VALUE(&shop.dest, "SELECT concat(to_regclass('only_0'), to_regclass('only_1'))",
                 "only_0");
    static const char *const reverse[] = {"before: trigger public.customers: pgzm_", NULL};
    AUTO(mem_free) char *back = compare_fingerprint(&shop.dest, NULL, false);
    EXPECT_SAME(compare_fingerprints_but(worlds[0], back, reverse));
    DEST_RUN(&shop, "cleanup", "--before", "2100-01-01 00:00");
    EXPECT_VALUE(&shop.dest, our_schemas, "pgzm");
    EXPECT_LIVE(&shop, back);
    for (int i = 0; i < 3; i++) {
        mem_free(ids[i]);
        mem_free(worlds[i]);
    }
}
