#include <stddef.h>

#include "schema/kind.h"

/* Access methods of tables and indexes. They have no owner. */

typedef struct AccessMethod {
    Object object;
    char type; /* pg_am.amtype: i, t */
    const char *handler;
} AccessMethod;

static const Field fields[] = {
    FIELD(FIELD_CHAR, AccessMethod, type, "amtype"),
    FIELD(FIELD_TEXT, AccessMethod, handler, "handler"),
};

static void build(Builder *builder, const void *item)
{
    const AccessMethod *method = item;
    const Object *object = &method->object;
    const char *name = builder_ident(builder, object->name);
    size_t index = builder_add(builder, FRAGMENT_OBJECT, SECTION_PRE, object, 0,
                               "CREATE ACCESS METHOD %s TYPE %s HANDLER %s", name,
                               method->type == 't' ? "TABLE" : "INDEX", method->handler);
    builder_undo(builder, index, "DROP ACCESS METHOD IF EXISTS %s", name);
    builder_add_comment(builder, index, object, "ACCESS METHOD", name, object->comment);
}

const Kind access_method_kind = {
    .name = "access method",
    .place = PLACE_EARLY,
    .query = "access_methods",
    .fields = fields,
    .field_count = LENGTH(fields),
    .size = sizeof(AccessMethod),
    .build = build,
};
