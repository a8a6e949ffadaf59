#include <stddef.h>

#include "schema/kind.h"

/* Conversions between encodings. */

typedef struct Conversion {
    Object object;
    const char *from, *to; /* names of encodings */
    const char *function;
    bool is_default;
} Conversion;

static const Field fields[] = {
    FIELD(FIELD_TEXT, Conversion, from, "from_encoding"),
    FIELD(FIELD_TEXT, Conversion, to, "to_encoding"),
    FIELD(FIELD_TEXT, Conversion, function, "function"),
    FIELD(FIELD_BOOL, Conversion, is_default, "is_default"),
};

static void build(Builder *builder, const void *item)
{
    const Conversion *conversion = item;
    const Object *object = &conversion->object;
    const char *name = builder_name(builder, object->schema, object->name);
    size_t index = builder_add(builder, FRAGMENT_OBJECT, SECTION_PRE, object, 0,
                               "CREATE %sCONVERSION %s FOR %s TO %s FROM %s",
                               conversion->is_default ? "DEFAULT " : "", name,
                               builder_literal(builder, conversion->from),
                               builder_literal(builder, conversion->to), conversion->function);
    builder_add_attributes(builder, index, object, "CONVERSION", NULL, name);
}

const Kind conversion_kind = {
    .name = "conversion",
    .query = "conversions",
    .fields = fields,
    .field_count = LENGTH(fields),
    .size = sizeof(Conversion),
    .build = build,
};
