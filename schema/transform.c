#include <stddef.h>

#include "schema/kind.h"

/* Transforms: how a type is handed to a language. */

typedef struct Transform {
    Object object;                 /* name: "type LANGUAGE language", ready to paste */
    const char *from_sql, *to_sql; /* functions with their arguments; NULL for none */
} Transform;

static const Field fields[] = {
    FIELD(FIELD_TEXT, Transform, from_sql, "from_sql"),
    FIELD(FIELD_TEXT, Transform, to_sql, "to_sql"),
};

static void build(Builder *builder, const void *item)
{
    const Transform *transform = item;
    const Object *object = &transform->object;
    AUTO(str_clear) Str parts = STR_INIT;
    if (transform->from_sql != NULL)
        str_addf(&parts, "FROM SQL WITH FUNCTION %s", transform->from_sql);
    if (transform->to_sql != NULL) {
        str_separate(&parts, ", ");
        str_addf(&parts, "TO SQL WITH FUNCTION %s", transform->to_sql);
    }
    AUTO(mem_free) char *identity = mem_printf("FOR %s", object->name);
    size_t index = builder_add(builder, FRAGMENT_OBJECT, SECTION_PRE, object, 0,
                               "CREATE TRANSFORM %s (%s)", identity, str_text(&parts));
    builder_undo(builder, index, "DROP TRANSFORM IF EXISTS %s", identity);
    builder_add_comment(builder, index, object, "TRANSFORM", identity, object->comment);
}

const Kind transform_kind = {
    .name = "transform",
    .place = PLACE_EARLY,
    .query = "transforms",
    .fields = fields,
    .field_count = LENGTH(fields),
    .size = sizeof(Transform),
    .build = build,
};
