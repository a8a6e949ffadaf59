#include <stddef.h>
#include <string.h>

#include "schema/index.h"
#include "schema/indexdef.h"
#include "schema/kind.h"

/*
 * Checks of tables and domains, primary keys, unique and exclusion constraints with their indexes,
 * foreign keys.
 */

static const Field fields[] = {
    FIELD(FIELD_CHAR, Constraint, contype, "contype"),
    FIELD(FIELD_OID, Constraint, table, "table"),
    FIELD(FIELD_OID, Constraint, domain, "domain"),
    FIELD(FIELD_OID, Constraint, index, "index"),
    FIELD(FIELD_OID, Constraint, referenced_table, "referenced_table"),
    FIELD(FIELD_OID, Constraint, parent, "parent"),
    FIELD(FIELD_TEXT, Constraint, def, "def"),
    FIELD(FIELD_BOOL, Constraint, local, "local"),
    FIELD(FIELD_BOOL, Constraint, validated, "validated"),
    FIELD(FIELD_BOOL, Constraint, no_inherit, "no_inherit"),
    FIELD(FIELD_BOOL, Constraint, deferrable, "deferrable"),
    FIELD(FIELD_BOOL, Constraint, deferred, "deferred"),
};

static void build_comment(Builder *builder, size_t index, const Constraint *item, const char *noun,
                          const char *owner)
{
    const char *identity = arena_printf(builder_arena(builder), "%s ON %s%s",
                                        builder_ident(builder, item->object.name), noun, owner);
    builder_add_comment(builder, index, &item->object, "CONSTRAINT", identity,
                        item->object.comment);
}

/* ---- checks ---------------------------------------------------------------------------- */

static void build_domain_check(Builder *builder, const Constraint *item)
{
    const Type *domain = model_type(builder_model(builder), item->domain);
    if (domain == NULL)
        return;
    const char *name = builder_name(builder, domain->object.schema, domain->object.name);
    size_t index =
        builder_add(builder, FRAGMENT_CHECK, item->validated ? SECTION_PRE : SECTION_POST,
                    &item->object, 0, "ALTER DOMAIN %s ADD CONSTRAINT %s %s", name,
                    builder_ident(builder, item->object.name), item->def);
    builder_needs(builder, index, domain->object.address);
    build_comment(builder, index, item, "DOMAIN ", name);
}

/* What DETACH PARTITION CONCURRENTLY may have left: it holds the OID of the former parent. */
static bool is_leftover_bound(const Constraint *item)
{
    static const char start[] = "CHECK (satisfies_hash_partition(";
    return strncmp(item->def, start, sizeof(start) - 1) == 0;
}

/*
 * Whether a check gets a statement of its own. An inherited one comes with the parent's; but a
 * partition is made by itself, and ATTACH wants it to have its parent's checks already. One that is
 * not validated is added when partitions are attached, and then reaches them from the parent.
 */
static bool is_check_stated(const Constraint *item, const Table *table)
{
    if (item->local)
        return !is_leftover_bound(item);
    return table->is_partition && item->validated;
}

/* The check with a statement that this inherited one came from, however far up; NULL for none. */
static const Constraint *find_origin(const Model *model, const Constraint *item, const Table *table)
{
    for (size_t i = 0; i < table->parent_count; i++) {
        const Table *parent = model_table(model, table->parents[i]);
        for (size_t k = 0; k < model->constraints.count && parent != NULL; k++) {
            const Constraint *above = &model->constraints.items[k];
            if (above->table != table->parents[i] || above->contype != 'c' ||
                strcmp(above->object.name, item->object.name) != 0)
                continue;
            const Constraint *origin =
                is_check_stated(above, parent) ? above : find_origin(model, above, parent);
            if (origin != NULL)
                return origin;
        }
    }
    return NULL;
}

/* A check that came with a parent's has a comment of its own. And where the parent's is not
 * validated but this one is, because the table was made later, that has to be said. */
static void build_inherited_check(Builder *builder, const Constraint *item, const Table *table,
                                  const char *name)
{
    const Constraint *origin = find_origin(builder_model(builder), item, table);
    if (origin == NULL)
        return;
    const char *bare = builder_ident(builder, item->object.name);
    if (item->validated && !origin->validated) {
        size_t index =
            builder_add(builder, FRAGMENT_PROPERTY, SECTION_POST, &item->object, item->table,
                        "ALTER TABLE %s VALIDATE CONSTRAINT %s", name, bare);
        builder_fragment(builder, index)->weight = table->total_bytes;
        builder_needs(builder, index, table->object.address);
        builder_needs(builder, index, origin->object.address);
    }
    if (item->object.comment != NULL) {
        size_t comment = builder_add(builder, FRAGMENT_COMMENT, SECTION_PRE, &item->object,
                                     item->table, "COMMENT ON CONSTRAINT %s ON %s IS %s", bare,
                                     name, builder_literal(builder, item->object.comment));
        builder_needs(builder, comment, table->object.address);
        builder_needs(builder, comment, origin->object.address);
    }
}

static void build_check(Builder *builder, const Constraint *item, const Table *table)
{
    const char *name = builder_name(builder, table->object.schema, table->object.name);
    if (!is_check_stated(item, table)) {
        build_inherited_check(builder, item, table, name);
        return;
    }
    /* Without ONLY: children that exist already get it too, as the server insists. */
    size_t index =
        builder_add(builder, FRAGMENT_CHECK, item->validated ? SECTION_PRE : SECTION_POST,
                    &item->object, item->table, "ALTER TABLE %s ADD CONSTRAINT %s %s", name,
                    builder_ident(builder, item->object.name), item->def);
    if (!item->validated)
        builder_fragment(builder, index)->weight = 0;
    builder_needs(builder, index, table->object.address);
    build_comment(builder, index, item, "", name);
}

/* ---- constraints that are indexes ------------------------------------------------------ */

/* True when the index can be built first and made a constraint then: a short lock at the end. */
static bool is_built_as_index(const Constraint *item, const Index *index)
{
    return item->contype != 'x' && index->relkind == 'i' && !index->without_overlaps;
}

static size_t build_with_index(Builder *builder, const Constraint *item, const Index *index,
                               const char *table)
{
    size_t made = builder_add_text(builder, FRAGMENT_INDEX, SECTION_POST, &index->object,
                                   item->table, index->def);
    builder_needs(builder, made, (Address){CATALOG_CLASS, item->table, 0});
    const char *name = builder_ident(builder, item->object.name);
    size_t added =
        builder_add(builder, FRAGMENT_CONSTRAINT, SECTION_POST, &item->object, item->table,
                    "ALTER TABLE ONLY %s ADD CONSTRAINT %s %s USING INDEX %s%s", table, name,
                    item->contype == 'p' ? "PRIMARY KEY" : "UNIQUE",
                    builder_ident(builder, index->object.name), indexdef_deferral(item));
    builder_fragment(builder, added)->weight = 0;
    builder_needs_fragment(builder, added, made);
    return added;
}

/* The bytes of a table, with its partitions'. */
static int64_t tree_bytes(const Model *model, const Table *table)
{
    int64_t bytes = table->total_bytes;
    for (size_t i = 0; i < model->tables.count && table->relkind == 'p'; i++) {
        const Table *child = &model->tables.items[i];
        if (child->is_partition && child->parents[0] == table->object.address.oid)
            bytes += tree_bytes(model, child);
    }
    return bytes;
}

static size_t build_whole(Builder *builder, const Constraint *item, const Index *index,
                          const char *table)
{
    AUTO(str_clear) Str s = STR_INIT;
    if (item->contype == 'x')
        str_add(&s, item->def);
    else
        indexdef_add_key(&s, builder_conn(builder), item, index);
    bool recurses = item->contype == 'x' && index->relkind == 'I';
    size_t added =
        builder_add(builder, FRAGMENT_CONSTRAINT, SECTION_POST, &item->object, item->table,
                    "ALTER TABLE %s%s ADD CONSTRAINT %s %s", recurses ? "" : "ONLY ", table,
                    builder_ident(builder, item->object.name), str_text(&s));
    if (recurses)
        builder_fragment(builder, added)->weight =
            tree_bytes(builder_model(builder), model_table(builder_model(builder), item->table));
    builder_provides(builder, added, index->object.address);
    builder_needs(builder, added, (Address){CATALOG_CLASS, item->table, 0});
    /* The definition of an exclusion constraint has no place for it that could be found safely. */
    if (item->contype == 'x' && index->tablespace != NULL) {
        size_t moved = builder_add(builder, FRAGMENT_PROPERTY, SECTION_POST, &index->object,
                                   item->table, "ALTER INDEX %s SET TABLESPACE %s",
                                   builder_name(builder, index->object.schema, index->object.name),
                                   builder_ident(builder, index->tablespace));
        builder_needs_fragment(builder, moved, added);
    }
    return added;
}

static void build_key(Builder *builder, const Constraint *item, const Table *table)
{
    const Index *index = model_index(builder_model(builder), item->index);
    if (index == NULL)
        return;
    /* An index of an exclusion constraint cannot be attached to a partitioned one (17): the whole
     * tree is made from the top, and the server names the parts. */
    if (item->contype == 'x' && index->parent != 0)
        return;
    const char *name = builder_name(builder, table->object.schema, table->object.name);
    size_t added = is_built_as_index(item, index) ? build_with_index(builder, item, index, name)
                                                  : build_whole(builder, item, index, name);
    build_comment(builder, added, item, "", name);
    index_build_properties(builder, added, index);
}

/* ---- foreign keys ---------------------------------------------------------------------- */

static void build_foreign_key(Builder *builder, const Constraint *item, const Table *table)
{
    if (item->parent != 0)
        return; /* made with the partitioned table's */
    const char *name = builder_name(builder, table->object.schema, table->object.name);
    size_t added =
        builder_add(builder, FRAGMENT_FOREIGN_KEY, SECTION_POST, &item->object, item->table,
                    "ALTER TABLE %s%s ADD CONSTRAINT %s %s", table->relkind == 'p' ? "" : "ONLY ",
                    name, builder_ident(builder, item->object.name), item->def);
    builder_fragment(builder, added)->weight =
        item->validated ? tree_bytes(builder_model(builder), table) : 0;
    builder_needs(builder, added, (Address){CATALOG_CLASS, item->table, 0});
    builder_needs(builder, added, (Address){CATALOG_CLASS, item->referenced_table, 0});
    builder_needs(builder, added, (Address){CATALOG_CLASS, item->index, 0});
    const Index *index = model_index(builder_model(builder), item->index);
    if (index != NULL) {
        if (index->constraint != 0)
            builder_needs(builder, added, (Address){CATALOG_CONSTRAINT, index->constraint, 0});
        index_needs_partitions(builder, added, index);
    }
    build_comment(builder, added, item, "", name);
}

static void build(Builder *builder, const void *object)
{
    const Constraint *item = object;
    if (item->domain != 0) {
        build_domain_check(builder, item);
        return;
    }
    const Table *table = model_table(builder_model(builder), item->table);
    if (table == NULL)
        return;
    if (item->contype == 'c')
        build_check(builder, item, table);
    else if (item->contype == 'f')
        build_foreign_key(builder, item, table);
    else
        build_key(builder, item, table);
}

const Kind constraint_kind = {
    .name = "constraint",
    .query = "constraints",
    .fields = fields,
    .field_count = LENGTH(fields),
    .size = sizeof(Constraint),
    .list_offset = offsetof(Model, constraints),
    .build = build,
};
