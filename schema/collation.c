#include <stddef.h>

#include "schema/kind.h"

/*
 * Collations. The version is left out: it is that of the library at hand.
 */

typedef struct Collation {
    Object object;
    const char *options; /* ready to paste */
} Collation;

static const Field fields[] = {
    FIELD(FIELD_TEXT, Collation, options, "options"),
};

static void build(Builder *builder, const void *item)
{
    const Collation *collation = item;
    const Object *object = &collation->object;
    const char *name = builder_name(builder, object->schema, object->name);
    size_t index = builder_add(builder, FRAGMENT_OBJECT, SECTION_PRE, object, 0,
                               "CREATE COLLATION %s (%s)", name, collation->options);
    builder_add_attributes(builder, index, object, "COLLATION", NULL, name);
}

const Kind collation_kind = {
    .name = "collation",
    .query = "collations",
    .fields = fields,
    .field_count = LENGTH(fields),
    .size = sizeof(Collation),
    .build = build,
};
