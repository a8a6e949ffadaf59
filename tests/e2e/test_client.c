/* Applications that go on using the destination: none of their statements fails, none waits long,
 * and nothing that was acknowledged is lost. */
#include "tests/e2e/shop.h"
#include "tests/harness/clients.h"

/* Tables of the same shape on both sides, by columns whose types stay. $1 is another number each
 * time. */
static const char *const statements[] = {
    "SELECT id, email, name FROM users WHERE id = 1 + $1::bigint % 150",
    "INSERT INTO users (email, name) VALUES ('client' || $1::bigint || '@x.y', 'Client')",
    "UPDATE users SET name = 'Seen ' || $1::bigint, phone = '1' WHERE id = 1 + $1::bigint % 150",
    "INSERT INTO sessions (id, user_id, data) VALUES (md5('client' || $1::bigint)::uuid, 1, '{}')",
    "UPDATE sessions SET last_seen = now() WHERE id = md5('live session' || $1::bigint % "
    "200)::uuid",
    "DELETE FROM sessions WHERE id = md5('client' || $1::bigint - 8 * 8)::uuid",
    "SELECT count(*) FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.id = 1 + $1::bigint "
    "% 150",
    "SELECT id, name FROM products WHERE id = 1 + $1::bigint % 50",
    NULL};

static const char inserted[] = "SELECT count(*) FROM users WHERE email LIKE 'client%'";

static void expect_no_failure(const ClientsReport *report)
{
    cr_log_info("%ld statements, longest %.1f ms", report->statements, report->longest_ms);
    cr_assert_eq(report->failures, 0, "%ld of %ld statements failed: %s", report->failures,
                 report->statements, report->first_failure);
    cr_assert_gt(report->statements, 100);
    cr_assert_lt(report->longest_ms, 5000, "one statement took %.0f ms", report->longest_ms);
}

Test(server_client, sees_no_error_while_start_and_rollback_run)
{
    Shop shop = shop_open();
    Clients *clients = clients_start(&shop.dest, 4, 100, statements);
    AUTO(launch_clear)
    Launch launch = SHOP_LAUNCH(&shop, "start", "--preserved-tables", "users,sessions");
    clients_await(clients, 100);
    AUTO(launch_clear) Launch back = LAUNCH("rollback", "--latest", "--dest", shop.dest.conninfo);
    clients_await(clients, 100);
    ClientsReport report = clients_stop(clients);
    EXPECT_EXIT(&launch, 0);
    EXPECT_EXIT(&back, 0);
    expect_no_failure(&report);
}

Test(server_client, loses_nothing_that_was_acknowledged)
{
    Shop shop = shop_open();
    /* Every client inserts once in a round of all statements. */
    static const char *const inserts[] = {
        "INSERT INTO users (email, name) VALUES ('client' || $1::bigint, 'Client')",
        "UPDATE users SET name = name || '+' WHERE id = 1 + $1::bigint % 150", NULL};
    AUTO(mem_free) char *before = test_value(&shop.dest, inserted);
    cr_assert_str_eq(before, "0");
    Clients *clients = clients_start(&shop.dest, 4, 100, inserts);
    AUTO(launch_clear)
    Launch launch = SHOP_LAUNCH(&shop, "start", "--preserved-tables", "users,sessions");
    clients_await(clients, 50);
    ClientsReport report = clients_stop(clients);
    EXPECT_EXIT(&launch, 0);
    expect_no_failure(&report);
    /* Inserts are every other statement, beginning with the first; updates add one sign each. */
    AUTO(mem_free) char *count = test_value(&shop.dest, inserted);
    AUTO(mem_free)
    char *signs = test_value(&shop.dest, "SELECT sum(length(name) - length(replace(name, '+', '')))"
                                         " FROM users WHERE id <= 150");
    cr_assert_eq(atol(count) + atol(signs), report.statements, "%s inserts and %s updates of %ld",
                 count, signs, report.statements);
}

Test(server_client, can_keep_a_transaction_open_only_as_long_as_the_swap_waits)
{
    /* Statements that use two tables in either order: no deadlock ends them. */
    Shop shop = shop_open();
    static const char *const both[] = {
        "WITH u AS (UPDATE users SET phone = '2' WHERE id = 1 + $1::bigint % 150 RETURNING id)"
        " UPDATE sessions SET last_seen = now() WHERE id = md5('live session' || $1::bigint % "
        "200)::uuid",
        "WITH s AS (UPDATE sessions SET last_seen = now()"
        " WHERE id = md5('live session' || $1::bigint % 200)::uuid RETURNING id)"
        " UPDATE users SET phone = '3' WHERE id = 1 + $1::bigint % 150 AND (SELECT count(*) FROM "
        "s) >= 0",
        "SELECT count(*) FROM orders, pg_sleep(0.02) WHERE $1::bigint >= 0", NULL};
    Clients *clients = clients_start(&shop.dest, 4, 200, both);
    AUTO(launch_clear)
    Launch launch = SHOP_LAUNCH(&shop, "start", "--preserved-tables", "users,sessions");
    clients_await(clients, 50);
    ClientsReport report = clients_stop(clients);
    EXPECT_EXIT(&launch, 0);
    /* Clients may meet each other; two of them that deadlock are not our doing and cannot happen
     * here, since each statement locks at most one row in each table and they differ by client. */
    expect_no_failure(&report);
}

Test(server_client, may_change_the_rows_that_are_being_preserved_all_the_time)
{
    /* The copy and a trigger write the same row of the shadow at the same moment, which a second
     * unique index notices before the key's does. */
    Shop shop = {test_source_database("source"), test_database("dest")};
    static const char table[] =
        "CREATE TABLE busy (id int NOT NULL, email text NOT NULL, words text);"
        "CREATE UNIQUE INDEX busy_email ON busy (email);"
        "CREATE INDEX busy_words ON busy USING gin (to_tsvector('simple', words));"
        "ALTER TABLE busy ADD PRIMARY KEY (id);";
    test_sql(&shop.source, table);
    test_sql(&shop.dest, table);
    test_sql(&shop.dest, "INSERT INTO busy SELECT i, 'e' || i, 'w' FROM generate_series(1, 300) i");
    static const char *const updates[] = {
        "UPDATE busy SET words = repeat('busy ', 50) || $1::bigint WHERE id = 1 + $1::bigint % 300",
        NULL};
    Clients *clients = clients_start(&shop.dest, 8, 2000, updates);
    AUTO(launch_clear) Launch launch = SHOP_LAUNCH(&shop, "start", "--preserved-tables", "busy");
    clients_await(clients, 50);
    ClientsReport report = clients_stop(clients);
    EXPECT_EXIT(&launch, 0);
    expect_no_failure(&report);
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM busy WHERE words LIKE 'busy %'", "300");
}
