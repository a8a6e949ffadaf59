#include "schema/index.h"

#include <stddef.h>

#include "schema/kind.h"

/*
 * Indexes of tables and materialized views. The statement is the server's own; the index of a
 * primary key, unique or exclusion constraint is made in constraint.c.
 */

static const Field fields[] = {
    FIELD(FIELD_OID, Index, table, "table"),
    FIELD(FIELD_OID, Index, constraint, "constraint"),
    FIELD(FIELD_OID, Index, parent, "parent"),
    FIELD(FIELD_CHAR, Index, relkind, "relkind"),
    FIELD(FIELD_TEXT, Index, def, "def"),
    FIELD(FIELD_TEXT, Index, bare_def, "bare_def"),
    FIELD(FIELD_TEXT, Index, columns_def, "columns_def"),
    FIELD(FIELD_TEXT, Index, include_def, "include_def"),
    FIELD(FIELD_TEXT, Index, options, "options"),
    FIELD(FIELD_TEXT, Index, tablespace, "tablespace"),
    FIELD(FIELD_BOOL, Index, unique, "unique"),
    FIELD(FIELD_BOOL, Index, primary, "primary"),
    FIELD(FIELD_BOOL, Index, exclusion, "exclusion"),
    FIELD(FIELD_BOOL, Index, nulls_not_distinct, "nulls_not_distinct"),
    FIELD(FIELD_BOOL, Index, without_overlaps, "without_overlaps"),
    FIELD(FIELD_BOOL, Index, valid, "valid"),
    FIELD(FIELD_BOOL, Index, clustered, "clustered"),
    FIELD(FIELD_BOOL, Index, replica_identity, "replica_identity"),
    FIELD(FIELD_BOOL, Index, plain, "plain"),
    FIELD_LIST(FIELD_INTS, Index, statistics, column_count, "statistics"),
};

int64_t index_weight(const Model *model, const Index *item)
{
    const Table *table = model_table(model, item->table);
    if (table != NULL)
        return table->total_bytes;
    const View *view = model_view(model, item->table);
    return view == NULL ? 0 : view->total_bytes;
}

void index_needs_partitions(Builder *builder, size_t needing, const Index *item)
{
    if (item->relkind != 'I')
        return;
    size_t count = 0;
    const Index *const *children =
        model_index_parts(builder_model(builder), item->object.address.oid, &count);
    for (size_t i = 0; i < count; i++) {
        const Index *child = children[i];
        builder_needs(builder, needing,
                      (Address){CATALOG_CLASS, child->object.address.oid, SUBID_ATTACHED});
        index_needs_partitions(builder, needing, child);
    }
}

static size_t add_property(Builder *builder, size_t index, const Index *item, const char *sql)
{
    size_t added = builder_add(builder, FRAGMENT_PROPERTY, SECTION_POST, &item->object, item->table,
                               "%s", sql);
    builder_needs_fragment(builder, added, index);
    return added;
}

static void build_statistics(Builder *builder, size_t index, const Index *item, const char *name)
{
    AUTO(str_clear) Str s = STR_INIT;
    for (size_t i = 0; i < item->column_count; i++) {
        if (item->statistics[i] < 0)
            continue;
        str_separate(&s, ", ");
        str_addf(&s, "ALTER COLUMN %zu SET STATISTICS %d", i + 1, item->statistics[i]);
    }
    if (s.len > 0)
        add_property(builder, index, item,
                     arena_printf(builder_arena(builder), "ALTER INDEX %s %s", name, str_text(&s)));
}

static void build_attach(Builder *builder, size_t index, const Index *item, const char *name)
{
    const Index *parent = model_index(builder_model(builder), item->parent);
    if (parent == NULL)
        return;
    size_t attach =
        builder_add(builder, FRAGMENT_INDEX_ATTACH, SECTION_POST, &item->object, item->table,
                    "ALTER INDEX %s ATTACH PARTITION %s",
                    builder_name(builder, parent->object.schema, parent->object.name), name);
    builder_needs_fragment(builder, attach, index);
    builder_needs(builder, attach, parent->object.address);
    if (parent->constraint != 0)
        builder_needs(builder, attach, (Address){CATALOG_CONSTRAINT, parent->constraint, 0});
    builder_provides(builder, attach,
                     (Address){CATALOG_CLASS, item->object.address.oid, SUBID_ATTACHED});
}

void index_build_properties(Builder *builder, size_t index, const Index *item)
{
    const Model *model = builder_model(builder);
    Arena *arena = builder_arena(builder);
    const Object *object = &item->object;
    const char *name = builder_name(builder, object->schema, object->name);
    const char *bare = builder_ident(builder, object->name);

    builder_add_comment(builder, index, object, "INDEX", name, object->comment);
    if (object->extension != NULL)
        add_property(builder, index, item,
                     arena_printf(arena, "ALTER INDEX %s DEPENDS ON EXTENSION %s", name,
                                  builder_ident(builder, object->extension)));
    build_statistics(builder, index, item, name);
    if (item->parent != 0)
        build_attach(builder, index, item, name);

    const Object *relation = model_relation(model, item->table);
    if (relation == NULL)
        return;
    const char *table = builder_name(builder, relation->schema, relation->name);
    if (item->clustered)
        add_property(
            builder, index, item,
            arena_printf(arena, "ALTER %s %s CLUSTER ON %s",
                         model_table(model, item->table) == NULL ? "MATERIALIZED VIEW" : "TABLE",
                         table, bare));
    if (item->replica_identity) {
        size_t identity =
            add_property(builder, index, item,
                         arena_printf(arena, "ALTER TABLE ONLY %s REPLICA IDENTITY USING INDEX %s",
                                      table, bare));
        index_needs_partitions(builder, identity, item);
    }
}

static void build(Builder *builder, const void *object)
{
    const Index *item = object;
    if (item->constraint != 0)
        return;
    size_t index = builder_add_text(builder, FRAGMENT_INDEX, SECTION_POST, &item->object,
                                    item->table, item->def);
    builder_fragment(builder, index)->weight = index_weight(builder_model(builder), item);
    builder_needs(builder, index, (Address){CATALOG_CLASS, item->table, 0});
    /* Filling a materialized view first and indexing it then is the cheaper order. */
    if (model_view(builder_model(builder), item->table) != NULL)
        builder_needs(builder, index, (Address){CATALOG_CLASS, item->table, SUBID_REFRESHED});
    index_build_properties(builder, index, item);
}

const Kind index_kind = {
    .name = "index",
    .query = "indexes",
    .fields = fields,
    .field_count = LENGTH(fields),
    .size = sizeof(Index),
    .list_offset = offsetof(Model, indexes),
    .build = build,
};
