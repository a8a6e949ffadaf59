#include <stddef.h>
#include <string.h>

#include "schema/kind.h"

/*
 * Schemas. public exists in every database: it is never created, and only what differs from a new
 * database's public is stated.
 */

static const Field fields[] = {
    FIELD(FIELD_BOOL, Schema, default_owner, "default_owner"),
};

static void build_public(Builder *builder, const Schema *schema)
{
    Object object = schema->object;
    if (schema->default_owner)
        object.owner = NULL;
    const char *comment = object.comment;
    object.comment = NULL;
    builder_add_attributes(builder, BUILDER_NONE, &object, "SCHEMA", "SCHEMA", "public");
    if (comment == NULL)
        builder_add(builder, FRAGMENT_COMMENT, SECTION_PRE, &object, 0,
                    "COMMENT ON SCHEMA public IS NULL");
    else if (strcmp(comment, "standard public schema") != 0)
        builder_add_comment(builder, BUILDER_NONE, &object, "SCHEMA", "public", comment);
}

static void build(Builder *builder, const void *item)
{
    const Schema *schema = item;
    const Object *object = &schema->object;
    if (strcmp(object->name, "public") == 0) {
        build_public(builder, schema);
        return;
    }
    const char *name = builder_ident(builder, object->name);
    size_t index =
        builder_add(builder, FRAGMENT_SCHEMA, SECTION_PRE, object, 0, "CREATE SCHEMA %s", name);
    builder_add_attributes(builder, index, object, "SCHEMA", "SCHEMA", name);
}

const Kind schema_kind = {
    .name = "schema",
    .query = "schemas",
    .fields = fields,
    .field_count = LENGTH(fields),
    .size = sizeof(Schema),
    .list_offset = offsetof(Model, schemas),
    .build = build,
};
