#include "engine/widechar.h"

#include <stdlib.h>
#include <string.h>

#include "copy/statement.h"
#include "engine/array.h"
#include "engine/subset.h"

enum { OCTAL_VERSION = 150000 };

bool widechar_is_octal(int version)
{
    return version >= OCTAL_VERSION;
}

/* A byte is a character by itself, and any byte is one. */
static bool is_single_byte(const char *encoding)
{
    return strcmp(encoding, "UTF8") != 0 && strncmp(encoding, "EUC_", 4) != 0 &&
           strcmp(encoding, "MULE_INTERNAL") != 0;
}

bool widechar_fits_text(const Conn *source, const Conn *dest)
{
    if (widechar_is_octal(conn_version(source)))
        return widechar_is_octal(conn_version(dest));
    const char *here = conn_parameter(source, "server_encoding");
    const char *there = conn_parameter(dest, "server_encoding");
    return here != NULL && there != NULL && strcmp(here, there) == 0 && is_single_byte(here);
}

bool widechar_read(Run *run, const Plan *plan, WideChars *chars, Error *err)
{
    const char **live = journal_live_names(&plan->schemas, run->arena);
    const char *const values[] = {array_literal(run->arena, live, plan->schemas.count)};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query(run->source, run_sql("wide_chars", conn_version(run->source)), 1, values,
                    &result, err))
        return error_wrap(err, "looking for columns of type \"char\"");
    chars->count = (size_t)PQntuples(result);
    chars->items = arena_alloc(run->arena, (chars->count + 1) * sizeof *chars->items);
    for (size_t i = 0; i < chars->count; i++)
        chars->items[i] =
            (WideColumn){.relation = (Oid)strtoul(PQgetvalue(result, (int)i, 0), NULL, 10),
                         .name = arena_strdup(run->arena, PQgetvalue(result, (int)i, 1)),
                         .type = (Oid)strtoul(PQgetvalue(result, (int)i, 2), NULL, 10),
                         .wide = arena_strdup(run->arena, PQgetvalue(result, (int)i, 3))};
    return true;
}

const WideColumn *widechar_column(const WideChars *chars, Oid relation, const char *name)
{
    for (size_t i = 0; i < chars->count; i++)
        if (chars->items[i].relation == relation && strcmp(chars->items[i].name, name) == 0)
            return &chars->items[i];
    return NULL;
}

/* "(SELECT a, b FROM t WHERE ...) AS s(a, b)": the rows as they travel. */
static void add_rows(Str *sql, const Conn *source, const CopyTable *way)
{
    const CopyChunk whole = {.table = way, .chunks = 1, .end_page = -1};
    const Table *table = way->source;
    const char *separator = "(";
    str_add(sql, "(");
    statement_add_select(sql, source, &whole);
    str_add(sql, ") AS s");
    for (size_t i = 0; i < table->column_count; i++) {
        if (!column_is_copied(&table->columns[i]))
            continue;
        str_add(sql, separator);
        conn_add_ident(source, sql, table->columns[i].name);
        separator = ", ";
    }
    str_add(sql, ")"); /* there is a column, since one of them is looked into */
}

/* Under the search_path that the options' texts are read by. */
static bool holds(Run *run, const Plan *plan, const CopyTable *way, const char *wide, bool *found,
                  Error *err)
{
    AUTO(str_clear) Str sql = STR_INIT;
    AUTO(result_free) PGresult *result = NULL;
    str_add(&sql, "SELECT EXISTS (SELECT FROM ");
    add_rows(&sql, run->source, way);
    str_addf(&sql, " WHERE %s)", wide);
    if (!set_path(run->source, subset_path(run, plan), false, err) ||
        !conn_query_row(run->source, str_text(&sql), 0, NULL, &result, err))
        return error_wrap(err, "looking for values of \"char\" above 127 in %s.%s",
                          way->source->object.schema, way->source->object.name);
    *found = PQgetvalue(result, 0, 0)[0] == 't';
    return set_path(run->source, "", false, err);
}

bool widechar_find(Run *run, const Plan *plan, const WideChars *chars, const CopyTable *way,
                   const char **column, Error *err)
{
    const Table *table = way->source;
    *column = NULL;
    for (size_t i = 0; i < table->column_count && *column == NULL; i++) {
        const char *name = table->columns[i].name;
        const WideColumn *entry = widechar_column(chars, table->object.address.oid, name);
        bool found = false;
        if (entry == NULL || !column_is_copied(&table->columns[i]))
            continue;
        if (!holds(run, plan, way, entry->wide, &found, err))
            return false;
        *column = found ? name : NULL;
    }
    return true;
}

bool widechar_refuse(Run *run, const Plan *plan, const WideChars *chars, const CopyTable *way,
                     const char *reason, Error *err)
{
    const char *column = NULL;
    const Object *name = &way->source->object;
    if (!widechar_find(run, plan, chars, way, &column, err) || column == NULL)
        return !error_is_set(err);
    error_set(err, ERROR_PREFLIGHT,
              "table %s.%s travels as text (%s), in which its values of \"char\" above 127 in "
              "column %s would not arrive",
              name->schema, name->name, reason, column);
    return error_hint(err,
                      "Give that column other values on the way (--mask), change it on the source, "
                      "or leave the table out (--exclude-table, --exclude-table-data).");
}
