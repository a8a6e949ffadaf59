#include "copy/statement.h"

#include <inttypes.h>

bool statement_freezes(const CopyChunk *chunk)
{
    if (chunk->texts != NULL)
        return chunk->texts->truncate != NULL;
    return chunk->table->may_freeze && chunk->chunks == 1;
}

/* The columns whose values travel, comma separated; nothing when there are none. */
static void add_columns(Str *s, const Conn *conn, const Table *table)
{
    const char *separator = "";
    for (size_t i = 0; i < table->column_count; i++) {
        if (!column_is_copied(&table->columns[i]))
            continue;
        str_add(s, separator);
        conn_add_ident(conn, s, table->columns[i].name);
        separator = ", ";
    }
}

/* " (a, b)". An empty list is a syntax error; without a list COPY takes all columns that are not
 * generated, which are none then, and the number of rows still travels. */
static void add_column_list(Str *s, const Conn *conn, const Table *table)
{
    AUTO(str_clear) Str columns = STR_INIT;
    add_columns(&columns, conn, table);
    if (columns.len > 0)
        str_addf(s, " (%s)", str_text(&columns));
}

/* Between parentheses that nothing in the text can close or comment out: a line comment ends
 * before the second one. */
static void add_expression(Str *s, const char *text)
{
    str_addf(s, "(%s\n)", text);
}

/* The select list: values, or what travels in their place. */
static void add_values(Str *s, const Conn *conn, const CopyTable *copied)
{
    const Table *table = copied->source;
    const char *separator = "";
    for (size_t i = 0; i < table->column_count; i++) {
        if (!column_is_copied(&table->columns[i]))
            continue;
        str_add(s, separator);
        separator = ", ";
        const CopyValue *value = copied->values == NULL ? NULL : &copied->values[i];
        if (value == NULL || value->expression == NULL) {
            conn_add_ident(conn, s, table->columns[i].name);
            continue;
        }
        add_expression(s, value->expression);
        str_addf(s, "::%s", value->type);
    }
}

static void add_and(Str *s, bool *first)
{
    str_add(s, *first ? " WHERE " : " AND ");
    *first = false;
}

static void add_key(Str *s, const Conn *conn, const CopyChunk *chunk, const char *operator,
                    int64_t bound)
{
    conn_add_ident(conn, s, chunk->table->key);
    str_addf(s, " OPERATOR(pg_catalog.%s) '%" PRId64 "'::pg_catalog.int8", operator, bound);
}

/* The chunk's range, then what the rows must fulfil. */
static void add_conditions(Str *s, const Conn *conn, const CopyChunk *chunk)
{
    const CopyTable *table = chunk->table;
    bool first = true;
    if (chunk->first_page > 0) {
        add_and(s, &first);
        str_addf(s, "ctid >= '(%" PRId64 ",0)'::pg_catalog.tid", chunk->first_page);
    }
    if (chunk->end_page >= 0) {
        add_and(s, &first);
        str_addf(s, "ctid < '(%" PRId64 ",0)'::pg_catalog.tid", chunk->end_page);
    }
    if (chunk->has_first) {
        add_and(s, &first);
        add_key(s, conn, chunk, ">=", chunk->first_key);
    }
    if (chunk->has_end) {
        add_and(s, &first);
        add_key(s, conn, chunk, "<", chunk->end_key);
    }
    for (size_t i = 0; i < table->condition_count; i++) {
        add_and(s, &first);
        add_expression(s, table->conditions[i]);
    }
}

/* COPY reads one table's rows directly, without the executor, when they come all and as they are.
 */
static bool is_plain(const CopyChunk *chunk)
{
    const CopyTable *table = chunk->table;
    return chunk->first_page <= 0 && chunk->end_page < 0 && !chunk->has_first && !chunk->has_end &&
           table->source->relkind == 'r' && table->condition_count == 0 && table->values == NULL;
}

void statement_add_select(Str *s, const Conn *source, const CopyChunk *chunk)
{
    const CopyTable *table = chunk->table;
    str_add(s, "SELECT ");
    add_values(s, source, table);
    str_add(s, table->only ? " FROM ONLY " : " FROM ");
    conn_add_name(source, s, table->source->object.schema, table->source->object.name);
    if (table->alias != NULL) {
        str_add(s, " AS ");
        conn_add_ident(source, s, table->alias);
    }
    add_conditions(s, source, chunk);
}

void statement_add_read(Str *s, const Conn *source, const CopyChunk *chunk)
{
    if (chunk->texts != NULL) {
        str_add(s, chunk->texts->read);
        return;
    }
    const Table *table = chunk->table->source;
    str_add(s, "COPY ");
    if (is_plain(chunk)) {
        conn_add_name(source, s, table->object.schema, table->object.name);
        add_column_list(s, source, table);
    } else {
        str_add(s, "(");
        statement_add_select(s, source, chunk);
        str_add(s, ")");
    }
    str_addf(s, " TO STDOUT (FORMAT %s)", chunk->table->binary ? "binary" : "text");
}

void statement_add_truncate(Str *s, const Conn *dest, const CopyChunk *chunk)
{
    if (chunk->texts != NULL) {
        str_add(s, chunk->texts->truncate);
        return;
    }
    str_add(s, "TRUNCATE ONLY "); /* children have chunks of their own */
    conn_add_name(dest, s, chunk->table->dest_schema, chunk->table->dest_name);
}

void statement_add_load(Str *s, const Conn *dest, const CopyChunk *chunk)
{
    if (chunk->texts != NULL) {
        str_add(s, chunk->texts->load);
        return;
    }
    str_add(s, "COPY ");
    conn_add_name(dest, s, chunk->table->dest_schema, chunk->table->dest_name);
    add_column_list(s, dest, chunk->table->source);
    str_addf(s, " FROM STDIN (FORMAT %s%s)", chunk->table->binary ? "binary" : "text",
             statement_freezes(chunk) ? ", FREEZE" : "");
}
