#include <stddef.h>

#include "schema/kind.h"

/* Row security policies. Whether row security is on is said with the table. */

static const Field fields[] = {
    FIELD(FIELD_OID, Policy, table, "table"),
    FIELD(FIELD_CHAR, Policy, command, "command"),
    FIELD(FIELD_BOOL, Policy, permissive, "permissive"),
    FIELD_LIST(FIELD_TEXTS, Policy, roles, role_count, "roles"),
    FIELD(FIELD_TEXT, Policy, using_expr, "using_expr"),
    FIELD(FIELD_TEXT, Policy, check_expr, "check_expr"),
};

static const char *command_name(char command)
{
    switch (command) {
    case 'r':
        return "SELECT";
    case 'a':
        return "INSERT";
    case 'w':
        return "UPDATE";
    case 'd':
        return "DELETE";
    default:
        return "ALL";
    }
}

static void build(Builder *builder, const void *item)
{
    const Policy *policy = item;
    const Object *object = &policy->object;
    const Object *relation = model_relation(builder_model(builder), policy->table);
    if (relation == NULL)
        return;
    const char *table = builder_name(builder, relation->schema, relation->name);
    const char *name = builder_ident(builder, object->name);
    AUTO(str_clear) Str s = STR_INIT;
    for (size_t i = 0; i < policy->role_count; i++) {
        str_add(&s, i == 0 ? " TO " : ", ");
        str_add(&s, policy->roles[i] == NULL ? "PUBLIC" : builder_ident(builder, policy->roles[i]));
    }
    if (policy->using_expr != NULL)
        str_addf(&s, " USING (%s)", policy->using_expr);
    if (policy->check_expr != NULL)
        str_addf(&s, " WITH CHECK (%s)", policy->check_expr);
    size_t index = builder_add(builder, FRAGMENT_POLICY, SECTION_POST, object, policy->table,
                               "CREATE POLICY %s ON %s AS %s FOR %s%s", name, table,
                               policy->permissive ? "PERMISSIVE" : "RESTRICTIVE",
                               command_name(policy->command), str_text(&s));
    builder_needs(builder, index, relation->address);
    builder_add_comment(builder, index, object, "POLICY",
                        arena_printf(builder_arena(builder), "%s ON %s", name, table),
                        object->comment);
}

const Kind policy_kind = {
    .name = "policy",
    .query = "policies",
    .fields = fields,
    .field_count = LENGTH(fields),
    .size = sizeof(Policy),
    .list_offset = offsetof(Model, policies),
    .build = build,
};
