#include "schema/model.h"

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

const Table *model_table_named(const Model *model, const char *schema, const char *name)
{
    for (size_t i = 0; i < model->tables.count; i++)
        if (is_named(&model->tables.items[i].object, schema, name))
            return &model->tables.items[i];
    return NULL;
}

const Sequence *model_sequence_named(const Model *model, const char *schema, const char *name)
{
    for (size_t i = 0; i < model->sequences.count; i++)
        if (is_named(&model->sequences.items[i].object, schema, name))
            return &model->sequences.items[i];
    return NULL;
}

const Index *model_primary_key(const Model *model, Oid table)
{
    for (size_t i = 0; i < model->indexes.count; i++)
        if (model->indexes.items[i].table == table && model->indexes.items[i].primary)
            return &model->indexes.items[i];
    return NULL;
}
