#include "schema/compare.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

/* ---- types ----------------------------------------------------------------------------- */

/* An address that belongs to a type, and the type's position in the model. */
typedef struct TypeAddress {
    Oid classid;
    Oid oid;
    size_t type;
} TypeAddress;

/* One side of the comparison. */
typedef struct Side {
    const Model *model;
    TypeAddress *addresses; /* sorted */
    size_t address_count;
    char **statements; /* by type: what makes it, sorted, one below the other */
} Side;

#define NO_TYPE SIZE_MAX

static int compare_addresses(const void *a, const void *b)
{
    const TypeAddress *x = a;
    const TypeAddress *y = b;
    if (x->classid != y->classid)
        return x->classid < y->classid ? -1 : 1;
    return (x->oid > y->oid) - (x->oid < y->oid);
}

static size_t find_type(const Side *side, Oid classid, Oid oid)
{
    TypeAddress key = {classid, oid, 0};
    const TypeAddress *found = bsearch(&key, side->addresses, side->address_count,
                                       sizeof(*side->addresses), compare_addresses);
    return found == NULL ? NO_TYPE : found->type;
}

static void add_address(Side *side, Oid classid, Oid oid, size_t type)
{
    if (oid != 0)
        side->addresses[side->address_count++] = (TypeAddress){classid, oid, type};
}

/* The type that the address is, or is a check of. */
static size_t type_of(const Side *side, Address address)
{
    if (address.classid == CATALOG_CONSTRAINT) {
        const Constraint *constraint = model_constraint(side->model, address.oid);
        return constraint == NULL || constraint->domain == 0
                   ? NO_TYPE
                   : find_type(side, CATALOG_TYPE, constraint->domain);
    }
    return find_type(side, address.classid, address.oid);
}

typedef struct Statement {
    size_t type;
    const char *sql;
} Statement;

static int compare_statements(const void *a, const void *b)
{
    const Statement *x = a;
    const Statement *y = b;
    if (x->type != y->type)
        return x->type < y->type ? -1 : 1;
    return strcmp(x->sql, y->sql);
}

/* Owner, grants and comments do not make a type another one. */
static void collect_statements(Side *side, const FragmentList *fragments)
{
    size_t count = 0;
    AUTO(mem_free) Statement *statements = mem_alloc((fragments->count + 1) * sizeof(*statements));
    for (size_t i = 0; i < fragments->count; i++) {
        const Fragment *fragment = &fragments->items[i];
        if (fragment->kind != FRAGMENT_TYPE && fragment->kind != FRAGMENT_DEFAULT &&
            fragment->kind != FRAGMENT_CHECK)
            continue;
        size_t type = type_of(side, fragment->object);
        if (type != NO_TYPE)
            statements[count++] = (Statement){type, fragment->sql};
    }
    qsort(statements, count, sizeof(*statements), compare_statements);
    for (size_t i = 0; i < count;) {
        AUTO(str_clear) Str all = STR_INIT;
        size_t type = statements[i].type;
        for (; i < count && statements[i].type == type; i++) {
            str_separate(&all, "\n");
            str_add(&all, statements[i].sql);
        }
        side->statements[type] = str_take(&all);
    }
}

static void side_begin(Side *side, const Model *model, const FragmentList *fragments)
{
    size_t count = model->types.count;
    *side = (Side){.model = model,
                   .addresses = mem_alloc((count * 5 + 1) * sizeof(*side->addresses)),
                   .statements = mem_alloc((count + 1) * sizeof(*side->statements))};
    for (size_t i = 0; i < count; i++) {
        const Type *type = &model->types.items[i];
        add_address(side, CATALOG_TYPE, type->object.address.oid, i);
        add_address(side, CATALOG_TYPE, type->array_oid, i);
        add_address(side, CATALOG_TYPE, type->multirange_oid, i);
        add_address(side, CATALOG_TYPE, type->multirange_array_oid, i);
        add_address(side, CATALOG_CLASS, type->relation_oid, i);
    }
    qsort(side->addresses, side->address_count, sizeof(*side->addresses), compare_addresses);
    collect_statements(side, fragments);
}

static void side_end(Side *side)
{
    for (size_t i = 0; i < side->model->types.count; i++)
        mem_free(side->statements[i]);
    mem_free(side->statements);
    mem_free(side->addresses);
}

/* Positions of a model's types, by schema and name. */
static int compare_type_names(const void *a, const void *b, void *context)
{
    const Model *model = context;
    const Object *x = &model->types.items[*(const size_t *)a].object;
    const Object *y = &model->types.items[*(const size_t *)b].object;
    int order = strcmp(x->schema, y->schema);
    return order != 0 ? order : strcmp(x->name, y->name);
}

static size_t find_named(const Model *model, const size_t *by_name, const Object *object)
{
    size_t low = 0;
    size_t high = model->types.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const Object *at = &model->types.items[by_name[middle]].object;
        int order = strcmp(at->schema, object->schema);
        if (order == 0)
            order = strcmp(at->name, object->name);
        if (order == 0)
            return by_name[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NO_TYPE;
}

/* For each of our types the position of theirs of the same name and statements, or NO_TYPE. */
static void pair_types(const Side *ours, const Side *theirs, size_t *pair)
{
    size_t count = theirs->model->types.count;
    AUTO(mem_free) size_t *by_name = mem_alloc((count + 1) * sizeof(*by_name));
    for (size_t i = 0; i < count; i++)
        by_name[i] = i;
    const void *model = theirs->model;
    void *context;
    memcpy(&context, &model, sizeof(context));
    qsort_r(by_name, count, sizeof(*by_name), compare_type_names, context);
    for (size_t i = 0; i < ours->model->types.count; i++) {
        pair[i] = find_named(theirs->model, by_name, &ours->model->types.items[i].object);
        if (pair[i] != NO_TYPE &&
            (ours->statements[i] == NULL || theirs->statements[pair[i]] == NULL ||
             strcmp(ours->statements[i], theirs->statements[pair[i]]) != 0))
            pair[i] = NO_TYPE;
    }
}

/* Drops pairs of which a side's type is built on something that is not the same on both sides, or
 * has an operator class: a type has one default class, so the new one could not be made beside the
 * live one. `paired` says for the side's types whether they are. True when a pair was dropped. */
static bool drop_dependents(const Side *side, bool *paired)
{
    bool dropped = false;
    const Model *model = side->model;
    for (size_t i = 0; i < model->dependencies.count; i++) {
        const Dependency *dependency = &model->dependencies.items[i];
        if (dependency->from.classid == CATALOG_OPCLASS) {
            size_t type = type_of(side, dependency->to);
            dropped = dropped || (type != NO_TYPE && paired[type]);
            if (type != NO_TYPE)
                paired[type] = false;
            continue;
        }
        size_t from = type_of(side, dependency->from);
        if (from == NO_TYPE || !paired[from] || dependency->to.classid == CATALOG_NAMESPACE ||
            dependency->to.classid == CATALOG_EXTENSION)
            continue;
        size_t to = type_of(side, dependency->to);
        if (to == from || (to != NO_TYPE && paired[to]))
            continue;
        paired[from] = false;
        dropped = true;
    }
    return dropped;
}

/* Until nothing changes: each side's dropped types take the other side's with them. */
static void settle_pairs(const Side *ours, const Side *theirs, size_t *pair)
{
    size_t count = ours->model->types.count;
    AUTO(mem_free) bool *our_paired = mem_alloc(count + 1);
    AUTO(mem_free) bool *their_paired = mem_alloc(theirs->model->types.count + 1);
    for (size_t i = 0; i < count; i++) {
        our_paired[i] = pair[i] != NO_TYPE;
        if (pair[i] != NO_TYPE)
            their_paired[pair[i]] = true;
    }
    for (bool changed = true; changed;) {
        changed = drop_dependents(ours, our_paired);
        changed = drop_dependents(theirs, their_paired) || changed;
        for (size_t i = 0; i < count; i++) {
            if (pair[i] == NO_TYPE || (our_paired[i] && their_paired[pair[i]]))
                continue;
            our_paired[i] = false;
            their_paired[pair[i]] = false;
            pair[i] = NO_TYPE;
            changed = true;
        }
    }
}

bool compare_same_types(const Model *ours, const FragmentList *our_fragments, const Model *theirs,
                        const FragmentList *their_fragments, Arena *arena, SameType **same,
                        size_t *count, Error *err)
{
    (void)err; /* nothing here can fail yet; the callers are ready for a comparison that can */
    Side our_side;
    Side their_side;
    side_begin(&our_side, ours, our_fragments);
    side_begin(&their_side, theirs, their_fragments);
    AUTO(mem_free) size_t *pair = mem_alloc((ours->types.count + 1) * sizeof(*pair));
    pair_types(&our_side, &their_side, pair);
    settle_pairs(&our_side, &their_side, pair);
    side_end(&our_side);
    side_end(&their_side);

    *same = arena_alloc(arena, (ours->types.count + 1) * sizeof(**same));
    *count = 0;
    for (size_t i = 0; i < ours->types.count; i++) {
        if (pair[i] != NO_TYPE)
            (*same)[(*count)++] = (SameType){ours->types.items[i].object.address.oid,
                                             theirs->types.items[pair[i]].object.address.oid};
    }
    return true;
}

/* ---- shape ----------------------------------------------------------------------------- */

static const Column *find_column(const Table *table, const char *name)
{
    for (size_t i = 0; i < table->column_count; i++) {
        if (strcmp(table->columns[i].name, name) == 0)
            return &table->columns[i];
    }
    return NULL;
}

/* True when the columns that both have come in the same order. */
static bool same_order(const Table *before, const Table *after)
{
    size_t k = 0;
    for (size_t i = 0; i < before->column_count; i++) {
        if (find_column(after, before->columns[i].name) == NULL)
            continue;
        while (k < after->column_count && find_column(before, after->columns[k].name) == NULL)
            k++;
        if (strcmp(before->columns[i].name, after->columns[k].name) != 0)
            return false;
        k++;
    }
    return true;
}

const char *compare_shape(const Table *before, const Table *after, Arena *arena)
{
    AUTO(str_clear) Str text = STR_INIT;
    for (size_t i = 0; i < before->column_count; i++) {
        const Column *old = &before->columns[i];
        const Column *new = find_column(after, old->name);
        if (new != NULL && strcmp(old->type, new->type) == 0)
            continue;
        str_separate(&text, "; ");
        if (new == NULL)
            str_addf(&text, "column %s is gone", old->name);
        else
            str_addf(&text, "column %s: %s becomes %s", old->name, old->type, new->type);
    }
    for (size_t i = 0; i < after->column_count; i++) {
        if (find_column(before, after->columns[i].name) != NULL)
            continue;
        str_separate(&text, "; ");
        str_addf(&text, "column %s is new", after->columns[i].name);
    }
    if (!same_order(before, after)) {
        str_separate(&text, "; ");
        str_add(&text, "the columns are in another order");
    }
    return text.len == 0 ? NULL : arena_strdup(arena, str_text(&text));
}
