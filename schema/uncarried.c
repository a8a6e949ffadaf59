#include <stddef.h>

#include <string.h>

#include "schema/loader.h"

/*
 * What a database has and this program does not carry over, so that it can be named before
 * anything starts.
 */

static const Field fields[] = {
    FIELD(FIELD_TEXT, Uncarried, kind, "kind"),
    FIELD(FIELD_TEXT, Uncarried, identity, "identity"),
};

/* Of the whole database: where only some objects are wanted nobody asked for these. */
static bool is_of_database(const Uncarried *item)
{
    static const char *const names[] = {"large objects", "operator family member", "security label",
                                        "subscription", "user mapping"};
    for (size_t i = 0; i < LENGTH(names); i++)
        if (strcmp(item->kind, names[i]) == 0)
            return true;
    return false;
}

bool uncarried_read(Conn *conn, const CatalogScope *scope, Arena *arena, Model *model, Error *err)
{
    AUTO(result_free) PGresult *result = NULL;
    if (!loader_query(conn, scope, "uncarried", &result, err))
        return false;
    void *items;
    if (!loader_fill(result, fields, LENGTH(fields), sizeof(Uncarried), arena, &items,
                     &model->uncarried.count, err))
        return error_wrap(err, "reading the catalogs (uncarried)");
    model->uncarried.items = items;
    size_t count = 0;
    for (size_t i = 0; i < model->uncarried.count; i++)
        if (!scope->only_kept || !is_of_database(&model->uncarried.items[i]))
            model->uncarried.items[count++] = model->uncarried.items[i];
    model->uncarried.count = count;
    return true;
}
