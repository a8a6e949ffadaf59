#include <stdlib.h>
#include <string.h>

#include "schema/loader.h"

/*
 * pg_depend made simpler. Parts that have no statement of their own stand for the whole: a view's
 * rule for the view, a row type for its table, an array for its element type, a multirange and the
 * constructor functions for the range, the relation of a composite type for the type, an operator
 * or function of an operator class for the class, a member for its extension. That the index of a
 * constraint belongs to it is left out: the index may be made first.
 */

static const Field fields[] = {
    FIELD(FIELD_OID, Dependency, from.classid, "from_classid"),
    FIELD(FIELD_OID, Dependency, from.oid, "from_oid"),
    FIELD(FIELD_INT, Dependency, from.subid, "from_subid"),
    FIELD(FIELD_OID, Dependency, to.classid, "to_classid"),
    FIELD(FIELD_OID, Dependency, to.oid, "to_oid"),
    FIELD(FIELD_INT, Dependency, to.subid, "to_subid"),
    FIELD(FIELD_CHAR, Dependency, type, "type"),
};

/* Dependencies sorted by `from`, to be looked up by it; columns do not matter. */
typedef struct Lookup {
    Dependency *items;
    size_t count;
} Lookup;

static int compare_objects(const void *a, const void *b)
{
    const Address *x = &((const Dependency *)a)->from;
    const Address *y = &((const Dependency *)b)->from;
    if (x->classid != y->classid)
        return x->classid < y->classid ? -1 : 1;
    return (x->oid > y->oid) - (x->oid < y->oid);
}

static const Dependency *lookup_find(const Lookup *lookup, Address from)
{
    Dependency key = {.from = from};
    return lookup->count == 0 ? NULL
                              : bsearch(&key, lookup->items, lookup->count, sizeof(*lookup->items),
                                        compare_objects);
}

static bool is_part(const Dependency *row)
{
    /* A member of an operator family alone stays what it is: it has a statement. */
    if (row->from.classid == CATALOG_AMOP || row->from.classid == CATALOG_AMPROC)
        return row->to.classid == CATALOG_OPCLASS;
    if (row->type != 'i')
        return false;
    return row->from.classid == CATALOG_TYPE || row->from.classid == CATALOG_PROC ||
           row->from.classid == CATALOG_REWRITE ||
           (row->from.classid == CATALOG_CLASS && row->to.classid == CATALOG_TYPE &&
            row->from.subid == 0);
}

static bool is_member(const Dependency *row)
{
    return row->type == 'e' && row->to.classid == CATALOG_EXTENSION;
}

/* The rows that `wanted` says yes to, sorted. The caller frees the items. */
static Lookup lookup_new(const Dependency *rows, size_t count,
                         bool (*wanted)(const Dependency *row))
{
    Lookup lookup = {.items = mem_alloc((count + 1) * sizeof(*lookup.items))};
    for (size_t i = 0; i < count; i++)
        if (wanted(&rows[i]))
            lookup.items[lookup.count++] = rows[i];
    qsort(lookup.items, lookup.count, sizeof(*lookup.items), compare_objects);
    return lookup;
}

/* The whole that an address is part of, over several steps: the array of a view's row type. */
static Address find_whole(const Lookup *parts, Address address)
{
    const Dependency *part;
    while ((part = lookup_find(parts, address)) != NULL) {
        address = part->to;
        address.subid = 0;
    }
    return address;
}

static int compare_addresses(const Address *x, const Address *y)
{
    if (x->classid != y->classid)
        return x->classid < y->classid ? -1 : 1;
    if (x->oid != y->oid)
        return x->oid < y->oid ? -1 : 1;
    return (x->subid > y->subid) - (x->subid < y->subid);
}

static int compare_dependencies(const void *a, const void *b)
{
    const Dependency *x = a;
    const Dependency *y = b;
    int order = compare_addresses(&x->from, &y->from);
    if (order == 0)
        order = compare_addresses(&x->to, &y->to);
    return order != 0 ? order : x->type - y->type;
}

/* Rewrites the rows in place, keeps those that say something about statements. */
static size_t simplify(Dependency *rows, size_t count, const Lookup *parts, const Lookup *members)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        Dependency row = rows[i];
        if (row.type == 'e' || (row.type == 'i' && row.from.classid == CATALOG_CLASS &&
                                row.to.classid == CATALOG_CONSTRAINT))
            continue;
        row.from = find_whole(parts, row.from);
        row.to = find_whole(parts, row.to);
        if ((row.from.classid == row.to.classid && row.from.oid == row.to.oid) ||
            lookup_find(members, row.from) != NULL)
            continue;
        const Dependency *member = lookup_find(members, row.to);
        if (member != NULL)
            row.to = member->to;
        rows[kept++] = row;
    }
    qsort(rows, kept, sizeof(*rows), compare_dependencies);
    size_t unique = 0;
    for (size_t i = 0; i < kept; i++)
        if (unique == 0 || compare_dependencies(&rows[unique - 1], &rows[i]) != 0)
            rows[unique++] = rows[i];
    return unique;
}

bool dependencies_read(Conn *conn, const CatalogScope *scope, Arena *arena, Model *model,
                       Error *err)
{
    AUTO(result_free) PGresult *result = NULL;
    AUTO(arena_free) Arena *read = arena_new();
    void *items;
    size_t count;
    if (!loader_query(conn, scope, "depends", &result, err) ||
        !loader_fill(result, fields, LENGTH(fields), sizeof(Dependency), read, &items, &count, err))
        return false;
    PQclear(TAKE(result));
    Dependency *rows = items;
    Lookup parts = lookup_new(rows, count, is_part);
    Lookup members = lookup_new(rows, count, is_member);
    count = simplify(rows, count, &parts, &members);
    mem_free(parts.items);
    mem_free(members.items);
    model->dependency_arena = arena_new_in(arena);
    model->dependencies.items = arena_alloc(model->dependency_arena, (count + 1) * sizeof(*rows));
    model->dependencies.count = count;
    memcpy(model->dependencies.items, rows, count * sizeof(*rows));
    return true;
}
