/* From one version of PostgreSQL to another: run once for each pair (tests/harness/matrix.sh). */
#include "tests/e2e/shop.h"

static const CompareScope everything;

static int version_of(const TestDatabase *database)
{
    AUTO(mem_free) char *number = test_value(database, "SHOW server_version_num");
    return atoi(number);
}

/* Drops of the shop what servers before 18 do not have. */
static void drop_what_is_newer(const Shop *shop)
{
    if (version_of(&shop->dest) < 180000)
        test_sql(&shop->source, "DROP TABLE IF EXISTS virtual");
}

Test(server_versions, makes_an_empty_database_equal_to_the_source)
{
    Shop shop = {test_source_database("source"), test_database("dest")};
    test_sql_file(&shop.source, "tests/fixture/shop_source.sql");
    drop_what_is_newer(&shop);
    AUTO(launch_clear) Launch launch = SHOP_LAUNCH(&shop, "start");
    EXPECT_EXIT(&launch, 0);
    EXPECT_SAME(compare_databases(&shop.source, &shop.dest, &everything));
}

Test(server_versions, replaces_a_live_shop_and_brings_it_back)
{
    static const char *const preserved_rows[] = {"public.users", "public.sessions",
                                                 "public.users_id_seq", NULL};
    Shop shop = shop_open();
    drop_what_is_newer(&shop);
    AUTO(mem_free) char *users = test_rows(&shop.dest, "SELECT * FROM users ORDER BY id");
    AUTO(mem_free) char *orders = test_rows(&shop.dest, "SELECT * FROM orders ORDER BY id");
    AUTO(launch_clear)
    Launch launch = SHOP_LAUNCH(&shop, "start", "--preserved-tables", "users,sessions");
    EXPECT_EXIT(&launch, 0);
    CompareScope scope = {.ignored_rows = preserved_rows, .second_may_have_more = true};
    EXPECT_SAME(compare_databases(&shop.source, &shop.dest, &scope));
    AUTO(mem_free) char *users_after = test_rows(&shop.dest, "SELECT * FROM users ORDER BY id");
    cr_assert_str_eq(users, users_after);

    AUTO(launch_clear) Launch back = LAUNCH("rollback", "--latest", "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&back, 0);
    AUTO(mem_free) char *orders_after = test_rows(&shop.dest, "SELECT * FROM orders ORDER BY id");
    cr_assert_str_eq(orders, orders_after);
}
