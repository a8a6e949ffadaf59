#include "schema/model.h"

#include <stdlib.h>
#include <string.h>

/* Lower bound by OID in a list of structs that begin with an Object. */
static const void *find(const void *items, size_t count, size_t size, Oid oid)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const Object *object = (const void *)((const char *)items + middle * size);
        if (object->address.oid == oid)
            return object;
        if (object->address.oid < oid)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const Object *model_object(const ObjectList *list, size_t i)
{
    return (const void *)((const char *)list->items + i * list->size);
}

const Object *model_find(const Model *model, Address address)
{
    for (size_t i = 0; i < model->list_count; i++) {
        const ObjectList *list = &model->lists[i];
        /* All objects of a kind are rows of the same catalog. */
        if (list->count == 0 || model_object(list, 0)->address.classid != address.classid)
            continue;
        const Object *found = find(list->items, list->count, list->size, address.oid);
        if (found != NULL)
            return found;
    }
    return NULL;
}

#define FIND(list, oid) find((list).items, (list).count, sizeof(*(list).items), oid)

static bool is_named(const Object *object, const char *schema, const char *name)
{
    return strcmp(object->name, name) == 0 && strcmp(object->schema, schema) == 0;
}

const Schema *model_schema(const Model *model, const char *name)
{
    for (size_t i = 0; i < model->schemas.count; i++)
        if (strcmp(model->schemas.items[i].object.name, name) == 0)
            return &model->schemas.items[i];
    return NULL;
}

const Table *model_table(const Model *model, Oid oid)
{
    return FIND(model->tables, oid);
}

const View *model_view(const Model *model, Oid oid)
{
    return FIND(model->views, oid);
}

const Index *model_index(const Model *model, Oid oid)
{
    return FIND(model->indexes, oid);
}

const Constraint *model_constraint(const Model *model, Oid oid)
{
    return FIND(model->constraints, oid);
}

const Type *model_type(const Model *model, Oid oid)
{
    return FIND(model->types, oid);
}

const Trigger *model_trigger(const Model *model, Oid oid)
{
    return FIND(model->triggers, oid);
}

const Object *model_relation(const Model *model, Oid oid)
{
    const Table *table = model_table(model, oid);
    if (table != NULL)
        return &table->object;
    const View *view = model_view(model, oid);
    return view == NULL ? NULL : &view->object;
}

void model_forget_dependencies(Model *model)
{
    arena_free(TAKE(model->dependency_arena));
    model->dependencies.items = NULL;
    model->dependencies.count = 0;
}

/* ---- by name --------------------------------------------------------------------------- */

static int compare_objects(const Object *x, const Object *y)
{
    int order = strcmp(x->schema, y->schema);
    return order != 0 ? order : strcmp(x->name, y->name);
}

/* An array of pointers to structs that begin with an Object. */
static int compare_names(const void *a, const void *b)
{
    return compare_objects(*(const Object *const *)a, *(const Object *const *)b);
}

static int compare_parents(const void *a, const void *b)
{
    const Index *x = *(const Index *const *)a;
    const Index *y = *(const Index *const *)b;
    if (x->parent != y->parent)
        return x->parent < y->parent ? -1 : 1;
    return (x->object.address.oid > y->object.address.oid) -
           (x->object.address.oid < y->object.address.oid);
}

static int compare_tables(const void *a, const void *b)
{
    const Constraint *x = *(const Constraint *const *)a;
    const Constraint *y = *(const Constraint *const *)b;
    if (x->table != y->table)
        return x->table < y->table ? -1 : 1;
    return (x->object.address.oid > y->object.address.oid) -
           (x->object.address.oid < y->object.address.oid);
}

void model_sort(Model *model, Arena *arena)
{
#define SORT(member, list, compare)                                                                \
    model->member = arena_alloc(arena, (model->list.count + 1) * sizeof(*model->member));          \
    for (size_t i = 0; i < model->list.count; i++)                                                 \
        model->member[i] = &model->list.items[i];                                                  \
    qsort((void *)model->member, model->list.count, sizeof(*model->member), compare)
    SORT(tables_by_name, tables, compare_names);
    SORT(sequences_by_name, sequences, compare_names);
    SORT(indexes_by_parent, indexes, compare_parents);
    SORT(constraints_by_table, constraints, compare_tables);
#undef SORT
}

static const void *find_named(const void *sorted, size_t count, const char *schema,
                              const char *name)
{
    const Object key = {.schema = schema, .name = name};
    const Object *const pointer = &key;
    const void *const *found = bsearch(&pointer, sorted, count, sizeof(void *), compare_names);
    return found == NULL ? NULL : *found;
}

const Table *model_table_named(const Model *model, const char *schema, const char *name)
{
    if (model->tables_by_name != NULL)
        return find_named(model->tables_by_name, model->tables.count, schema, name);
    for (size_t i = 0; i < model->tables.count; i++)
        if (is_named(&model->tables.items[i].object, schema, name))
            return &model->tables.items[i];
    return NULL;
}

const Sequence *model_sequence_named(const Model *model, const char *schema, const char *name)
{
    if (model->sequences_by_name != NULL)
        return find_named(model->sequences_by_name, model->sequences.count, schema, name);
    for (size_t i = 0; i < model->sequences.count; i++)
        if (is_named(&model->sequences.items[i].object, schema, name))
            return &model->sequences.items[i];
    return NULL;
}

/* The run of pointers whose struct has `key` at `offset`, in an array sorted by that. */
static const void *find_run(const void *sorted, size_t total, size_t offset, Oid key, size_t *count)
{
    const char *const *items = sorted;
    size_t low = 0, high = total;
#define KEY(i) (*(const Oid *)(const void *)(items[i] + offset))
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (KEY(middle) < key)
            low = middle + 1;
        else
            high = middle;
    }
    *count = 0;
    while (low + *count < total && KEY(low + *count) == key)
        ++*count;
#undef KEY
    return *count == 0 ? NULL : &items[low];
}

const Index *const *model_index_parts(const Model *model, Oid parent, size_t *count)
{
    return find_run(model->indexes_by_parent, model->indexes.count, offsetof(Index, parent), parent,
                    count);
}

const Constraint *const *model_table_constraints(const Model *model, Oid table, size_t *count)
{
    return find_run(model->constraints_by_table, model->constraints.count,
                    offsetof(Constraint, table), table, count);
}

/* Of a few tables only: nobody asks for many. */
const Index *model_primary_key(const Model *model, Oid table)
{
    for (size_t i = 0; i < model->indexes.count; i++)
        if (model->indexes.items[i].table == table && model->indexes.items[i].primary)
            return &model->indexes.items[i];
    return NULL;
}
