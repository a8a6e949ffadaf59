#include <stddef.h>

#include "schema/kind.h"

/*
 * Publications, and each table and schema in them, which can be taken out by itself. What they may
 * hold depends on their parameters (from 15 on a row filter on a partitioned table asks for
 * publish_via_partition_root), so these are set before anything is added.
 */

typedef struct Publication {
    Object object;
    bool all_tables;
    const char *publish; /* "insert, update" */
    bool via_root;
    char generated_columns; /* pubgencols: n, s */
} Publication;

typedef struct PublicationTable {
    Object object; /* name: the publication's */
    Oid publication;
    Oid table;
    const char *table_schema, *table_name;
    bool of_extension;
    const char *const *columns; /* no columns: all */
    size_t column_count;
    const char *filter;
} PublicationTable;

typedef struct PublicationSchema {
    Object object; /* name: the publication's */
    Oid publication;
    Oid schema;
} PublicationSchema;

static const Field fields[] = {
    FIELD(FIELD_BOOL, Publication, all_tables, "all_tables"),
    FIELD(FIELD_TEXT, Publication, publish, "publish"),
    FIELD(FIELD_BOOL, Publication, via_root, "via_root"),
    FIELD(FIELD_CHAR, Publication, generated_columns, "generated_columns"),
};

static const Field table_fields[] = {
    FIELD(FIELD_OID, PublicationTable, publication, "publication"),
    FIELD(FIELD_OID, PublicationTable, table, "table"),
    FIELD(FIELD_TEXT, PublicationTable, table_schema, "table_schema"),
    FIELD(FIELD_TEXT, PublicationTable, table_name, "table_name"),
    FIELD(FIELD_BOOL, PublicationTable, of_extension, "of_extension"),
    FIELD_LIST(FIELD_TEXTS, PublicationTable, columns, column_count, "columns"),
    FIELD(FIELD_TEXT, PublicationTable, filter, "filter"),
};

static const Field schema_fields[] = {
    FIELD(FIELD_OID, PublicationSchema, publication, "publication"),
    FIELD(FIELD_OID, PublicationSchema, schema, "namespace"),
};

/* ---- the publication ------------------------------------------------------------------- */

/* The parameters that the target knows, all of them: a default must replace another value too. */
static const char *parameters(Builder *builder, const char *publish, bool via_root, char generated)
{
    AUTO(str_clear) Str s = STR_INIT;
    str_addf(&s, "publish = %s", builder_literal(builder, publish));
    if (builder_target(builder) >= 130000)
        str_addf(&s, ", publish_via_partition_root = %s", via_root ? "true" : "false");
    if (builder_target(builder) >= 180000)
        str_addf(&s, ", publish_generated_columns = %s", generated == 's' ? "stored" : "none");
    return arena_strdup(builder_arena(builder), str_text(&s));
}

static void build(Builder *builder, const void *item)
{
    const Publication *publication = item;
    const Object *object = &publication->object;
    const char *name = builder_ident(builder, object->name);
    size_t index =
        builder_add(builder, FRAGMENT_OBJECT, SECTION_PRE, object, 0, "CREATE PUBLICATION %s%s",
                    name, publication->all_tables ? " FOR ALL TABLES" : "");
    builder_undo(builder, index, "DROP PUBLICATION %s", name);
    size_t set = builder_add(builder, FRAGMENT_PROPERTY, SECTION_PRE, object, 0,
                             "ALTER PUBLICATION %s SET (%s)", name,
                             parameters(builder, publication->publish, publication->via_root,
                                        publication->generated_columns));
    builder_undo(builder, set, "ALTER PUBLICATION %s SET (%s)", name,
                 parameters(builder, "insert, update, delete, truncate", false, 'n'));
    builder_needs_fragment(builder, set, index);
    builder_provides(builder, set,
                     (Address){CATALOG_PUBLICATION, object->address.oid, SUBID_PARAMETERS});
    builder_add_attributes(builder, index, object, "PUBLICATION", NULL, name);
}

const Kind publication_kind = {
    .name = "publication",
    .place = PLACE_SWAP,
    .query = "publications",
    .fields = fields,
    .field_count = LENGTH(fields),
    .size = sizeof(Publication),
    .build = build,
};

/* ---- what is in it --------------------------------------------------------------------- */

static size_t add_member(Builder *builder, const Object *object, Oid publication, const char *what,
                         const char *words, const char *more)
{
    const char *name = builder_ident(builder, object->name);
    Object member = *object;
    member.name = arena_printf(builder_arena(builder), "%s in %s", what, object->name);
    size_t index = builder_add(builder, FRAGMENT_MEMBER, SECTION_PRE, &member, 0,
                               "ALTER PUBLICATION %s ADD %s%s", name, words, more);
    builder_undo(builder, index, "ALTER PUBLICATION %s DROP %s", name, words);
    builder_needs(builder, index, (Address){CATALOG_PUBLICATION, publication, 0});
    builder_needs(builder, index, (Address){CATALOG_PUBLICATION, publication, SUBID_PARAMETERS});
    return index;
}

static void build_table(Builder *builder, const void *item)
{
    const PublicationTable *member = item;
    const Table *table = model_table(builder_model(builder), member->table);
    if (table == NULL && !member->of_extension)
        return;
    const char *schema = table == NULL ? member->table_schema : table->object.schema;
    const char *name = table == NULL ? member->table_name : table->object.name;
    AUTO(str_clear) Str more = STR_INIT;
    for (size_t i = 0; i < member->column_count; i++)
        str_addf(&more, "%s%s", i == 0 ? " (" : ", ", builder_ident(builder, member->columns[i]));
    if (member->column_count > 0)
        str_add(&more, ")");
    if (member->filter != NULL)
        str_addf(&more, " WHERE (%s)", member->filter);
    /* ONLY, as tables that inherit from it are members of their own. */
    const char *words =
        arena_printf(builder_arena(builder), "TABLE ONLY %s", builder_name(builder, schema, name));
    const char *what = arena_printf(builder_arena(builder), "%s.%s", schema, name);
    size_t index =
        add_member(builder, &member->object, member->publication, what, words, str_text(&more));
    builder_needs(builder, index, (Address){CATALOG_CLASS, member->table, 0});
}

const Kind publication_table_kind = {
    .name = "publication table",
    .place = PLACE_SWAP,
    .query = "publication_tables",
    .fields = table_fields,
    .field_count = LENGTH(table_fields),
    .size = sizeof(PublicationTable),
    .build = build_table,
};

static void build_schema(Builder *builder, const void *item)
{
    const PublicationSchema *member = item;
    const Model *model = builder_model(builder);
    for (size_t i = 0; i < model->schemas.count; i++) {
        const Object *schema = &model->schemas.items[i].object;
        if (schema->address.oid != member->schema)
            continue;
        const char *words = arena_printf(builder_arena(builder), "TABLES IN SCHEMA %s",
                                         builder_ident(builder, schema->name));
        size_t index =
            add_member(builder, &member->object, member->publication, schema->name, words, "");
        builder_needs(builder, index, schema->address);
    }
}

const Kind publication_schema_kind = {
    .name = "publication schema",
    .place = PLACE_SWAP,
    .query = "publication_schemas",
    .fields = schema_fields,
    .field_count = LENGTH(schema_fields),
    .size = sizeof(PublicationSchema),
    .build = build_schema,
};
