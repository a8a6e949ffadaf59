/* verify through the command line. */
#include "tests/e2e/shop.h"

#include <libpq-fe.h>
#include <time.h>

#include "tests/harness/clients.h"

/* verify of the destination with further arguments. */
#define VERIFY(shop, ...) LAUNCH("verify", "--dest", (shop)->dest.conninfo, __VA_ARGS__)

/* Every check of a --json answer passes, and there are at least so many. */
static void expect_passes(const Launch *launch, size_t at_least)
{
    EXPECT_EXIT(launch, 0);
    AUTO(json_decref) json_t *json = shop_json(launch->out);
    json_t *checks = json_object_get(json, "checks"), *check;
    size_t i;
    json_array_foreach(checks, i, check) cr_assert_str_eq(
        json_string_value(json_object_get(check, "status")), "pass", "%s", launch->out);
    cr_assert_geq(i, at_least, "%s", launch->out);
}

/* The entry of a table in a --json answer, borrowed. */
static json_t *table_of(json_t *json, const char *name)
{
    size_t i;
    json_t *table;
    json_array_foreach(json_object_get(json, "tables"), i, table)
    {
        if (strcmp(json_string_value(json_object_get(table, "table")), name) == 0)
            return table;
    }
    cr_assert_fail("there is no table %s", name);
    return NULL;
}

Test(server_verify, a_shop_is_like_its_source_and_its_backup_is_whole)
{
    Shop shop = shop_open();
    AUTO(launch_clear)
    Launch prepare = SHOP_LAUNCH(&shop, "prepare", "--preserved-tables", "users,sessions");
    EXPECT_EXIT(&prepare, 0);
    AUTO(launch_clear)
    Launch before = VERIFY(&shop, "--source", shop.source.conninfo, "--checksum", "--json");
    expect_passes(&before, 10);
    AUTO(json_decref) json_t *json = shop_json(before.out);
    json_t *order = table_of(json, "public.Order");
    cr_assert_eq(json_integer_value(json_object_get(order, "rows")), 2);
    cr_assert_str_eq(json_string_value(json_object_get(order, "other")), "source");
    cr_assert(
        json_equal(json_object_get(order, "checksum"), json_object_get(order, "other_checksum")));
    cr_assert(!json_equal(json_object_get(order, "checksum"),
                          json_object_get(table_of(json, "public.order"), "checksum")));
    cr_assert_str_eq(json_string_value(json_object_get(json, "state")), "PREPARED");
    cr_assert_not_null(json_object_get(json, "source_as_of"));

    AUTO(launch_clear) Launch swap = LAUNCH("swap", "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&swap, 0);
    test_sql(&shop.dest, "UPDATE users SET name = name || '!' WHERE id % 2 = 0;"
                         "DELETE FROM sessions WHERE user_id = 3");
    AUTO(launch_clear) Launch after = VERIFY(&shop, "--checksum", "--json");
    expect_passes(&after, 8);
    AUTO(launch_clear) Launch human = VERIFY(&shop, "--quiet");
    EXPECT_EXIT(&human, 0);
    EXPECT_CONTAINS(human.out, "All is well: ");
    EXPECT_CONTAINS(human.out, "state          SETTLED\n");
    EXPECT_CONTAINS(human.out, "objects are where they belong\n");

    AUTO(launch_clear)
    Launch back = LAUNCH("rollback", "--latest", "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&back, 0);
    AUTO(launch_clear) Launch nothing = VERIFY(&shop, "--quiet");
    EXPECT_EXIT(&nothing, 5);
}

Test(server_verify, names_of_any_kind_are_verified)
{
    static const char tables[] =
        "CREATE SCHEMA \"my-app\"; CREATE SCHEMA \"My-App\"; CREATE SCHEMA \"select\";"
        "CREATE TABLE \"my-app\".\"Order-Items\" (\"Id\" serial PRIMARY KEY, \"a b\" text);"
        "CREATE TABLE \"my-app\".\"order-items\" (\"Id\" int PRIMARY KEY, \"a\"\"b\" text);"
        "CREATE TABLE \"My-App\".\"Order-Items\" (id int PRIMARY KEY, x "
        "\"my-app\".\"Order-Items\");"
        "CREATE TABLE \"select\".\"from\" (\"where\" int REFERENCES \"my-app\".\"order-items\");"
        "CREATE VIEW \"select\".v AS SELECT \"where\" FROM \"select\".\"from\";"
        "INSERT INTO \"my-app\".\"Order-Items\" (\"a b\") SELECT 'x' || i FROM generate_series(1, "
        "9) i;"
        "INSERT INTO \"my-app\".\"order-items\" SELECT i, '' FROM generate_series(1, 5) i;"
        "INSERT INTO \"My-App\".\"Order-Items\" SELECT i, ROW(i, 'y')::\"my-app\".\"Order-Items\""
        " FROM generate_series(1, 4) i;"
        "INSERT INTO \"select\".\"from\" VALUES (1), (2)";
    Shop shop = {test_source_database("source"), test_database("dest")};
    test_sql(&shop.source, tables);
    test_sql(&shop.dest, tables);
    AUTO(launch_clear)
    Launch prepare =
        SHOP_LAUNCH(&shop, "prepare", "--preserved-tables", "\"my-app\".\"order-items\"");
    EXPECT_EXIT(&prepare, 0);
    AUTO(launch_clear)
    Launch before = VERIFY(&shop, "--source", shop.source.conninfo, "--checksum", "--json");
    expect_passes(&before, 10);
    AUTO(launch_clear) Launch swap = LAUNCH("swap", "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&swap, 0);
    AUTO(launch_clear) Launch after = VERIFY(&shop, "--checksum", "--json");
    expect_passes(&after, 8);
    test_sql(&shop.dest, "DO $$ BEGIN EXECUTE (SELECT format('DELETE FROM %I.\"order-items\" WHERE"
                         " \"Id\" = 5', backup) FROM pgzm.schema WHERE live = 'my-app'); END $$");
    AUTO(launch_clear) Launch broken = VERIFY(&shop, "--quiet");
    EXPECT_EXIT(&broken, 8);
    EXPECT_CONTAINS(broken.out, "\"my-app\".\"order-items\": 5 rows live,");
    EXPECT_CONTAINS(broken.err, "check failed: preserved rows");
}

/* Rows that go to both sides in one transaction are never seen on one of them. */
Test(server_verify, agrees_while_applications_write)
{
    static const char *const statements[] = {
        "UPDATE users SET name = 'load ' || $1::int WHERE id = 1 + $1::int % 150",
        "INSERT INTO users (email, name) VALUES ('load' || $1::int || '@x.y', 'l')",
        "DELETE FROM users WHERE email = 'load' || ($1::int - 40) || '@x.y'",
        NULL,
    };
    Shop shop = shop_open();
    AUTO(launch_clear)
    Launch prepare = SHOP_LAUNCH(&shop, "prepare", "--preserved-tables", "users");
    EXPECT_EXIT(&prepare, 0);
    Clients *clients = clients_start(&shop.dest, 3, 100, statements);
    for (int i = 0; i < 4; i++) {
        clients_await(clients, 50);
        AUTO(launch_clear) Launch verify = VERIFY(&shop, "--checksum", "--json");
        EXPECT_EXIT(&verify, 0);
    }
    ClientsReport report = clients_stop(clients);
    cr_assert_eq(report.failures, 0, "%s", report.first_failure);
}

static void must(PGconn *conn, const char *sql)
{
    PGresult *result = PQexec(conn, sql);
    cr_assert_eq(PQresultStatus(result), PGRES_COMMAND_OK, "%s: %s", sql, PQerrorMessage(conn));
    PQclear(result);
}

/* Waits until the query gives `value`. */
static void await_value(const TestDatabase *database, const char *query, const char *value)
{
    for (int i = 0; i < 600; i++) {
        AUTO(mem_free) char *now = test_value(database, query);
        if (now != NULL && strcmp(now, value) == 0)
            return;
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    }
    cr_assert_fail("%s was never %s", query, value);
}

#define HERE " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"

Test(server_verify, leaves_the_lock_to_others_while_it_reads_rows_and_notices_what_they_did)
{
    Shop shop = shop_open();
    AUTO(launch_clear) Launch prepare = SHOP_LAUNCH(&shop, "prepare");
    EXPECT_EXIT(&prepare, 0);
    PGconn *other = PQconnectdb(shop.dest.conninfo);
    must(other, "BEGIN");
    must(other, "LOCK TABLE pgzm_shadow_public.products IN ACCESS EXCLUSIVE MODE");
    Launch verify = launch_start(
        &(LaunchOptions){0}, (const char *const[]){"verify", "--dest", shop.dest.conninfo, NULL});
    await_value(
        &shop.dest,
        "SELECT count(*) FROM pg_locks l WHERE l.locktype = 'relation' AND NOT l.granted" HERE,
        "1");
    await_value(&shop.dest, "SELECT count(*) FROM pg_locks l WHERE l.locktype = 'advisory'" HERE,
                "0");
    must(other, "UPDATE pgzm.migration SET state = 'ABORTED'");
    must(other, "COMMIT");
    launch_wait(&verify);
    EXPECT_EXIT(&verify, 5);
    EXPECT_CONTAINS(verify.err, "became ABORTED while it was verified");
    cr_assert_str_eq(verify.out, "");
    launch_clear(&verify);
    PQfinish(other);
}

Test(server_verify, tables_without_rows_and_what_filters_left_out_are_no_differences)
{
    Shop shop = shop_open();
    AUTO(launch_clear)
    Launch prepare = SHOP_LAUNCH(&shop, "prepare", "--exclude-table", "log_lines",
                                 "--exclude-table-data", "product_images");
    EXPECT_EXIT(&prepare, 0);
    AUTO(launch_clear)
    Launch verify = VERIFY(&shop, "--source", shop.source.conninfo, "--checksum", "--json");
    EXPECT_EXIT(&verify, 0);
    EXPECT_CONTAINS(verify.out, "table public.log_lines is on the source, but not in what was");
}
