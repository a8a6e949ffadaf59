/* Undoing migrations that lie on top of each other, through the command line. */
#include "tests/e2e/shop.h"

#include "tests/harness/clients.h"

static const CompareScope everything;

/* Live are: the old shop, then migrations 1 to 3 of a source that goes on changing; before[i] is
 * what the destination was like before migration i + 1. */
typedef struct Tower {
    Shop shop;
    char *ids[3], *before[3];
} Tower;

static const char *const source_changes[] = {
    "UPDATE products SET name = 'first ' || id",
    "UPDATE products SET name = 'second ' || id; CREATE TABLE added (id int PRIMARY KEY, t text);"
    "INSERT INTO added VALUES (1, 'second'); GRANT SELECT ON added TO shop_readonly;"
    "CREATE VIEW added_view AS SELECT id FROM added;"
    "ALTER TABLE orders ADD COLUMN second_only int DEFAULT 2",
    "UPDATE products SET name = 'third ' || id; DROP VIEW added_view; DROP TABLE added;"
    "CREATE TYPE third_kind AS ENUM ('a'); CREATE TABLE third (kind third_kind);"
    "INSERT INTO third VALUES ('a')",
};

static char *latest_id(const Shop *shop)
{
    return test_value(&shop->dest, "SELECT max(id) FROM pgzm.migration");
}

static Tower tower_open(int migrations)
{
    Tower tower = {.shop = shop_open()};
    for (int i = 0; i < migrations; i++) {
        test_sql(&tower.shop.source, source_changes[i]);
        tower.before[i] = compare_fingerprint(&tower.shop.dest, &everything, false);
        AUTO(launch_clear)
        Launch launch = SHOP_LAUNCH(&tower.shop, "start", "--preserved-tables", "users,sessions");
        EXPECT_EXIT(&launch, 0);
        tower.ids[i] = latest_id(&tower.shop);
    }
    return tower;
}

static void auto_tower(Tower *tower)
{
    for (size_t i = 0; i < LENGTH(tower->ids); i++) {
        mem_free(tower->ids[i]);
        mem_free(tower->before[i]);
    }
}
#define TOWER __attribute__((cleanup(auto_tower))) Tower

#define ROLLBACK(tower, ...) LAUNCH("rollback", "--dest", (tower)->shop.dest.conninfo, __VA_ARGS__)

static void expect_state(const Tower *tower, int migration, const char *state)
{
    AUTO(mem_free)
    char *query =
        mem_printf("SELECT state FROM pgzm.migration WHERE id = %s", tower->ids[migration]);
    EXPECT_VALUE(&tower->shop.dest, query, state);
}

/* What a migration makes under live names and leaves there: somebody may use it by now. */
static void expect_same_but_extensions(const char *before, const char *after)
{
    static const char *const expected[] = {"after:  extension ", "after:  schema addons",
                                           "after:  grant schema addons "};
    AUTO(mem_free) char *difference = compare_fingerprints(before, after);
    for (const char *line = difference; line != NULL && *line != '\0';) {
        bool known = false;
        for (size_t i = 0; i < LENGTH(expected); i++)
            known = known || strncmp(line, expected[i], strlen(expected[i])) == 0;
        cr_assert(known, "\n%s", difference);
        const char *end = strchr(line, '\n');
        line = end == NULL ? NULL : end + 1;
    }
}

/* Nobody's write fails in the world that is live again. */
static void expect_writable(const Shop *shop)
{
    test_sql(&shop->dest, "INSERT INTO orders (user_id, total) VALUES (1, 5);"
                          "UPDATE users SET name = 'back' WHERE id = 1;"
                          "INSERT INTO users (email, name) SELECT md5(random()::text),"
                          " 'After';"
                          "UPDATE products SET name = name || '!' WHERE id = 1;"
                          "DELETE FROM sessions WHERE user_id = 2");
}

Test(server_rollback, undoes_a_migration_and_all_later_ones)
{
    TOWER tower = tower_open(3);
    AUTO(launch_clear) Launch list = LAUNCH("list", "--json", "--dest", tower.shop.dest.conninfo);
    EXPECT_EXIT(&list, 0);
    AUTO(json_decref) json_t *json = shop_json(list.out);
    cr_assert_eq(json_array_size(json_object_get(json, "backups")), 3, "%s", list.out);
    for (int i = 0; i < 3; i++)
        EXPECT_CONTAINS(list.out, tower.ids[i]);

    AUTO(launch_clear) Launch back = ROLLBACK(&tower, "--timestamp", tower.ids[1]);
    EXPECT_EXIT(&back, 0);
    EXPECT_CONTAINS(back.err, "undoing 2 migrations");
    expect_state(&tower, 2, "ROLLED BACK");
    expect_state(&tower, 1, "ROLLED BACK");
    expect_state(&tower, 0, "SETTLED");
    AUTO(mem_free) char *after = compare_fingerprint(&tower.shop.dest, &everything, false);
    EXPECT_SAME(compare_fingerprints(tower.before[1], after));
    EXPECT_VALUE(&tower.shop.dest, "SELECT name FROM products WHERE id = 1", "first 1");

    AUTO(launch_clear) Launch rest = ROLLBACK(&tower, "--timestamp", tower.ids[0]);
    EXPECT_EXIT(&rest, 0);
    AUTO(mem_free) char *first = compare_fingerprint(&tower.shop.dest, &everything, false);
    expect_same_but_extensions(tower.before[0], first);
    expect_writable(&tower.shop);
}

Test(server_rollback, undoes_all_at_once_to_the_oldest_world)
{
    TOWER tower = tower_open(3);
    AUTO(launch_clear) Launch back = ROLLBACK(&tower, "--timestamp", tower.ids[0], "--json");
    EXPECT_EXIT(&back, 0);
    AUTO(json_decref) json_t *json = shop_json(back.out);
    json_t *undone = json_object_get(json, "undone");
    cr_assert_eq(json_array_size(undone), 3, "%s", back.out);
    cr_assert_str_eq(json_string_value(json_object_get(json_array_get(undone, 0), "timestamp")),
                     tower.ids[2]);
    AUTO(mem_free) char *after = compare_fingerprint(&tower.shop.dest, &everything, false);
    expect_same_but_extensions(tower.before[0], after);
    expect_writable(&tower.shop);
}

Test(server_rollback, of_the_latest_leaves_the_one_before_live)
{
    TOWER tower = tower_open(2);
    AUTO(launch_clear) Launch back = ROLLBACK(&tower, "--latest");
    EXPECT_EXIT(&back, 0);
    expect_state(&tower, 0, "SETTLED");
    AUTO(mem_free) char *after = compare_fingerprint(&tower.shop.dest, &everything, false);
    EXPECT_SAME(compare_fingerprints(tower.before[1], after));
    expect_writable(&tower.shop);
    /* and a third one can be put on top */
    AUTO(launch_clear)
    Launch again = SHOP_LAUNCH(&tower.shop, "start", "--preserved-tables", "users,sessions");
    EXPECT_EXIT(&again, 0);
    AUTO(launch_clear) Launch all = ROLLBACK(&tower, "--timestamp", tower.ids[0]);
    EXPECT_EXIT(&all, 0);
    EXPECT_CONTAINS(all.err, "undoing 2 migrations");
    expect_writable(&tower.shop);
}

Test(server_rollback, loses_no_row_of_tables_that_all_migrations_preserve)
{
    TOWER tower = tower_open(2);
    test_sql(&tower.shop.dest,
             "INSERT INTO users (id, email, name) SELECT 9000 + i, 'since' || i || '@x.y', 'Since'"
             " FROM generate_series(1, 5) i;"
             "UPDATE users SET name = 'Renamed' WHERE id = 7;"
             "UPDATE users SET id = 9100 WHERE id = 9005;"
             "DELETE FROM sessions WHERE id = md5('live session3')::uuid");
    test_sql(&tower.shop.dest,
             "BEGIN ISOLATION LEVEL SERIALIZABLE; UPDATE users SET name = 'Serial' WHERE id = 8;"
             "DELETE FROM users WHERE id = 9003; COMMIT");
    AUTO(mem_free) char *users = test_rows(&tower.shop.dest, "SELECT * FROM users ORDER BY id");
    AUTO(mem_free)
    char *sessions = test_rows(&tower.shop.dest, "SELECT id, user_id, started_at, last_seen, data"
                                                 " FROM sessions ORDER BY id");
    for (int i = 1; i >= 0; i--) {
        AUTO(launch_clear) Launch back = ROLLBACK(&tower, "--timestamp", tower.ids[i]);
        EXPECT_EXIT(&back, 0);
        AUTO(mem_free) char *now = test_rows(&tower.shop.dest, "SELECT * FROM users ORDER BY id");
        cr_assert_str_eq(now, users, "after rollback of migration %d", i + 1);
        AUTO(mem_free)
        char *sessions_now =
            test_rows(&tower.shop.dest, "SELECT id, user_id, started_at, last_seen, data"
                                        " FROM sessions ORDER BY id");
        cr_assert_str_eq(sessions_now, sessions, "after rollback of migration %d", i + 1);
    }
    EXPECT_VALUE(&tower.shop.dest, "SELECT count(*) FROM pgzm.redo", "0");
}

Test(server_rollback, refuses_what_cannot_be_undone_and_names_it)
{
    TOWER tower = tower_open(2);
    const char *dest = tower.shop.dest.conninfo;
    AUTO(mem_free) char *before = compare_fingerprint(&tower.shop.dest, &everything, true);
    AUTO(launch_clear) Launch neither = LAUNCH("rollback", "--dest", dest);
    EXPECT_EXIT(&neither, 2);
    AUTO(launch_clear) Launch unknown = ROLLBACK(&tower, "--timestamp", "4711");
    EXPECT_EXIT(&unknown, 5);
    EXPECT_CONTAINS(unknown.err, "4711");

    AUTO(mem_free)
    char *clean =
        mem_printf("UPDATE pgzm.migration SET cleaned_at = now() WHERE id = %s", tower.ids[0]);
    test_sql(&tower.shop.dest, clean);
    AUTO(launch_clear) Launch cleaned = ROLLBACK(&tower, "--timestamp", tower.ids[0]);
    EXPECT_EXIT(&cleaned, 5);
    EXPECT_CONTAINS(cleaned.err, tower.ids[0]);
    EXPECT_CONTAINS(cleaned.err, "dropped by cleanup");
    AUTO(mem_free) char *after = compare_fingerprint(&tower.shop.dest, &everything, true);
    EXPECT_SAME(compare_fingerprints(before, after));

    AUTO(launch_clear) Launch back = ROLLBACK(&tower, "--latest");
    EXPECT_EXIT(&back, 0);
    AUTO(launch_clear) Launch twice = ROLLBACK(&tower, "--timestamp", tower.ids[1]);
    EXPECT_EXIT(&twice, 5);
    EXPECT_CONTAINS(twice.err, "ROLLED BACK");
    AUTO(launch_clear) Launch latest = ROLLBACK(&tower, "--latest");
    EXPECT_EXIT(&latest, 5);
}

Test(server_rollback, looks_at_all_backups_before_it_undoes_the_first)
{
    TOWER tower = tower_open(2);
    AUTO(mem_free)
    char *drop =
        mem_printf("DROP TABLE \"pgzm_backup_%s_public\".\"products\" CASCADE", tower.ids[0]);
    test_sql(&tower.shop.dest, drop);
    AUTO(mem_free) char *before = compare_fingerprint(&tower.shop.dest, &everything, true);
    AUTO(launch_clear) Launch back = ROLLBACK(&tower, "--timestamp", tower.ids[0]);
    EXPECT_EXIT(&back, 5);
    EXPECT_CONTAINS(back.err, "products");
    EXPECT_CONTAINS(back.err, "is gone");
    EXPECT_CONTAINS(back.err, tower.ids[0]);
    EXPECT_CONTAINS(back.err, "HINT: ");
    AUTO(mem_free) char *after = compare_fingerprint(&tower.shop.dest, &everything, true);
    EXPECT_SAME(compare_fingerprints(before, after));
    expect_state(&tower, 1, "SETTLED");
}

Test(server_rollback, refuses_while_something_new_leans_on_what_goes_out)
{
    TOWER tower = tower_open(1);
    static const struct {
        const char *make, *drop, *named;
    } additions[] = {
        {"CREATE VIEW since_view AS SELECT id FROM orders", "DROP VIEW since_view", "since_view"},
        {"CREATE TABLE since (o int REFERENCES products)", "DROP TABLE since", "since_o_fkey"},
        {"ALTER TABLE orders ADD since int, ADD CONSTRAINT since_out FOREIGN KEY (since)"
         " REFERENCES user_notes; ",
         "ALTER TABLE orders DROP CONSTRAINT since_out", "since_out"},
        {"CREATE PUBLICATION since_pub FOR TABLE orders", "DROP PUBLICATION since_pub",
         "since_pub"},
    };
    for (size_t i = 0; i < LENGTH(additions); i++) {
        test_sql(&tower.shop.dest, additions[i].make);
        AUTO(launch_clear) Launch back = ROLLBACK(&tower, "--latest");
        EXPECT_EXIT(&back, 5);
        EXPECT_CONTAINS(back.err, additions[i].named);
        EXPECT_CONTAINS(back.err, "HINT: ");
        test_sql(&tower.shop.dest, additions[i].drop);
    }
    AUTO(launch_clear) Launch back = ROLLBACK(&tower, "--latest");
    EXPECT_EXIT(&back, 0);
}

Test(server_rollback, goes_on_when_new_tables_were_dropped_or_got_parts_since)
{
    Shop shop = {test_source_database("source"), test_database("dest")};
    test_sql(&shop.source, "CREATE TABLE gone (id int PRIMARY KEY); CREATE TABLE t (a int, b int);"
                           "CREATE TABLE p (id int, k int) PARTITION BY RANGE (id);"
                           "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)");
    test_sql(&shop.dest, "CREATE TABLE t (a int, b int); INSERT INTO t VALUES (1, 1);"
                         "CREATE TABLE p (id int, k int) PARTITION BY RANGE (id);"
                         "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);"
                         "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20)");
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, &everything, false);
    AUTO(launch_clear) Launch launch = SHOP_LAUNCH(&shop, "start");
    EXPECT_EXIT(&launch, 0);
    test_sql(&shop.dest, "DROP TABLE gone; CREATE STATISTICS st ON a, b FROM t;"
                         "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20);"
                         "CREATE TABLE p3 PARTITION OF p FOR VALUES FROM (20) TO (30);"
                         "INSERT INTO p VALUES (11, 1), (21, 1)");
    AUTO(launch_clear) Launch back = LAUNCH("rollback", "--latest", "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&back, 0);
    AUTO(mem_free) char *after = compare_fingerprint(&shop.dest, &everything, false);
    EXPECT_SAME(compare_fingerprints(before, after));
}

Test(server_rollback, names_a_global_object_that_somebody_dropped)
{
    Shop shop = {test_source_database("source"), test_database("dest")};
    test_sql(&shop.source,
             "CREATE TABLE t (id int PRIMARY KEY); CREATE PUBLICATION pub FOR TABLE t");
    test_sql(&shop.dest, "CREATE TABLE t (id int PRIMARY KEY)");
    AUTO(launch_clear) Launch launch = SHOP_LAUNCH(&shop, "start");
    EXPECT_EXIT(&launch, 0);
    test_sql(&shop.dest, "DROP PUBLICATION pub");
    AUTO(launch_clear) Launch back = LAUNCH("rollback", "--latest", "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&back, 5);
    EXPECT_CONTAINS(back.err, "publication pub");
    EXPECT_CONTAINS(back.err, "HINT: ");
    test_sql(&shop.dest, "CREATE PUBLICATION pub");
    AUTO(launch_clear) Launch again = LAUNCH("rollback", "--latest", "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&again, 0);
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM pg_publication", "0");
}

Test(server_rollback, names_a_key_of_a_staying_table_that_somebody_dropped)
{
    TOWER tower = tower_open(1);
    test_sql(&tower.shop.dest, "ALTER TABLE user_notes DROP CONSTRAINT user_notes_user_id_fkey");
    AUTO(launch_clear) Launch back = ROLLBACK(&tower, "--latest");
    EXPECT_EXIT(&back, 5);
    EXPECT_CONTAINS(back.err, "user_notes_user_id_fkey");
    EXPECT_CONTAINS(back.err, "was dropped since the swap");
    EXPECT_CONTAINS(back.err, "HINT: ");
    test_sql(&tower.shop.dest, "ALTER TABLE user_notes ADD CONSTRAINT user_notes_user_id_fkey"
                               " FOREIGN KEY (user_id) REFERENCES users NOT VALID");
    AUTO(launch_clear) Launch again = ROLLBACK(&tower, "--latest");
    EXPECT_EXIT(&again, 0);
    EXPECT_VALUE(&tower.shop.dest,
                 "SELECT convalidated FROM pg_constraint WHERE conname = 'user_notes_user_id_fkey'",
                 "t");
}

Test(server_rollback, says_what_stays_undone_when_a_later_step_fails)
{
    TOWER tower = tower_open(2);
    /* leans on what goes out with the first migration, and was made before the second */
    AUTO(launch_clear) Launch second = ROLLBACK(&tower, "--latest");
    EXPECT_EXIT(&second, 0);
    test_sql(&tower.shop.dest, "CREATE TABLE since (o int REFERENCES products)");
    AUTO(launch_clear)
    Launch again = SHOP_LAUNCH(&tower.shop, "start", "--preserved-tables", "users,sessions");
    EXPECT_EXIT(&again, 0);
    AUTO(mem_free) char *newest = latest_id(&tower.shop);
    (void)newest;
    AUTO(launch_clear) Launch back = ROLLBACK(&tower, "--timestamp", tower.ids[0]);
    EXPECT_EXIT(&back, 5);
    EXPECT_CONTAINS(back.err, "1 of 2 migrations are rolled back and stay so");
    EXPECT_CONTAINS(back.err, "since_o_fkey");
    EXPECT_CONTAINS(back.err, "pgzm-copy rollback --timestamp");
    EXPECT_VALUE(&tower.shop.dest, "SELECT string_agg(state, ',' ORDER BY id) FROM pgzm.migration",
                 "SETTLED,ROLLED BACK,ROLLED BACK");
    EXPECT_VALUE(&tower.shop.dest, "SELECT name FROM products WHERE id = 1", "first 1");
    /* and its keys are validated: the world before the newest is the one that is live */
    EXPECT_VALUE(
        &tower.shop.dest,
        "SELECT count(*) FROM pg_constraint WHERE NOT convalidated AND conname LIKE '%fkey'"
        " AND connamespace = 'public'::regnamespace",
        "0");
    expect_writable(&tower.shop);
    test_sql(&tower.shop.dest, "DROP TABLE since");
    AUTO(launch_clear) Launch rest = ROLLBACK(&tower, "--timestamp", tower.ids[0]);
    EXPECT_EXIT(&rest, 0);
}

Test(server_rollback, keeps_rows_where_they_belong_when_a_table_was_preserved_by_the_first_alone)
{
    Shop shop = {test_source_database("source"), test_database("dest")};
    static const char table[] = "CREATE TABLE t (id int PRIMARY KEY, t text);";
    test_sql(&shop.source, table);
    test_sql(&shop.source, "INSERT INTO t VALUES (1, 'source')");
    test_sql(&shop.dest, table);
    test_sql(&shop.dest, "INSERT INTO t VALUES (7, 'live')");
    AUTO(launch_clear) Launch first = SHOP_LAUNCH(&shop, "start", "--preserved-tables", "t");
    EXPECT_EXIT(&first, 0);
    AUTO(mem_free) char *first_id = latest_id(&shop);
    test_sql(&shop.dest, "INSERT INTO t VALUES (8, 'between')");
    AUTO(launch_clear) Launch second = SHOP_LAUNCH(&shop, "start");
    EXPECT_EXIT(&second, 0);
    AUTO(mem_free) char *second_id = latest_id(&shop);
    test_sql(&shop.dest, "INSERT INTO t VALUES (9, 'since')");
    AUTO(launch_clear)
    Launch back = LAUNCH("rollback", "--timestamp", first_id, "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&back, 0);
    EXPECT_VALUE(&shop.dest, "SELECT string_agg(id || t, ' ' ORDER BY id) FROM t",
                 "7live 8between");
    AUTO(mem_free)
    char *undone = mem_printf("SELECT string_agg(id || t, ' ' ORDER BY id) FROM"
                              " pgzm_undone_%s_public.t",
                              second_id);
    EXPECT_VALUE(&shop.dest, undone, "1source 9since");
    AUTO(mem_free)
    char *named = mem_printf("since the swap are in schema pgzm_undone_%s_public", second_id);
    EXPECT_CONTAINS(back.err, named);
}

Test(server_rollback, loses_no_write_of_clients_that_never_stop)
{
    Shop shop = {test_source_database("source"), test_database("dest")};
    static const char schema[] =
        "CREATE TABLE lines (id bigint PRIMARY KEY, t text);"
        "CREATE TABLE counts (id int PRIMARY KEY, n int NOT NULL DEFAULT 0);"
        "CREATE TABLE other (id int PRIMARY KEY);";
    test_sql(&shop.source, schema);
    test_sql(&shop.dest, schema);
    test_sql(&shop.dest, "INSERT INTO counts SELECT generate_series(0, 4)");
    static const char *const inserts[] = {"INSERT INTO lines VALUES ($1::bigint, 'x')", NULL};
    static const char *const updates[] = {"UPDATE counts SET n = n + 1 WHERE id = $1::bigint % 5",
                                          NULL};
    Clients *inserting = clients_start(&shop.dest, 2, 150, inserts);
    Clients *updating = clients_start(&shop.dest, 2, 150, updates);
    AUTO(mem_free) char *first = NULL;
    for (int i = 0; i < 3; i++) {
        AUTO(launch_clear)
        Launch launch = SHOP_LAUNCH(&shop, "start", "--preserved-tables", "lines,counts");
        EXPECT_EXIT(&launch, 0);
        if (first == NULL)
            first = latest_id(&shop);
        clients_await(inserting, 20);
    }
    AUTO(launch_clear)
    Launch back = LAUNCH("rollback", "--timestamp", first, "--dest", shop.dest.conninfo);
    clients_await(inserting, 20);
    ClientsReport inserted = clients_stop(inserting), updated = clients_stop(updating);
    EXPECT_EXIT(&back, 0);
    cr_assert_eq(inserted.failures, 0, "%s", inserted.first_failure);
    cr_assert_eq(updated.failures, 0, "%s", updated.first_failure);
    AUTO(mem_free) char *lines = mem_printf("%ld", inserted.statements);
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM lines", lines);
    AUTO(mem_free) char *sum = mem_printf("%ld", updated.statements);
    EXPECT_VALUE(&shop.dest, "SELECT sum(n) FROM counts", sum);
}

/* Scenario 8 of the acceptance list. */
Test(server_rollback, goes_to_a_chosen_one_of_three_and_cleanup_takes_exactly_the_older_ones)
{
    TOWER tower = tower_open(3);
    const char *dest = tower.shop.dest.conninfo;
    AUTO(launch_clear) Launch cleanup = LAUNCH("cleanup", "--before", tower.ids[1], "--dest", dest);
    EXPECT_EXIT(&cleanup, 0);
    AUTO(mem_free)
    char *left = mem_printf("SELECT string_agg(DISTINCT substr(nspname, 13, 13), ' ')"
                            " FROM pg_namespace WHERE nspname LIKE 'pgzm\\_backup\\_%%'");
    AUTO(mem_free) char *expected = mem_printf("%s %s", tower.ids[1], tower.ids[2]);
    EXPECT_VALUE(&tower.shop.dest, left, expected);
    AUTO(launch_clear) Launch refused = ROLLBACK(&tower, "--timestamp", tower.ids[0]);
    EXPECT_EXIT(&refused, 5);
    EXPECT_CONTAINS(refused.err, "dropped by cleanup");
    expect_state(&tower, 2, "SETTLED");

    test_sql(&tower.shop.dest, "INSERT INTO users (id, email, name) VALUES (9500, 'a@b.c', 'N')");
    AUTO(launch_clear) Launch back = ROLLBACK(&tower, "--timestamp", tower.ids[1]);
    EXPECT_EXIT(&back, 0);
    EXPECT_VALUE(&tower.shop.dest, "SELECT name FROM users WHERE id = 9500", "N");
    EXPECT_VALUE(&tower.shop.dest, "SELECT name FROM products WHERE id = 1", "first 1");
    expect_writable(&tower.shop);

    /* what was undone goes as well, and the live world needs nothing of it */
    AUTO(launch_clear) Launch rest = LAUNCH("cleanup", "--before", "2100-01-01", "--dest", dest);
    EXPECT_EXIT(&rest, 0);
    EXPECT_VALUE(&tower.shop.dest,
                 "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'pgzm\\_%'", "0");
    expect_writable(&tower.shop);
}

Test(server_rollback, says_the_statements_of_each_step_in_a_dry_run)
{
    TOWER tower = tower_open(2);
    AUTO(mem_free) char *before = compare_fingerprint(&tower.shop.dest, &everything, true);
    AUTO(launch_clear) Launch back = ROLLBACK(&tower, "--timestamp", tower.ids[0], "--dry-run");
    EXPECT_EXIT(&back, 0);
    for (int i = 0; i < 2; i++) {
        AUTO(mem_free) char *head = mem_printf("-- rollback of migration %s", tower.ids[i]);
        EXPECT_CONTAINS(back.out, head);
        AUTO(mem_free)
        char *move = mem_printf("SET SCHEMA \"pgzm_undone_%s_Ware House\"", tower.ids[i]);
        EXPECT_CONTAINS(back.out, move);
    }
    AUTO(mem_free) char *after = compare_fingerprint(&tower.shop.dest, &everything, true);
    EXPECT_SAME(compare_fingerprints(before, after));
}
