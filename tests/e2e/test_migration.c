/* The main job through the command line, on real servers, compared object by object. */
#include "tests/e2e/shop.h"

/* The order in which a relation's grants, owners, ... are merged with a live one's does not matter
 * here: nothing was there before. */
static const CompareScope everything;

/* What a migration makes under live names and leaves there: somebody may use it by now. */
#define MADE_EXTENSIONS                                                                            \
    "after:  extension ", "after:  schema addons", "after:  grant schema addons "

static const char *const preserved_rows[] = {"public.users", "public.sessions",
                                             "public.users_id_seq", NULL};

Test(server_migration, makes_an_empty_database_equal_to_the_source)
{
    Shop shop = {test_source_database("source"), test_database("dest")};
    test_sql_file(&shop.source, "tests/fixture/shop_source.sql");
    AUTO(mem_free) char *before = compare_fingerprint(&shop.source, NULL, true);

    AUTO(launch_clear) Launch launch = SHOP_LAUNCH(&shop, "start");
    EXPECT_EXIT(&launch, 0);

    EXPECT_SAME(compare_databases(&shop.source, &shop.dest, &everything));
    EXPECT_SAME(compare_dumps(&shop.source, &shop.dest, &everything));
    AUTO(mem_free) char *after = compare_fingerprint(&shop.source, NULL, true);
    EXPECT_SAME(compare_fingerprints(before, after));
    EXPECT_VALUE(&shop.dest,
                 "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'pgzm\\_shadow%'", "0");
}

Test(server_migration, replaces_a_live_shop_and_keeps_its_users_and_sessions)
{
    Shop shop = shop_open();
    AUTO(mem_free) char *source_before = compare_fingerprint(&shop.source, NULL, true);
    AUTO(mem_free) char *users = test_rows(&shop.dest, "SELECT * FROM users ORDER BY id");
    AUTO(mem_free)
    char *sessions = test_rows(&shop.dest, "SELECT id, user_id, started_at, last_seen, data"
                                           " FROM sessions ORDER BY id");

    AUTO(launch_clear)
    Launch launch = SHOP_LAUNCH(&shop, "start", "--preserved-tables", "users,sessions");
    EXPECT_EXIT(&launch, 0);

    CompareScope scope = {.ignored_rows = preserved_rows, .second_may_have_more = true};
    EXPECT_SAME(compare_databases(&shop.source, &shop.dest, &scope));
    AUTO(mem_free) char *users_after = test_rows(&shop.dest, "SELECT * FROM users ORDER BY id");
    cr_assert_str_eq(users, users_after);
    AUTO(mem_free)
    char *sessions_after = test_rows(&shop.dest, "SELECT id, user_id, started_at, last_seen, data"
                                                 " FROM sessions ORDER BY id");
    cr_assert_str_eq(sessions, sessions_after);
    EXPECT_VALUE(&shop.dest, "SELECT last_value FROM users_id_seq", "150");
    AUTO(mem_free) char *source_after = compare_fingerprint(&shop.source, NULL, true);
    EXPECT_SAME(compare_fingerprints(source_before, source_after));
}

Test(server_migration, keeps_what_only_the_destination_has)
{
    Shop shop = shop_open();
    AUTO(launch_clear)
    Launch launch = SHOP_LAUNCH(&shop, "start", "--preserved-tables", "users,sessions");
    EXPECT_EXIT(&launch, 0);

    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM user_notes", "30");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM feature_flags", "2");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM legacy.archive", "10");
    EXPECT_VALUE(&shop.dest, "SELECT last_value FROM ticket_no", "4711");
    EXPECT_VALUE(&shop.dest, "SELECT name FROM enabled_flags", "new-checkout");
    EXPECT_VALUE(&shop.dest,
                 "SELECT has_table_privilege('shop_readonly', 'enabled_flags', 'SELECT')", "t");
    EXPECT_VALUE(&shop.dest, "SELECT obj_description('enabled_flags'::regclass)",
                 "a view of the old team");
    EXPECT_VALUE(&shop.dest, "SELECT old_total(1) IS NOT NULL", "t");
    EXPECT_VALUE(&shop.dest, "SELECT nextval('ticket_no')", "4712");
}

Test(server_migration, points_what_only_the_destination_has_to_the_new_tables)
{
    Shop shop = shop_open();
    AUTO(launch_clear)
    Launch launch = SHOP_LAUNCH(&shop, "start", "--preserved-tables", "users,sessions");
    EXPECT_EXIT(&launch, 0);

    /* A view sees the new orders, and still belongs to those who could read it. */
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM recent_orders", "500");
    EXPECT_VALUE(&shop.dest,
                 "SELECT has_table_privilege('shop_readonly', 'recent_orders', 'SELECT')", "t");
    EXPECT_VALUE(&shop.dest, "SELECT obj_description('recent_orders'::regclass)",
                 "another view of the old team");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM top_products WHERE name LIKE 'Product %'", "10");
    /* A foreign key is validated, and enforced against the users that are live now. */
    EXPECT_VALUE(&shop.dest,
                 "SELECT confrelid::regclass || ' ' || convalidated FROM pg_constraint"
                 " WHERE conname = 'user_notes_user_id_fkey'",
                 "users true");
    test_sql(&shop.dest, "DELETE FROM sessions WHERE user_id = 29;"
                         "INSERT INTO users (id, email, name) VALUES (9001, 'noted@x.y', 'Noted');"
                         "INSERT INTO user_notes (user_id, note) VALUES (9001, 'new');"
                         "DELETE FROM users WHERE id = 9001");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM user_notes", "30");
}

Test(server_migration, refuses_to_leave_a_table_on_a_type_that_changes)
{
    Shop shop = shop_open();
    test_sql(&shop.dest, "CREATE TABLE old_states (state order_status)");
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, false);
    AUTO(launch_clear)
    Launch launch = SHOP_LAUNCH(&shop, "start", "--preserved-tables", "users,sessions");
    EXPECT_EXIT(&launch, 4);
    EXPECT_CONTAINS(launch.err, "old_states");
    EXPECT_CONTAINS(launch.err, "order_status");
    EXPECT_CONTAINS(launch.err, "HINT: ");
    AUTO(mem_free) char *after = compare_fingerprint(&shop.dest, NULL, false);
    static const char *const expected[] = {MADE_EXTENSIONS, NULL};
    EXPECT_SAME(compare_fingerprints_but(before, after, expected));
}

Test(server_migration, rolls_back_to_the_old_world)
{
    Shop shop = shop_open();
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, false);
    AUTO(launch_clear)
    Launch launch = SHOP_LAUNCH(&shop, "start", "--preserved-tables", "users,sessions");
    EXPECT_EXIT(&launch, 0);
    test_sql(&shop.dest, "UPDATE products SET name = 'edited' WHERE id = 1;"
                         "INSERT INTO countries (code, name) VALUES ('XX', 'Nowhere')");

    AUTO(launch_clear) Launch back = LAUNCH("rollback", "--latest", "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&back, 0);
    AUTO(mem_free) char *after = compare_fingerprint(&shop.dest, NULL, false);
    static const char *const expected[] = {MADE_EXTENSIONS, NULL};
    EXPECT_SAME(compare_fingerprints_but(before, after, expected));
    /* Writes work in the old world. */
    test_sql(&shop.dest, "INSERT INTO orders (user_id, total) VALUES (1, 5);"
                         "UPDATE users SET name = 'back' WHERE id = 1;"
                         "INSERT INTO users (email, name) VALUES ('after@x.y', 'After');"
                         "DELETE FROM sessions WHERE user_id = 2");
}

Test(server_migration, loses_no_write_to_preserved_tables_in_a_rollback)
{
    Shop shop = shop_open();
    AUTO(launch_clear)
    Launch launch = SHOP_LAUNCH(&shop, "start", "--preserved-tables", "users,sessions");
    EXPECT_EXIT(&launch, 0);
    test_sql(&shop.dest, "INSERT INTO users (id, email, name) VALUES (9001, 'swap@x.y', 'Since');"
                         "UPDATE users SET name = 'Renamed' WHERE id = 7;"
                         "DELETE FROM sessions WHERE id = md5('live session3')::uuid");
    AUTO(launch_clear) Launch back = LAUNCH("rollback", "--latest", "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&back, 0);
    EXPECT_VALUE(&shop.dest, "SELECT name FROM users WHERE id = 9001", "Since");
    EXPECT_VALUE(&shop.dest, "SELECT name FROM users WHERE id = 7", "Renamed");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM sessions WHERE id = md5('live session3')::uuid",
                 "0");
}

Test(server_migration, changes_nothing_in_a_dry_run)
{
    Shop shop = shop_open();
    AUTO(mem_free) char *source = compare_fingerprint(&shop.source, NULL, true);
    AUTO(mem_free) char *dest = compare_fingerprint(&shop.dest, NULL, true);
    static const char *const commands[] = {"start", "prepare"};
    for (size_t i = 0; i < LENGTH(commands); i++) {
        AUTO(launch_clear)
        Launch launch =
            SHOP_LAUNCH(&shop, commands[i], "--preserved-tables", "users,sessions", "--dry-run");
        EXPECT_EXIT(&launch, 0);
        EXPECT_CONTAINS(launch.out, "orders");
        AUTO(mem_free) char *source_after = compare_fingerprint(&shop.source, NULL, true);
        EXPECT_SAME(compare_fingerprints(source, source_after));
        AUTO(mem_free) char *dest_after = compare_fingerprint(&shop.dest, NULL, true);
        EXPECT_SAME(compare_fingerprints(dest, dest_after));
    }
}

Test(server_migration, changes_nothing_in_a_dry_run_of_swap_rollback_and_abort)
{
    Shop shop = shop_open();
    AUTO(launch_clear)
    Launch prepare = SHOP_LAUNCH(&shop, "prepare", "--preserved-tables", "users,sessions");
    EXPECT_EXIT(&prepare, 0);
    AUTO(mem_free) char *prepared = compare_fingerprint(&shop.dest, NULL, true);
    AUTO(launch_clear) Launch swap = LAUNCH("swap", "--dry-run", "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&swap, 0);
    AUTO(launch_clear) Launch abort = LAUNCH("abort", "--dry-run", "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&abort, 0);
    AUTO(mem_free) char *still_prepared = compare_fingerprint(&shop.dest, NULL, true);
    EXPECT_SAME(compare_fingerprints(prepared, still_prepared));

    AUTO(launch_clear) Launch really = LAUNCH("swap", "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&really, 0);
    AUTO(mem_free) char *swapped = compare_fingerprint(&shop.dest, NULL, true);
    AUTO(launch_clear)
    Launch back = LAUNCH("rollback", "--latest", "--dry-run", "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&back, 0);
    AUTO(mem_free) char *still_swapped = compare_fingerprint(&shop.dest, NULL, true);
    EXPECT_SAME(compare_fingerprints(swapped, still_swapped));
}

/* Schemas of ours that are there: the journal alone is called pgzm. */
static const char our_schemas[] =
    "SELECT coalesce(string_agg(nspname, ' ' ORDER BY nspname), '') FROM pg_namespace"
    " WHERE nspname LIKE 'pgzm%'";

Test(server_migration, leaves_nothing_but_the_journal_after_abort)
{
    Shop shop = shop_open();
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, false);
    AUTO(launch_clear)
    Launch prepare = SHOP_LAUNCH(&shop, "prepare", "--preserved-tables", "users,sessions");
    EXPECT_EXIT(&prepare, 0);
    AUTO(launch_clear) Launch abort = LAUNCH("abort", "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&abort, 0);
    AUTO(mem_free) char *after = compare_fingerprint(&shop.dest, NULL, false);
    EXPECT_SAME(compare_fingerprints(before, after));
    EXPECT_VALUE(&shop.dest, our_schemas, "pgzm");
    test_sql(&shop.dest, "UPDATE users SET name = 'after'; DELETE FROM sessions");
}

Test(server_migration, goes_live_in_two_steps)
{
    Shop shop = shop_open();
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, false);
    AUTO(launch_clear)
    Launch prepare = SHOP_LAUNCH(&shop, "prepare", "--preserved-tables", "users,sessions");
    EXPECT_EXIT(&prepare, 0);

    /* Production is as it was, but for the sync triggers. */
    AUTO(mem_free) char *between = compare_fingerprint(&shop.dest, NULL, false);
    static const char *const expected[] = {MADE_EXTENSIONS, "after:  trigger public.users: pgzm_",
                                           "after:  trigger public.sessions: pgzm_", NULL};
    EXPECT_SAME(compare_fingerprints_but(before, between, expected));
    AUTO(launch_clear) Launch status = LAUNCH("status", "--json", "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&status, 0);
    AUTO(json_decref) json_t *json = shop_json(status.out);
    AUTO(mem_free) char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
    EXPECT_CONTAINS(text, "PREPARED");
    test_sql(&shop.dest, "UPDATE users SET name = 'between' WHERE id = 5");

    AUTO(launch_clear) Launch swap = LAUNCH("swap", "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&swap, 0);
    CompareScope scope = {.ignored_rows = preserved_rows, .second_may_have_more = true};
    EXPECT_SAME(compare_databases(&shop.source, &shop.dest, &scope));
    EXPECT_VALUE(&shop.dest, "SELECT name FROM users WHERE id = 5", "between");
}

Test(server_migration, can_be_done_again_on_top)
{
    Shop shop = shop_open();
    for (int i = 0; i < 2; i++) {
        AUTO(launch_clear)
        Launch launch = SHOP_LAUNCH(&shop, "start", "--preserved-tables", "users,sessions");
        EXPECT_EXIT(&launch, 0);
        test_sql(&shop.source,
                 "UPDATE products SET name = name || ' again'; "
                 "CREATE TABLE added (id int PRIMARY KEY); INSERT INTO added VALUES (1)");
        if (i == 0)
            test_sql(&shop.source, "ALTER TABLE added RENAME TO added_first");
    }
    EXPECT_VALUE(&shop.dest,
                 "SELECT name LIKE '% again' AND name NOT LIKE '% again again'"
                 " FROM products WHERE id = 1",
                 "t");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM added_first", "1");
    AUTO(launch_clear) Launch list = LAUNCH("list", "--json", "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&list, 0);
    AUTO(json_decref) json_t *json = shop_json(list.out);
    cr_assert_eq(json_array_size(json_object_get(json, "backups")), 2, "%s", list.out);
    AUTO(launch_clear) Launch back = LAUNCH("rollback", "--latest", "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&back, 0);
    EXPECT_VALUE(&shop.dest, "SELECT to_regclass('public.added_first') IS NULL", "t");
    EXPECT_VALUE(&shop.dest, "SELECT name NOT LIKE '% again' FROM products WHERE id = 1", "t");
}

Test(server_migration, prints_one_json_object_and_nothing_else)
{
    Shop shop = shop_open();
    AUTO(launch_clear)
    Launch launch = SHOP_LAUNCH(&shop, "start", "--preserved-tables", "users,sessions", "--json");
    EXPECT_EXIT(&launch, 0);
    AUTO(json_decref) json_t *json = shop_json(launch.out);
    cr_assert(json_is_true(json_object_get(json, "ok")), "%s", launch.out);
    cr_assert_gt(json_integer_value(json_object_get(json, "tables")), 40, "%s", launch.out);
}

Test(server_migration, names_what_it_does_not_carry_before_it_copies)
{
    TestDatabase source = test_source_database("source"), dest = test_database("dest");
    test_sql(&source, "CREATE TABLE t (a int); INSERT INTO t VALUES (1);"
                      "GRANT SELECT ON pg_catalog.pg_authid TO pg_monitor; SELECT lo_create(4711)");
    AUTO(launch_clear)
    Launch launch = LAUNCH("start", "--source", source.conninfo, "--dest", dest.conninfo);
    EXPECT_EXIT(&launch, 0);
    EXPECT_CONTAINS(launch.err, "privileges on a system object table pg_catalog.pg_authid");
    EXPECT_CONTAINS(launch.err, "--large-objects");
}

Test(server_migration, copies_a_table_in_several_chunks_exactly_once)
{
    Shop shop = {test_source_database("source"), test_database("dest")};
    test_sql(&shop.source,
             "CREATE TABLE big (id int PRIMARY KEY, filler text);"
             "ALTER TABLE big ALTER filler SET STORAGE PLAIN;"
             "INSERT INTO big SELECT i, repeat(md5(i::text), 60) FROM generate_series(1, 80000) i;"
             "DELETE FROM big WHERE id % 7 = 0;"
             "CREATE TABLE copy_of_none (LIKE big)");
    AUTO(launch_clear) Launch launch = SHOP_LAUNCH(&shop, "start", "--jobs", "3");
    EXPECT_EXIT(&launch, 0);
    EXPECT_SAME(compare_databases(&shop.source, &shop.dest, &everything));
}
