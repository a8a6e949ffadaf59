#include "schema/binary.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "schema/loader.h"

static const Field fields[] = {
    FIELD(FIELD_TEXT, BinaryTable, schema, "schema"),
    FIELD(FIELD_TEXT, BinaryTable, name, "name"),
    FIELD(FIELD_BOOL, BinaryTable, lacks_send, "lacks_send"),
    FIELD(FIELD_BOOL, BinaryTable, lacks_receive, "lacks_receive"),
    FIELD(FIELD_BOOL, BinaryTable, reg_type, "reg_type"),
    FIELD(FIELD_BOOL, BinaryTable, embeds_oid, "embeds_oid"),
    FIELD(FIELD_BOOL, BinaryTable, numeric, "numeric"),
    FIELD(FIELD_BOOL, BinaryTable, interval, "interval"),
    FIELD(FIELD_BOOL, BinaryTable, jsonpath, "jsonpath"),
    FIELD(FIELD_BOOL, BinaryTable, money, "money"),
    FIELD(FIELD_TEXT, BinaryTable, foreign_types, "foreign_types"),
    FIELD(FIELD_TEXT, BinaryTable, column_types, "column_types"),
};

static int compare_tables(const void *a, const void *b)
{
    const BinaryTable *x = a;
    const BinaryTable *y = b;
    int order = strcmp(x->schema, y->schema);
    return order != 0 ? order : strcmp(x->name, y->name);
}

bool binary_read(Conn *conn, const char *const *schemas, size_t schema_count, Arena *arena,
                 BinaryTables *tables, Error *err)
{
    CatalogScope scope = {.schemas = schemas, .schema_count = schema_count};
    AUTO(result_free) PGresult *result = NULL;
    if (!loader_query(conn, &scope, "binary", &result, err))
        return false;
    void *items;
    if (!loader_fill(result, fields, LENGTH(fields), sizeof(BinaryTable), arena, &items,
                     &tables->count, err))
        return error_wrap(err, "reading the catalogs (binary)");
    tables->items = items;
    qsort(tables->items, tables->count, sizeof(*tables->items), compare_tables);
    return true;
}

const BinaryTable *binary_find(const BinaryTables *tables, const char *schema, const char *name)
{
    BinaryTable key = {.schema = schema, .name = name};
    return bsearch(&key, tables->items, tables->count, sizeof(*tables->items), compare_tables);
}

/* Extensions whose types send themselves the same way wherever the extension's version is the same.
 * Others may send OIDs or file positions: nothing is known about them. */
static bool is_known_extension(const char *name, size_t length)
{
    static const char *const known[] = {"citext", "cube", "hstore", "ltree", "postgis", "vector"};
    for (size_t i = 0; i < LENGTH(known); i++) {
        if (strlen(known[i]) == length && strncmp(known[i], name, length) == 0)
            return true;
    }
    return false;
}

/* NULL when each entry of "function extension version, ..." is known, otherwise the first that is
 * not. */
static const char *unknown_type(const char *foreign_types, Arena *arena)
{
    for (const char *entry = foreign_types; *entry != '\0';) {
        size_t length = strcspn(entry, ",");
        size_t function = strcspn(entry, " ");
        const char *extension = entry + function + 1;
        if (function >= length || !is_known_extension(extension, strcspn(extension, " ,")))
            return arena_printf(arena, "nothing is known about the binary form of %.*s",
                                (int)length, entry);
        entry += length;
        entry += strspn(entry, ", ");
    }
    return NULL;
}

static bool crosses(int source_version, int dest_version, int version)
{
    return source_version >= version && dest_version < version;
}

/* What either server could not do, or would do to the wrong value without a word. */
static const char *refuse_types(const BinaryTable *source, int source_version,
                                const BinaryTable *dest, int dest_version)
{
    if (source->lacks_send)
        return "a column's type has no send function in the source";
    if (dest->lacks_receive)
        return "a column's type has no receive function in the destination";
    if (source->reg_type || dest->reg_type)
        return "an OID alias type (regclass and the like) would keep the source's OID";
    /* From 14 on a receiving server looks at the OID only when both are built in. */
    if ((source->embeds_oid || dest->embeds_oid) && dest_version < 140000)
        return "arrays and composites of types that are not built in carry OIDs, which servers "
               "before 14 check";
    if (source->interval && crosses(source_version, dest_version, 170000))
        return "infinite intervals, which servers before 17 cannot read";
    if (source->numeric && crosses(source_version, dest_version, 140000))
        return "infinite numerics, which servers before 14 refuse";
    if (source->jsonpath && source_version / 10000 > dest_version / 10000)
        return "jsonpath of a newer server";
    if (source->money || dest->money)
        return "the scale of money depends on lc_monetary";
    return NULL;
}

const char *binary_refusal(const BinaryTable *source, int source_version, const BinaryTable *dest,
                           int dest_version, Arena *arena)
{
    if (source == NULL || dest == NULL)
        return "the table's types are not known on both sides";
    const char *reason = refuse_types(source, source_version, dest, dest_version);
    if (reason != NULL)
        return reason;
    if (strcmp(source->foreign_types, dest->foreign_types) != 0)
        return "an extension's types are of different versions";
    reason = unknown_type(source->foreign_types, arena);
    if (reason != NULL)
        return reason;
    if (strcmp(source->column_types, dest->column_types) != 0)
        return "the column types differ";
    return NULL;
}
