#include <stddef.h>
#include <string.h>

#include "schema/kind.h"

/*
 * Default privileges: what a role's new objects grant by themselves. Those for all schemas take the
 * place of what PostgreSQL grants by default, so they also take away; those for one schema only
 * add. Each privilege has a statement of its own. To say it FOR ROLE one must be a member of the
 * role.
 */

typedef struct DefaultPrivilege {
    Object object; /* name and owner: the role; the privileges are its grants */
    Oid schema;    /* 0 for all */
    const char *kind;
} DefaultPrivilege;

static const Field fields[] = {
    FIELD(FIELD_OID, DefaultPrivilege, schema, "namespace"),
    FIELD(FIELD_TEXT, DefaultPrivilege, kind, "kind"),
};

static void build_privilege(Builder *builder, const DefaultPrivilege *item, const Object *schema,
                            const Grant *grant)
{
    /* A privilege from 17 on: where it is not known it can be neither given nor taken away. */
    if (builder_target(builder) < 170000 && strcmp(grant->privilege, "MAINTAIN") == 0)
        return;
    Arena *arena = builder_arena(builder);
    const char *role = item->object.name;
    const char *in_schema = "", *in_schema_name = "";
    if (schema != NULL) {
        in_schema = arena_printf(arena, " IN SCHEMA %s", builder_ident(builder, schema->name));
        in_schema_name = arena_printf(arena, " in %s", schema->name);
    }
    const char *grantee =
        grant->grantee == NULL ? "PUBLIC" : builder_ident(builder, grant->grantee);
    const char *head = arena_printf(arena, "ALTER DEFAULT PRIVILEGES FOR ROLE %s%s",
                                    builder_ident(builder, role), in_schema);
    const char *what = arena_printf(arena, "%s ON %s", grant->privilege, item->kind);
    const char *give = arena_printf(arena, "%s GRANT %s TO %s", head, what, grantee);
    const char *take = arena_printf(arena, "%s REVOKE %s FROM %s", head, what, grantee);

    Object object = item->object;
    object.name = arena_printf(arena, "of %s%s: %s, %s", role, in_schema_name, what,
                               grant->grantee == NULL ? "PUBLIC" : grant->grantee);
    /* POST, although it needs no rows: what is made before must not get these privileges. */
    size_t index =
        builder_add(builder, FRAGMENT_MEMBER, SECTION_POST, &object, 0, "%s%s",
                    grant->revoked ? take : give, grant->grantable ? " WITH GRANT OPTION" : "");
    builder_undo(builder, index, "%s", grant->revoked ? give : take);
    if (schema != NULL)
        builder_needs(builder, index, schema->address);
}

static void build(Builder *builder, const void *item)
{
    const DefaultPrivilege *privilege = item;
    const Model *model = builder_model(builder);
    const Object *schema = NULL;
    for (size_t i = 0; i < model->schemas.count; i++)
        if (model->schemas.items[i].object.address.oid == privilege->schema)
            schema = &model->schemas.items[i].object;
    if (privilege->schema != 0 && schema == NULL)
        return;
    for (size_t i = 0; i < privilege->object.grant_count; i++)
        build_privilege(builder, privilege, schema, &privilege->object.grants[i]);
}

const Kind default_privilege_kind = {
    .name = "default privilege",
    .place = PLACE_SWAP,
    .query = "default_privileges",
    .fields = fields,
    .field_count = LENGTH(fields),
    .size = sizeof(DefaultPrivilege),
    .build = build,
};
