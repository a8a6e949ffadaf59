#include <stddef.h>

#include "schema/loader.h"

/*
 * What a database has and this program does not carry over, so that it can be named before
 * anything starts.
 */

static const Field fields[] = {
    FIELD(FIELD_TEXT, Uncarried, kind, "kind"),
    FIELD(FIELD_TEXT, Uncarried, identity, "identity"),
};

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
    return true;
}
