#include "copy/statement.h"

#include <inttypes.h>

bool statement_freezes(const CopyChunk *chunk)
{
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

static void add_range(Str *s, const CopyChunk *chunk)
{
    if (chunk->first_page > 0)
        str_addf(s, " WHERE ctid >= '(%" PRId64 ",0)'::pg_catalog.tid", chunk->first_page);
    if (chunk->end_page >= 0)
        str_addf(s, " %s ctid < '(%" PRId64 ",0)'::pg_catalog.tid",
                 chunk->first_page > 0 ? "AND" : "WHERE", chunk->end_page);
}

void statement_add_read(Str *s, const Conn *source, const CopyChunk *chunk)
{
    const Table *table = chunk->table->source;
    bool whole = chunk->first_page <= 0 && chunk->end_page < 0;
    str_add(s, "COPY ");
    if (whole && table->relkind == 'r') {
        /* Reads this table alone and directly, without the executor. */
        conn_add_name(source, s, table->object.schema, table->object.name);
        add_column_list(s, source, table);
    } else {
        str_add(s, "(SELECT ");
        add_columns(s, source, table);
        str_add(s, chunk->table->only ? " FROM ONLY " : " FROM ");
        conn_add_name(source, s, table->object.schema, table->object.name);
        add_range(s, chunk);
        str_add(s, ")");
    }
    str_addf(s, " TO STDOUT (FORMAT %s)", chunk->table->binary ? "binary" : "text");
}

void statement_add_truncate(Str *s, const Conn *dest, const CopyChunk *chunk)
{
    str_add(s, "TRUNCATE ONLY "); /* children have chunks of their own */
    conn_add_name(dest, s, chunk->table->dest_schema, chunk->table->dest_name);
}

void statement_add_load(Str *s, const Conn *dest, const CopyChunk *chunk)
{
    str_add(s, "COPY ");
    conn_add_name(dest, s, chunk->table->dest_schema, chunk->table->dest_name);
    add_column_list(s, dest, chunk->table->source);
    str_addf(s, " FROM STDIN (FORMAT %s%s)", chunk->table->binary ? "binary" : "text",
             statement_freezes(chunk) ? ", FREEZE" : "");
}
