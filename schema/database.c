#include "schema/kind.h"

/* The database itself: what is granted on it. The statements name the model's database. */

static void build(Builder *builder, const void *item)
{
    const Object *object = item;
    builder_add_grants(builder, BUILDER_NONE, object, "DATABASE",
                       builder_ident(builder, builder_model(builder)->database));
}

const Kind database_kind = {
    .name = "database",
    .place = PLACE_SWAP,
    .query = "database",
    .size = sizeof(Object),
    .build = build,
};
