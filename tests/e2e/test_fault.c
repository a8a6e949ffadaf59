/*
 * What went wrong in another program of the same purpose, each turned into a promise: data that was
 * destroyed, applications that were held up or broken, names and objects that were mixed up.
 */
#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "tests/e2e/bakery.h"
#include "tests/harness/clients.h"
#include "tests/harness/proxy.h"

static const CompareScope live_may_have_more = {.second_may_have_more = true};

/* A function that works in the source alone. */
#define ONLY_IN_SOURCE                                                                             \
    "CREATE FUNCTION only_in_source(a int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN"     \
    " IF current_database() NOT LIKE '%source%' THEN RAISE EXCEPTION 'not here: %', a; END IF;"    \
    " RETURN a; END $$;"

static void expect_no_failure(const ClientsReport *report, double longest_ms)
{
    cr_assert_eq(report->failures, 0, "%ld of %ld statements failed: %s", report->failures,
                 report->statements, report->first_failure);
    cr_assert_lt(report->longest_ms, longest_ms, "one statement took %.0f ms", report->longest_ms);
}

/* ---- data destroyed ---------------------------------------------------------------------- */

Test(server_fault, a_failed_copy_leaves_both_sides_as_they_were_and_can_be_done_again)
{
    Shop shop = bakery_open();
    AUTO(mem_free) char *source = compare_fingerprint(&shop.source, NULL, true);
    AUTO(mem_free) char *dest = compare_fingerprint(&shop.dest, NULL, false);
    const char *const servers[PROXY_SIDES] = {shop.dest.conninfo, shop.source.conninfo};
    AUTO(proxy_free) Proxy *proxy = proxy_new(servers);
    AUTO(mem_free) char *through = proxy_conninfo(proxy, PROXY_SOURCE, shop.source.name);
    proxy_arm(proxy, &(ProxyStrike){.text = "TO STDOUT",
                                    .nth = 2,
                                    .action = PROXY_TERMINATE_BACKEND,
                                    .moment = PROXY_BEFORE});
    AUTO(launch_clear)
    Launch launch =
        LAUNCH("start", "--source", through, "--dest", shop.dest.conninfo, "--retry-timeout", "0");
    cr_assert_neq(proxy_struck(proxy), 0, "the rows were not read");
    EXPECT_ERROR(&launch, 3, "copying public.");
    EXPECT_CONTAINS(launch.err, "the connection to the source was lost");
    EXPECT_CONTAINS(launch.err, "pgzm-copy abort");
    EXPECT_LIVE(&shop, dest);

    /* Neither goes live with what is missing; the second try is a whole one. */
    AUTO(launch_clear) Launch swap = DEST_LAUNCH(&shop, "swap");
    EXPECT_ERROR(&swap, 5, "nothing is prepared to be swapped");
    AUTO(launch_clear) Launch again = SHOP_LAUNCH(&shop, "start");
    EXPECT_ERROR(&again, 5, "migration ");
    EXPECT_CONTAINS(again.err, " is unfinished: PREPARING");
    DEST_RUN(&shop, "abort");
    EXPECT_LIVE(&shop, dest);
    SHOP_RUN(&shop, "start");
    EXPECT_SAME(compare_databases(&shop.source, &shop.dest, &live_may_have_more));
    AUTO(mem_free) char *after = compare_fingerprint(&shop.source, NULL, true);
    EXPECT_SAME(compare_fingerprints(source, after));
}

/* A destination whose owner is no superuser, and somebody else who owns nothing. */
typedef struct Owned {
    Shop shop;
    TestDatabase as_owner, as_other;
} Owned;

static Owned owned_open(void)
{
    Owned owned = {.shop = {test_source_database("source"), test_database("dest")}};
    Shop *shop = &owned.shop;
    test_sql(&shop->source, "CREATE TABLE t (id int PRIMARY KEY, a text);"
                            "INSERT INTO t SELECT i, 'new' FROM generate_series(1, 100) i");
    test_role(&shop->dest, "pgzmtest_clerk");
    test_role(&shop->dest, "pgzmtest_poor");
    test_sql(&shop->dest, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO pgzmtest_clerk',"
                          " current_database()); END $$;"
                          "ALTER SCHEMA public OWNER TO pgzmtest_clerk");
    owned.as_owner = test_as(&shop->dest, "pgzmtest_clerk");
    owned.as_other = test_as(&shop->dest, "pgzmtest_poor");
    test_sql(&owned.as_owner,
             "CREATE TABLE t (id int PRIMARY KEY, a text); INSERT INTO t VALUES (1, 'old')");
    return owned;
}

Test(server_fault, a_rollback_without_rights_leaves_the_live_schema)
{
    Owned owned = owned_open();
    const char *owner = owned.as_owner.conninfo;
    AUTO(mem_free) char *old = compare_fingerprint(&owned.shop.dest, NULL, false);
    AUTO(launch_clear)
    Launch start =
        LAUNCH("start", "--no-owner", "--source", owned.shop.source.conninfo, "--dest", owner);
    EXPECT_EXIT(&start, 0);
    AUTO(mem_free) char *new = compare_fingerprint(&owned.shop.dest, NULL, false);

    /* Somebody who may nothing; then the owner, who may not move one of the tables any more. */
    AUTO(launch_clear)
    Launch other = LAUNCH("rollback", "--latest", "--dest", owned.as_other.conninfo);
    EXPECT_EXIT(&other, 4);
    EXPECT_LIVE(&owned.shop, new);
    test_sql(&owned.shop.dest,
             "DO $$ BEGIN EXECUTE (SELECT format('ALTER TABLE %s OWNER TO CURRENT_USER',"
             " oid::regclass) FROM pg_class WHERE relname = 't' AND relkind = 'r' AND"
             " relnamespace <> 'public'::regnamespace); END $$");
    AUTO(launch_clear) Launch half = LAUNCH("rollback", "--latest", "--dest", owner);
    EXPECT_ERROR(&half, 4, "the rollback was rolled back, nothing changed: permission denied");
    EXPECT_LIVE(&owned.shop, new);
    EXPECT_VALUE(&owned.shop.dest, "SELECT count(*) FROM t WHERE a = 'new'", "100");
    EXPECT_VALUE(&owned.shop.dest, LATEST_STATE, "SETTLED");

    test_sql(&owned.shop.dest,
             "DO $$ BEGIN EXECUTE (SELECT format('ALTER TABLE %s OWNER TO pgzmtest_clerk',"
             " oid::regclass) FROM pg_class WHERE relname = 't' AND relkind = 'r' AND"
             " relnamespace <> 'public'::regnamespace); END $$");
    AUTO(launch_clear) Launch back = LAUNCH("rollback", "--latest", "--dest", owner);
    EXPECT_EXIT(&back, 0);
    EXPECT_LIVE(&owned.shop, old);
}

Test(server_fault, cleanup_drops_nothing_that_live_objects_use)
{
    static const char both[] = "CREATE TYPE kind AS ENUM ('a', 'b'); CREATE DOMAIN code AS text;"
                               "CREATE FUNCTION same(a int) RETURNS int LANGUAGE sql IMMUTABLE AS"
                               " 'SELECT a + 1'; CREATE EXTENSION hstore;";
    Shop shop = bakery_with(both, both);
    test_sql(&shop.dest, "CREATE TABLE own (kind kind DEFAULT 'a', code code, email citext,"
                         " tags hstore, n int DEFAULT same(1), g numeric DEFAULT gross(1));"
                         "INSERT INTO own VALUES ('b', 'c', 'E', 'a=>1')");
    SHOP_RUN(&shop, "start", KEEPING);
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, false);
    AUTO(mem_free) char *id = test_value(&shop.dest, "SELECT max(id) FROM pgzm.migration");

    /* While something outside leans on the backup it stays, and that thing is named. */
    AUTO(mem_free)
    char *view =
        mem_printf("CREATE VIEW leaning AS SELECT id FROM pgzm_backup_%s_public.breads", id);
    test_sql(&shop.dest, view);
    AUTO(launch_clear) Launch refused = DEST_LAUNCH(&shop, "cleanup", "--timestamp", id);
    EXPECT_ERROR(&refused, 5, "view public.leaning leans on ");
    EXPECT_CONTAINS(refused.err, "leaning");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM leaning", "10");
    test_sql(&shop.dest, "DROP VIEW leaning");
    EXPECT_LIVE(&shop, before);

    DEST_RUN(&shop, "cleanup", "--timestamp", id);
    static const char *const reverse[] = {"before: trigger public.customers: pgzm_", NULL};
    AUTO(mem_free) char *after = compare_fingerprint(&shop.dest, NULL, false);
    EXPECT_SAME(compare_fingerprints_but(before, after, reverse));
    EXPECT_VALUE(&shop.dest,
                 "INSERT INTO own (code, email) VALUES ('d', 'F') RETURNING n || ' ' ||"
                 " g || kind",
                 "2 1.07a");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM pg_namespace WHERE nspname ~ 'pgzm_'", "0");
    AUTO(launch_clear) Launch back = DEST_LAUNCH(&shop, "rollback", "--latest");
    EXPECT_ERROR(&back, 5, "the backup of migration ");
    EXPECT_CONTAINS(back.err, " was dropped by cleanup");
}

Test(server_fault, a_failed_run_does_not_go_back_to_an_earlier_backup)
{
    Shop shop = bakery_open();
    SHOP_RUN(&shop, "start", KEEPING);
    AUTO(mem_free) char *first = compare_fingerprint(&shop.dest, NULL, false);
    test_sql(&shop.source, ONLY_IN_SOURCE "ALTER TABLE breads ADD CHECK (only_in_source(id) > 0)");
    AUTO(launch_clear) Launch failed = SHOP_LAUNCH(&shop, "start", KEEPING);
    EXPECT_ERROR(&failed, 7, "copying");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM breads WHERE name LIKE 'new%'", "30");
    DEST_RUN(&shop, "abort");
    EXPECT_LIVE(&shop, first);
    /* The first one's backup is still whole, and goes back to the world before it. */
    EXPECT_VALUE(&shop.dest, "SELECT string_agg(state, ',' ORDER BY id) FROM pgzm.migration",
                 "SETTLED,ABORTED");
    DEST_RUN(&shop, "rollback", "--latest");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM breads WHERE name LIKE 'old%'", "10");
}

Test(server_fault, a_character_that_the_destination_lacks_is_an_error_and_no_empty_table)
{
    Shop shop = {.source = test_source_database("source"),
                 .dest = test_database_with("dest", "TEMPLATE template0 ENCODING 'LATIN1'"
                                                    " LC_COLLATE 'C' LC_CTYPE 'C'")};
    test_sql(&shop.source, "CREATE TABLE words (id int PRIMARY KEY, word text);"
                           "INSERT INTO words SELECT i, 'plain' FROM generate_series(1, 500) i;"
                           "INSERT INTO words VALUES (501, U&'\\0142\\00F3d\\017A')");
    test_sql(&shop.dest, "CREATE TABLE words (id int PRIMARY KEY, word text);"
                         "INSERT INTO words VALUES (1, 'live')");
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, false);
    AUTO(launch_clear) Launch launch = SHOP_LAUNCH(&shop, "start");
    EXPECT_ERROR(&launch, 7, "copying");
    EXPECT_CONTAINS(launch.err, "words");
    EXPECT_LIVE(&shop, before);
    DEST_RUN(&shop, "abort");
    EXPECT_LIVE(&shop, before);
}

Test(server_fault, objects_with_names_like_ours_belong_to_who_made_them)
{
    static const char names[] =
        "CREATE TABLE backup_jobs (id int PRIMARY KEY); INSERT INTO backup_jobs VALUES (%d);"
        "CREATE TABLE shadow_orders (id int PRIMARY KEY); INSERT INTO shadow_orders VALUES (%d);"
        "CREATE SCHEMA backup_1700000000000;"
        "CREATE TABLE backup_1700000000000.orders (id int); CREATE SCHEMA shadow;"
        "CREATE TABLE shadow.pgzm_backup (id int)";
    AUTO(mem_free) char *in_source = mem_printf(names, 1, 1);
    AUTO(mem_free) char *in_dest = mem_printf(names, 2, 2);
    Shop shop = bakery_with(in_source, in_dest);
    test_sql(&shop.dest, "CREATE TABLE backup_of_ours (id int); CREATE TABLE shadow.only_here"
                         " (id int); CREATE SCHEMA pgzm_backup_mine; CREATE TABLE"
                         " pgzm_backup_mine.t (id int); CREATE SCHEMA pgzm_shadow_public");
    /* What stands where the shadow must be is named, not dropped. */
    AUTO(launch_clear) Launch refused = SHOP_LAUNCH(&shop, "start", KEEPING);
    EXPECT_ERROR(&refused, 4, "schema pgzm_shadow_public is left over in the destination");
    test_sql(&shop.dest, "ALTER SCHEMA pgzm_shadow_public RENAME TO shadow_mine");
    SHOP_RUN(&shop, "start", KEEPING);
    EXPECT_VALUE(&shop.dest, "SELECT id FROM backup_jobs", "1");
    EXPECT_VALUE(&shop.dest, "SELECT id FROM shadow_orders", "1");
    DEST_RUN(&shop, "rollback", "--latest");
    EXPECT_VALUE(&shop.dest, "SELECT id FROM backup_jobs", "2");
    SHOP_RUN(&shop, "prepare");
    DEST_RUN(&shop, "abort");
    EXPECT_VALUE(&shop.dest, "SELECT id FROM shadow_orders", "2");
    EXPECT_VALUE(&shop.dest,
                 "SELECT concat_ws(' ', 'backup_of_ours'::regclass, 'shadow.only_here'::regclass,"
                 " 'pgzm_backup_mine.t'::regclass, 'shadow_mine'::regnamespace,"
                 " 'backup_1700000000000.orders'::regclass)",
                 "backup_of_ours shadow.only_here pgzm_backup_mine.t shadow_mine"
                 " backup_1700000000000.orders");
}

Test(server_fault, rows_written_while_preserved_tables_are_copied_are_kept)
{
    static const char visits[] = "CREATE TABLE visits (id int PRIMARY KEY, page text)";
    Shop shop = bakery_with(visits, visits);
    test_sql(&shop.dest, "INSERT INTO visits SELECT i, 'p' FROM generate_series(1, 3000) i");
    static const char *const writes[] = {
        "INSERT INTO visits VALUES (100000 + $1::int, 'client')",
        "INSERT INTO customers (email, name) VALUES ('w' || $1::int, 'Client')",
        "UPDATE visits SET page = page || '+' WHERE id = 1 + $1::int % 1000", NULL};
    Clients *clients = clients_start(&shop.dest, 4, 300, writes);
    AUTO(launch_clear)
    Launch launch = SHOP_LAUNCH(&shop, "start", "--preserved-tables", "customers,visits");
    clients_await(clients, 100);
    ClientsReport report = clients_stop(clients);
    EXPECT_EXIT(&launch, 0);
    expect_no_failure(&report, 5000);
    EXPECT_VALUE(&shop.dest,
                 "SELECT count(*) - (SELECT count(*) FROM customers WHERE name = 'Client')"
                 " BETWEEN 0 AND 4 FROM visits WHERE page = 'client'",
                 "t");
    AUTO(mem_free)
    char *sum =
        test_value(&shop.dest, "SELECT (SELECT sum(length(page) - 1) FROM visits WHERE id <= 3000)"
                               " + (SELECT count(*) FROM visits WHERE id > 3000)"
                               " + (SELECT count(*) FROM customers WHERE name = 'Client')");
    cr_assert_eq(atol(sum), report.statements, "%s of %ld are there", sum, report.statements);
}

Test(server_fault, truncate_and_keys_that_change_reach_the_preserved_rows)
{
    static const char tables[] = "CREATE TABLE visits (id int PRIMARY KEY, page text);"
                                 "CREATE TABLE pages (url text PRIMARY KEY, hits int);"
                                 "CREATE TABLE stock (shop int, bread text, pieces int,"
                                 " PRIMARY KEY (bread, shop))";
    Shop shop = bakery_with(tables, tables);
    test_sql(&shop.dest,
             "INSERT INTO visits SELECT i, 'p' FROM generate_series(1, 100) i;"
             "INSERT INTO pages SELECT 'u' || i, i FROM generate_series(1, 100) i;"
             "INSERT INTO stock SELECT i, 'b' || i % 7, i FROM generate_series(1, 99) i");
    SHOP_RUN(&shop, "prepare", "--preserved-tables", "visits,pages,stock");
    test_sql(&shop.dest, "TRUNCATE visits; INSERT INTO visits VALUES (7, 'after');"
                         "UPDATE pages SET url = 'moved ' || url WHERE hits < 50;"
                         "UPDATE pages SET url = 'u1' WHERE url = 'u100';"
                         "UPDATE stock SET pieces = -pieces WHERE bread = 'b3';"
                         "UPDATE stock SET shop = shop + 1 WHERE bread = 'b4';"
                         "UPDATE stock SET bread = 'rye', pieces = 0 WHERE shop = 50;"
                         "DELETE FROM stock WHERE shop = 60");
    static const char stock[] = "SELECT * FROM stock ORDER BY 1, 2";
    AUTO(mem_free) char *pages = test_rows(&shop.dest, "SELECT * FROM pages ORDER BY 1");
    AUTO(mem_free) char *stocked = test_rows(&shop.dest, stock);
    DEST_RUN(&shop, "swap");
    EXPECT_VALUE(&shop.dest, "SELECT string_agg(id || page, ',') FROM visits", "7after");
    AUTO(mem_free) char *after = test_rows(&shop.dest, "SELECT * FROM pages ORDER BY 1");
    cr_assert_str_eq(pages, after);
    AUTO(mem_free) char *stock_after = test_rows(&shop.dest, stock);
    cr_assert_str_eq(stocked, stock_after);
}

Test(server_fault, a_failed_prepare_is_not_ready_and_does_not_go_live)
{
    Shop shop = bakery_with(
        ONLY_IN_SOURCE "CREATE INDEX broken_there ON breads (only_in_source(id))", NULL);
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, false);
    AUTO(launch_clear) Launch prepare = SHOP_LAUNCH(&shop, "prepare", KEEPING);
    EXPECT_ERROR(&prepare, 7, "making index ");
    EXPECT_CONTAINS(prepare.err, "broken_there");
    AUTO(launch_clear) Launch status = DEST_LAUNCH(&shop, "status", "--json");
    EXPECT_EXIT(&status, 0);
    AUTO(json_decref) json_t *json = shop_json(status.out);
    cr_assert(json_is_false(json_object_get(json, "readyForSwap")), "%s", status.out);
    AUTO(launch_clear) Launch swap = DEST_LAUNCH(&shop, "swap");
    EXPECT_ERROR(&swap, 5, "nothing is prepared to be swapped");
    DEST_RUN(&shop, "abort");
    EXPECT_LIVE(&shop, before);
}

Test(server_fault, tables_that_cannot_be_kept_in_a_rollback_keep_their_rows_and_fail_it)
{
    Shop shop = bakery_with("ALTER TABLE breads DROP COLUMN since",
                            "ALTER TABLE breads ADD CONSTRAINT affordable CHECK (price < 100)");
    SHOP_RUN(&shop, "start", KEEPING);
    test_sql(&shop.dest, "UPDATE breads SET price = 500, name = 'current' WHERE id = 3");
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, false);
    AUTO(launch_clear)
    Launch failed = DEST_LAUNCH(&shop, "rollback", "--latest", "--keep-tables", "breads");
    EXPECT_ERROR(&failed, 7, "bringing the rows of table public.breads into the backup");
    EXPECT_CONTAINS(failed.err, "affordable");
    AUTO(mem_free) char *after = compare_fingerprint(&shop.dest, NULL, false);
    static const char *const sync[] = {"after:  trigger public.breads: pgzm_", NULL};
    EXPECT_SAME(compare_fingerprints_but(before, after, sync));
    EXPECT_VALUE(&shop.dest, "SELECT name || price FROM breads WHERE id = 3", "current500.00");
    EXPECT_VALUE(&shop.dest, LATEST_STATE, "SETTLED");

    test_sql(&shop.dest, "UPDATE breads SET price = 50 WHERE id = 3");
    DEST_RUN(&shop, "rollback", "--latest", "--keep-tables", "breads");
    EXPECT_VALUE(&shop.dest, "SELECT name || price FROM breads WHERE id = 3", "current50.00");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM breads", "30");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM orders", "50");
}

/* ---- applications held up or broken ------------------------------------------------------ */

Test(server_fault, the_source_is_read_and_written_while_it_is_copied)
{
    Shop shop =
        bakery_with("CREATE TABLE big (id int PRIMARY KEY, filler text);"
                    "INSERT INTO big SELECT i, repeat('x', 500) FROM generate_series(1, 40000) i",
                    NULL);
    static const char *const statements[] = {
        "SELECT count(*) FROM breads WHERE $1::int > 0",
        "INSERT INTO customers (email, name) VALUES ('w' || $1::int, 'Client')",
        "UPDATE big SET filler = 'y' WHERE id = 1 + $1::int % 1000",
        "DELETE FROM orders WHERE id = $1::int", NULL};
    Clients *clients = clients_start(&shop.source, 4, 100, statements);
    AUTO(launch_clear) Launch launch = SHOP_LAUNCH(&shop, "start");
    ClientsReport report = clients_stop(clients);
    EXPECT_EXIT(&launch, 0);
    expect_no_failure(&report, 5000);
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM big", "40000");
    EXPECT_VALUE(&shop.source, "SELECT count(*) > 0 FROM customers WHERE name = 'Client'", "t");
}

Test(server_fault, after_a_rollback_every_write_works_and_no_trigger_of_ours_is_left)
{
    Shop shop = bakery_open();
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, false);
    SHOP_RUN(&shop, "start", KEEPING);
    DEST_RUN(&shop, "rollback", "--latest");
    EXPECT_LIVE(&shop, before);
    EXPECT_VALUE(&shop.dest,
                 "SELECT count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
                 " WHERE NOT tgisinternal AND relnamespace = 'public'::regnamespace",
                 "0");
    AUTO(session_close)
    PGconn *app = session_open(&shop.dest, "SET ROLE bakery_app");
    session_run(app, "INSERT INTO customers (email, name) VALUES ('a@b', 'A');"
                     "UPDATE customers SET name = 'B' WHERE id = 3;"
                     "INSERT INTO orders (customer_id, bread_id) VALUES (1, 1);"
                     "UPDATE breads SET price = 9; DELETE FROM orders WHERE id < 5;"
                     "DELETE FROM customers WHERE email = 'A@B'");
    test_sql(&shop.dest, "TRUNCATE orders; TRUNCATE customers CASCADE; DELETE FROM notes");
}

Test(server_fault, grants_and_extensions_still_work_and_a_second_migration_is_possible)
{
    Shop shop = bakery_open();
    for (int i = 0; i < 2; i++) {
        SHOP_RUN(&shop, "start", KEEPING);
        AUTO(session_close) PGconn *app = session_open(&shop.dest, "SET ROLE bakery_app");
        session_run(app, "SELECT * FROM breads; SELECT * FROM open_orders; SELECT * FROM cheap;"
                         "UPDATE breads SET price = 3 WHERE id = 1;"
                         "INSERT INTO customers (email, name) VALUES ('X@y', 'X')");
        EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM customers WHERE email = 'x@Y'", "1");
        EXPECT_VALUE(&shop.dest, "SELECT 'a'::citext = 'A' AND citext_eq('b', 'B')", "t");
        session_run(app, "DELETE FROM customers WHERE email = 'x@y'");
    }
    EXPECT_VALUE(&shop.dest,
                 "SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'citext'",
                 "public");
}

Test(server_fault, views_and_keys_of_tables_that_stay_show_the_new_rows)
{
    Shop shop = bakery_open();
    for (int i = 0; i < 2; i++) {
        SHOP_RUN(&shop, "start", KEEPING);
        EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM cheap WHERE name LIKE 'new%'", "5");
        EXPECT_VALUE(&shop.dest, "SELECT obj_description('cheap'::regclass)", "for the window");
        EXPECT_VALUE(&shop.dest,
                     "SELECT confrelid::regclass || ' ' || convalidated FROM pg_constraint"
                     " WHERE conrelid = 'notes'::regclass AND contype = 'f'",
                     "breads true");
        /* A row that only the new table has is accepted, and kept from going. */
        AUTO(session_close) PGconn *app = session_open(&shop.dest, "BEGIN");
        session_run(app, "INSERT INTO breads VALUES (99, 'rye', 3);"
                         "INSERT INTO notes (bread_id, note) VALUES (99, 'new')");
        AUTO(mem_free) char *kept = session_try(app, "DELETE FROM breads WHERE id = 99");
        cr_assert(kept != NULL && strstr(kept, "notes") != NULL, "the key is not enforced");
        EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM notes", "10");
    }
}

Test(server_fault, sequences_of_preserved_tables_stay_and_others_have_the_sources_value)
{
    Shop shop = bakery_open();
    test_sql(&shop.dest, "SELECT nextval('customers_id_seq'), nextval('customers_id_seq')");
    SHOP_RUN(&shop, "start", KEEPING);
    EXPECT_VALUE(&shop.dest, "SELECT last_value || ' ' || is_called FROM customers_id_seq",
                 "62 true");
    EXPECT_VALUE(&shop.dest, "SELECT last_value || ' ' || is_called FROM orders_id_seq",
                 "5000 false");
    EXPECT_VALUE(&shop.dest, "INSERT INTO customers (email, name) VALUES ('n@n', 'n') RETURNING id",
                 "63");
    EXPECT_VALUE(&shop.dest,
                 "INSERT INTO orders (customer_id, bread_id) VALUES (63, 30) RETURNING id", "5000");
    DEST_RUN(&shop, "rollback", "--latest");
    EXPECT_VALUE(&shop.dest, "INSERT INTO customers (email, name) VALUES ('m@n', 'n') RETURNING id",
                 "64");
}

Test(server_fault, a_sync_that_fails_never_fails_the_applications_statement)
{
    Shop shop = bakery_with("ALTER TABLE customers ADD CHECK (name <> 'refused')", NULL);
    SHOP_RUN(&shop, "prepare", KEEPING);
    test_sql(&shop.dest, "INSERT INTO customers (email, name) VALUES ('r@r', 'refused');"
                         "UPDATE customers SET name = 'refused' WHERE id = 2;"
                         "UPDATE customers SET name = 'fine' WHERE id = 3");
    /* It is known, it does not go live, and it can be put right. */
    AUTO(launch_clear) Launch swap = DEST_LAUNCH(&shop, "swap");
    EXPECT_ERROR(&swap, 7, "bringing preserved table public.customers in step");
    EXPECT_CONTAINS(swap.err, "customers");
    EXPECT_VALUE(&shop.dest, LATEST_STATE, "PREPARED");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM customers WHERE name = 'refused'", "2");
    test_sql(&shop.dest, "UPDATE customers SET name = 'right' WHERE name = 'refused'");
    DEST_RUN(&shop, "swap");
    EXPECT_VALUE(&shop.dest,
                 "SELECT string_agg(name, ',' ORDER BY id) FROM customers WHERE id IN (2, 3, 61)",
                 "right,fine,right");
}

Test(server_fault, a_long_writer_does_not_hold_up_the_others)
{
    Shop shop = bakery_open();
    SHOP_RUN(&shop, "prepare", KEEPING);
    AUTO(session_close)
    PGconn *writer = session_open(&shop.dest, "BEGIN; UPDATE breads SET price = 1 WHERE id = 1");
    static const char *const statements[] = {
        "SELECT name FROM breads WHERE id = $1::int % 10",
        "UPDATE breads SET price = 2 WHERE id = 2 + $1::int % 8",
        "UPDATE customers SET name = 'Seen' WHERE id = 1 + $1::int % 60", NULL};
    Clients *clients = clients_start(&shop.dest, 4, 50, statements);
    Launch swap = launch_start(&(LaunchOptions){0},
                               (const char *const[]){"swap", "--dest", shop.dest.conninfo, NULL});
    cr_assert(!launch_ended(&swap, 3000), "the swap did not wait for the writer:\n%s", swap.err);
    clients_await(clients, 100);
    session_run(writer, "COMMIT");
    launch_wait(&swap);
    EXPECT_EXIT(&swap, 0);
    launch_clear(&swap);
    clients_await(clients, 50);
    ClientsReport report = clients_stop(clients);
    expect_no_failure(&report, 1500);
}

Test(server_fault, the_new_indexes_are_live_and_the_old_ones_come_back_with_a_rollback)
{
    static const char indexes[] =
        "SELECT string_agg(indexrelid::regclass || ':' || indisvalid, ',' ORDER BY"
        " indexrelid::regclass::text) FROM pg_index WHERE indrelid = 'breads'::regclass";
    Shop shop = bakery_open();
    SHOP_RUN(&shop, "start", KEEPING);
    EXPECT_VALUE(&shop.dest, indexes, "breads_gross:true,breads_pkey:true");
    DEST_RUN(&shop, "rollback", "--latest");
    EXPECT_VALUE(&shop.dest, indexes, "breads_name_old:true,breads_pkey:true");
}

/* ---- names and objects mixed up ---------------------------------------------------------- */

Test(server_fault, long_mixed_and_nearly_equal_names_stay_apart)
{
    static const char part[] = "only_28_bytes_of_a_long_name";
    AUTO(mem_free)
    char *script = mem_printf(
        "CREATE TABLE %1$s_%1$s_1 (id serial PRIMARY KEY, \"%1$s_%1$s-1\" int);"
        "CREATE TABLE %1$s_%1$s_12 (id serial PRIMARY KEY, a int UNIQUE);"
        "CREATE TABLE %1$s_%1$s_13 (id int PRIMARY KEY REFERENCES %1$s_%1$s_12, a int);"
        "CREATE INDEX %1$s_%1$s_ix ON %1$s_%1$s_1 (id);"
        "CREATE TABLE \"Mixed Case\" (id int PRIMARY KEY, \"a\"\"b\" text, \"Ünï-çödé\" int);"
        "CREATE TABLE \"mixed case\" (id int PRIMARY KEY, \"A\" int, \"a\" int);"
        "CREATE TABLE \"table-with-dashes; --\" (id int PRIMARY KEY, \"select\" int);"
        "CREATE VIEW \"Mixed View\" AS SELECT m.id, \"A\" FROM \"mixed case\" m;"
        "CREATE SCHEMA \"%1$s Ä %1$s-x\"; CREATE SCHEMA \"%1$s Ä %1$s-y\";"
        "CREATE TABLE \"%1$s Ä %1$s-x\".t (id int PRIMARY KEY);"
        "CREATE TABLE \"%1$s Ä %1$s-y\".t (id int PRIMARY KEY);",
        part);
    Shop shop = {test_source_database("source"), test_database("dest")};
    test_sql(&shop.source, script);
    test_sql(&shop.dest, script);
    AUTO(mem_free)
    char *rows = mem_printf(
        "INSERT INTO %1$s_%1$s_1 SELECT i, i FROM generate_series(1, 9) i;"
        "INSERT INTO %1$s_%1$s_12 VALUES (1, 2); INSERT INTO %1$s_%1$s_13 VALUES (1, 3);"
        "INSERT INTO \"%1$s Ä %1$s-x\".t VALUES (1); INSERT INTO \"%1$s Ä %1$s-y\".t VALUES (2);"
        "INSERT INTO \"mixed case\" VALUES (1, 2, 3);"
        "INSERT INTO \"table-with-dashes; --\" VALUES (5, 6)",
        part);
    test_sql(&shop.source, rows);
    test_sql(&shop.dest, "INSERT INTO \"Mixed Case\" VALUES (1, 'kept', 1), (2, 'kept', 2)");
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, false);
    SHOP_RUN(&shop, "start", "--preserved-tables", "\"Mixed Case\"");
    static const char *const kept[] = {"public.Mixed Case", NULL};
    const CompareScope scope = {.ignored_rows = kept, .second_may_have_more = true};
    EXPECT_SAME(compare_databases(&shop.source, &shop.dest, &scope));
    test_sql(&shop.dest, "UPDATE \"Mixed Case\" SET \"a\"\"b\" = 'since' WHERE id = 2");
    EXPECT_VALUE(&shop.dest, "SELECT string_agg(\"a\"\"b\", ',' ORDER BY id) FROM \"Mixed Case\"",
                 "kept,since");
    test_sql(&shop.dest, "UPDATE \"Mixed Case\" SET \"a\"\"b\" = 'kept' WHERE id = 2");
    DEST_RUN(&shop, "rollback", "--latest");
    EXPECT_LIVE(&shop, before);
}

Test(server_fault, all_schemas_come_with_their_partitions_and_types)
{
    static const char both[] =
        "CREATE SCHEMA sales; CREATE SCHEMA stock;"
        "CREATE TYPE sales.kind AS ENUM ('cash', 'card'); CREATE TYPE stock.size AS ENUM ('s');"
        "CREATE TABLE sales.receipts (id int, kind sales.kind, at date) PARTITION BY RANGE (at);"
        "CREATE TABLE sales.receipts_2025 PARTITION OF sales.receipts"
        " FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');"
        "CREATE TABLE stock.receipts_2026 PARTITION OF sales.receipts"
        " FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');"
        "CREATE INDEX ON sales.receipts (at);"
        "CREATE TABLE stock.shelves (id int PRIMARY KEY, size stock.size);";
    Shop shop = {test_source_database("source"), test_database("dest")};
    test_sql(&shop.source, both);
    test_sql(&shop.dest, both);
    test_sql(&shop.source,
             "ALTER TYPE stock.size ADD VALUE 'l'; CREATE TABLE sales.receipts_2027 PARTITION OF"
             " sales.receipts FOR VALUES FROM ('2027-01-01') TO ('2028-01-01')");
    test_sql(&shop.source,
             "INSERT INTO sales.receipts SELECT i, 'card', '2025-01-01'::date + i * 10"
             " FROM generate_series(1, 100) i; INSERT INTO stock.shelves VALUES (1, 'l')");
    test_sql(&shop.dest, "INSERT INTO sales.receipts VALUES (1, 'cash', '2025-05-05'),"
                         " (2, 'cash', '2026-05-05')");
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, false);
    SHOP_RUN(&shop, "start");
    EXPECT_SAME(compare_databases(&shop.source, &shop.dest, &live_may_have_more));
    EXPECT_VALUE(
        &shop.dest,
        "SELECT string_agg(inhrelid::regclass::text, ',' ORDER BY inhrelid::regclass::text)"
        " FROM pg_inherits WHERE inhparent = 'sales.receipts'::regclass",
        "sales.receipts_2025,sales.receipts_2027,stock.receipts_2026");
    test_sql(&shop.dest, "INSERT INTO sales.receipts VALUES (7, 'cash', '2026-12-31')");
    DEST_RUN(&shop, "rollback", "--latest");
    EXPECT_LIVE(&shop, before);
    test_sql(&shop.dest, "INSERT INTO sales.receipts VALUES (3, 'card', '2026-12-31')");
}

/* The regular files that a process has open, apart from those of the harness. */
static char *open_files(pid_t pid, const Launch *launch)
{
    AUTO(mem_free) char *folder = mem_printf("/proc/%d/fd", (int)pid);
    DIR *dir = opendir(folder);
    AUTO(str_clear) Str found = STR_INIT;
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        AUTO(mem_free) char *path = mem_printf("%s/%s", folder, entry->d_name);
        struct stat file;
        char target[512] = "";
        if (stat(path, &file) == 0 && S_ISREG(file.st_mode) &&
            readlink(path, target, sizeof target - 1) > 0 &&
            strcmp(target, launch->out_path) != 0 && strcmp(target, launch->err_path) != 0 &&
            strncmp(target, "/dev/shm/bxf_arena", 18) != 0)
            str_addf(&found, "%s\n", target);
    }
    if (dir != NULL)
        closedir(dir);
    return str_take(&found);
}

Test(server_fault, no_rows_are_left_in_files_and_no_password_is_printed)
{
    Shop shop = bakery_open();
    char folder[] = "/tmp/pgzmtest-folder.XXXXXX";
    cr_assert_not_null(mkdtemp(folder));
    AUTO(mem_free) char *temporary = mem_printf("TMPDIR=%s", folder);
    AUTO(mem_free) char *log = mem_printf("%s/the.log", folder);
    AUTO(mem_free) char *source = mem_printf("%s password=sesame-1", shop.source.conninfo);
    AUTO(mem_free) char *dest = mem_printf("%s password=sesame-2", shop.dest.conninfo);
    /* Held up while it makes an index, when all rows have come. */
    AUTO(session_close) PGconn *lock = session_open(&shop.source, "BEGIN; LOCK TABLE breads");
    Launch launch =
        launch_start(&(LaunchOptions){.environment = (const char *const[]){temporary, NULL}},
                     (const char *const[]){"start", "--source", source, "--dest", dest, "--verbose",
                                           "--log-file", log, NULL});
    session_await_waiting(&shop.source);
    AUTO(mem_free) char *early = open_files(launch.pid, &launch);
    session_run(lock, "COMMIT");
    AUTO(str_clear) Str files = STR_INIT;
    while (!launch_ended(&launch, 20)) {
        AUTO(mem_free) char *more = open_files(launch.pid, &launch);
        str_add(&files, more);
    }
    EXPECT_EXIT(&launch, 0);
    AUTO(mem_free) char *only_log = mem_printf("%s\n", log);
    cr_assert_str_eq(early, only_log);
    for (const char *line = str_text(&files); *line != '\0'; line += strlen(only_log))
        cr_assert_eq(strncmp(line, only_log, strlen(only_log)), 0, "files: %s", str_text(&files));

    struct stat file;
    cr_assert_eq(stat(log, &file), 0);
    cr_assert_eq(file.st_mode & 0777, 0600, "the log's mode is %o", file.st_mode & 0777);
    FILE *stream = fopen(log, "rb");
    char text[65536];
    size_t len = fread(text, 1, sizeof text - 1, stream);
    fclose(stream);
    text[len] = '\0';
    cr_assert_gt(len, 100, "no log was written");
    cr_assert(strstr(text, "sesame") == NULL && strstr(launch.err, "sesame") == NULL &&
                  strstr(launch.out, "sesame") == NULL,
              "a password is shown:\n%s\n%s", text, launch.err);
    launch_clear(&launch);
    unlink(log);
    cr_assert_eq(rmdir(folder), 0, "something is left in %s", folder);
}
