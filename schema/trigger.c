#include <stddef.h>

#include "schema/kind.h"

/*
 * Triggers, constraint triggers among them. A partitioned table's row trigger makes its clones by
 * itself; of those only a state that differs from the original's is said.
 */

static const Field fields[] = {
    FIELD(FIELD_OID, Trigger, table, "table"),
    FIELD(FIELD_TEXT, Trigger, def, "def"),
    FIELD(FIELD_CHAR, Trigger, enabled, "enabled"),
    FIELD(FIELD_BOOL, Trigger, is_clone, "is_clone"),
    FIELD(FIELD_OID, Trigger, constraint, "constraint"),
    FIELD(FIELD_OID, Trigger, parent, "parent"),
    FIELD(FIELD_CHAR, Trigger, parent_enabled, "parent_enabled"),
    FIELD(FIELD_BOOL, Trigger, has_clones, "has_clones"),
};

static const char *enable_words(char enabled)
{
    switch (enabled) {
    case 'D':
        return "DISABLE";
    case 'R':
        return "ENABLE REPLICA";
    case 'A':
        return "ENABLE ALWAYS";
    default:
        return "ENABLE";
    }
}

/* The state, for the trigger's clones too: each differing clone overrides it afterwards, so that
 * one comes after what was said for the triggers above it. */
static void build_state(Builder *builder, const Trigger *trigger, const Object *relation)
{
    const Model *model = builder_model(builder);
    /* ALTER TABLE would look for the trigger in partitions that do not have it. */
    bool is_single = !trigger->has_clones;
    size_t state =
        builder_add(builder, FRAGMENT_ENABLE, SECTION_POST, &trigger->object, trigger->table,
                    "ALTER TABLE %s%s %s TRIGGER %s", is_single ? "ONLY " : "",
                    builder_name(builder, relation->schema, relation->name),
                    enable_words(trigger->enabled), builder_ident(builder, trigger->object.name));
    builder_needs(builder, state, trigger->object.address);
    for (const Trigger *above = model_trigger(model, trigger->parent); above != NULL;
         above = model_trigger(model, above->parent)) {
        Address address = above->object.address;
        builder_needs(builder, state, address);
        address.subid = SUBID_ENABLED;
        builder_needs(builder, state, address);
    }
    Address address = trigger->object.address;
    address.subid = SUBID_ENABLED;
    builder_provides(builder, state, address);
}

static void build(Builder *builder, const void *item)
{
    const Trigger *trigger = item;
    const Object *object = &trigger->object;
    const Object *relation = model_relation(builder_model(builder), trigger->table);
    if (relation == NULL)
        return;
    if (trigger->is_clone) {
        if (trigger->enabled != trigger->parent_enabled)
            build_state(builder, trigger, relation);
        return;
    }

    const char *table = builder_name(builder, relation->schema, relation->name);
    const char *identity = arena_printf(builder_arena(builder), "%s ON %s",
                                        builder_ident(builder, object->name), table);
    size_t index = builder_add(builder, FRAGMENT_TRIGGER, SECTION_POST, object, trigger->table,
                               "%s", trigger->def);
    builder_needs(builder, index, relation->address);
    if (trigger->enabled != 'O')
        build_state(builder, trigger, relation);
    builder_add_comment(builder, index, object, "TRIGGER", identity, object->comment);
    if (object->extension != NULL) {
        size_t depends = builder_add(builder, FRAGMENT_PROPERTY, SECTION_POST, object,
                                     trigger->table, "ALTER TRIGGER %s DEPENDS ON EXTENSION %s",
                                     identity, builder_ident(builder, object->extension));
        builder_needs_fragment(builder, depends, index);
    }
}

const Kind trigger_kind = {
    .name = "trigger",
    .query = "triggers",
    .fields = fields,
    .field_count = LENGTH(fields),
    .size = sizeof(Trigger),
    .list_offset = offsetof(Model, triggers),
    .build = build,
};
