#include <criterion/criterion.h>
#include <stdlib.h>

#include "copy/copy.h"

enum { PG13 = 130000, PG14 = 140000, PG15 = 150000, PAGE = 8192 };

typedef struct Plan {
    Arena *arena;
    Table source;
    CopyTable table;
    CopyChunks chunks;
} Plan;

static void plan_clear(Plan *plan)
{
    arena_free(plan->arena);
}

static void auto_plan_clear(Plan *plan)
{
    plan_clear(plan);
}

static Plan make_plan(int64_t pages, int64_t bytes)
{
    return (Plan){.arena = arena_new(),
                  .source = {.relkind = 'r', .heap_pages = pages, .total_bytes = bytes}};
}

static void run_plan(Plan *plan, int version, int64_t chunk_bytes)
{
    plan->table.source = &plan->source;
    copy_plan(&plan->table, version, &(CopySizes){.whole = chunk_bytes, .part = chunk_bytes},
              plan->arena, &plan->chunks);
}

/* Every page from 0 to infinity is in exactly one chunk, chunks differ by a page at most, and the
 * weights are those of the table. */
static void must_cover(const Plan *plan)
{
    const CopyChunk *chunks = plan->chunks.items;
    size_t n = plan->chunks.count;
    int64_t weight = 0, least = INT64_MAX, most = 0;
    cr_assert(n >= 1);
    cr_assert_eq(chunks[0].first_page, 0);
    cr_assert_eq(chunks[n - 1].end_page, -1);
    for (size_t i = 0; i < n; i++) {
        cr_assert_eq(chunks[i].ordinal, (int)i);
        cr_assert_eq(chunks[i].chunks, (int)n);
        cr_assert_eq(chunks[i].table, &plan->table);
        if (i > 0)
            cr_assert_eq(chunks[i].first_page, chunks[i - 1].end_page);
        int64_t end = i + 1 < n ? chunks[i].end_page : plan->source.heap_pages;
        int64_t pages = end - chunks[i].first_page;
        least = pages < least ? pages : least;
        most = pages > most ? pages : most;
        weight += chunks[i].weight;
    }
    cr_assert(n == 1 || (least >= 1 && most - least <= 1), "chunks of %ld to %ld pages",
              (long)least, (long)most);
    cr_assert_eq(weight, plan->source.total_bytes);
}

static size_t count_of(int64_t pages, int64_t bytes, int version, int64_t chunk_bytes)
{
    AUTO(plan_clear) Plan plan = make_plan(pages, bytes);
    run_plan(&plan, version, chunk_bytes);
    must_cover(&plan);
    return plan.chunks.count;
}

#define MB (INT64_C(1) << 20)

Test(chunk, their_size_leaves_some_for_each_job)
{
    cr_expect_eq(copy_sizes(0, 1).whole, 128 * MB);
    cr_expect_eq(copy_sizes(0, 1).part, 64 * MB);
    cr_expect_eq(copy_sizes(2048 * MB, 2).whole, 256 * MB);
    cr_expect_eq(copy_sizes(8000 * MB, 4).whole, 500 * MB);
    cr_expect_eq(copy_sizes(8000 * MB, 4).part, 125 * MB);
    cr_expect_eq(copy_sizes(8000 * MB, 1).whole, 2000 * MB);
    cr_expect_eq(copy_sizes(INT64_MAX, 1).whole, 2048 * MB);
}

/* The last round of chunks has one for each job. */
Test(chunk, a_table_that_is_split_keeps_all_jobs_until_its_end)
{
    const struct {
        int64_t megabytes;
        int jobs;
        size_t count;
    } cases[] = {{128, 2, 1},   {129, 2, 4},   {1051, 2, 18},
                 {1051, 1, 16}, {1051, 8, 24}, {9000, 3, 48}};
    for (size_t i = 0; i < LENGTH(cases); i++) {
        AUTO(plan_clear) Plan plan = make_plan(cases[i].megabytes * 128, cases[i].megabytes * MB);
        const CopySizes sizes = copy_sizes(cases[i].megabytes * MB, cases[i].jobs);
        plan.table.source = &plan.source;
        copy_plan(&plan.table, PG15, &sizes, plan.arena, &plan.chunks);
        must_cover(&plan);
        cr_expect_eq(plan.chunks.count, cases[i].count, "%ld MB by %d: %zu chunks",
                     (long)cases[i].megabytes, cases[i].jobs, plan.chunks.count);
    }
}

Test(chunk, an_empty_table_is_one_open_ended_chunk)
{
    cr_assert_eq(count_of(0, 0, PG15, 1000), 1);
}

Test(chunk, a_table_of_one_page_is_never_split)
{
    cr_assert_eq(count_of(1, PAGE, PG15, 1000), 1);
    cr_assert_eq(count_of(1, 1000000000, PG15, 1000), 1);
}

Test(chunk, a_table_is_split_above_the_threshold_and_not_at_it)
{
    cr_assert_eq(count_of(100, 100 * PAGE, PG15, 100 * PAGE), 1);
    cr_assert_eq(count_of(100, 100 * PAGE + 1, PG15, 100 * PAGE), 2);
    cr_assert_eq(count_of(100, 100 * PAGE, PG15, 50 * PAGE), 2);
    cr_assert_eq(count_of(100, 100 * PAGE, PG15, 50 * PAGE - 1), 3);
}

Test(chunk, boundaries_are_exact)
{
    AUTO(plan_clear) Plan plan = make_plan(10, 10 * PAGE);
    run_plan(&plan, PG15, 4 * PAGE);
    must_cover(&plan);
    cr_assert_eq(plan.chunks.count, 3);
    cr_assert_eq(plan.chunks.items[0].end_page, 4);
    cr_assert_eq(plan.chunks.items[1].end_page, 7);
    cr_assert_eq(plan.chunks.items[2].first_page, 7);
}

Test(chunk, out_of_line_bytes_split_a_small_heap_page_by_page_at_most)
{
    cr_assert_eq(count_of(1000, (int64_t)100 << 30, PG15, (int64_t)1 << 30), 100);
    cr_assert_eq(count_of(10, (int64_t)936 << 30, PG15, (int64_t)1 << 30), 10);
}

Test(chunk, the_largest_table_there_can_be_does_not_overflow)
{
    cr_assert_eq(count_of(4294967294, (int64_t)64 << 40, PG15, (int64_t)1 << 30), 65536);
    cr_assert_eq(count_of(4294967294, INT64_MAX, PG15, INT64_MAX / 7), 7); /* 7 divides it */
}

Test(chunk, sources_before_14_are_read_whole)
{
    cr_assert_eq(count_of(1000, 1000 * PAGE, PG13, PAGE), 1);
    cr_assert_eq(count_of(1000, 1000 * PAGE, 139999, PAGE), 1);
    cr_assert_eq(count_of(1000, 1000 * PAGE, PG14, PAGE), 1000);
}

Test(chunk, only_heaps_are_split)
{
    AUTO(plan_clear) Plan plan = make_plan(1000, 1000 * PAGE);
    plan.source.access_method = "columnar";
    run_plan(&plan, PG15, PAGE);
    must_cover(&plan);
    cr_assert_eq(plan.chunks.count, 1);
    plan.source.access_method = "heap";
    run_plan(&plan, PG15, PAGE);
    cr_assert_eq(plan.chunks.count, 1000);
}

Test(chunk, partitioned_tables_are_read_whole)
{
    AUTO(plan_clear) Plan plan = make_plan(1000, 1000 * PAGE);
    plan.source.relkind = 'p';
    run_plan(&plan, PG15, PAGE);
    cr_assert_eq(plan.chunks.count, 1);
}

Test(chunk, without_a_limit_there_is_one_chunk)
{
    cr_assert_eq(count_of(1000, 1000 * PAGE, PG15, 0), 1);
    cr_assert_eq(count_of(1000, 1000 * PAGE, PG15, -1), 1);
}

Test(chunk, no_size_leaves_a_gap_or_an_overlap)
{
    srand(4711);
    for (int i = 0; i < 2000; i++) {
        int64_t pages = rand() % 5000;
        int64_t bytes = pages * PAGE + (int64_t)(rand() % 3) * (rand() % 100000000);
        int64_t chunk_bytes = 1 + rand() % (bytes + PAGE);
        size_t n = count_of(pages, bytes, PG15, chunk_bytes);
        /* none is larger than asked for by more than a page's share, unless pages were too few */
        if (n > 1 && n < (size_t)pages) {
            int64_t share = bytes / pages + 1;
            cr_assert(bytes / (int64_t)n <= chunk_bytes + share);
        }
    }
}

/* ---- keys, for sources that cannot read a range of pages --------------------------------- */

/* Every number there is falls into exactly one chunk: the first has no bottom, the last no top, and
 * each begins where the one before ends. */
static void must_cover_keys(const Plan *plan)
{
    const CopyChunk *chunks = plan->chunks.items;
    size_t n = plan->chunks.count;
    int64_t weight = 0;
    cr_assert_eq(n, plan->table.bound_count + 1);
    cr_assert_not(chunks[0].has_first);
    cr_assert_not(chunks[n - 1].has_end);
    for (size_t i = 0; i < n; i++) {
        cr_assert_eq(chunks[i].ordinal, (int)i);
        cr_assert_eq(chunks[i].chunks, (int)n);
        cr_assert_eq(chunks[i].first_page, 0);
        cr_assert_eq(chunks[i].end_page, -1);
        weight += chunks[i].weight;
        if (i == 0)
            continue;
        cr_assert(chunks[i - 1].has_end && chunks[i].has_first);
        cr_assert_eq(chunks[i].first_key, chunks[i - 1].end_key);
    }
    cr_assert_eq(weight, plan->source.total_bytes);
}

Test(chunk, an_older_source_is_split_at_the_bounds_of_its_key)
{
    static const int64_t bounds[] = {INT64_MIN, -5, 0, 7, INT64_MAX};
    AUTO(plan_clear) Plan plan = make_plan(1000, 1000 * PAGE);
    plan.table.key = "id";
    plan.table.bounds = bounds;
    plan.table.bound_count = LENGTH(bounds);
    run_plan(&plan, PG13, PAGE);
    must_cover_keys(&plan);
    cr_assert_eq(plan.chunks.items[1].first_key, INT64_MIN);
    cr_assert_eq(plan.chunks.items[5].first_key, INT64_MAX);
}

Test(chunk, a_key_splits_neither_a_small_table_nor_a_newer_source)
{
    static const int64_t bounds[] = {10, 20};
    AUTO(plan_clear) Plan plan = make_plan(1000, 1000 * PAGE);
    plan.table.key = "id";
    plan.table.bounds = bounds;
    plan.table.bound_count = LENGTH(bounds);
    run_plan(&plan, PG13, 1000 * PAGE);
    cr_assert_eq(plan.chunks.count, 1);
    cr_assert_not(plan.chunks.items[0].has_first || plan.chunks.items[0].has_end);
    run_plan(&plan, PG14, 500 * PAGE);
    must_cover(&plan);
    cr_assert_eq(plan.chunks.count, 2);
    cr_assert_not(plan.chunks.items[1].has_first);
}

Test(chunk, a_key_without_bounds_is_one_chunk)
{
    AUTO(plan_clear) Plan plan = make_plan(1000, 1000 * PAGE);
    plan.table.key = "id";
    run_plan(&plan, PG13, PAGE);
    must_cover_keys(&plan);
}

/* ---- shapes ------------------------------------------------------------------------------ */

Test(chunk, empty_pages_cost_no_more_chunks_than_their_bytes)
{
    /* 8 GB of which hardly anything is left: read quickly, in parallel, and no page twice */
    cr_assert_eq(count_of(1 << 20, (int64_t)8 << 30, PG15, (int64_t)256 << 20), 32);
}

Test(chunk, what_is_skewed_out_of_line_ends_at_single_pages)
{
    AUTO(plan_clear) Plan plan = make_plan(7, (int64_t)700 << 30);
    run_plan(&plan, PG15, (int64_t)256 << 20);
    must_cover(&plan);
    cr_assert_eq(plan.chunks.count, 7);
    cr_assert_eq(plan.chunks.items[3].end_page - plan.chunks.items[3].first_page, 1);
}

Test(chunk, bytes_without_pages_are_one_chunk)
{
    /* cut off while its size was read */
    cr_assert_eq(count_of(0, (int64_t)1 << 40, PG15, 1000), 1);
}
