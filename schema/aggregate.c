#include <stddef.h>
#include <string.h>

#include "schema/kind.h"

/*
 * Aggregates. Owner, grants and comment are stated of the ROUTINE, whose arguments are a plain list
 * also for ordered-set aggregates.
 */

typedef struct Aggregate {
    Object object;
    char kind;           /* pg_aggregate.aggkind: n, o, h */
    const char *args;    /* as CREATE AGGREGATE takes them: "*" for none, with ORDER BY */
    const char *types;   /* of all arguments */
    const char *options; /* ready to paste: SFUNC = ..., STYPE = ... */
} Aggregate;

static const Field fields[] = {
    FIELD(FIELD_CHAR, Aggregate, kind, "aggkind"),
    FIELD(FIELD_TEXT, Aggregate, args, "args"),
    FIELD(FIELD_TEXT, Aggregate, types, "types"),
    FIELD(FIELD_TEXT, Aggregate, options, "options"),
};

static void build(Builder *builder, const void *item)
{
    const Aggregate *aggregate = item;
    Object object = aggregate->object;
    const char *name = builder_name(builder, object.schema, object.name);
    AUTO(mem_free) char *identity = mem_printf("%s(%s)", name, aggregate->types);
    AUTO(mem_free) char *label = mem_printf("%s(%s)", object.name, aggregate->types);
    object.name = label;
    size_t index = builder_add(builder, FRAGMENT_OBJECT, SECTION_PRE, &object, 0,
                               "CREATE AGGREGATE %s(%s) (%s%s)", name, aggregate->args,
                               aggregate->options, aggregate->kind == 'h' ? ", HYPOTHETICAL" : "");
    builder_undo(builder, index, "DROP ROUTINE IF EXISTS %s CASCADE", identity);
    builder_add_attributes(builder, index, &object, "ROUTINE", "ROUTINE", identity);
}

const Kind aggregate_kind = {
    .name = "aggregate",
    .query = "aggregates",
    .fields = fields,
    .field_count = LENGTH(fields),
    .size = sizeof(Aggregate),
    .build = build,
};
