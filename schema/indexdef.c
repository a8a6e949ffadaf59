#include "schema/indexdef.h"

#include <string.h>

const char *indexdef_deferral(const Constraint *key)
{
    if (!key->deferrable)
        return "";
    return key->deferred ? " DEFERRABLE INITIALLY DEFERRED" : " DEFERRABLE";
}

void indexdef_add_key(Str *s, const Conn *conn, const Constraint *key, const Index *index)
{
    if (key->contype == 'p')
        str_add(s, "PRIMARY KEY");
    else
        str_add(s, index->nulls_not_distinct ? "UNIQUE NULLS NOT DISTINCT" : "UNIQUE");
    str_addf(s, " (%s%s)", index->columns_def, index->without_overlaps ? " WITHOUT OVERLAPS" : "");
    if (index->include_def != NULL)
        str_addf(s, " INCLUDE (%s)", index->include_def);
    if (index->options != NULL)
        str_addf(s, " WITH (%s)", index->options);
    if (index->tablespace != NULL) {
        str_add(s, " USING INDEX TABLESPACE ");
        conn_add_ident(conn, s, index->tablespace);
    }
    str_add(s, indexdef_deferral(key));
}

/* ---- what pg_get_indexdef prints ------------------------------------------------------- */

static const char method[] = " USING btree (";

/* Where the columns begin; NULL when a name looks alike. */
static const char *columns_of(const Index *index)
{
    const char *at = strstr(index->def, method);
    if (at == NULL)
        return NULL;
    at += strlen(method);
    return strstr(at, method) == NULL ? at : NULL;
}

/* After the name at `text`, as quote_identifier prints it; NULL when there is none. */
static const char *skip_name(const char *text)
{
    if (*text != '"')
        return *text == '\0' ? NULL : text + strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");
    for (text++; *text != '\0'; text++)
        if (*text == '"' && *++text != '"')
            return text;
    return NULL;
}

/* After the order of a column, when nothing else is said of it. */
static const char *skip_order(const char *text)
{
    static const char *const orders[] = {" DESC NULLS LAST", " DESC", " NULLS FIRST"};
    for (size_t i = 0; i < LENGTH(orders); i++)
        if (strncmp(text, orders[i], strlen(orders[i])) == 0)
            return text + strlen(orders[i]);
    return text;
}

/* What follows the columns, when those are names and their order alone; otherwise NULL. */
static const char *skip_columns(const char *text)
{
    for (;;) {
        text = skip_name(text);
        if (text == NULL)
            return NULL;
        text = skip_order(text);
        if (*text == ')')
            return text + 1;
        if (strncmp(text, ", ", 2) != 0)
            return NULL;
        text += 2;
    }
}

bool indexdef_add_index(Str *s, const Conn *conn, const Index *index, const char *schema,
                        const char *table)
{
    const char *columns = columns_of(index);
    if (!index->plain || columns == NULL || skip_columns(columns) == NULL)
        return false;
    str_add(s, index->unique ? "CREATE UNIQUE INDEX " : "CREATE INDEX ");
    conn_add_ident(conn, s, index->object.name);
    str_add(s, " ON ");
    conn_add_name(conn, s, schema, table);
    str_add(s, method);
    str_add(s, columns);
    return true;
}

bool indexdef_is_key_plain(const Index *index)
{
    const char *columns = columns_of(index);
    if (!index->plain || columns == NULL || index->columns_def == NULL)
        return false;
    size_t length = strlen(index->columns_def);
    return strncmp(columns, index->columns_def, length) == 0 && columns[length] == ')';
}
