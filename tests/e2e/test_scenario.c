/*
 * What a migration must be able to do, from its beginning to its end: one test for each of the
 * fourteen scenarios that the design names, with both databases compared afterwards.
 */
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "tests/e2e/bakery.h"
#include "tests/harness/clients.h"
#include "tests/harness/proxy.h"

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

/* ---- 9: drift ---------------------------------------------------------------------------- */

Test(server_scenario, schemas_that_drifted_apart_in_both_directions)
{
    static const char both[] =
        "CREATE TABLE items (id int PRIMARY KEY, name text, old_only text, amount int);"
        "CREATE TABLE stays (id int PRIMARY KEY); CREATE TABLE dropped_there (id int PRIMARY KEY);"
        "CREATE TYPE mood AS ENUM ('good', 'bad'); CREATE TYPE level AS ENUM ('low', 'high');"
        "CREATE FUNCTION changed() RETURNS int LANGUAGE sql AS 'SELECT 1';"
        "CREATE FUNCTION dropped_there(a int) RETURNS int LANGUAGE sql AS 'SELECT a';"
        "CREATE VIEW seen AS SELECT id, name FROM items; CREATE VIEW dropped_view AS SELECT 1 AS a;"
        "ALTER TABLE items ENABLE ROW LEVEL SECURITY;"
        "CREATE POLICY changed ON items USING (amount > 0);"
        "CREATE POLICY dropped ON items FOR DELETE USING (false);"
        "CREATE INDEX items_amount ON items (amount);";
    static const char in_source[] =
        "DROP POLICY changed ON items; ALTER TABLE items DROP COLUMN old_only; ALTER TABLE items "
        "ADD COLUMN added date DEFAULT"
        " '2026-01-01'; ALTER TABLE items ALTER amount TYPE bigint USING amount;"
        "DROP TABLE dropped_there; DROP FUNCTION dropped_there(int); DROP VIEW dropped_view;"
        "ALTER TYPE mood ADD VALUE 'fine' BEFORE 'bad'; CREATE TYPE added AS ENUM ('x');"
        "CREATE OR REPLACE FUNCTION changed() RETURNS int LANGUAGE sql AS 'SELECT 2';"
        "CREATE OR REPLACE VIEW seen AS SELECT id, name, added FROM items;"
        "DROP POLICY dropped ON items;"
        "CREATE POLICY changed ON items USING (amount > 1);"
        "CREATE POLICY added ON items FOR INSERT WITH CHECK (true);"
        "CREATE TABLE added_table (id int PRIMARY KEY, kind added, mood mood);"
        "CREATE VIEW added_view AS SELECT kind FROM added_table;"
        "CREATE FUNCTION added(a int) RETURNS added_table LANGUAGE sql STABLE"
        " AS 'SELECT * FROM added_table WHERE id = a';";
    static const char in_dest[] =
        "CREATE TABLE own (id int PRIMARY KEY, level level); CREATE TYPE own_kind AS ENUM ('o');"
        "ALTER TABLE items ADD COLUMN own_column text; ALTER TABLE items DROP COLUMN name CASCADE;"
        "CREATE VIEW own_view AS SELECT id, amount FROM items WHERE amount > 5;"
        "CREATE FUNCTION own_function() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM "
        "items';"
        "CREATE INDEX own_index ON items (old_only); DROP INDEX items_amount;"
        "CREATE POLICY own_policy ON items FOR UPDATE USING (true);"
        "CREATE POLICY own_policy ON own USING (EXISTS (SELECT FROM items i WHERE i.id = own.id));"
        "INSERT INTO items VALUES (1, 'gone', 4, 'own'); INSERT INTO own VALUES (1, 'high');";
    Shop shop = {test_source_database("source"), test_database("dest")};
    test_sql(&shop.source, both);
    test_sql(&shop.dest, both);
    test_sql(&shop.source, in_source);
    test_sql(&shop.source, "INSERT INTO items VALUES (1, 'new', 9), (2, 'new', 3);"
                           "INSERT INTO added_table VALUES (1, 'x', 'fine')");
    test_sql(&shop.dest, in_dest);
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, false);
    AUTO(launch_clear) Launch diff = SHOP_LAUNCH(&shop, "diff");
    EXPECT_EXIT(&diff, 8);
    SHOP_RUN(&shop, "start");
    EXPECT_SAME(compare_databases(&shop.source, &shop.dest, &live_may_have_more));
    AUTO(launch_clear) Launch same = SHOP_LAUNCH(&shop, "diff");
    EXPECT_EXIT(&same, 0);
    EXPECT_VALUE(&shop.dest, "SELECT id || ' ' || amount FROM own_view", "1 9");
    EXPECT_VALUE(&shop.dest, "SELECT own_function() || ' ' || (SELECT level FROM own)", "2 high");
    EXPECT_VALUE(&shop.dest, "SELECT 'dropped_there'::regclass || ' ' || dropped_there(3)",
                 "dropped_there 3");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM pg_policies WHERE schemaname = 'public'", "3");
    DEST_RUN(&shop, "rollback", "--latest");
    EXPECT_LIVE(&shop, before);
}

/* ---- 10: what only the destination has --------------------------------------------------- */

Test(server_scenario, what_only_the_destination_has_survives_and_points_to_the_new_objects)
{
    static const char own[] =
        "CREATE TABLE reviews (id int PRIMARY KEY, order_id bigint REFERENCES orders ON DELETE"
        " CASCADE, stars int); INSERT INTO reviews VALUES (1, 1, 5);"
        "CREATE VIEW order_count AS SELECT count(*) AS n FROM orders;"
        "CREATE VIEW over_view AS SELECT n, (SELECT count(*) FROM cheap) AS c FROM order_count;"
        "CREATE MATERIALIZED VIEW own_prices AS SELECT note, id FROM notes;"
        "CREATE FUNCTION bread_names() RETURNS SETOF breads LANGUAGE sql STABLE AS"
        " 'SELECT * FROM breads ORDER BY id';"
        "CREATE FUNCTION priced(b breads) RETURNS text LANGUAGE sql IMMUTABLE AS"
        " 'SELECT b.name || b.price';"
        "ALTER TABLE notes ENABLE ROW LEVEL SECURITY;"
        "CREATE POLICY known ON notes USING (EXISTS (SELECT FROM breads b WHERE b.id = bread_id));"
        "CREATE FUNCTION note_price() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " NEW.note := NEW.note || price_of(NEW.bread_id); RETURN NEW; END $$;"
        "CREATE FUNCTION price_of(int) RETURNS numeric LANGUAGE sql STABLE AS"
        " 'SELECT price FROM breads WHERE id = $1';"
        "CREATE TRIGGER note_price BEFORE INSERT ON notes FOR EACH ROW"
        " EXECUTE FUNCTION note_price();"
        "CREATE PUBLICATION own_publication FOR TABLE breads, notes;";
    Shop shop = bakery_with("ALTER TABLE breads ALTER since SET NOT NULL", own);
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, false);
    SHOP_RUN(&shop, "start", KEEPING);
    EXPECT_VALUE(&shop.dest, "SELECT n || ' ' || c FROM over_view", "200 5");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM bread_names() WHERE since IS NOT NULL", "30");
    EXPECT_VALUE(&shop.dest, "SELECT priced(b) FROM breads b WHERE id = 3", "new bread 33.00");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM own_prices", "10");
    EXPECT_VALUE(&shop.dest,
                 "SELECT string_agg(prrelid::regclass::text, ',' ORDER BY prrelid::regclass::text)"
                 " FROM pg_publication_rel",
                 "breads,notes");
    EXPECT_VALUE(&shop.dest,
                 "SELECT string_agg(conrelid::regclass || '>' || confrelid::regclass ||"
                 " convalidated, ',' ORDER BY conrelid::regclass::text) FROM pg_constraint"
                 " WHERE contype = 'f' AND conrelid IN ('notes'::regclass, 'reviews'::regclass)",
                 "notes>breadstrue,reviews>orderstrue");
    EXPECT_VALUE(&shop.dest, "INSERT INTO notes (bread_id, note) VALUES (30, 'x') RETURNING note",
                 "x30.00");
    EXPECT_VALUE(&shop.dest,
                 "SELECT count(*) FROM pg_policies WHERE qual LIKE '%pgzm%' OR with_check LIKE"
                 " '%pgzm%'",
                 "0");
    EXPECT_VALUE(&shop.dest,
                 "SELECT count(*) FROM pg_views WHERE schemaname = 'public' AND definition LIKE"
                 " '%pgzm%'",
                 "0");
    test_sql(&shop.dest, "DELETE FROM orders WHERE id = 1; DELETE FROM notes WHERE bread_id = 30;"
                         "SELECT setval('notes_id_seq', 10)");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM reviews", "0");
    DEST_RUN(&shop, "verify");
    test_sql(&shop.dest, "INSERT INTO reviews VALUES (1, NULL, 5)");
    DEST_RUN(&shop, "rollback", "--latest");
    test_sql(&shop.dest, "UPDATE reviews SET order_id = 1");
    EXPECT_LIVE(&shop, before);
}

/* ---- 11: sequences ----------------------------------------------------------------------- */

Test(server_scenario, sequences_of_every_sort_have_the_right_value)
{
    static const char both[] =
        "CREATE TABLE s (id serial PRIMARY KEY, a int);"
        "CREATE TABLE always (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a int);"
        "CREATE TABLE by_default (id bigint GENERATED BY DEFAULT AS IDENTITY (START 100 INCREMENT"
        " 5) PRIMARY KEY, a int);"
        "CREATE SEQUENCE shared; CREATE TABLE one (id int DEFAULT nextval('shared') PRIMARY KEY);"
        "CREATE TABLE two (id int DEFAULT nextval('shared') PRIMARY KEY);"
        "CREATE SEQUENCE down INCREMENT -3 MINVALUE -100 MAXVALUE 100 START 50;"
        "CREATE SEQUENCE round AS smallint MAXVALUE 5 CYCLE; CREATE SEQUENCE never START 42;"
        "CREATE SEQUENCE cached CACHE 20;"
        "CREATE TABLE kept (id serial PRIMARY KEY, a text);"
        "CREATE TABLE kept_always (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a text);";
    static const char calls[] =
        "INSERT INTO s (a) SELECT i FROM generate_series(1, 30) i; DELETE FROM s WHERE id > 20;"
        "INSERT INTO always (a) VALUES (1), (2); INSERT INTO by_default (a) VALUES (1), (2), (3);"
        "INSERT INTO one DEFAULT VALUES; INSERT INTO two DEFAULT VALUES;"
        "SELECT nextval('down'), nextval('down');"
        "SELECT nextval('round') FROM generate_series(1, 7); SELECT nextval('cached');"
        "INSERT INTO kept (a) SELECT 'staging' FROM generate_series(1, 3);"
        "INSERT INTO kept_always (a) SELECT 'staging' FROM generate_series(1, 3);";
    Shop shop = {test_source_database("source"), test_database("dest")};
    test_sql(&shop.source, both);
    test_sql(&shop.dest, both);
    test_sql(&shop.source, calls);
    test_sql(&shop.dest, "INSERT INTO kept (a) SELECT 'live' FROM generate_series(1, 500);"
                         "INSERT INTO kept_always (a) SELECT 'live' FROM generate_series(1, 700);"
                         "SELECT nextval('never'), nextval('down'); INSERT INTO s VALUES (9000)");
    SHOP_RUN(&shop, "prepare", "--preserved-tables", "kept,kept_always");
    test_sql(&shop.dest, "INSERT INTO kept (a) VALUES ('between'); SELECT nextval('kept_id_seq');"
                         "DELETE FROM kept_always WHERE id > 600");
    DEST_RUN(&shop, "swap");
    static const char *const kept[] = {"public.kept", "public.kept_id_seq", "public.kept_always",
                                       "public.kept_always_id_seq", NULL};
    const CompareScope scope = {.ignored_rows = kept, .second_may_have_more = true};
    EXPECT_SAME(compare_databases(&shop.source, &shop.dest, &scope));
    EXPECT_VALUE(&shop.dest, "INSERT INTO kept (a) VALUES ('n') RETURNING id", "503");
    EXPECT_VALUE(&shop.dest, "INSERT INTO kept_always (a) VALUES ('n') RETURNING id", "701");
    static const char next[] =
        "SELECT concat_ws(' ', nextval('s_id_seq'), nextval('always_id_seq'),"
        " nextval('by_default_id_seq'), nextval('shared'), nextval('down'), nextval('round'),"
        " nextval('never'), nextval('cached'))";
    EXPECT_VALUE(&shop.dest, next, "31 3 115 3 44 3 42 21");
    EXPECT_VALUE(&shop.dest, "INSERT INTO one DEFAULT VALUES RETURNING id", "4");
    DEST_RUN(&shop, "rollback", "--latest");
    EXPECT_VALUE(&shop.dest, "INSERT INTO kept (a) VALUES ('n') RETURNING id", "504");
    EXPECT_VALUE(&shop.dest, "INSERT INTO kept_always (a) VALUES ('n') RETURNING id", "702");
    EXPECT_VALUE(&shop.dest, "SELECT nextval('never') || ' ' || nextval('down')", "43 47");
}

/* ALTER DATABASE with each of the settings, up to NULL. */
static void alter_database(const TestDatabase *database, const char *verb,
                           const char *const *settings)
{
    for (; *settings != NULL; settings++) {
        AUTO(mem_free)
        char *script = mem_printf("ALTER DATABASE %s %s %s", database->name, verb, *settings);
        test_sql(database, script);
    }
}

/* ---- 12: failures ------------------------------------------------------------------------ */

/* Whatever failed: what is live is as it was, and after abort the whole way can be gone. */
static void expect_good_end(const Shop *shop, const char *before)
{
    EXPECT_LIVE(shop, before);
    DEST_RUN(shop, "abort");
    EXPECT_LIVE(shop, before);
    SHOP_RUN(shop, "start", KEEPING);
    EXPECT_VALUE(&shop->dest, "SELECT count(*) FROM breads WHERE name LIKE 'new%'", "30");
    EXPECT_VALUE(&shop->dest, LATEST_STATE, "SETTLED");
}

Test(server_scenario, no_space_for_an_index_fails_and_can_be_done_again)
{
    Shop shop =
        bakery_with("CREATE TABLE big (id int, word text);"
                    "INSERT INTO big SELECT i, md5(i::text) FROM generate_series(1, 60000) i;"
                    "CREATE INDEX big_word ON big (word, id)",
                    NULL);
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, false);
    static const char *const little[] = {"temp_file_limit = 64", "maintenance_work_mem = 1024",
                                         NULL};
    alter_database(&shop.dest, "SET", little);
    AUTO(launch_clear) Launch launch = SHOP_LAUNCH(&shop, "start", KEEPING);
    EXPECT_ERROR(&launch, 7, "making index ");
    EXPECT_CONTAINS(launch.err, "temp_file_limit");
    alter_database(&shop.dest, "RESET", (const char *const[]){"ALL", NULL});
    expect_good_end(&shop, before);
}

static char folder[] = "/tmp/pgzmtest-space.XXXXXX";

/* Also after a failure. */
static void remove_space(void)
{
    umount2(folder, MNT_DETACH);
    rmdir(folder);
}

/* A file system of `size` that the server of the tests may write to, as a tablespace; NULL where
 * that needs rights which nobody here has. */
static char *small_space(const TestDatabase *any, const char *size)
{
    AUTO(mem_free) char *data = test_value(any, "SHOW data_directory");
    struct stat of_server;
    if (getuid() != 0 || mkdtemp(folder) == NULL)
        return NULL;
    AUTO(mem_free) char *options = mem_printf("size=%s", size);
    AUTO(mem_free) char *name = mem_printf("pgzmtest_space_%d", (int)getpid());
    AUTO(mem_free) char *create = mem_printf("CREATE TABLESPACE %s LOCATION '%s'", name, folder);
    if (stat(data, &of_server) != 0 || mount("tmpfs", folder, "tmpfs", 0, options) != 0) {
        rmdir(folder);
        return NULL;
    }
    if (chown(folder, of_server.st_uid, of_server.st_gid) != 0 || chmod(folder, 0700) != 0)
        cr_assert_fail("%s cannot be given to the server", folder);
    test_sql(any, create);
    return TAKE(name);
}

Test(server_scenario, a_full_disk_fails_and_can_be_done_again, .fini = remove_space)
{
    TestDatabase any = test_database("any");
    AUTO(mem_free) char *space = small_space(&any, "40m");
    if (space == NULL)
        cr_skip_test("mounting a small file system needs root and its capabilities");
    AUTO(mem_free)
    char *options = mem_printf("TEMPLATE template0 TABLESPACE %s", space);
    Shop shop = {.source = test_source_database("source"),
                 .dest = test_database_with("dest", options)};
    test_sql_file(&shop.source, "tests/fixture/bakery_source.sql");
    test_sql_file(&shop.dest, "tests/fixture/bakery_dest.sql");
    test_sql(&shop.source, "CREATE TABLE big (id int, words text); ALTER TABLE big ALTER words"
                           " SET STORAGE PLAIN; INSERT INTO big SELECT i, repeat('word ', 500)"
                           " FROM generate_series(1, 20000) i");
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, false);
    AUTO(launch_clear) Launch launch = SHOP_LAUNCH(&shop, "start", KEEPING);
    EXPECT_ERROR(&launch, 7, "copying public.big");
    EXPECT_CONTAINS(launch.err, "could not extend file"); /* no space, or for a part of it */
    cr_assert_eq(mount("tmpfs", folder, "tmpfs", MS_REMOUNT, "size=200m"), 0);
    expect_good_end(&shop, before);

    test_database_drop(&shop.dest);
    AUTO(mem_free) char *drop = mem_printf("DROP TABLESPACE %s", space);
    test_sql(&any, drop);
}

Test(server_scenario, a_table_that_is_never_free_leaves_it_prepared_and_the_swap_can_be_done_again)
{
    Shop shop = bakery_open();
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, false);
    AUTO(session_close)
    PGconn *reader = session_open(&shop.dest, "BEGIN; SELECT * FROM customers");
    AUTO(launch_clear)
    Launch launch = SHOP_LAUNCH(&shop, "start", KEEPING, "--swap-timeout", "1s");
    EXPECT_EXIT(&launch, 6);
    session_run(reader, "COMMIT; BEGIN; LOCK TABLE breads IN ROW EXCLUSIVE MODE");
    AUTO(launch_clear) Launch swap = DEST_LAUNCH(&shop, "swap", "--swap-timeout", "1s");
    EXPECT_ERROR(&swap, 6, "the swap did not get its locks in 1000 ms");
    EXPECT_VALUE(&shop.dest, LATEST_STATE, "PREPARED");
    static const char *const sync[] = {"after:  trigger public.customers: pgzm_", NULL};
    AUTO(mem_free) char *between = compare_fingerprint(&shop.dest, NULL, false);
    EXPECT_SAME(compare_fingerprints_but(before, between, sync));
    session_run(reader, "COMMIT");
    DEST_RUN(&shop, "swap");
    session_run(reader, "BEGIN; SELECT * FROM breads");
    AUTO(launch_clear)
    Launch back = DEST_LAUNCH(&shop, "rollback", "--latest", "--swap-timeout", "1s");
    EXPECT_ERROR(&back, 6, "the rollback did not get its locks in 1000 ms");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM breads", "30");
    session_run(reader, "COMMIT");
    DEST_RUN(&shop, "rollback", "--latest");
    EXPECT_LIVE(&shop, before);
}

Test(server_scenario, a_network_that_goes_away_leaves_what_is_live)
{
    static const struct Cut {
        const char *at;
        int exit_code;
        bool of_swap;
    } cuts[] = {{"pg_export_snapshot", 3, false},
                {"TO STDOUT", 3, false},
                {"FROM STDIN", 3, false},
                {"CREATE TRIGGER", 3, false},
                {"The swap, or its inverse", 3, true}};
    Shop shop = bakery_open();
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, false);
    const char *const servers[PROXY_SIDES] = {shop.dest.conninfo, shop.source.conninfo};
    for (size_t i = 0; i < LENGTH(cuts); i++) {
        AUTO(proxy_free) Proxy *proxy = proxy_new(servers);
        AUTO(mem_free) char *source = proxy_conninfo(proxy, PROXY_SOURCE, shop.source.name);
        AUTO(mem_free) char *dest = proxy_conninfo(proxy, PROXY_DEST, shop.dest.name);
        proxy_arm(proxy, &(ProxyStrike){.text = cuts[i].at,
                                        .action = PROXY_CUT_FOR_GOOD,
                                        .moment = PROXY_BEFORE});
        AUTO(launch_clear)
        Launch launch = LAUNCH("start", "--source", source, "--dest", dest, KEEPING);
        cr_assert_neq(proxy_struck(proxy), 0, "%s was never said", cuts[i].at);
        EXPECT_EXIT(&launch, cuts[i].exit_code);
        EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM breads WHERE name LIKE 'old%'", "10");
        AUTO(launch_clear) Launch next = DEST_LAUNCH(&shop, cuts[i].of_swap ? "swap" : "abort");
        if (next.exit_code != 5 || cuts[i].of_swap) /* 5: nothing had begun */
            EXPECT_EXIT(&next, 0);
        if (!cuts[i].of_swap)
            EXPECT_LIVE(&shop, before);
    }
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM breads WHERE name LIKE 'new%'", "30");
    EXPECT_VALUE(&shop.dest, LATEST_STATE, "SETTLED");
}

/* ---- 13: rights, settings, encodings ----------------------------------------------------- */

Test(server_scenario, a_role_that_is_no_superuser_with_row_security_and_other_settings)
{
    static const char tables[] =
        "CREATE TABLE secrets (id int PRIMARY KEY, owner text, note text);"
        "ALTER TABLE secrets ENABLE ROW LEVEL SECURITY;"
        "CREATE POLICY own ON secrets USING (owner = current_user);"
        "GRANT SELECT, UPDATE ON secrets TO pgzmtest_poor;"
        "CREATE TABLE kept (id serial PRIMARY KEY, at timestamptz, long interval, x float8,"
        " bytes bytea); ALTER TABLE kept ENABLE ROW LEVEL SECURITY;"
        "CREATE POLICY odd ON kept USING (id % 2 = 1); GRANT SELECT ON kept TO pgzmtest_poor;"
        "CREATE TABLE stamps (id int PRIMARY KEY, d date, at timestamptz, ts timestamp,"
        " long interval, x float8, y real, bytes bytea, days date[], span tstzrange);"
        "CREATE TABLE as_text (LIKE stamps, reg regtype);";
    static const char rows[] =
        "INSERT INTO stamps SELECT i, '2026-02-01'::date + i, '2026-03-04 05:06:07.891+00'::"
        "timestamptz + i * interval '1 hour', '2026-04-05 06:07:08', i * interval '1 day -2 hours"
        " 3 months', i / 7.0, i / 3.0, decode('00ff27', 'hex'), ARRAY['2026-05-06'::date],"
        " tstzrange('2026-01-02 00:00+00', NULL) FROM generate_series(1, 50) i;"
        "INSERT INTO as_text SELECT *, 'int4' FROM stamps;"
        "INSERT INTO secrets VALUES (1, 'pgzmtest_poor', 'new'), (2, 'somebody', 'new');";
    static const char kept_rows[] =
        "INSERT INTO kept (at, long, x, bytes) SELECT '2026-12-11 10:09:08+00',"
        " i * interval '1 year -1 day', i / 7.0, '\\x5c27' FROM generate_series(1, 40) i;"
        "INSERT INTO secrets VALUES (1, 'pgzmtest_poor', 'old'); ALTER TABLE secrets FORCE ROW "
        "LEVEL"
        " SECURITY";
    static const char *const here[] = {"DateStyle = 'SQL, DMY'",    "IntervalStyle = sql_standard",
                                       "TimeZone = 'Asia/Kolkata'", "extra_float_digits = -9",
                                       "bytea_output = escape",     "client_encoding = 'LATIN1'",
                                       "search_path = 'nowhere'",   NULL};
    static const char *const there[] = {"DateStyle = 'German, MDY'",
                                        "IntervalStyle = iso_8601",
                                        "TimeZone = 'America/Caracas'",
                                        "extra_float_digits = 0",
                                        "row_security = on",
                                        "standard_conforming_strings = off",
                                        "default_transaction_isolation = serializable",
                                        NULL};
    Shop shop = {test_source_database("source"), test_database("dest")};
    test_role(&shop.dest, "pgzmtest_clerk");
    test_role(&shop.dest, "pgzmtest_reader");
    test_role(&shop.dest, "pgzmtest_poor");
    AUTO(mem_free)
    char *owners = mem_printf("ALTER DATABASE %s OWNER TO pgzmtest_clerk; CREATE SCHEMA app"
                              " AUTHORIZATION pgzmtest_clerk",
                              shop.dest.name);
    test_sql(&shop.dest, owners);
    test_sql(&shop.source, "CREATE SCHEMA app AUTHORIZATION pgzmtest_reader");
    TestDatabase clerk = test_as(&shop.dest, "pgzmtest_clerk");
    TestDatabase reader = test_as(&shop.source, "pgzmtest_reader");
    TestDatabase poor = test_as(&shop.dest, "pgzmtest_poor");
    AUTO(mem_free) char *in_source = mem_printf("SET search_path = app; %s %s", tables, rows);
    AUTO(mem_free) char *in_dest = mem_printf("SET search_path = app; %s %s", tables, kept_rows);
    test_sql(&reader, in_source);
    test_sql(&clerk, in_dest);
    test_sql(&clerk, "GRANT USAGE ON SCHEMA app TO pgzmtest_poor");
    alter_database(&shop.source, "SET", here);
    alter_database(&shop.dest, "SET", there);
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, false);

    const char *const start[] = {"start",
                                 "--source",
                                 reader.conninfo,
                                 "--dest",
                                 clerk.conninfo,
                                 "--schema",
                                 "app",
                                 "--no-owner",
                                 "--preserved-tables",
                                 "app.kept",
                                 NULL};

    /* Who is not shown all rows copies none. */
    test_sql(&reader, "ALTER TABLE app.secrets FORCE ROW LEVEL SECURITY");
    AUTO(launch_clear) Launch hidden = launch_now(start);
    EXPECT_ERROR(
        &hidden, 4,
        "row-level security hides rows of the source from user pgzmtest_reader: app.secrets");
    EXPECT_LIVE(&shop, before);
    test_sql(&reader, "ALTER TABLE app.secrets NO FORCE ROW LEVEL SECURITY");
    AUTO(launch_clear) Launch launch = launch_now(start);
    EXPECT_EXIT(&launch, 0);
    static const char *const kept[] = {"app.kept", "app.kept_id_seq", NULL};
    static const char *const kinds[] = {"owner", "grant", "setting", "schema", "default_privilege",
                                        NULL};
    const CompareScope scope = {
        .ignored_rows = kept, .ignored_kinds = kinds, .second_may_have_more = true};
    EXPECT_SAME(compare_databases(&shop.source, &shop.dest, &scope));
    EXPECT_VALUE(&shop.dest, "SELECT count(*) || ' ' || sum(x)::numeric(10, 4) FROM app.kept",
                 "40 117.1429");
    /* Row-level security holds for the others. */
    EXPECT_VALUE(&poor, "SELECT string_agg(note, ',') FROM app.secrets", "new");
    EXPECT_VALUE(&poor, "SELECT count(*) FROM app.kept", "20");
    AUTO(launch_clear) Launch back = LAUNCH("rollback", "--latest", "--dest", clerk.conninfo);
    EXPECT_EXIT(&back, 0);
    EXPECT_LIVE(&shop, before);
    EXPECT_VALUE(&poor, "SELECT string_agg(note, ',') FROM app.secrets", "old");
}

/* The same database, told that the test speaks UTF8. */
static TestDatabase in_utf8(const TestDatabase *database)
{
    TestDatabase utf8 = *database;
    strncat(utf8.conninfo, " client_encoding=UTF8",
            sizeof utf8.conninfo - strlen(utf8.conninfo) - 1);
    return utf8;
}

Test(server_scenario, databases_of_different_encodings_and_collations)
{
    static const char latin1[] = "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'";
    static const char latin9[] = "ENCODING 'LATIN9' LC_COLLATE 'C' LC_CTYPE 'C'";
    static const char utf8[] = "ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'";
    static const char other[] = "ENCODING 'UTF8' LC_COLLATE 'C.utf8' LC_CTYPE 'C.utf8'";
    static const char *const pairs[][2] = {
        {utf8, latin1}, {latin1, utf8}, {latin9, utf8}, {utf8, latin9}, {utf8, other}};
    for (size_t i = 0; i < LENGTH(pairs); i++) {
        AUTO(mem_free) char *from = mem_printf("TEMPLATE template0 %s", pairs[i][0]);
        AUTO(mem_free) char *to = mem_printf("TEMPLATE template0 %s", pairs[i][1]);
        Shop shop = {.source = test_database_with("source", from),
                     .dest = test_database_with("dest", to)};
        TestDatabase source = in_utf8(&shop.source), dest = in_utf8(&shop.dest);
        const char *sign =
            pairs[i][0] == latin1 || pairs[i][1] == latin1 ? "\xc2\xa7" : "\xe2\x82\xac";
        AUTO(mem_free)
        char *script = mem_printf(
            "CREATE TABLE \"Stra\xc3\x9f"
            "en\" (id int PRIMARY KEY, \"\xc3\xb6rtlich\" text,"
            " sort \"char\", kind \"char\"); CREATE TABLE kept (id serial PRIMARY KEY, word text);"
            "CREATE TYPE f\xc3\xa4lle AS ENUM ('gr\xc3\xbcn', 'wei\xc3\x9f');"
            "CREATE INDEX \"\xc3\x84ste\" ON \"Stra\xc3\x9f"
            "en\" (\"\xc3\xb6rtlich\");"
            "CREATE TABLE typed (a f\xc3\xa4lle DEFAULT 'gr\xc3\xbcn', b text CHECK (b <> '%s%s'));"
            "COMMENT ON TABLE typed IS '\xc3\xbc"
            "ber %s';",
            sign, sign, sign);
        AUTO(mem_free)
        char *rows = mem_printf(
            "INSERT INTO \"Stra\xc3\x9f"
            "en\" SELECT i, chr(97 + i %% 26) || '%s \xc3\xa4\xc3\xb6'"
            " || i, 'x' FROM generate_series(1, 300) i; INSERT INTO typed VALUES ('wei\xc3\x9f',"
            " '%s')",
            sign, sign);
        test_sql(&source, script);
        test_sql(&source, rows);
        test_sql(&dest, script);
        AUTO(mem_free) char *kept = mem_printf("INSERT INTO kept (word) VALUES ('live %s')", sign);
        test_sql(&dest, kept);
        SHOP_RUN(&shop, "prepare", "--preserved-tables", "kept");
        test_sql(&dest, kept);
        DEST_RUN(&shop, "swap");

        static const char words[] = "SELECT s.*, t.* FROM \"Stra\xc3\x9f"
                                    "en\" s, typed t"
                                    " ORDER BY s.id";
        AUTO(mem_free) char *old = test_rows(&source, words);
        AUTO(mem_free) char *new = test_rows(&dest, words);
        cr_assert_str_eq(old, new, "pair %zu", i);
        AUTO(mem_free) char *live = mem_printf("live %s,live %s", sign, sign);
        EXPECT_VALUE(&dest, "SELECT string_agg(word, ',') FROM kept", live);
        /* The index is in the destination's order. */
        EXPECT_VALUE(
            &dest,
            "SET enable_seqscan = off; SET enable_sort = off; SELECT (SELECT array_agg(w)"
            " FROM (SELECT \"\xc3\xb6rtlich\" AS w FROM \"Stra\xc3\x9f"
            "en\" ORDER BY 1) a)"
            " = array_agg(\"\xc3\xb6rtlich\" ORDER BY \"\xc3\xb6rtlich\") FROM \"Stra\xc3\x9f"
            "en\"",
            "t");
        DEST_RUN(&shop, "rollback", "--latest");
        EXPECT_VALUE(&dest, "SELECT string_agg(word, ',') FROM kept", live);
        test_database_drop(&shop.source);
        test_database_drop(&shop.dest);
    }
}

/* ---- 14: load ---------------------------------------------------------------------------- */

Test(server_scenario, applications_notice_nothing_from_before_prepare_to_after_rollback)
{
    static const char *const statements[] = {
        "SELECT id, email, name FROM customers WHERE id = 1 + $1::int % 60",
        "INSERT INTO customers (email, name) VALUES ('w' || $1::int, 'Client')",
        "UPDATE customers SET name = 'Seen' WHERE id = 1 + $1::int % 60",
        "UPDATE breads SET price = price + 1 WHERE id = 1 + $1::int % 10",
        "SELECT count(*) FROM orders o JOIN customers c ON c.id = o.customer_id WHERE c.id ="
        " $1::int % 60",
        "DELETE FROM customers WHERE email = 'w' || ($1::int - 160)",
        "SELECT n.note, c.name FROM notes n JOIN cheap c ON c.id = n.bread_id WHERE n.id ="
        " 1 + $1::int % 10",
        NULL};
    Shop shop = bakery_open();
    Clients *clients = clients_start(&shop.dest, 8, 60, statements);
    AUTO(launch_clear) Launch prepare = SHOP_LAUNCH(&shop, "prepare", KEEPING);
    clients_await(clients, 300);
    AUTO(launch_clear) Launch swap = DEST_LAUNCH(&shop, "swap");
    clients_await(clients, 300);
    AUTO(launch_clear) Launch back = DEST_LAUNCH(&shop, "rollback", "--latest");
    clients_await(clients, 300);
    ClientsReport report = clients_stop(clients);
    EXPECT_EXIT(&prepare, 0);
    EXPECT_EXIT(&swap, 0);
    EXPECT_EXIT(&back, 0);
    cr_assert_eq(report.failures, 0, "%ld of %ld statements failed: %s", report.failures,
                 report.statements, report.first_failure);
    cr_assert_lt(report.longest_ms, 2000, "one statement took %.0f ms", report.longest_ms);
}
