#include <criterion/criterion.h>

#include "engine/indexmemory.h"
#include "tests/harness/server.h"

#define MB (INT64_C(1) << 20)

Test(indexmemory, is_shared_by_the_builds_that_can_run_at_once)
{
    IndexMemory memory;
    indexmemory_init(&memory, 1000 * MB, 4, 100);
    IndexPart parts[4];
    int64_t sum = 0;
    for (int i = 0; i < 4; i++) {
        parts[i] = indexmemory_take(&memory);
        sum += parts[i].bytes;
        cr_assert_eq(parts[i].bytes, 250 * MB);
        cr_assert_eq(parts[i].workers, 0);
    }
    cr_assert_leq(sum, 1000 * MB);
    indexmemory_give(&memory, &parts[2]);
    cr_assert_eq(indexmemory_take(&memory).bytes, 250 * MB);
    indexmemory_clear(&memory);
}

Test(indexmemory, is_all_for_the_last_build)
{
    IndexMemory memory;
    indexmemory_init(&memory, 600 * MB, 4, 3);
    const IndexPart a = indexmemory_take(&memory), b = indexmemory_take(&memory);
    cr_assert_eq(a.bytes, 200 * MB);
    cr_assert_eq(b.bytes, 200 * MB);
    indexmemory_give(&memory, &a);
    indexmemory_give(&memory, &b);
    const IndexPart last = indexmemory_take(&memory);
    cr_assert_eq(last.bytes, 600 * MB);
    cr_assert_eq(last.workers, 3);
    indexmemory_clear(&memory);
}

Test(indexmemory, never_gives_more_than_there_is_but_for_the_least_a_server_takes)
{
    IndexMemory memory;
    indexmemory_init(&memory, 2 * MB, 8, 100);
    for (int i = 0; i < 8; i++)
        cr_assert_eq(indexmemory_take(&memory).bytes, MB);
    indexmemory_clear(&memory);
}

/* Without a budget the server's own memory counts; jobs without a build lend theirs. */
Test(indexmemory, workers_stand_in_for_jobs_that_have_no_build)
{
    IndexMemory memory;
    indexmemory_init(&memory, 0, 8, 3);
    const IndexPart a = indexmemory_take(&memory), b = indexmemory_take(&memory),
                    c = indexmemory_take(&memory);
    cr_assert_eq(a.workers, 1); /* 8 jobs for 3 builds */
    cr_assert_eq(b.workers, 2); /* 7 for 2 */
    cr_assert_eq(c.workers, 7); /* none is to come */
    indexmemory_clear(&memory);
    indexmemory_init(&memory, 96 * MB, 8, 1);
    cr_assert_eq(indexmemory_take(&memory).workers, 2); /* 32 MB each */
    indexmemory_clear(&memory);
}

static Conn *open_with(const TestDatabase *database, const char *options)
{
    Error err = ERROR_INIT;
    AUTO(mem_free) char *conninfo = mem_printf("%s options='%s'", database->conninfo, options);
    const ConnSpec spec = {.side = CONN_DEST, .conninfo = conninfo};
    Conn *dest = NULL;
    cr_assert(conn_open(&spec, NULL, &dest, &err), "%s", err.message);
    return dest;
}

/* The settings after that, in one line. */
static char *set_and_read(Conn *dest, int64_t budget, const IndexPart *part)
{
    Error err = ERROR_INIT;
    IndexMemory memory;
    AUTO(result_free) PGresult *result = NULL;
    indexmemory_init(&memory, budget, 4, 4);
    cr_assert(indexmemory_set(&memory, dest, part, &err), "%s", err.message);
    indexmemory_clear(&memory);
    cr_assert(conn_query_row(dest,
                             "SELECT current_setting('maintenance_work_mem') || ' ' ||"
                             " current_setting('max_parallel_maintenance_workers') || ' ' ||"
                             " current_setting('backend_flush_after')",
                             0, NULL, &result, &err),
              "%s", err.message);
    return mem_strdup(PQgetvalue(result, 0, 0));
}

/* What the session sets is the part, and never more workers than its settings allow. */
Test(server_indexmemory, sets_what_a_build_gets)
{
    TestDatabase database = test_database("dest");
    AUTO(conn_free)
    Conn *dest = open_with(&database, "-c max_parallel_maintenance_workers=3"
                                      " -c maintenance_work_mem=100MB");
    const struct {
        int64_t budget;
        IndexPart part;
        const char *settings;
    } cases[] = {{0, {MB, 0}, "100MB 0 512kB"},
                 {0, {MB, 9}, "100MB 3 512kB"},
                 {64 * MB, {50 * MB, 2}, "50MB 2 512kB"}};
    for (size_t i = 0; i < LENGTH(cases); i++) {
        AUTO(mem_free) char *settings = set_and_read(dest, cases[i].budget, &cases[i].part);
        cr_assert_str_eq(settings, cases[i].settings);
    }
}

Test(server_indexmemory, leaves_a_flush_that_somebody_has_set)
{
    TestDatabase database = test_database("dest");
    AUTO(conn_free) Conn *dest = open_with(&database, "-c backend_flush_after=1MB");
    AUTO(mem_free) char *settings = set_and_read(dest, 64 * MB, &(IndexPart){50 * MB, 0});
    cr_assert_str_eq(settings, "50MB 0 1MB");
}

Test(indexmemory, allows_a_worker_for_every_32_MB)
{
    cr_assert_eq(indexmemory_workers(MB), 0);
    cr_assert_eq(indexmemory_workers(63 * MB), 0);
    cr_assert_eq(indexmemory_workers(64 * MB), 1);
    cr_assert_eq(indexmemory_workers(1024 * MB), 31);
}
