#include "schema/catalog.h"

#include <stdlib.h>
#include <string.h>

#include "schema/kind.h"
#include "schema/loader.h"
#include "schema/prune.h"

/* What every MODEL_LIST is, with the items' type forgotten. */
typedef MODEL_LIST(void) AnyList;

/* The columns that every kind's query gives, with the members of Object that they fill. */
static const Field object_fields[] = {
    FIELD(FIELD_OID, Object, address.classid, "classid"),
    FIELD(FIELD_OID, Object, address.oid, "oid"),
    FIELD(FIELD_TEXT, Object, schema, "schema"),
    FIELD(FIELD_TEXT, Object, name, "name"),
    FIELD(FIELD_TEXT, Object, owner, "owner"),
    FIELD(FIELD_TEXT, Object, extension, "extension"),
};

static int compare_oids(const void *a, const void *b)
{
    Oid left = ((const Object *)a)->address.oid;
    Oid right = ((const Object *)b)->address.oid;
    return left < right ? -1 : left > right;
}

static void keep_list(Model *model, const Kind *kind, void *items, size_t count)
{
    model->lists[model->list_count++] =
        (ObjectList){.kind = kind->name, .items = items, .count = count, .size = kind->size};
    if (kind->list_offset == 0)
        return;
    AnyList *list = (void *)((char *)model + kind->list_offset);
    list->items = items;
    list->count = count;
}

/* Keeps what the scope takes, in its order; the new count. */
static size_t drop_left_out(const CatalogScope *scope, const Kind *kind, void *items, size_t count)
{
    size_t taken = 0;
    for (size_t i = 0; i < count; i++) {
        const char *item = (const char *)items + i * kind->size;
        Address address = ((const Object *)(const void *)item)->address;
        bool always = address.classid == CATALOG_NAMESPACE || address.classid == CATALOG_EXTENSION;
        if (!always &&
            (prune_has(scope->left_out, scope->left_out_count, address.classid, address.oid) ||
             (scope->only_kept &&
              !prune_has(scope->kept, scope->kept_count, address.classid, address.oid))))
            continue;
        if (taken < i)
            memcpy((char *)items + taken * kind->size, item, kind->size);
        taken++;
    }
    return taken;
}

static bool kind_read(Conn *conn, const CatalogScope *scope, const Kind *kind, Arena *arena,
                      Model *model, Error *err)
{
    AUTO(result_free) PGresult *result = NULL;
    if (!loader_query(conn, scope, kind->query, &result, err))
        return false;

    size_t field_count = LENGTH(object_fields) + kind->field_count;
    AUTO(mem_free) Field *fields = mem_alloc(field_count * sizeof(*fields));
    memcpy(fields, object_fields, sizeof(object_fields));
    if (kind->field_count > 0)
        memcpy(fields + LENGTH(object_fields), kind->fields, kind->field_count * sizeof(*fields));

    void *items;
    size_t count;
    if (!loader_fill(result, fields, field_count, kind->size, arena, &items, &count, err))
        return error_wrap(err, "reading the catalogs (%s)", kind->query);
    count = drop_left_out(scope, kind, items, count);
    qsort(items, count, kind->size, compare_oids);
    keep_list(model, kind, items, count);
    return true;
}

static bool kinds_read(Conn *conn, const CatalogScope *scope, Arena *arena, Model *model,
                       Error *err)
{
    for (const Kind *const *kind = kinds; *kind != NULL; kind++)
        if (!kind_read(conn, scope, *kind, arena, model, err))
            return false;
    return true;
}

/* What has the largest answers comes first, while the model is small. */
static bool read_all(Conn *conn, const CatalogScope *scope, Arena *arena, Model *model, Error *err)
{
    ReadColumns columns = {0};
    bool ok = dependencies_read(conn, scope, arena, model, err) &&
              columns_read(conn, scope, arena, &columns, err) &&
              kinds_read(conn, scope, arena, model, err);
    if (ok)
        columns_assign(model, &columns);
    mem_free(columns.relations);
    return ok && comments_read(conn, scope, arena, model, err) &&
           grants_read(conn, scope, arena, model, err) &&
           uncarried_read(conn, scope, arena, model, err);
}

/* The queries of read_all, in its order. */
static const char *const *query_names(Arena *arena, size_t *count)
{
    static const char *const before[] = {"depends", "columns"};
    static const char *const after[] = {"comments", "grants", "uncarried"};
    size_t n = 0, kind_count = 0;
    while (kinds[kind_count] != NULL)
        kind_count++;
    const char **names =
        arena_alloc(arena, (LENGTH(before) + kind_count + LENGTH(after)) * sizeof(*names));
    for (size_t i = 0; i < LENGTH(before); i++)
        names[n++] = before[i];
    for (size_t i = 0; i < kind_count; i++)
        names[n++] = kinds[i]->query;
    for (size_t i = 0; i < LENGTH(after); i++)
        names[n++] = after[i];
    *count = n;
    return names;
}

bool catalog_read(Conn *conn, const CatalogScope *scope, Arena *arena, Model **model, Error *err)
{
    AUTO(arena_free) Arena *scratch = arena_new();
    Model *made = arena_alloc(arena, sizeof(*made));
    made->server_version = conn_version(conn);
    made->database = arena_strdup(arena, conn_database(conn));
    size_t count = 0;
    const char *const *names = query_names(scratch, &count);
    bool ok = loader_ahead(conn, scope, names, count, scratch, err) &&
              read_all(conn, scope, arena, made, err);
    conn_ahead_end(conn);
    if (!ok)
        return false;
    model_sort(made, arena);
    mem_trim(); /* the answers take more than the model */
    *model = made;
    return true;
}

bool catalog_fingerprint(Conn *conn, const CatalogScope *scope, Arena *arena, const char **digest,
                         Error *err)
{
    AUTO(result_free) PGresult *result = NULL;
    if (!loader_query(conn, scope, "fingerprint", &result, err))
        return false;
    if (PQntuples(result) != 1 || PQgetisnull(result, 0, 0))
        return error_set(err, ERROR_OTHER, "the catalog fingerprint is empty");
    *digest = arena_strdup(arena, PQgetvalue(result, 0, 0));
    return true;
}

Object *loader_object(Model *model, Oid classid, Oid oid)
{
    const Object *found = model_find(model, (Address){classid, oid, 0});
    return found == NULL ? NULL : (Object *)(uintptr_t)found; /* the model is still being made */
}
