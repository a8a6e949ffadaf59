/* The implementation of pair.h; it has no tests of its own. */
#include "tests/copy/pair.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static Conn *open_side(const Pair *pair, ConnSide side)
{
    ConnSpec spec = {.side = side,
                     .conninfo =
                         side == CONN_SOURCE ? pair->source_db.conninfo : pair->dest_db.conninfo};
    AUTO(error_clear) Error err = ERROR_INIT;
    Conn *conn = NULL;
    cr_assert(conn_open(&spec, pair->cancel, &conn, &err), "%s", err.message);
    return conn;
}

Pair *pair_new(const char *script)
{
    Pair *pair = mem_alloc(sizeof *pair);
    pair->source_db = test_database("source");
    pair->dest_db = test_database("dest");
    pair->cancel = cancel_new(NULL);
    pair->arena = arena_new();
    pair->err = ERROR_INIT;
    if (script != NULL) {
        test_sql(&pair->source_db, script);
        test_sql(&pair->dest_db, script);
    }
    return pair;
}

void pair_free(Pair *pair)
{
    if (pair == NULL)
        return;
    conn_free(pair->source);
    conn_free(pair->dest);
    test_database_drop(&pair->source_db);
    test_database_drop(&pair->dest_db);
    cancel_free(pair->cancel);
    arena_free(pair->arena);
    error_clear(&pair->err);
    mem_free(pair);
}

void pair_begin(Pair *pair)
{
    AUTO(error_clear) Error err = ERROR_INIT;
    pair->source = open_side(pair, CONN_SOURCE);
    pair->dest = open_side(pair, CONN_DEST);
    cr_assert(conn_exec(pair->source, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", &err));
    cr_assert(conn_exec(pair->source, "SELECT 1 FROM pg_catalog.pg_class LIMIT 1", &err));
}

static const Column *read_columns(Pair *pair, const char *name, size_t *count)
{
    AUTO(mem_free)
    char *query = mem_printf("SELECT attname, attgenerated FROM pg_attribute WHERE attnum > 0 AND "
                             "NOT attisdropped AND attrelid = "
                             "(SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace"
                             " AND relname = '%s') ORDER BY attnum",
                             name);
    AUTO(mem_free) char *rows = test_rows(&pair->source_db, query);
    *count = 0;
    for (const char *c = rows; *c != '\0'; c++)
        *count += *c == '\n';
    Column *columns = arena_alloc(pair->arena, (*count + 1) * sizeof *columns);
    char *rest = rows;
    for (size_t i = 0; i < *count; i++) {
        char *line = strsep(&rest, "\n");
        char *bar = strrchr(line, '|');
        columns[i].number = (int)i + 1;
        columns[i].generated = bar[1];
        *bar = '\0';
        columns[i].name = arena_strdup(pair->arena, line);
    }
    return columns;
}

static int64_t table_number(Pair *pair, const char *expression, const char *name)
{
    AUTO(mem_free)
    char *query = mem_printf("SELECT %s FROM pg_class WHERE relnamespace = 'public'::regnamespace "
                             "AND relname = '%s'",
                             expression, name);
    return pair_number(&pair->source_db, query);
}

CopyTable *pair_table(Pair *pair, const char *name)
{
    Table *table = arena_alloc(pair->arena, sizeof *table);
    table->object.schema = "public";
    table->object.name = arena_strdup(pair->arena, name);
    table->relkind = table_number(pair, "(relkind = 'p')::int", name) == 1 ? 'p' : 'r';
    table->persistence = 'p';
    table->columns = read_columns(pair, name, &table->column_count);
    table->heap_pages =
        table_number(pair, "pg_relation_size(oid) / current_setting('block_size')::int", name);
    table->total_bytes = table_number(pair, "pg_table_size(oid)", name);
    CopyTable *copied = arena_alloc(pair->arena, sizeof *copied);
    *copied = (CopyTable){.source = table,
                          .dest_schema = "public",
                          .dest_name = table->object.name,
                          .binary = true,
                          .only = true};
    return copied;
}

CopyChunk pair_whole(const CopyTable *table)
{
    return (CopyChunk){.table = table, .chunks = 1, .end_page = -1};
}

bool pair_copy(Pair *pair, const CopyChunk *chunk, const CopyHooks *hooks)
{
    error_clear(&pair->err);
    return copy_chunk(pair->source, pair->dest, chunk, hooks, &pair->counters, &pair->rows,
                      &pair->err);
}

void pair_must_copy(Pair *pair, const CopyTable *table, int64_t rows)
{
    CopyChunk chunk = pair_whole(table);
    cr_assert(pair_copy(pair, &chunk, NULL), "%s", pair->err.message);
    cr_assert_eq(pair->rows, rows, "%ld rows instead of %ld", (long)pair->rows, (long)rows);
}

int64_t pair_number(const TestDatabase *database, const char *query)
{
    AUTO(mem_free) char *value = test_value(database, query);
    cr_assert_not_null(value, "no value: %s", query);
    return strtoll(value, NULL, 10);
}

void pair_must_be_equal(const Pair *pair, const char *table)
{
    AUTO(mem_free)
    char *query = mem_printf("SELECT t::text FROM %s AS t ORDER BY t::text COLLATE \"C\"", table);
    AUTO(mem_free) char *sent = test_rows(&pair->source_db, query);
    AUTO(mem_free) char *stored = test_rows(&pair->dest_db, query);
    cr_assert_str_eq(stored, sent);
}
