#include <stddef.h>

#include "schema/kind.h"

/* Rules other than views' own. */

static const Field fields[] = {
    FIELD(FIELD_OID, Rule, table, "table"),
    FIELD(FIELD_TEXT, Rule, def, "def"),
    FIELD(FIELD_CHAR, Rule, enabled, "enabled"),
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
        return NULL;
    }
}

static void build(Builder *builder, const void *item)
{
    const Rule *rule = item;
    const Object *object = &rule->object;
    const Object *relation = model_relation(builder_model(builder), rule->table);
    if (relation == NULL)
        return;
    const char *table = builder_name(builder, relation->schema, relation->name);
    const char *name = builder_ident(builder, object->name);
    size_t index =
        builder_add(builder, FRAGMENT_RULE, SECTION_POST, object, rule->table, "%s", rule->def);
    builder_needs(builder, index, relation->address);
    if (enable_words(rule->enabled) != NULL) {
        size_t state =
            builder_add(builder, FRAGMENT_ENABLE, SECTION_POST, object, rule->table,
                        "ALTER TABLE %s %s RULE %s", table, enable_words(rule->enabled), name);
        builder_needs_fragment(builder, state, index);
    }
    builder_add_comment(builder, index, object, "RULE",
                        arena_printf(builder_arena(builder), "%s ON %s", name, table),
                        object->comment);
}

const Kind rule_kind = {
    .name = "rule",
    .query = "rules",
    .fields = fields,
    .field_count = LENGTH(fields),
    .size = sizeof(Rule),
    .list_offset = offsetof(Model, rules),
    .build = build,
};
