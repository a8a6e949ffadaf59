#include <criterion/criterion.h>

#include "engine/indexmemory.h"

#define MB (INT64_C(1) << 20)

Test(indexmemory, is_shared_by_the_builds_that_can_run_at_once)
{
    IndexMemory memory;
    indexmemory_init(&memory, 1000 * MB, 4, 100);
    int64_t parts[4], sum = 0;
    for (int i = 0; i < 4; i++)
        sum += parts[i] = indexmemory_take(&memory);
    for (int i = 0; i < 4; i++)
        cr_assert_eq(parts[i], 250 * MB);
    cr_assert_leq(sum, 1000 * MB);
    indexmemory_give(&memory, parts[2]);
    cr_assert_eq(indexmemory_take(&memory), 250 * MB);
    indexmemory_clear(&memory);
}

Test(indexmemory, is_all_for_the_last_build)
{
    IndexMemory memory;
    indexmemory_init(&memory, 600 * MB, 4, 3);
    int64_t a = indexmemory_take(&memory), b = indexmemory_take(&memory);
    cr_assert_eq(a, 200 * MB);
    cr_assert_eq(b, 200 * MB);
    indexmemory_give(&memory, a);
    indexmemory_give(&memory, b);
    cr_assert_eq(indexmemory_take(&memory), 600 * MB);
    indexmemory_clear(&memory);
}

Test(indexmemory, never_gives_more_than_there_is_but_for_the_least_a_server_takes)
{
    IndexMemory memory;
    indexmemory_init(&memory, 2 * MB, 8, 100);
    for (int i = 0; i < 8; i++)
        cr_assert_eq(indexmemory_take(&memory), MB);
    indexmemory_clear(&memory);
}

Test(indexmemory, allows_a_worker_for_every_32_MB)
{
    cr_assert_eq(indexmemory_workers(MB), 0);
    cr_assert_eq(indexmemory_workers(63 * MB), 0);
    cr_assert_eq(indexmemory_workers(64 * MB), 1);
    cr_assert_eq(indexmemory_workers(1024 * MB), 31);
}
