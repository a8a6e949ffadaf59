/* Backups of the web shop go, through the command line, while the shop is in use. */
#include "tests/e2e/shop.h"
#include "tests/harness/clients.h"

static const CompareScope everything;

#define DEST_LAUNCH(shop, ...) LAUNCH(__VA_ARGS__, "--dest", (shop)->dest.conninfo)
#define AFTER_ALL "--before", "2999-12-31"

static void migrate(const Shop *shop)
{
    AUTO(launch_clear)
    Launch launch = SHOP_LAUNCH(shop, "start", "--preserved-tables", "users,sessions");
    EXPECT_EXIT(&launch, 0);
}

static char *id_of(const Shop *shop, int number)
{
    AUTO(mem_free)
    char *query = mem_printf("SELECT id FROM pgzm.migration ORDER BY id OFFSET %d LIMIT 1", number);
    return test_value(&shop->dest, query);
}

static void expect_no_backups(const Shop *shop)
{
    EXPECT_VALUE(&shop->dest, "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'pgzm\\__%'",
                 "0");
    EXPECT_VALUE(&shop->dest, "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'pgzm%'", "0");
    EXPECT_VALUE(&shop->dest,
                 "SELECT count(*) FROM pg_proc WHERE pronamespace = 'pgzm'::regnamespace", "0");
}

/* Nothing but the sync triggers of preserved tables went. */
static void expect_same_but_sync(const char *before, const char *after)
{
    AUTO(mem_free) char *difference = compare_fingerprints(before, after);
    for (const char *line = difference; line != NULL && *line != '\0';) {
        const char *end = strchr(line, '\n');
        size_t len = end != NULL ? (size_t)(end - line) : strlen(line);
        AUTO(mem_free) char *text = mem_printf("%.*s", (int)len, line);
        cr_assert(strncmp(text, "before: trigger ", 16) == 0 && strstr(text, "pgzm.sync_") != NULL,
                  "\n%s", difference);
        line = end != NULL ? end + 1 : NULL;
    }
}

Test(server_cleanup, of_three_migrations_while_applications_write)
{
    static const char *const statements[] = {
        "UPDATE users SET name = 'n' || $1::bigint WHERE id = 1 + $1::bigint % 50",
        "INSERT INTO users (email, name) VALUES ('load' || $1::bigint || '@x.y', 'Load')",
        "UPDATE products SET name = name WHERE id = 1 + $1::bigint % 20", NULL};
    Shop shop = shop_open();
    for (int i = 0; i < 3; i++)
        migrate(&shop);
    AUTO(mem_free) char *third = id_of(&shop, 2);
    AUTO(mem_free) char *source = compare_fingerprint(&shop.source, NULL, false);

    Clients *clients = clients_start(&shop.dest, 4, 50, statements);
    clients_await(clients, 50);
    AUTO(launch_clear) Launch older = DEST_LAUNCH(&shop, "cleanup", "--before", third, "--json");
    clients_await(clients, 50);
    ClientsReport report = clients_stop(clients);
    EXPECT_EXIT(&older, 0);
    cr_assert_eq(report.failures, 0, "%s", report.first_failure);
    cr_assert_lt(report.longest_ms, 2000);
    AUTO(json_decref) json_t *json = shop_json(older.out);
    cr_assert_eq(json_array_size(json_object_get(json, "cleaned")), 2, "%s", older.out);

    /* the newest can still be undone, and the rows of preserved tables are all there */
    AUTO(mem_free) char *users = test_rows(&shop.dest, "SELECT id, name FROM users ORDER BY id");
    AUTO(launch_clear) Launch back = DEST_LAUNCH(&shop, "rollback", "--latest");
    EXPECT_EXIT(&back, 0);
    AUTO(mem_free) char *now = test_rows(&shop.dest, "SELECT id, name FROM users ORDER BY id");
    cr_assert_str_eq(now, users);
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM pgzm.redo", "0");
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, &everything, false);
    AUTO(launch_clear) Launch rest = DEST_LAUNCH(&shop, "cleanup", AFTER_ALL);
    EXPECT_EXIT(&rest, 0);
    expect_no_backups(&shop);
    AUTO(mem_free) char *after = compare_fingerprint(&shop.dest, &everything, false);
    EXPECT_SAME(compare_fingerprints(before, after));
    AUTO(mem_free) char *source_after = compare_fingerprint(&shop.source, NULL, false);
    EXPECT_SAME(compare_fingerprints(source, source_after));
}

Test(server_cleanup, never_takes_what_is_live_along)
{
    Shop shop = shop_open();
    test_sql(&shop.dest,
             "CREATE TABLE backup_notes (id int PRIMARY KEY, at timestamptz DEFAULT now());"
             "INSERT INTO backup_notes VALUES (1), (2)");
    migrate(&shop);
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, &everything, false);
    AUTO(launch_clear) Launch launch = DEST_LAUNCH(&shop, "cleanup", AFTER_ALL);
    EXPECT_EXIT(&launch, 0);
    AUTO(mem_free) char *after = compare_fingerprint(&shop.dest, &everything, false);
    expect_same_but_sync(before, after);
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM backup_notes", "2");
    expect_no_backups(&shop);
    /* and a next migration begins with nothing in its way */
    migrate(&shop);
    AUTO(launch_clear) Launch list = DEST_LAUNCH(&shop, "list");
    EXPECT_EXIT(&list, 0);
    EXPECT_CONTAINS(list.out, "cleaned up");
    EXPECT_CONTAINS(list.out, "yes");
}

Test(server_cleanup, is_refused_with_its_own_exit_codes)
{
    Shop shop = shop_open();
    migrate(&shop);
    AUTO(mem_free) char *id = id_of(&shop, 0);
    AUTO(mem_free)
    char *backup = test_value(&shop.dest, "SELECT backup FROM pgzm.schema WHERE live = 'public'");
    AUTO(launch_clear) Launch neither = DEST_LAUNCH(&shop, "cleanup");
    EXPECT_EXIT(&neither, 2);
    AUTO(launch_clear) Launch both = DEST_LAUNCH(&shop, "cleanup", AFTER_ALL, "--timestamp", id);
    EXPECT_EXIT(&both, 2);
    AUTO(launch_clear) Launch no_date = DEST_LAUNCH(&shop, "cleanup", "--before", "yesterday");
    EXPECT_EXIT(&no_date, 2);
    AUTO(launch_clear) Launch unknown = DEST_LAUNCH(&shop, "cleanup", "--timestamp", "17");
    EXPECT_EXIT(&unknown, 5);

    AUTO(mem_free)
    char *view = mem_printf("CREATE VIEW old_users AS SELECT * FROM %s.users", backup);
    test_sql(&shop.dest, view);
    AUTO(launch_clear) Launch used = DEST_LAUNCH(&shop, "cleanup", AFTER_ALL);
    EXPECT_EXIT(&used, 5);
    EXPECT_CONTAINS(used.err, "view public.old_users leans on");
    AUTO(launch_clear) Launch dry = DEST_LAUNCH(&shop, "cleanup", AFTER_ALL, "--dry-run");
    EXPECT_EXIT(&dry, 5);
    test_sql(&shop.dest, "DROP VIEW old_users");

    /* three forms of the moment: nothing began before this one */
    static const char *const early[] = {"2026-01-01", "2026-01-01 10:30", "1767225600000"};
    for (size_t i = 0; i < LENGTH(early); i++) {
        AUTO(launch_clear) Launch none = DEST_LAUNCH(&shop, "cleanup", "--before", early[i]);
        EXPECT_EXIT(&none, 0);
        EXPECT_CONTAINS(none.out, "nothing to drop");
    }
    EXPECT_VALUE(&shop.dest, "SELECT count(cleaned_at) FROM pgzm.migration", "0");
}

Test(server_cleanup, history_tells_who_did_it_without_any_password)
{
    Shop shop = shop_open();
    migrate(&shop);
    AUTO(mem_free) char *dest = mem_printf("%s password=sesame", shop.dest.conninfo);
    AUTO(launch_clear) Launch launch = LAUNCH("cleanup", "--dest", dest, AFTER_ALL);
    EXPECT_EXIT(&launch, 0);
    AUTO(launch_clear) Launch history = DEST_LAUNCH(&shop, "history");
    EXPECT_EXIT(&history, 0);
    EXPECT_CONTAINS(history.out, "start begins");
    EXPECT_CONTAINS(history.out, "--preserved-tables users,sessions");
    EXPECT_CONTAINS(history.out, "cleanup done");
    cr_assert_null(strstr(history.out, "sesame"), "%s", history.out);
    AUTO(launch_clear) Launch unlock = DEST_LAUNCH(&shop, "unlock", "--force");
    EXPECT_EXIT(&unlock, 0);
    EXPECT_CONTAINS(unlock.out, "Nobody holds the lock");
}
