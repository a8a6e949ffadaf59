#include "schema/undo.h"

static const char *drop_on(Builder *builder, const char *noun, const Object *object, Oid table)
{
    const Object *relation = model_relation(builder_model(builder), table);
    if (relation == NULL)
        return NULL;
    return arena_printf(builder_arena(builder), "DROP %s IF EXISTS %s ON %s", noun,
                        builder_ident(builder, object->name),
                        builder_name(builder, relation->schema, relation->name));
}

static const char *drop(Builder *builder, const char *noun, const Object *object)
{
    return arena_printf(builder_arena(builder), "DROP %s IF EXISTS %s CASCADE", noun,
                        builder_name(builder, object->schema, object->name));
}

/* The index of a partition goes with that of the partitioned table. */
static bool is_part(const Builder *builder, Oid index)
{
    const Index *item = model_index(builder_model(builder), index);
    return item != NULL && item->parent != 0;
}

static const char *drop_constraint(Builder *builder, Oid oid)
{
    const Model *model = builder_model(builder);
    const Constraint *constraint = model_constraint(model, oid);
    if (constraint == NULL || (constraint->contype != 'f' && is_part(builder, constraint->index)))
        return NULL;
    const Type *domain = model_type(model, constraint->domain);
    const Object *relation = model_relation(model, constraint->table);
    const Object *on = domain != NULL ? &domain->object : relation;
    if (on == NULL)
        return NULL;
    return arena_printf(builder_arena(builder), "ALTER %s %s DROP CONSTRAINT IF EXISTS %s CASCADE",
                        domain != NULL ? "DOMAIN" : "TABLE",
                        builder_name(builder, on->schema, on->name),
                        builder_ident(builder, constraint->object.name));
}

static const char *undo_of(Builder *builder, const Fragment *fragment)
{
    const Object *object = model_find(builder_model(builder), fragment->object);
    if (object == NULL)
        return NULL;
    switch (fragment->kind) {
    case FRAGMENT_INDEX:
        return is_part(builder, fragment->object.oid) ? NULL : drop(builder, "INDEX", object);
    case FRAGMENT_CHECK:
    case FRAGMENT_CONSTRAINT:
    case FRAGMENT_FOREIGN_KEY:
        return drop_constraint(builder, fragment->object.oid);
    case FRAGMENT_TRIGGER:
        return drop_on(builder, "TRIGGER", object, fragment->table);
    case FRAGMENT_RULE:
        return drop_on(builder, "RULE", object, fragment->table);
    case FRAGMENT_POLICY:
        return drop_on(builder, "POLICY", object, fragment->table);
    case FRAGMENT_VIEW:
        return drop(builder, "VIEW", object);
    case FRAGMENT_MATVIEW:
        return drop(builder, "MATERIALIZED VIEW", object);
    case FRAGMENT_ROW_SECURITY:
        return arena_printf(
            builder_arena(builder),
            "ALTER TABLE %s DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY",
            builder_name(builder, object->schema, object->name));
    default:
        return NULL;
    }
}

void undo_fill(Builder *builder, FragmentList *list, Arena *arena)
{
    for (size_t i = 0; i < list->count; i++) {
        Fragment *fragment = &list->items[i];
        if (fragment->section == SECTION_POST && fragment->place == PLACE_SCHEMA &&
            fragment->undo == NULL) {
            fragment->undo = arena_strdup(arena, undo_of(builder, fragment));
            builder_end_object(builder);
        }
    }
}
