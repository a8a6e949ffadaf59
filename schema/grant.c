#include <stddef.h>
#include <string.h>

#include "schema/loader.h"

/*
 * Privileges: one query for the objects of all kinds gives what differs from the kind's default;
 * the statements are made with the objects' own (builder_add_attributes).
 */

typedef struct GrantRow {
    Grant grant;
    Oid classid;
    Oid oid;
} GrantRow;

static const Field fields[] = {
    FIELD(FIELD_OID, GrantRow, classid, "classid"),
    FIELD(FIELD_OID, GrantRow, oid, "oid"),
    FIELD(FIELD_TEXT, GrantRow, grant.column, "column_name"),
    FIELD(FIELD_TEXT, GrantRow, grant.grantee, "grantee"),
    FIELD(FIELD_TEXT, GrantRow, grant.grantor, "grantor"),
    FIELD(FIELD_TEXT, GrantRow, grant.privilege, "privilege"),
    FIELD(FIELD_BOOL, GrantRow, grant.grantable, "grantable"),
    FIELD(FIELD_BOOL, GrantRow, grant.revoked, "revoked"),
};

bool grants_read(Conn *conn, const CatalogScope *scope, Arena *arena, Model *model, Error *err)
{
    AUTO(result_free) PGresult *result = NULL;
    if (!loader_query(conn, scope, "grants", &result, err))
        return false;
    void *items;
    size_t count;
    if (!loader_fill(result, fields, LENGTH(fields), sizeof(GrantRow), arena, &items, &count, err))
        return error_wrap(err, "reading the catalogs (grants)");
    const GrantRow *rows = items;
    for (size_t i = 0; i < count;) {
        size_t end = i + 1;
        while (end < count && rows[end].classid == rows[i].classid && rows[end].oid == rows[i].oid)
            end++;
        Object *object = loader_object(model, rows[i].classid, rows[i].oid);
        if (object != NULL) {
            Grant *grants = arena_alloc(arena, (end - i) * sizeof(*grants));
            for (size_t k = i; k < end; k++)
                grants[k - i] = rows[k].grant;
            object->grants = grants;
            object->grant_count = (uint32_t)(end - i);
        }
        i = end;
    }
    return true;
}
