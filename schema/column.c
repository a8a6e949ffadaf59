#include "schema/column.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "schema/loader.h"

static const Field column_fields[] = {
    FIELD(FIELD_INT, Column, number, "number"),
    FIELD(FIELD_TEXT, Column, name, "name"),
    FIELD(FIELD_OID, Column, type_oid, "type_oid"),
    FIELD(FIELD_TEXT, Column, type, "type"),
    FIELD(FIELD_TEXT, Column, collation, "collation"),
    FIELD(FIELD_BOOL, Column, not_null, "not_null"),
    FIELD(FIELD_TEXT, Column, not_null_name, "not_null_name"),
    FIELD(FIELD_BOOL, Column, not_null_no_inherit, "not_null_no_inherit"),
    FIELD(FIELD_BOOL, Column, not_null_local, "not_null_local"),
    FIELD(FIELD_BOOL, Column, not_null_valid, "not_null_valid"),
    FIELD(FIELD_TEXT, Column, default_expr, "default_expr"),
    FIELD(FIELD_OID, Column, default_oid, "default_oid"),
    FIELD(FIELD_CHAR, Column, generated, "generated"),
    FIELD(FIELD_CHAR, Column, identity, "identity"),
    FIELD(FIELD_BOOL, Column, local, "local"),
    FIELD(FIELD_INT, Column, inherited, "inherited"),
    FIELD(FIELD_CHAR, Column, storage, "storage"),
    FIELD(FIELD_CHAR, Column, compression, "compression"),
    FIELD(FIELD_INT, Column, statistics, "statistics"),
    FIELD(FIELD_TEXT, Column, options, "options"),
    FIELD(FIELD_TEXT, Column, foreign_options, "foreign_options"),
    FIELD(FIELD_TEXT, Column, comment, "comment"),
};

/* Gives a relation its columns: a table, a view or a composite type. */
static void assign(Model *model, Oid relation, const Column *columns, size_t count)
{
    Object *object = loader_object(model, CATALOG_CLASS, relation);
    if (object != NULL && model_table(model, relation) != NULL) {
        Table *table = (Table *)(void *)object;
        table->columns = columns;
        table->column_count = count;
        return;
    }
    if (object != NULL && model_view(model, relation) != NULL) {
        View *view = (View *)(void *)object;
        view->columns = columns;
        view->column_count = count;
        return;
    }
    for (size_t i = 0; i < model->types.count; i++) {
        if (model->types.items[i].relation_oid == relation) {
            model->types.items[i].columns = columns;
            model->types.items[i].column_count = count;
            return;
        }
    }
}

bool columns_read(Conn *conn, const CatalogScope *scope, Arena *arena, ReadColumns *columns,
                  Error *err)
{
    AUTO(result_free) PGresult *result = NULL;
    void *items;
    if (!loader_query(conn, scope, "columns", &result, err) ||
        !loader_fill(result, column_fields, LENGTH(column_fields), sizeof(Column), arena, &items,
                     &columns->count, err))
        return false;
    columns->items = items;
    columns->relations = mem_alloc((columns->count + 1) * sizeof(*columns->relations));
    int relation = PQfnumber(result, "relation");
    for (size_t i = 0; i < columns->count; i++)
        columns->relations[i] = (Oid)strtoul(PQgetvalue(result, (int)i, relation), NULL, 10);
    return true;
}

void columns_assign(Model *model, const ReadColumns *columns)
{
    size_t first = 0;
    while (first < columns->count) {
        Oid relation = columns->relations[first];
        size_t end = first + 1;
        while (end < columns->count && columns->relations[end] == relation)
            end++;
        assign(model, relation, columns->items + first, end - first);
        first = end;
    }
}

const Column *column_numbered(const Column *columns, size_t count, int number)
{
    for (size_t i = 0; i < count; i++)
        if (columns[i].number == number)
            return &columns[i];
    return NULL;
}

const Column *column_named(const Column *columns, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(columns[i].name, name) == 0)
            return &columns[i];
    return NULL;
}

void column_add_type(Builder *builder, Str *s, const Column *column)
{
    str_addf(s, "%s %s", builder_ident(builder, column->name), column->type);
    if (column->foreign_options != NULL)
        str_addf(s, " OPTIONS (%s)", column->foreign_options);
    if (column->collation != NULL)
        str_addf(s, " COLLATE %s", column->collation);
}

Object column_object(Builder *builder, const Object *relation, const Column *column)
{
    return (Object){
        .address = {relation->address.classid, relation->address.oid, column->number},
        .schema = relation->schema,
        .name = arena_printf(builder_arena(builder), "%s.%s", relation->name, column->name),
    };
}

size_t column_build_default(Builder *builder, const Object *relation, const char *alter,
                            const Column *column)
{
    if (column->default_expr == NULL || column->generated != '\0')
        return BUILDER_NONE;
    Object object = column_object(builder, relation, column);
    Address address = object.address;
    object.address = (Address){CATALOG_ATTRDEF, column->default_oid, 0};
    size_t index = builder_add(builder, FRAGMENT_DEFAULT, SECTION_PRE, &object,
                               relation->address.oid, "ALTER %s %s ALTER COLUMN %s SET DEFAULT %s",
                               alter, builder_name(builder, relation->schema, relation->name),
                               builder_ident(builder, column->name), column->default_expr);
    builder_needs(builder, index, address);
    return index;
}

static const char *storage_name(char storage)
{
    switch (storage) {
    case 'p':
        return "PLAIN";
    case 'e':
        return "EXTERNAL";
    case 'm':
        return "MAIN";
    default:
        return "EXTENDED";
    }
}

size_t column_build_property(Builder *builder, const Object *relation, const char *alter,
                             const Column *column)
{
    AUTO(str_clear) Str s = STR_INIT;
    const char *name = builder_ident(builder, column->name);
    if (column->storage != '\0')
        str_addf(&s, "ALTER COLUMN %s SET STORAGE %s", name, storage_name(column->storage));
    if (column->compression != '\0' && builder_target(builder) >= 140000) {
        str_separate(&s, ", ");
        str_addf(&s, "ALTER COLUMN %s SET COMPRESSION %s", name,
                 column->compression == 'l' ? "lz4" : "pglz");
    }
    if (column->statistics >= 0) {
        str_separate(&s, ", ");
        str_addf(&s, "ALTER COLUMN %s SET STATISTICS %d", name, column->statistics);
    }
    if (column->options != NULL) {
        str_separate(&s, ", ");
        str_addf(&s, "ALTER COLUMN %s SET (%s)", name, column->options);
    }
    if (s.len == 0)
        return BUILDER_NONE;
    Object object = column_object(builder, relation, column);
    size_t index = builder_add(
        builder, FRAGMENT_PROPERTY, SECTION_PRE, &object, relation->address.oid, "ALTER %s %s %s",
        alter, builder_name(builder, relation->schema, relation->name), str_text(&s));
    builder_needs(builder, index, object.address);
    return index;
}

void column_build_comments(Builder *builder, size_t index, const Object *relation,
                           const Column *columns, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (columns[i].comment == NULL)
            continue;
        Object object = column_object(builder, relation, &columns[i]);
        const char *identity = arena_printf(builder_arena(builder), "%s.%s",
                                            builder_name(builder, relation->schema, relation->name),
                                            builder_ident(builder, columns[i].name));
        builder_add_comment(builder, index, &object, "COLUMN", identity, columns[i].comment);
    }
}

/* What a sequence is besides its name and type. */
static char *sequence_options(const Sequence *sequence)
{
    return mem_printf("START WITH %" PRId64 " INCREMENT BY %" PRId64 " MINVALUE %" PRId64
                      " MAXVALUE %" PRId64 " CACHE %" PRId64 " %sCYCLE",
                      sequence->start, sequence->increment, sequence->min, sequence->max,
                      sequence->cache, sequence->cycle ? "" : "NO ");
}

static size_t add_identity(Builder *builder, const Sequence *sequence, const Table *table,
                           const Column *column)
{
    const Object *object = &sequence->object;
    const char *name = builder_name(builder, object->schema, object->name);
    AUTO(mem_free) char *options = sequence_options(sequence);
    /* It has the column's type at first; one that came with LIKE is a bigint's whatever that is. */
    bool other_type = strcmp(sequence->type, column->type) != 0;
    /* 17 and later insist on recursing into partitions, the others have nothing to recurse into. */
    size_t index = builder_add(
        builder, FRAGMENT_IDENTITY, SECTION_PRE, object, table->object.address.oid,
        "ALTER TABLE %s%s ALTER COLUMN %s ADD GENERATED %s AS IDENTITY (SEQUENCE NAME %s%s%s)",
        table->relkind == 'p' ? "" : "ONLY ",
        builder_name(builder, table->object.schema, table->object.name),
        builder_ident(builder, column->name), column->identity == 'a' ? "ALWAYS" : "BY DEFAULT",
        name, other_type ? "" : " ", other_type ? "" : options);
    builder_needs(builder, index, sequence->owned_by);
    if (other_type) {
        size_t type =
            builder_add(builder, FRAGMENT_PROPERTY, SECTION_PRE, object, table->object.address.oid,
                        "ALTER SEQUENCE %s AS %s %s RESTART WITH %" PRId64, name, sequence->type,
                        options, sequence->start);
        builder_needs_fragment(builder, type, index);
    }
    return index;
}

void column_build_identity(Builder *builder, const Sequence *sequence)
{
    const Model *model = builder_model(builder);
    const Table *table = model_table(model, sequence->owned_by.oid);
    if (table == NULL)
        return;
    const Column *column =
        column_numbered(table->columns, table->column_count, sequence->owned_by.subid);
    if (column == NULL)
        return;

    const Object *object = &sequence->object;
    const char *name = builder_name(builder, object->schema, object->name);
    size_t index = add_identity(builder, sequence, table, column);
    /* Before 15 a sequence was permanent whatever its table was, and could not be anything else. */
    if (sequence->persistence != table->persistence && model->server_version >= 150000) {
        size_t property = builder_add(builder, FRAGMENT_PROPERTY, SECTION_PRE, object,
                                      table->object.address.oid, "ALTER SEQUENCE %s SET %s", name,
                                      sequence->persistence == 'u' ? "UNLOGGED" : "LOGGED");
        builder_needs_fragment(builder, property, index);
    }
    /* It has its table's owner and cannot be given another. The privileges may be relative to that,
     * so they come when the table's owner is settled: the sequence exists no earlier. */
    Object ownerless = *object;
    ownerless.owner = NULL;
    builder_add_attributes(builder, index, &ownerless, "SEQUENCE", "SEQUENCE", name);
}
