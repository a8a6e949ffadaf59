#include <inttypes.h>
#include <stddef.h>

#include "schema/column.h"
#include "schema/kind.h"

/*
 * Sequences: free ones and those that belong to a column (serial). The ones of identity columns
 * are made with their column. A value is data, not definition.
 */

static const Field fields[] = {
    FIELD(FIELD_CHAR, Sequence, persistence, "persistence"),
    FIELD(FIELD_TEXT, Sequence, type, "type"),
    FIELD(FIELD_BIGINT, Sequence, start, "start"),
    FIELD(FIELD_BIGINT, Sequence, increment, "increment"),
    FIELD(FIELD_BIGINT, Sequence, min, "min"),
    FIELD(FIELD_BIGINT, Sequence, max, "max"),
    FIELD(FIELD_BIGINT, Sequence, cache, "cache"),
    FIELD(FIELD_BOOL, Sequence, cycle, "cycle"),
    FIELD(FIELD_OID, Sequence, owned_by.classid, "owned_class"),
    FIELD(FIELD_OID, Sequence, owned_by.oid, "owned_oid"),
    FIELD(FIELD_INT, Sequence, owned_by.subid, "owned_number"),
    FIELD(FIELD_BOOL, Sequence, identity, "identity"),
};

/* The owners of both must be set by then (graph.c sees to it): they have to be the same. */
static void build_ownership(Builder *builder, size_t index, const Sequence *sequence,
                            const char *name)
{
    const Table *table = model_table(builder_model(builder), sequence->owned_by.oid);
    const Column *column = table == NULL ? NULL
                                         : column_numbered(table->columns, table->column_count,
                                                           sequence->owned_by.subid);
    if (column == NULL)
        return; /* of a table that is not carried over: the sequence becomes a free one */
    size_t owned = builder_add(builder, FRAGMENT_OWNED_BY, SECTION_PRE, &sequence->object,
                               table->object.address.oid, "ALTER SEQUENCE %s OWNED BY %s.%s", name,
                               builder_name(builder, table->object.schema, table->object.name),
                               builder_ident(builder, column->name));
    builder_needs_fragment(builder, owned, index);
    builder_needs(builder, owned, table->object.address);
}

static void build(Builder *builder, const void *item)
{
    const Sequence *sequence = item;
    const Object *object = &sequence->object;
    if (sequence->identity) {
        column_build_identity(builder, sequence);
        return;
    }
    const char *name = builder_name(builder, object->schema, object->name);
    bool unlogged =
        sequence->persistence == PERSISTENCE_UNLOGGED && builder_target(builder) >= 150000;
    size_t index = builder_add(
        builder, FRAGMENT_SEQUENCE, SECTION_PRE, object, 0,
        "CREATE %sSEQUENCE %s AS %s INCREMENT BY %" PRId64 " MINVALUE %" PRId64 " MAXVALUE %" PRId64
        " START WITH %" PRId64 " CACHE %" PRId64 "%s",
        unlogged ? "UNLOGGED " : "", name, sequence->type, sequence->increment, sequence->min,
        sequence->max, sequence->start, sequence->cache, sequence->cycle ? " CYCLE" : "");
    builder_add_attributes(builder, index, object, "SEQUENCE", "SEQUENCE", name);
    if (sequence->owned_by.classid != 0)
        build_ownership(builder, index, sequence, name);
}

const Kind sequence_kind = {
    .name = "sequence",
    .query = "sequences",
    .fields = fields,
    .field_count = LENGTH(fields),
    .size = sizeof(Sequence),
    .list_offset = offsetof(Model, sequences),
    .build = build,
};
