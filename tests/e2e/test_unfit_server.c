/* What preflight says of servers that cannot be had by a setting of a database: they are started
 * for this. */
#include <unistd.h>

#include "tests/e2e/shop.h"
#include "tests/harness/unfit.h"

static const char tables[] = "CREATE TABLE t (id int PRIMARY KEY, a text);"
                             "INSERT INTO t SELECT i, 'new' FROM generate_series(1, 100) i";

static void name_settings_and_connections(const TestDatabase *unfit, const TestDatabase *other)
{
    AUTO(mem_free)
    char *waits = mem_printf("%s options='-c synchronous_commit=on'", unfit->conninfo);
    AUTO(launch_clear)
    Launch dest =
        LAUNCH("preflight", "--source", other->conninfo, "--dest", waits, "--jobs", "20", "--json");
    EXPECT_EXIT(&dest, 4);
    EXPECT_CONTAINS(dest.out, "fsync is off");
    EXPECT_CONTAINS(dest.out, "full_page_writes is off");
    EXPECT_CONTAINS(dest.out, "autovacuum is off");
    EXPECT_CONTAINS(dest.out, "synchronous_standby_names of the destination names standbys");
    EXPECT_CONTAINS(dest.out, "connections of the destination are free for the server, and 21 more "
                              "are needed");
    EXPECT_CONTAINS(dest.out, "Give --jobs=");
    AUTO(launch_clear)
    Launch local =
        LAUNCH("preflight", "--source", other->conninfo, "--dest", unfit->conninfo, "--jobs", "1");
    EXPECT_EXIT(&local, 0);
    cr_assert_null(strstr(local.out, "synchronous_standby_names"), "%s", local.out);
}

static void name_prepared_transactions(const TestDatabase *unfit, const TestDatabase *other)
{
    test_sql(unfit, "BEGIN; INSERT INTO t VALUES (1000); PREPARE TRANSACTION 'forgotten'");
    AUTO(launch_clear)
    Launch dest =
        LAUNCH("preflight", "--source", other->conninfo, "--dest", unfit->conninfo, "--json");
    test_sql(unfit, "ROLLBACK PREPARED 'forgotten'");
    EXPECT_CONTAINS(dest.out, "prepared transaction 'forgotten' of the destination");
}

/* A standby can be read, and nothing else. */
static void read_a_standby(const TestDatabase *standby, const TestDatabase *other)
{
    AUTO(launch_clear)
    Launch dest = LAUNCH("preflight", "--source", other->conninfo, "--dest", standby->conninfo);
    EXPECT_EXIT(&dest, 4);
    EXPECT_CONTAINS(dest.err, "check failed: recovery: the destination is in recovery");
    AUTO(launch_clear)
    Launch source = LAUNCH("preflight", "--source", standby->conninfo, "--dest", other->conninfo,
                           "--jobs", "1", "--json");
    EXPECT_EXIT(&source, 0);
    EXPECT_CONTAINS(source.out, "the source is a standby that ends queries");
    AUTO(launch_clear)
    Launch start =
        LAUNCH("start", "--source", standby->conninfo, "--dest", other->conninfo, "--jobs", "1");
    EXPECT_EXIT(&start, 0);
    EXPECT_VALUE(other, "SELECT count(*) FROM t WHERE a = 'new'", "100");
}

Test(server_unfit, is_said_by_preflight, .timeout = 180)
{
    Unfit servers = unfit_start();
    TestDatabase other = test_database("other");
    test_sql(&servers.primary, tables);
    test_sql(&other,
             "CREATE TABLE t (id int PRIMARY KEY, a text); INSERT INTO t VALUES (1, 'old')");
    name_settings_and_connections(&servers.primary, &other);
    name_prepared_transactions(&servers.primary, &other);
    for (int i = 0; i < 100; i++) {
        AUTO(mem_free)
        char *there = test_value(&servers.standby, "SELECT to_regclass('public.t') IS NOT NULL");
        if (there[0] == 't')
            break;
        usleep(100000);
    }
    read_a_standby(&servers.standby, &other);
}
