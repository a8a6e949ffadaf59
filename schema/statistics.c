#include <stddef.h>

#include "schema/kind.h"

/*
 * Extended statistics: what to collect, not what was collected; the next ANALYZE does that. They
 * are made with their relation, before it has rows, unless it is made later itself.
 */

typedef struct Statistics {
    Object object;
    Oid relation;
    const char *def;    /* pg_get_statisticsobjdef */
    const char *target; /* NULL for the default */
} Statistics;

static const Field fields[] = {
    FIELD(FIELD_OID, Statistics, relation, "relation"),
    FIELD(FIELD_TEXT, Statistics, def, "def"),
    FIELD(FIELD_TEXT, Statistics, target, "target"),
};

static void build(Builder *builder, const void *item)
{
    const Statistics *statistics = item;
    const Object *object = &statistics->object;
    const Object *relation = model_relation(builder_model(builder), statistics->relation);
    if (relation == NULL)
        return;
    const char *name = builder_name(builder, object->schema, object->name);
    size_t index = builder_add(builder, FRAGMENT_OBJECT, SECTION_PRE, object, statistics->relation,
                               "%s", statistics->def);
    builder_undo(builder, index, "DROP STATISTICS IF EXISTS %s", name);
    builder_needs(builder, index, relation->address);
    /* There is no target before 13, which is told (portable.h). */
    if (statistics->target != NULL && builder_target(builder) >= 130000) {
        size_t target =
            builder_add(builder, FRAGMENT_PROPERTY, SECTION_PRE, object, statistics->relation,
                        "ALTER STATISTICS %s SET STATISTICS %s", name, statistics->target);
        builder_needs_fragment(builder, target, index);
    }
    builder_add_attributes(builder, index, object, "STATISTICS", NULL, name);
}

const Kind statistics_kind = {
    .name = "statistics",
    .query = "statistics",
    .fields = fields,
    .field_count = LENGTH(fields),
    .size = sizeof(Statistics),
    .build = build,
};
