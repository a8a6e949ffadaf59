#include "schema/loader.h"

static const Field dependency_fields[] = {
    FIELD(FIELD_OID, Dependency, from.classid, "from_classid"),
    FIELD(FIELD_OID, Dependency, from.oid, "from_oid"),
    FIELD(FIELD_INT, Dependency, from.subid, "from_subid"),
    FIELD(FIELD_OID, Dependency, to.classid, "to_classid"),
    FIELD(FIELD_OID, Dependency, to.oid, "to_oid"),
    FIELD(FIELD_INT, Dependency, to.subid, "to_subid"),
    FIELD(FIELD_CHAR, Dependency, type, "type"),
};

bool dependencies_read(Conn *conn, const CatalogScope *scope, Arena *arena, Model *model,
                       Error *err)
{
    AUTO(result_free) PGresult *result = NULL;
    void *items;
    if (!loader_query(conn, scope, "depends", &result, err) ||
        !loader_fill(result, dependency_fields, LENGTH(dependency_fields), sizeof(Dependency),
                     arena, &items, &model->dependencies.count, err))
        return false;
    model->dependencies.items = items;
    return true;
}
