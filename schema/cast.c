#include <stddef.h>

#include "schema/kind.h"

/*
 * Casts. They have no owner and no name but their types. What uses a cast records the cast's
 * function only: graph.c lets such fragments come after the cast.
 */

typedef struct Cast {
    Object object; /* name: "source AS target" */
    const char *function;
    char method;  /* pg_cast.castmethod: f, i, b */
    char context; /* pg_cast.castcontext: e, a, i */
} Cast;

static const Field fields[] = {
    FIELD(FIELD_TEXT, Cast, function, "function"),
    FIELD(FIELD_CHAR, Cast, method, "castmethod"),
    FIELD(FIELD_CHAR, Cast, context, "castcontext"),
};

static void build(Builder *builder, const void *item)
{
    const Cast *cast = item;
    const Object *object = &cast->object;
    AUTO(str_clear) Str how = STR_INIT;
    if (cast->method == 'f')
        str_addf(&how, "WITH FUNCTION %s", cast->function);
    else
        str_add(&how, cast->method == 'i' ? "WITH INOUT" : "WITHOUT FUNCTION");
    str_add(&how, cast->context == 'a'   ? " AS ASSIGNMENT"
                  : cast->context == 'i' ? " AS IMPLICIT"
                                         : "");
    AUTO(mem_free) char *identity = mem_printf("(%s)", object->name);
    size_t index = builder_add(builder, FRAGMENT_OBJECT, SECTION_PRE, object, 0,
                               "CREATE CAST %s %s", identity, str_text(&how));
    builder_undo(builder, index, "DROP CAST IF EXISTS %s", identity);
    builder_add_comment(builder, index, object, "CAST", identity, object->comment);
}

const Kind cast_kind = {
    .name = "cast",
    .place = PLACE_EARLY,
    .query = "casts",
    .fields = fields,
    .field_count = LENGTH(fields),
    .size = sizeof(Cast),
    .build = build,
};
