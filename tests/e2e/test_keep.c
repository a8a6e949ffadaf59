/* Rollbacks that keep the live rows of replaced tables, through the command line. */
#include "tests/e2e/shop.h"

#include <libpq-fe.h>

#include "tests/harness/clients.h"

static const CompareScope everything;

static const char common_schema[] =
    "CREATE TYPE state AS ENUM ('new', 'paid');"
    "CREATE TABLE customers (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL);"
    "CREATE TABLE \"Orders\" (id serial PRIMARY KEY, customer int REFERENCES customers,"
    "  state state, total numeric, CHECK (total >= 0));"
    "CREATE TABLE items (o int REFERENCES \"Orders\" ON DELETE CASCADE, n int, t text,"
    "  twice int GENERATED ALWAYS AS (n * 2) STORED, PRIMARY KEY (o, n));"
    "CREATE TABLE parts (id int, k int, PRIMARY KEY (id, k)) PARTITION BY RANGE (k);"
    "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100);"
    "CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (100) TO (200);"
    "CREATE TABLE sessions (id int PRIMARY KEY, t text);";

static const char source_only[] =
    "CREATE TABLE added (id int PRIMARY KEY);"
    "ALTER TABLE customers ADD extra text;"
    "INSERT INTO customers (name) SELECT 'new ' || i FROM generate_series(1, 60) i;"
    "INSERT INTO \"Orders\" (customer, state, total) SELECT 1 + i % 60, 'new', i"
    "  FROM generate_series(1, 2000) i;"
    "INSERT INTO items SELECT i, 1, 'new' FROM generate_series(1, 900) i;"
    "INSERT INTO parts SELECT i, i % 200 FROM generate_series(1, 700) i;";

static const char dest_only[] =
    "INSERT INTO customers (name) SELECT 'old ' || i FROM generate_series(1, 50) i;"
    "ALTER TABLE \"Orders\" ADD note text DEFAULT 'none';"
    "INSERT INTO \"Orders\" (customer, state, total, note) SELECT 1 + i % 50, 'new', i, 'old'"
    "  FROM generate_series(1, 100) i;"
    "INSERT INTO items SELECT i, 1, 'old' FROM generate_series(1, 90) i;"
    "INSERT INTO parts SELECT i, i % 200 FROM generate_series(1, 70) i;"
    "INSERT INTO sessions VALUES (1, 'live');"
    "COMMENT ON CONSTRAINT \"Orders_customer_fkey\" ON \"Orders\" IS 'who pays';"
    "CREATE TABLE log (t text);"
    "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS"
    "  'BEGIN INSERT INTO log VALUES (tg_op); RETURN NEW; END';"
    "CREATE TRIGGER note BEFORE INSERT OR UPDATE ON \"Orders\" FOR EACH ROW"
    "  EXECUTE FUNCTION note();"
    "CREATE TABLE campaigns (id int PRIMARY KEY);";

/* Files are others once a table was emptied; all else is to be the same. */
static void expect_same_but_files(const char *before, const char *after)
{
    AUTO(mem_free) char *difference = compare_fingerprints(before, after);
    for (const char *line = difference; line != NULL && *line != '\0';) {
        cr_assert_not_null(strstr(line, " identity "), "\n%s", difference);
        const char *found = strstr(line, "identity "), *end = strchr(line, '\n');
        cr_assert(end == NULL || found < end, "\n%s", difference);
        line = end == NULL ? NULL : end + 1;
    }
}

static Shop market_open(void)
{
    Shop shop = {test_source_database("source"), test_database("dest")};
    test_sql(&shop.source, common_schema);
    test_sql(&shop.source, source_only);
    test_sql(&shop.dest, common_schema);
    test_sql(&shop.dest, dest_only);
    return shop;
}

/* Preserves sessions. */
static void market_migrate(const Shop *shop)
{
    AUTO(launch_clear) Launch launch = SHOP_LAUNCH(shop, "start", "--preserved-tables", "sessions");
    EXPECT_EXIT(&launch, 0);
}

#define BACK(shop, ...) LAUNCH("rollback", "--dest", (shop)->dest.conninfo, __VA_ARGS__)

Test(server_keep, keeps_rows_of_replaced_tables_under_load)
{
    Shop shop = market_open();
    market_migrate(&shop);
    static const char *const statements[] = {
        "INSERT INTO \"Orders\" (customer, state, total) VALUES (1, 'paid', $1::bigint)",
        "UPDATE items SET t = $1::bigint::text WHERE o = 1 + $1::bigint % 900",
        "DELETE FROM parts WHERE id = 1 + $1::bigint % 700 AND k < 100",
        "INSERT INTO parts VALUES (1 + $1::bigint % 700, 1 + $1::bigint % 99)"
        " ON CONFLICT DO NOTHING",
        NULL};
    Clients *clients = clients_start(&shop.dest, 3, 150, statements);
    AUTO(launch_clear)
    Launch back =
        BACK(&shop, "--latest", "--keep-tables", "\"Orders\",items,parts", "--keep-tables",
             "public.customers", "--keep-tables", "sessions,campaigns", "--json");
    ClientsReport report = clients_stop(clients);
    EXPECT_EXIT(&back, 4); /* customers has a column that the old one lacks */
    EXPECT_CONTAINS(back.err, "extra");
    cr_assert_eq(report.failures, 0, "%s", report.first_failure);

    clients = clients_start(&shop.dest, 3, 150, statements);
    AUTO(launch_clear)
    Launch kept = BACK(&shop, "--latest", "--keep-tables",
                       "\"Orders\",items,parts,sessions,campaigns", "--json");
    clients_await(clients, 20);
    report = clients_stop(clients);
    /* customers 51 to 60 are gone: the key is not valid */
    EXPECT_EXIT(&kept, 9);
    cr_assert_eq(report.failures, 0, "%s", report.first_failure);
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM \"Orders\" WHERE state = 'new'", "2000");
    EXPECT_VALUE(&shop.dest,
                 "SELECT count(*) >= 1 AND max(id) = count(*) + min(id) - 1 FROM \"Orders\""
                 " WHERE state = 'paid'",
                 "t");
    EXPECT_VALUE(&shop.dest, "SELECT nextval('\"Orders_id_seq\"') > max(id) FROM \"Orders\"", "t");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM items WHERE t <> 'old' AND twice = n * 2",
                 "900");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM customers", "50");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM pgzm.redo", "0");
    EXPECT_CONTAINS(kept.err, "Orders_customer_fkey");
    EXPECT_CONTAINS(kept.err, "VALIDATE CONSTRAINT");
    /* sync writes fire no trigger of the application, its own writes do again */
    EXPECT_VALUE(&shop.dest, "SELECT tgenabled FROM pg_trigger WHERE tgname = 'note'", "O");

    AUTO(json_decref) json_t *json = shop_json(kept.out);
    json_t *list = json_object_get(json_array_get(json_object_get(json, "undone"), 0), "kept");
    cr_assert_eq(json_array_size(list), 3, "%s", kept.out);
    const char *old_rows = json_string_value(json_object_get(json_array_get(list, 0), "old_rows"));
    AUTO(mem_free) char *query = mem_printf("SELECT count(*) FROM %s WHERE note = 'old'", old_rows);
    EXPECT_VALUE(&shop.dest, query, "100");
    /* correct the rows, and have it validated */
    AUTO(mem_free) char *id = test_value(&shop.dest, "SELECT id FROM pgzm.migration");
    AUTO(launch_clear) Launch still = BACK(&shop, "--timestamp", id);
    EXPECT_EXIT(&still, 9);
    EXPECT_CONTAINS(still.out, "pgzm-copy rollback --timestamp");
    test_sql(&shop.dest, "DELETE FROM \"Orders\" WHERE customer > 50");
    AUTO(launch_clear) Launch valid = BACK(&shop, "--timestamp", id);
    EXPECT_EXIT(&valid, 0);
    EXPECT_VALUE(&shop.dest,
                 "SELECT convalidated FROM pg_constraint WHERE conname = 'Orders_customer_fkey'"
                 " AND connamespace = 'public'::regnamespace",
                 "t");
    AUTO(launch_clear) Launch over = BACK(&shop, "--timestamp", id);
    EXPECT_EXIT(&over, 5);
    EXPECT_VALUE(
        &shop.dest,
        "SELECT obj_description(oid, 'pg_constraint') FROM pg_constraint"
        " WHERE conname = 'Orders_customer_fkey' AND connamespace = 'public'::regnamespace",
        "who pays");
}

Test(server_keep, leaves_a_world_that_is_the_old_one_but_for_the_rows)
{
    Shop shop = market_open();
    static const char *const rows[] = {"public.Orders", "public.Orders_id_seq", "public.items",
                                       "public.log", NULL};
    const CompareScope scope = {.ignored_rows = rows};
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, &scope, false);
    market_migrate(&shop);
    test_sql(&shop.dest, "DELETE FROM \"Orders\" WHERE customer > 50");
    AUTO(launch_clear) Launch back = BACK(&shop, "--latest", "--keep-tables", "\"Orders\",items");
    EXPECT_EXIT(&back, 0);
    EXPECT_CONTAINS(back.err, "pgzm_old_Orders");
    AUTO(mem_free) char *after = compare_fingerprint(&shop.dest, &scope, false);
    expect_same_but_files(before, after);
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM \"Orders\" WHERE note = 'none'",
                 "1670"); /* what live rows lack has its default */
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM log", "0");
    test_sql(&shop.dest, "INSERT INTO \"Orders\" (customer, total) VALUES (1, 1)");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM log", "1");
}

Test(server_keep, refuses_what_cannot_be_kept_before_anything_changes)
{
    Shop shop = market_open();
    market_migrate(&shop);
    test_sql(&shop.dest, "CREATE SCHEMA other; CREATE TABLE other.items (id int)");
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, &everything, true);
    static const struct {
        const char *tables, *named;
        int code;
    } refused[] = {
        {"nowhere", "does not exist", 4},  {"items", "ambiguous", 4},
        {"orders", "does not exist", 4},   {"added", "did not exist before migration", 4},
        {"customers", "extra", 4},         {"parts_1", "is a partition", 4},
        {"a b c", "no SQL identifier", 2},
    };
    for (size_t i = 0; i < LENGTH(refused); i++) {
        AUTO(launch_clear)
        Launch back = BACK(&shop, "--latest", "--keep-tables", refused[i].tables);
        EXPECT_EXIT(&back, refused[i].code);
        EXPECT_CONTAINS(back.err, refused[i].named);
        EXPECT_CONTAINS(back.err, "HINT: ");
    }
    AUTO(mem_free) char *after = compare_fingerprint(&shop.dest, &everything, true);
    EXPECT_SAME(compare_fingerprints(before, after));
}

Test(server_keep, says_its_statements_in_a_dry_run)
{
    Shop shop = market_open();
    market_migrate(&shop);
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, &everything, true);
    AUTO(launch_clear)
    Launch back = BACK(&shop, "--latest", "--keep-tables", "\"Orders\",items", "--dry-run");
    EXPECT_EXIT(&back, 0);
    EXPECT_CONTAINS(back.out, "TRUNCATE ONLY");
    EXPECT_CONTAINS(back.out, "pgzm_old_Orders");
    EXPECT_CONTAINS(back.out, "SELECT setval");
    AUTO(mem_free) char *after = compare_fingerprint(&shop.dest, &everything, true);
    EXPECT_SAME(compare_fingerprints(before, after));
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM pgzm.preserved", "1");
}

Test(server_keep, goes_on_after_a_failure_that_left_all_live_as_it_was)
{
    Shop shop = market_open();
    test_sql(&shop.source, "ALTER TABLE \"Orders\" DROP CONSTRAINT \"Orders_total_check\"");
    market_migrate(&shop);
    test_sql(&shop.dest, "UPDATE \"Orders\" SET total = -1 WHERE id = 1500;"
                         "DELETE FROM \"Orders\" WHERE customer > 50");
    AUTO(mem_free) char *rows = test_rows(&shop.dest, "SELECT * FROM \"Orders\" ORDER BY id");
    AUTO(launch_clear) Launch back = BACK(&shop, "--latest", "--keep-tables", "items,\"Orders\"");
    EXPECT_EXIT(&back, 7);
    EXPECT_CONTAINS(back.err, "Orders_total_check");
    EXPECT_CONTAINS(back.err, "--keep-tables 'items,\"Orders\"'");
    AUTO(mem_free) char *still = test_rows(&shop.dest, "SELECT * FROM \"Orders\" ORDER BY id");
    cr_assert_str_eq(still, rows);
    EXPECT_VALUE(&shop.dest, "SELECT state FROM pgzm.migration", "SETTLED");
    /* what is written meanwhile is in the backup, or noted */
    test_sql(&shop.dest, "INSERT INTO items (o, n, t) VALUES (1, 2, 'between');"
                         "DELETE FROM items WHERE o = 2;"
                         "UPDATE \"Orders\" SET total = 7 WHERE id = 1;"
                         "UPDATE \"Orders\" SET total = 1 WHERE id = 1500");
    AUTO(mem_free)
    char *wanted =
        test_rows(&shop.dest, "SELECT id, customer, state, total FROM \"Orders\" ORDER BY id");
    AUTO(mem_free) char *items = test_rows(&shop.dest, "SELECT * FROM items ORDER BY o, n");
    AUTO(launch_clear) Launch again = BACK(&shop, "--latest", "--keep-tables", "items,\"Orders\"");
    EXPECT_EXIT(&again, 0);
    AUTO(mem_free)
    char *kept =
        test_rows(&shop.dest, "SELECT id, customer, state, total FROM \"Orders\" ORDER BY id");
    cr_assert_str_eq(kept, wanted);
    AUTO(mem_free) char *kept_items = test_rows(&shop.dest, "SELECT * FROM items ORDER BY o, n");
    cr_assert_str_eq(kept_items, items);
}

Test(server_keep, gives_the_old_rows_back_when_the_next_rollback_keeps_less)
{
    Shop shop = market_open();
    test_sql(&shop.source, "ALTER TABLE \"Orders\" DROP CONSTRAINT \"Orders_total_check\"");
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, &everything, false);
    market_migrate(&shop);
    test_sql(&shop.dest, "UPDATE \"Orders\" SET total = -1 WHERE id = 1500");
    AUTO(launch_clear) Launch back = BACK(&shop, "--latest", "--keep-tables", "items,\"Orders\"");
    EXPECT_EXIT(&back, 7);
    AUTO(launch_clear) Launch plain = BACK(&shop, "--latest");
    EXPECT_EXIT(&plain, 0);
    EXPECT_CONTAINS(plain.err, "not kept any more");
    AUTO(mem_free) char *after = compare_fingerprint(&shop.dest, &everything, false);
    expect_same_but_files(before, after);
}

Test(server_keep, carries_rows_through_several_migrations)
{
    Shop shop = market_open();
    AUTO(mem_free) char *rows_before = test_rows(&shop.dest, "SELECT * FROM customers ORDER BY id");
    market_migrate(&shop);
    AUTO(mem_free) char *first = test_value(&shop.dest, "SELECT id FROM pgzm.migration");
    test_sql(&shop.source, "UPDATE items SET t = 'newer'; CREATE TABLE late (id int PRIMARY KEY)");
    market_migrate(&shop);
    test_sql(&shop.dest, "INSERT INTO items (o, n, t) VALUES (5, 77, 'since'), (6, 78, 'since');"
                         "DELETE FROM items WHERE o = 900; DELETE FROM items WHERE o > 90");
    AUTO(mem_free) char *items = test_rows(&shop.dest, "SELECT * FROM items ORDER BY o, n");
    AUTO(launch_clear) Launch late = BACK(&shop, "--timestamp", first, "--keep-tables", "late");
    EXPECT_EXIT(&late, 4);
    EXPECT_CONTAINS(late.err, "did not exist before migration");
    AUTO(launch_clear) Launch added = BACK(&shop, "--timestamp", first, "--keep-tables", "added");
    EXPECT_EXIT(&added, 4);
    EXPECT_CONTAINS(added.err, first);
    AUTO(launch_clear)
    Launch back = BACK(&shop, "--timestamp", first, "--keep-tables", "items");
    EXPECT_EXIT(&back, 0);
    AUTO(mem_free) char *kept = test_rows(&shop.dest, "SELECT * FROM items ORDER BY o, n");
    cr_assert_str_eq(kept, items);
    AUTO(mem_free) char *rows_after = test_rows(&shop.dest, "SELECT * FROM customers ORDER BY id");
    cr_assert_str_eq(rows_after, rows_before);
}

/* TRUNCATE is seen by all snapshots, what was copied since is not: such a transaction would find
 * the old table empty. */
Test(server_keep, waits_for_snapshots_from_before_the_rows_came)
{
    Shop shop = market_open();
    market_migrate(&shop);
    AUTO(mem_free) char *items = test_rows(&shop.dest, "SELECT * FROM items ORDER BY o, n");
    PGconn *reader = PQconnectdb(shop.dest.conninfo);
    PQclear(PQexec(reader, "BEGIN ISOLATION LEVEL REPEATABLE READ"));
    PQclear(PQexec(reader, "SELECT 1"));
    AUTO(launch_clear)
    Launch back = BACK(&shop, "--latest", "--keep-tables", "items", "--swap-timeout", "1s");
    PQclear(PQexec(reader, "COMMIT"));
    PQfinish(reader);
    EXPECT_EXIT(&back, 6);
    EXPECT_CONTAINS(back.err, "snapshot");
    EXPECT_CONTAINS(back.err, "--keep-tables 'items'");
    AUTO(launch_clear) Launch again = BACK(&shop, "--latest", "--keep-tables", "items");
    EXPECT_EXIT(&again, 9); /* orders that only the new world has */
    AUTO(mem_free) char *kept = test_rows(&shop.dest, "SELECT * FROM items ORDER BY o, n");
    cr_assert_str_eq(kept, items);
}
