/*
 * What the client's memory does not depend on: the number of rows and their length. What it does
 * depend on, the number of tables, is in test_small.c.
 */
#include <stdlib.h>
#include <sys/resource.h>

#include "tests/e2e/shop.h"

/* The greatest memory that any child of this process had until now, in kB. */
static long peak(void)
{
    struct rusage usage;
    cr_assert_eq(getrusage(RUSAGE_CHILDREN, &usage), 0);
    return usage.ru_maxrss;
}

/* So many rows, of one chunk, copied, compared, saved and loaded again. */
static long peak_of_rows(int rows)
{
    Shop shop = {test_source_database("source"), test_database("dest")};
    TestDatabase other = test_database("other");
    char folder[] = "/tmp/pgzmtest-memory.XXXXXX";
    cr_assert_not_null(mkdtemp(folder));
    AUTO(mem_free)
    char *make = mem_printf("CREATE TABLE rows (id integer PRIMARY KEY, a bigint, b text);"
                            "INSERT INTO rows SELECT i, i, 'row ' || i"
                            " FROM generate_series(1, %d) AS i",
                            rows);
    test_sql(&shop.source, make);
    const char *const commands[][12] = {
        {"start", "--source", shop.source.conninfo, "--dest", shop.dest.conninfo, "--jobs", "2",
         "--verify", "checksum", NULL},
        {"dump", "--source", shop.source.conninfo, "--dir", folder, "--jobs", "2", NULL},
        {"start", "--from-dump", folder, "--dest", other.conninfo, "--jobs", "2", NULL}};
    for (size_t i = 0; i < LENGTH(commands); i++) {
        AUTO(launch_clear)
        Launch launch =
            launch_start(&(LaunchOptions){.program = getenv("TEST_COMMAND_PLAIN")}, commands[i]);
        launch_wait(&launch);
        EXPECT_EXIT(&launch, 0);
    }
    AUTO(mem_free) char *remove = mem_printf("rm -rf '%s'", folder);
    cr_assert_eq(system(remove), 0);
    AUTO(mem_free) char *count = mem_printf("%d", rows);
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM rows", count);
    EXPECT_VALUE(&other, "SELECT count(*) FROM rows", count);
    return peak();
}

Test(server_memory, does_not_grow_with_the_rows)
{
    enum { FEW = 20000, MANY = 600000, NOISE_KB = 2048 };
    if (getenv("TEST_COMMAND_PLAIN") == NULL)
        cr_skip_test("TEST_COMMAND_PLAIN is not set: a sanitized command takes more");
    long before = peak_of_rows(FEW), after = peak_of_rows(MANY);
    cr_assert_lt(after - before, NOISE_KB, "%ld kB for %d rows, %ld kB for %d", before, FEW, after,
                 MANY);
}
