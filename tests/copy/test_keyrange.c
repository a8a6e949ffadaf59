/* Ranges of keys on a real server. The plan is told that the source is an old one, so that they are
 * used whatever it is. */
#include <criterion/criterion.h>

#include "copy/keyrange.h"
#include "tests/copy/pair.h"

enum { OLD_SOURCE = 130000 };

/* Splits a table at what a sample of it says, and copies all parts. */
static CopyChunks copy_all(Pair *pair, const char *name, int64_t wanted, int most)
{
    CopyTable *table = pair_table(pair, name);
    CopyChunks chunks = {0};
    table->key = "id";
    cr_assert(keyrange_find(pair->source, table, wanted, most, pair->arena, &pair->err), "%s",
              pair->err.message);
    copy_plan(table, OLD_SOURCE, &(CopySizes){.whole = 1, .part = 1}, pair->arena, &chunks);
    int64_t rows = 0;
    for (size_t i = 0; i < chunks.count; i++) {
        cr_assert(pair_copy(pair, &chunks.items[i], NULL), "%s", pair->err.message);
        rows += pair->rows;
    }
    AUTO(mem_free) char *count = mem_printf("SELECT count(*) FROM %s", name);
    cr_assert_eq(rows, pair_number(&pair->source_db, count));
    pair_must_be_equal(pair, name);
    return chunks;
}

Test(server_keyrange, every_row_arrives_once_whatever_its_key)
{
    AUTO(pair_free) Pair *pair = pair_new("CREATE TABLE t (id bigint PRIMARY KEY, line text)");
    test_sql(&pair->source_db,
             "INSERT INTO t SELECT i * 1000, repeat('x', 50) FROM generate_series(-9000, 9000) i;"
             "INSERT INTO t VALUES (-9223372036854775808, 'least'), (9223372036854775807, 'most'),"
             " (-1, 'a'), (1, 'b')");
    pair_begin(pair);
    CopyChunks chunks = copy_all(pair, "t", 10, 2);
    cr_assert_eq(chunks.count, 10);
}

Test(server_keyrange, parts_are_of_about_one_size_also_when_the_key_has_gaps)
{
    AUTO(pair_free) Pair *pair = pair_new("CREATE TABLE t (id bigint PRIMARY KEY)");
    test_sql(&pair->source_db,
             "INSERT INTO t SELECT i * i * i FROM generate_series(1::bigint, 20000) i");
    pair_begin(pair);
    CopyTable *table = pair_table(pair, "t");
    table->key = "id";
    cr_assert(keyrange_find(pair->source, table, 4, 1, pair->arena, &pair->err));
    cr_assert_eq(table->bound_count, 3);
    /* all pages are in the sample: the bounds are exact */
    cr_assert_eq(table->bounds[1], (int64_t)10001 * 10001 * 10001);
}

Test(server_keyrange, a_key_in_no_order_makes_as_many_parts_as_there_are_workers)
{
    AUTO(pair_free)
    Pair *pair = pair_new("CREATE TABLE t (id int PRIMARY KEY, line text)");
    test_sql(&pair->source_db,
             "INSERT INTO t SELECT i, repeat('x', 50) FROM generate_series(1, 20000) i"
             " ORDER BY md5(i::text)");
    pair_begin(pair);
    CopyChunks chunks = copy_all(pair, "t", 10, 3);
    cr_assert_eq(chunks.count, 3);
}

Test(server_keyrange, smallint_and_names_that_need_quotes_are_keys_too)
{
    AUTO(pair_free)
    Pair *pair = pair_new("CREATE TABLE \"T\" (\"I d\"\"\" smallint PRIMARY KEY, k int)");
    test_sql(&pair->source_db, "INSERT INTO \"T\" SELECT i FROM generate_series(-32768, 32767) i");
    pair_begin(pair);
    CopyTable *table = pair_table(pair, "T");
    CopyChunks chunks = {0};
    table->key = "I d\"";
    cr_assert(keyrange_find(pair->source, table, 7, 7, pair->arena, &pair->err), "%s",
              pair->err.message);
    copy_plan(table, OLD_SOURCE, &(CopySizes){.whole = 1, .part = 1}, pair->arena, &chunks);
    cr_assert_eq(chunks.count, 7);
    for (size_t i = 0; i < chunks.count; i++)
        cr_assert(pair_copy(pair, &chunks.items[i], NULL), "%s", pair->err.message);
    pair_must_be_equal(pair, "\"T\"");
}

Test(server_keyrange, an_empty_table_and_one_of_empty_pages_are_one_part)
{
    AUTO(pair_free) Pair *pair = pair_new("CREATE TABLE t (id int PRIMARY KEY, line text)");
    test_sql(&pair->source_db,
             "INSERT INTO t SELECT i, repeat('x', 50) FROM generate_series(1, 20000) i;"
             "DELETE FROM t");
    pair_begin(pair);
    CopyChunks chunks = copy_all(pair, "t", 10, 2);
    cr_assert_eq(chunks.count, 1);
}

Test(server_keyrange, rows_that_came_after_the_snapshot_are_in_no_part)
{
    AUTO(pair_free) Pair *pair = pair_new("CREATE TABLE t (id int PRIMARY KEY)");
    test_sql(&pair->source_db, "INSERT INTO t SELECT generate_series(1, 20000)");
    pair_begin(pair);
    test_sql(&pair->source_db, "INSERT INTO t SELECT generate_series(100001, 120000)");
    CopyTable *table = pair_table(pair, "t");
    CopyChunks chunks = {0};
    table->key = "id";
    cr_assert(keyrange_find(pair->source, table, 4, 4, pair->arena, &pair->err));
    cr_assert(table->bound_count == 3 && table->bounds[2] <= 20000);
    copy_plan(table, OLD_SOURCE, &(CopySizes){.whole = 1, .part = 1}, pair->arena, &chunks);
    for (size_t i = 0; i < chunks.count; i++)
        cr_assert(pair_copy(pair, &chunks.items[i], NULL), "%s", pair->err.message);
    cr_assert_eq(pair_number(&pair->dest_db, "SELECT count(*) FROM t WHERE id <= 20000"), 20000);
    cr_assert_eq(pair_number(&pair->dest_db, "SELECT count(*) FROM t"), 20000);
}
