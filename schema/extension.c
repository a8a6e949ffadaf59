#include <stddef.h>
#include <string.h>

#include "schema/kind.h"

/*
 * Extensions. Their members are theirs: no statement is made for any. The version is left to the
 * destination, which may not have the source's.
 */

static const Field fields[] = {
    FIELD(FIELD_TEXT, Extension, version, "version"),
    FIELD(FIELD_TEXT, Extension, default_comment, "default_comment"),
    FIELD(FIELD_BOOL, Extension, relocatable, "relocatable"),
};

static void build(Builder *builder, const void *item)
{
    const Extension *extension = item;
    const Object *object = &extension->object;
    const char *name = builder_ident(builder, object->name);
    size_t index = builder_add(builder, FRAGMENT_EXTENSION, SECTION_PRE, object, 0,
                               "CREATE EXTENSION IF NOT EXISTS %s WITH SCHEMA %s", name,
                               builder_ident(builder, object->schema));
    if (object->comment == NULL || (extension->default_comment != NULL &&
                                    strcmp(object->comment, extension->default_comment) == 0))
        return;
    builder_add_comment(builder, index, object, "EXTENSION", name, object->comment);
}

const Kind extension_kind = {
    .name = "extension",
    .query = "extensions",
    .fields = fields,
    .field_count = LENGTH(fields),
    .size = sizeof(Extension),
    .list_offset = offsetof(Model, extensions),
    .build = build,
};
