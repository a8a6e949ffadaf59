#include <criterion/criterion.h>
#include <string.h>

#include "copy/statement.h"
#include "tests/copy/pair.h"

/* ---- rows arrive as they are ----------------------------------------------------------------- */

static const char types_script[] =
    "CREATE TYPE colour AS ENUM ('red', 'green', 'it''s');"
    "CREATE DOMAIN percent AS int CHECK (VALUE BETWEEN 0 AND 100);"
    "CREATE TYPE spot AS (x int, label text);"
    "CREATE TYPE span AS RANGE (subtype = float8);"
    "CREATE TABLE t (id int, i2 smallint, i8 bigint, n numeric, n2 numeric(10,2), f4 real,"
    " f8 double precision, b boolean, tx text, vc varchar(20), ch char(8), c1 \"char\","
    " by bytea, d date, ts timestamp, tz timestamptz, ti time, tt timetz, iv interval,"
    " u uuid, j json, jb jsonb, ip inet, ci cidr, ma macaddr, m8 macaddr8, bi bit(5),"
    " bv bit varying, pt point, li line, bx box, pa path, po polygon, cc circle, tv tsvector,"
    " tq tsquery, ai int[], at text[], ir int4range, nr numrange, mo money, ls pg_lsn, o oid,"
    " na name, e colour, p percent, s spot, sp span)";

/* Ordinary values, the limits, what text must escape, nothing but NULLs, nothing but emptiness. */
static const char types_rows[] =
    "SET DateStyle = 'ISO, YMD';"
    "INSERT INTO t VALUES"
    "(1, -32768, 9223372036854775807, 12345678901234567890.0987654321, -0.01, 3.4e38, 1e-308, true,"
    " 'plain', 'v', 'pad', 'c', '\\x00ff5c0a', '2024-02-29', '2024-02-29 23:59:59.999999',"
    " '2024-06-30 12:00+05:30', '24:00', '12:34:56.789-07', '1 year -2 days 03:04:05.000006',"
    " 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{\"a\" :  1, \"a\": null}', '{\"b\": [1.50, "
    "\"\\n\"]}',"
    " '::ffff:1.2.3.4/100', '10.1.0.0/16', '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05',"
    " '10101', '110', '(1.5,-2)', '{1,-1,0}', '(1,1),(0,0)', '[(0,0),(1,1)]', "
    "'((0,0),(1,1),(2,0))',"
    " '<(0,0),5>', 'a:1A fat:2 cat', 'fat & (cat | !rat:*)', '[0:2]={1,NULL,3}',"
    " '{{\"a,b\",NULL},{\"\",\"NULL\"}}', '[1,10)', '(,5.5]', '-12.34', '16/B374D848', 4294967295,"
    " 'a name', 'it''s', 100, '(1,\"a, \\\"b\\\"\")', '[1.5,2.5)'),"
    "(2, 0, -9223372036854775808, 'NaN', 99999999.99, 'NaN', '-Infinity', false,"
    " E'tab\\t newline\\n return\\r back\\\\slash \\\\N \\\\.', E'\\\\N', E'\\\\.', '', '', "
    "'infinity',"
    " '-infinity', 'infinity', '00:00', '00:00+15:59', '-178000000 years',"
    " '00000000-0000-0000-0000-000000000000', 'null', '\"\"', '0.0.0.0/0', '::/0',"
    " '00:00:00:00:00:00', 'ff:ff:ff:ff:ff:ff:ff:ff', '00000', '', '(NaN,Infinity)', '{0,1,0}',"
    " '(0,0),(0,0)', '((0,0))', '((0,0))', '<(0,0),0>', '', 'x', '{}', '{}', 'empty', '(,)', '0',"
    " '0/0', 0, '', 'red', 0, '(,)', 'empty'),"
    "(3, 1, 1, 0, 0, '-0', '-0', NULL, E'\\u00e4\\u20ac\\U0001F600 \\u200b', '  ', 'x', "
    "'z',"
    " decode(repeat('00', 300), 'hex'), '4713-01-01 BC', '4714-11-24 00:00 BC', '294276-12-31 "
    "23:59:59+00',"
    " '00:00:00.000001', '23:59:59.999999-15:59', '0', '11111111-2222-3333-4444-555555555555', "
    "'[]', '[]', '::1', '::1',"
    " '01:00:00:00:00:00', '01:00:00:00:00:00:00:00', '11111', '1', '(0,0)', '{1,0,0}', "
    "'(2,2),(1,1)',"
    " '((0,0),(1,0))', '((0,0),(1,0))', '<(1,1),1>', 'x', 'x', '{1}', '{x}', '[1,1]', '[0,0]', '1',"
    " 'FFFFFFFF/FFFFFFFF', 1, 'n', 'green', 50, '(2,)', '(,)');"
    "INSERT INTO t (id) VALUES (4);"
    "INSERT INTO t (id, tx) SELECT 100 + i, repeat(md5(i::text), i * 7) FROM generate_series(0, "
    "300) i";

static void copies_all_types(bool binary)
{
    AUTO(pair_free) Pair *pair = pair_new(types_script);
    test_sql(&pair->source_db, types_rows);
    pair_begin(pair);
    CopyTable *table = pair_table(pair, "t");
    table->binary = binary;
    pair_must_copy(pair, table, 305);
    pair_must_be_equal(pair, "t");
    cr_assert_eq(atomic_load(&pair->counters.rows), 305);
    cr_assert(atomic_load(&pair->counters.wire_bytes) > 300 * 32);
}

Test(server_transfer, binary_carries_every_value_of_every_type)
{
    copies_all_types(true);
}

Test(server_transfer, text_carries_every_value_of_every_type)
{
    copies_all_types(false);
}

/* What tsquery_send makes of an empty query tsquery_recv refuses, in every version. */
Test(server_transfer, text_carries_what_binary_cannot)
{
    AUTO(pair_free) Pair *pair = pair_new("CREATE TABLE t (q tsquery, r regclass)");
    test_sql(&pair->source_db, "INSERT INTO t VALUES ('', 'pg_class'), ('a & b', 't')");
    test_sql(&pair->dest_db, "CREATE TABLE u (); DROP TABLE t; CREATE TABLE t (LIKE u);"
                             "ALTER TABLE t ADD q tsquery, ADD r regclass"); /* t's OID differs */
    pair_begin(pair);
    CopyTable *table = pair_table(pair, "t");
    table->binary = false;
    pair_must_copy(pair, table, 2);
    pair_must_be_equal(pair, "t");
}

Test(server_transfer, empty_tables_stay_empty)
{
    AUTO(pair_free) Pair *pair = pair_new("CREATE TABLE t (a int)");
    pair_begin(pair);
    pair_must_copy(pair, pair_table(pair, "t"), 0);
    cr_assert_eq(pair_number(&pair->dest_db, "SELECT count(*) FROM t"), 0);
}

Test(server_transfer, tables_without_columns_keep_their_number_of_rows)
{
    AUTO(pair_free) Pair *pair = pair_new("CREATE TABLE t (); CREATE TABLE u ()");
    test_sql(&pair->source_db, "INSERT INTO t SELECT FROM generate_series(1, 1234);"
                               "INSERT INTO u SELECT FROM generate_series(1, 7)");
    pair_begin(pair);
    pair_must_copy(pair, pair_table(pair, "t"), 1234);
    CopyTable *text = pair_table(pair, "u");
    text->binary = false;
    pair_must_copy(pair, text, 7);
    cr_assert_eq(pair_number(&pair->dest_db, "SELECT count(*) FROM t"), 1234);
    cr_assert_eq(pair_number(&pair->dest_db, "SELECT count(*) FROM u"), 7);
}

Test(server_transfer, tables_without_columns_can_be_split)
{
    AUTO(pair_free) Pair *pair = pair_new("CREATE TABLE t ()");
    test_sql(&pair->source_db, "INSERT INTO t SELECT FROM generate_series(1, 5000)");
    pair_begin(pair);
    CopyChunks chunks;
    copy_plan(pair_table(pair, "t"), test_server_version(),
              &(CopySizes){.whole = 20000, .part = 20000}, pair->arena, &chunks);
    for (size_t i = 0; i < chunks.count; i++)
        cr_assert(pair_copy(pair, &chunks.items[i], NULL), "%s", pair->err.message);
    cr_assert(chunks.count > 3 || test_server_version() < 140000);
    cr_assert_eq(pair_number(&pair->dest_db, "SELECT count(*) FROM t"), 5000);
}

Test(server_transfer, generated_columns_are_computed_anew)
{
    AUTO(pair_free)
    Pair *pair = pair_new("CREATE TABLE t (g int GENERATED ALWAYS AS (a * 2) STORED, a int);"
                          "CREATE TABLE u (g int GENERATED ALWAYS AS (7) STORED)");
    test_sql(&pair->source_db, "INSERT INTO t (a) VALUES (1), (NULL), (3);"
                               "INSERT INTO u SELECT FROM generate_series(1, 5)");
    pair_begin(pair);
    pair_must_copy(pair, pair_table(pair, "t"), 3);
    pair_must_copy(pair, pair_table(pair, "u"), 5);
    pair_must_be_equal(pair, "t");
    pair_must_be_equal(pair, "u");
    cr_assert_eq(pair_number(&pair->dest_db, "SELECT sum(g) FROM u"), 35);
}

Test(server_transfer, identity_columns_keep_their_values)
{
    AUTO(pair_free)
    Pair *pair = pair_new("CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY, x text)");
    test_sql(&pair->source_db, "INSERT INTO t OVERRIDING SYSTEM VALUE VALUES (42, 'a'), (7, 'b')");
    pair_begin(pair);
    pair_must_copy(pair, pair_table(pair, "t"), 2);
    pair_must_be_equal(pair, "t");
}

Test(server_transfer, columns_are_matched_by_name)
{
    AUTO(pair_free) Pair *pair = pair_new(NULL);
    test_sql(&pair->source_db, "CREATE TABLE \"T \"\"x\" (gone int, \"select\" int, \"B b\" int);"
                               "ALTER TABLE \"T \"\"x\" DROP COLUMN gone;"
                               "INSERT INTO \"T \"\"x\" VALUES (1, 2)");
    test_sql(&pair->dest_db, "CREATE TABLE \"T \"\"x\" (\"B b\" int, \"select\" int)");
    pair_begin(pair);
    pair_must_copy(pair, pair_table(pair, "T \"x"), 1);
    AUTO(mem_free)
    char *row = test_rows(&pair->dest_db, "SELECT \"select\", \"B b\" FROM \"T \"\"x\"");
    cr_assert_str_eq(row, "1|2\n");
}

Test(server_transfer, a_parent_gives_only_its_own_rows)
{
    AUTO(pair_free)
    Pair *pair = pair_new("CREATE TABLE parent (a int); CREATE TABLE child () INHERITS (parent)");
    test_sql(&pair->source_db, "INSERT INTO parent SELECT generate_series(1, 3000);"
                               "INSERT INTO child SELECT generate_series(1, 3000)");
    test_sql(&pair->dest_db, "INSERT INTO child VALUES (-1)");
    pair_begin(pair);
    CopyTable *table = pair_table(pair, "parent");
    table->may_freeze = true; /* the TRUNCATE must not reach the child either */
    pair_must_copy(pair, table, 3000);
    cr_assert_eq(pair_number(&pair->dest_db, "SELECT count(*) FROM ONLY parent"), 3000);
    cr_assert_eq(pair_number(&pair->dest_db, "SELECT count(*) FROM child"), 1);

    test_sql(&pair->dest_db, "TRUNCATE ONLY parent");
    CopyChunks chunks;
    copy_plan(table, test_server_version(), &(CopySizes){.whole = 30000, .part = 30000},
              pair->arena, &chunks);
    for (size_t i = 0; i < chunks.count; i++)
        cr_assert(pair_copy(pair, &chunks.items[i], NULL), "%s", pair->err.message);
    cr_assert_eq(pair_number(&pair->dest_db, "SELECT count(*) FROM ONLY parent"), 3000);
}

Test(server_transfer, rows_can_be_loaded_through_the_root)
{
    AUTO(pair_free)
    Pair *pair = pair_new("CREATE TABLE root (a int) PARTITION BY LIST (a);"
                          "CREATE TABLE one PARTITION OF root FOR VALUES IN (1);"
                          "CREATE TABLE other PARTITION OF root DEFAULT");
    test_sql(&pair->source_db, "INSERT INTO root SELECT i % 3 FROM generate_series(1, 300) i");
    pair_begin(pair);
    CopyTable *leaf = pair_table(pair, "other");
    leaf->dest_name = "root";
    pair_must_copy(pair, leaf, 200);
    cr_assert_eq(pair_number(&pair->dest_db, "SELECT count(*) FROM other"), 200);

    CopyTable *whole = pair_table(pair, "root");
    whole->only = false;
    test_sql(&pair->dest_db, "TRUNCATE root");
    pair_must_copy(pair, whole, 300);
    cr_assert_eq(pair_number(&pair->dest_db, "SELECT count(*) FROM one"), 100);
}

/* ---- chunks ---------------------------------------------------------------------------------- */

/* Both ends are schemas of one database, so that the server itself can compare. */
static void copies_in_chunks(const char *fill, int64_t chunk_bytes, size_t at_least)
{
    AUTO(pair_free) Pair *pair = pair_new(NULL);
    test_sql(&pair->source_db, "CREATE TABLE t (id int, pad text, doc text);"
                               "ALTER TABLE t ALTER doc SET STORAGE EXTERNAL;"
                               "CREATE SCHEMA shadow; CREATE TABLE shadow.t (LIKE t)");
    test_sql(&pair->source_db, fill);
    pair->dest_db = pair->source_db;
    pair_begin(pair);
    CopyTable *table = pair_table(pair, "t");
    table->dest_schema = "shadow";
    CopyChunks chunks;
    copy_plan(table, test_server_version(), &(CopySizes){.whole = chunk_bytes, .part = chunk_bytes},
              pair->arena, &chunks);
    cr_assert(chunks.count >= at_least || test_server_version() < 140000, "%zu chunks",
              chunks.count);
    int64_t rows = 0;
    for (size_t i = chunks.count; i-- > 0;) { /* any order will do */
        cr_assert(pair_copy(pair, &chunks.items[i], NULL), "%s", pair->err.message);
        rows += pair->rows;
    }
    cr_assert(rows > 0);
    cr_assert_eq(rows, pair_number(&pair->source_db, "SELECT count(*) FROM t"));
    cr_assert_eq(pair_number(&pair->source_db, "SELECT count(*) FROM (SELECT * FROM t EXCEPT ALL "
                                               "SELECT * FROM shadow.t) AS d"),
                 0);
    cr_assert_eq(pair_number(&pair->source_db,
                             "SELECT count(*) FROM (SELECT * FROM shadow.t EXCEPT "
                             "ALL SELECT * FROM t) AS d"),
                 0);
}

Test(server_transfer, a_split_table_arrives_once_and_whole)
{
    copies_in_chunks("INSERT INTO t SELECT i, repeat('x', i % 90) FROM generate_series(1, 30000) i",
                     65536, 20);
}

Test(server_transfer, a_split_table_with_holes_arrives_once_and_whole)
{
    copies_in_chunks("INSERT INTO t SELECT i, 'pad' FROM generate_series(1, 30000) i;"
                     "DELETE FROM t WHERE id % 7 = 0 OR id BETWEEN 9000 AND 20000;"
                     "UPDATE t SET pad = 'moved' WHERE id % 3 = 0",
                     65536, 10);
}

Test(server_transfer, a_table_heavy_with_out_of_line_values_is_split_by_them)
{
    copies_in_chunks("INSERT INTO t SELECT i, repeat('p', 1000), repeat(md5(i::text), 200) FROM "
                     "generate_series(1, 500) i",
                     262144, 8);
}

Test(server_transfer, rows_beyond_the_planned_pages_are_the_last_chunks)
{
    AUTO(pair_free) Pair *pair = pair_new("CREATE TABLE t (id int)");
    test_sql(&pair->source_db, "INSERT INTO t SELECT generate_series(1, 3000)");
    pair_begin(pair);
    Table smaller = *pair_table(pair, "t")->source;
    smaller.heap_pages = 4; /* it has grown since it was looked at */
    smaller.total_bytes = 4 * 8192;
    CopyTable table = *pair_table(pair, "t");
    table.source = &smaller;
    CopyChunks chunks;
    copy_plan(&table, test_server_version(), &(CopySizes){.whole = 8192, .part = 8192}, pair->arena,
              &chunks);
    cr_assert(chunks.count == 4 || test_server_version() < 140000);
    for (size_t i = 0; i < chunks.count; i++)
        cr_assert(pair_copy(pair, &chunks.items[i], NULL), "%s", pair->err.message);
    pair_must_be_equal(pair, "t");
}

Test(server_transfer, a_chunk_reads_its_own_blocks_only)
{
    if (test_server_version() < 140000)
        return; /* such sources are not split */
    AUTO(pair_free) Pair *pair = pair_new("CREATE TABLE t (id int)");
    test_sql(&pair->source_db, "INSERT INTO t SELECT generate_series(1, 3000); ANALYZE t");
    pair_begin(pair);
    CopyTable *table = pair_table(pair, "t");
    CopyChunk middle = {.table = table, .ordinal = 1, .chunks = 3, .first_page = 2, .end_page = 4};
    AUTO(str_clear) Str read = STR_INIT;
    statement_add_read(&read, pair->source, &middle);
    const char *select = strchr(str_text(&read), '(') + 1;
    AUTO(mem_free)
    char *explain =
        mem_printf("EXPLAIN %.*s", (int)(strstr(select, ") TO STDOUT") - select), select);
    AUTO(result_free) PGresult *result = NULL;
    AUTO(error_clear) Error err = ERROR_INIT;
    cr_assert(conn_query(pair->source, explain, 0, NULL, &result, &err), "%s", err.message);
    cr_assert_not_null(strstr(PQgetvalue(result, 0, 0), "Tid Range Scan"), "%s",
                       PQgetvalue(result, 0, 0));
}

/* ---- freezing -------------------------------------------------------------------------------- */

/* What a snapshot older than the load sees of it: frozen rows, no others. */
static int64_t seen_by_an_older_snapshot(bool may_freeze)
{
    AUTO(pair_free) Pair *pair = pair_new("CREATE TABLE t (id int)");
    test_sql(&pair->source_db, "INSERT INTO t SELECT generate_series(1, 1000)");
    test_sql(&pair->dest_db, "INSERT INTO t VALUES (-1)");
    pair_begin(pair);
    ConnSpec spec = {.side = CONN_SOURCE, .conninfo = pair->dest_db.conninfo};
    AUTO(error_clear) Error err = ERROR_INIT;
    AUTO(conn_free) Conn *older = NULL;
    cr_assert(conn_open(&spec, NULL, &older, &err), "%s", err.message);
    cr_assert(conn_exec(older, "BEGIN ISOLATION LEVEL REPEATABLE READ", &err));
    cr_assert(conn_exec(older, "SELECT 1 FROM pg_catalog.pg_class", &err));

    CopyTable *table = pair_table(pair, "t");
    table->may_freeze = may_freeze;
    pair_must_copy(pair, table, 1000);
    cr_assert_eq(pair_number(&pair->dest_db, "SELECT count(*) FROM t"), may_freeze ? 1000 : 1001);
    AUTO(result_free) PGresult *result = NULL;
    cr_assert(
        conn_query_row(older, "SELECT count(*) FROM public.t WHERE id > 0", 0, NULL, &result, &err),
        "%s", err.message);
    return atol(PQgetvalue(result, 0, 0));
}

Test(server_transfer, a_table_of_one_chunk_is_emptied_and_loaded_frozen)
{
    cr_assert_eq(seen_by_an_older_snapshot(true), 1000);
}

Test(server_transfer, a_table_that_others_write_is_neither_emptied_nor_frozen)
{
    cr_assert_eq(seen_by_an_older_snapshot(false), 0);
}

/* ---- hooks ----------------------------------------------------------------------------------- */

typedef struct Notes {
    bool skip, fail_claim, fail_done, refuse_done;
    int64_t rows;
    int claims, dones;
} Notes;

static bool note_claim(void *context, Conn *dest, bool *skip, Error *err)
{
    Notes *notes = context;
    notes->claims++;
    *skip = notes->skip;
    if (notes->fail_claim)
        return error_set(err, ERROR_STATE, "somebody else's");
    return conn_exec(dest, "INSERT INTO public.task VALUES ('claimed')", err);
}

static bool note_done(void *context, Conn *dest, int64_t rows, Error *err)
{
    Notes *notes = context;
    notes->dones++;
    notes->rows = rows;
    if (notes->refuse_done)
        return error_set(err, ERROR_STATE, "%ld rows are not what was wanted", (long)rows);
    if (notes->fail_done)
        return conn_exec(dest, "SELECT 1 / 0", err);
    return conn_exec(dest, "UPDATE public.task SET state = state || ', done'", err);
}

static Pair *hook_pair(void)
{
    Pair *pair = pair_new("CREATE TABLE t (id int); CREATE TABLE task (state text)");
    test_sql(&pair->source_db, "INSERT INTO t VALUES (1), (2)");
    pair_begin(pair);
    return pair;
}

static bool copy_with(Pair *pair, Notes *notes)
{
    CopyHooks hooks = {.claim = note_claim, .done = note_done, .context = notes};
    CopyTable *table = pair_table(pair, "t");
    table->may_freeze = true; /* the claim's statement must not be in FREEZE's way */
    CopyChunk chunk = pair_whole(table);
    return pair_copy(pair, &chunk, &hooks);
}

static void must_hold(const Pair *pair, const char *tasks, int64_t rows)
{
    AUTO(mem_free) char *state = test_rows(&pair->dest_db, "SELECT state FROM task");
    cr_assert_str_eq(state, tasks);
    cr_assert_eq(pair_number(&pair->dest_db, "SELECT count(*) FROM t"), rows);
    cr_assert_eq(PQtransactionStatus(conn_pg(pair->dest)), PQTRANS_IDLE);
}

Test(server_transfer, rows_and_bookkeeping_commit_together)
{
    AUTO(pair_free) Pair *pair = hook_pair();
    Notes notes = {0};
    cr_assert(copy_with(pair, &notes), "%s", pair->err.message);
    cr_assert_eq(notes.rows, 2);
    must_hold(pair, "claimed, done\n", 2);
}

Test(server_transfer, a_chunk_that_is_somebody_elses_is_left_alone)
{
    AUTO(pair_free) Pair *pair = hook_pair();
    Notes notes = {.skip = true};
    cr_assert(copy_with(pair, &notes), "%s", pair->err.message);
    cr_assert_eq(pair->rows, -1);
    cr_assert_eq(notes.dones, 0);
    cr_assert_eq(atomic_load(&pair->counters.rows), 0);
    must_hold(pair, "", 0);
    cr_assert_eq(PQtransactionStatus(conn_pg(pair->source)), PQTRANS_INTRANS);
}

Test(server_transfer, a_failing_claim_keeps_its_kind_and_copies_nothing)
{
    AUTO(pair_free) Pair *pair = hook_pair();
    Notes notes = {.fail_claim = true};
    cr_assert_not(copy_with(pair, &notes));
    cr_assert_eq(pair->err.kind, ERROR_STATE);
    cr_assert_str_eq(pair->err.message, "copying public.t: somebody else's");
    must_hold(pair, "", 0);
}

Test(server_transfer, when_it_cannot_be_noted_as_done_the_rows_go_again)
{
    AUTO(pair_free) Pair *pair = hook_pair();
    Notes notes = {.fail_done = true};
    cr_assert_not(copy_with(pair, &notes));
    cr_assert_eq(pair->err.kind, ERROR_COPY);
    cr_assert(error_is_state(&pair->err, "22012"));
    cr_assert_eq(pair->rows, -1);
    cr_assert_eq(atomic_load(&pair->counters.rows), 0);
    must_hold(pair, "", 0);
    cr_assert_eq(PQtransactionStatus(conn_pg(pair->source)), PQTRANS_INTRANS);
    notes.fail_done = false; /* and both connections are good for the next try */
    cr_assert(copy_with(pair, &notes), "%s", pair->err.message);
    must_hold(pair, "claimed, done\n", 2);
}

Test(server_transfer, a_hook_that_refuses_in_the_end_undoes_the_rows)
{
    AUTO(pair_free) Pair *pair = hook_pair();
    Notes notes = {.refuse_done = true};
    cr_assert_not(copy_with(pair, &notes));
    cr_assert_eq(pair->err.kind, ERROR_STATE);
    cr_assert_str_eq(pair->err.message, "copying public.t: 2 rows are not what was wanted");
    must_hold(pair, "", 0);
}

Test(server_transfer, a_commit_that_fails_is_a_failure)
{
    AUTO(pair_free) Pair *pair = pair_new("CREATE TABLE t (id int)");
    test_sql(&pair->source_db, "INSERT INTO t VALUES (1), (1)");
    test_sql(&pair->dest_db, "ALTER TABLE t ADD UNIQUE (id) DEFERRABLE INITIALLY DEFERRED");
    pair_begin(pair);
    CopyChunk chunk = pair_whole(pair_table(pair, "t"));
    cr_assert_not(pair_copy(pair, &chunk, NULL));
    cr_assert_eq(pair->err.kind, ERROR_COPY);
    cr_assert(error_is_state(&pair->err, "23505"));
    cr_assert_eq(pair_number(&pair->dest_db, "SELECT count(*) FROM t"), 0);
}

/* ---- refusals -------------------------------------------------------------------------------- */

Test(server_transfer, a_destination_that_refuses_leaves_the_source_usable)
{
    AUTO(pair_free) Pair *pair = pair_new("CREATE TABLE t (id int)");
    test_sql(&pair->dest_db, "DROP TABLE t");
    pair_begin(pair);
    CopyChunk chunk = pair_whole(pair_table(pair, "t"));
    cr_assert_not(pair_copy(pair, &chunk, NULL));
    cr_assert_eq(pair->err.kind, ERROR_COPY);
    cr_assert(error_is_state(&pair->err, "42P01"));
    cr_assert_eq(PQtransactionStatus(conn_pg(pair->source)), PQTRANS_INTRANS);
    cr_assert_eq(PQtransactionStatus(conn_pg(pair->dest)), PQTRANS_IDLE);
}

Test(server_transfer, a_source_that_refuses_leaves_the_destination_idle_and_unchanged)
{
    AUTO(pair_free) Pair *pair = pair_new("CREATE TABLE t (id int)");
    test_sql(&pair->dest_db, "INSERT INTO t VALUES (5)");
    pair_begin(pair);
    CopyTable *table = pair_table(pair, "t");
    table->may_freeze = true;
    Table renamed = *table->source;
    renamed.object.name = "not there";
    table->source = &renamed;
    CopyChunk chunk = pair_whole(table);
    cr_assert_not(pair_copy(pair, &chunk, NULL));
    cr_assert_eq(pair->err.kind, ERROR_COPY);
    cr_assert(error_is_state(&pair->err, "42P01"));
    cr_assert_not_null(strstr(pair->err.message, "copying public.not there: "));
    cr_assert_eq(PQtransactionStatus(conn_pg(pair->source)), PQTRANS_INERROR);
    cr_assert_eq(PQtransactionStatus(conn_pg(pair->dest)), PQTRANS_IDLE);
    cr_assert_eq(pair_number(&pair->dest_db, "SELECT id FROM t"), 5);
}

Test(server_transfer, connections_of_two_encodings_are_refused)
{
    AUTO(pair_free) Pair *pair = pair_new("CREATE TABLE t (id int)");
    pair_begin(pair);
    cr_assert_eq(PQsetClientEncoding(conn_pg(pair->dest), "LATIN1"), 0);
    CopyChunk chunk = pair_whole(pair_table(pair, "t"));
    cr_assert_not(pair_copy(pair, &chunk, NULL));
    cr_assert_eq(pair->err.kind, ERROR_COPY);
}
