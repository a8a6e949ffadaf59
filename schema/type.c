#include <stddef.h>
#include <string.h>

#include "schema/column.h"
#include "schema/kind.h"

/*
 * Enums, domains, composite types, ranges, base types and shells. A domain's checks are constraints
 * (constraint.c); its default is a fragment of its own because it may call a function that takes
 * the domain.
 */

static const Field fields[] = {
    FIELD(FIELD_CHAR, Type, typtype, "typtype"),
    FIELD(FIELD_OID, Type, array_oid, "array_oid"),
    FIELD(FIELD_OID, Type, relation_oid, "relation_oid"),
    FIELD_LIST(FIELD_TEXTS, Type, labels, label_count, "labels"),
    FIELD(FIELD_TEXT, Type, base_type, "base_type"),
    FIELD(FIELD_TEXT, Type, collation, "collation"),
    FIELD(FIELD_TEXT, Type, default_expr, "default_expr"),
    FIELD(FIELD_BOOL, Type, not_null, "not_null"),
    FIELD(FIELD_TEXT, Type, not_null_name, "not_null_name"),
    FIELD(FIELD_TEXT, Type, subtype, "subtype"),
    FIELD(FIELD_TEXT, Type, subtype_opclass, "subtype_opclass"),
    FIELD(FIELD_TEXT, Type, canonical, "canonical"),
    FIELD(FIELD_TEXT, Type, subtype_diff, "subtype_diff"),
    FIELD(FIELD_TEXT, Type, multirange_name, "multirange_name"),
    FIELD(FIELD_TEXT, Type, multirange_schema, "multirange_schema"),
    FIELD(FIELD_OID, Type, multirange_oid, "multirange_oid"),
    FIELD(FIELD_OID, Type, multirange_array_oid, "multirange_array_oid"),
    FIELD(FIELD_TEXT, Type, base_options, "base_options"),
};

static size_t build_enum(Builder *builder, const Type *type, const char *name)
{
    AUTO(str_clear) Str labels = STR_INIT;
    for (size_t i = 0; i < type->label_count; i++) {
        str_separate(&labels, ", ");
        str_add(&labels, builder_literal(builder, type->labels[i]));
    }
    return builder_add(builder, FRAGMENT_TYPE, SECTION_PRE, &type->object, 0,
                       "CREATE TYPE %s AS ENUM (%s)", name, str_text(&labels));
}

static size_t build_domain(Builder *builder, const Type *type, const char *name)
{
    AUTO(str_clear) Str rest = STR_INIT;
    if (type->collation != NULL)
        str_addf(&rest, " COLLATE %s", type->collation);
    if (type->not_null && type->not_null_name != NULL)
        str_addf(&rest, " CONSTRAINT %s", builder_ident(builder, type->not_null_name));
    if (type->not_null)
        str_add(&rest, " NOT NULL");
    size_t index = builder_add(builder, FRAGMENT_TYPE, SECTION_PRE, &type->object, 0,
                               "CREATE DOMAIN %s AS %s%s", name, type->base_type, str_text(&rest));
    if (type->default_expr != NULL) {
        size_t late = builder_add(builder, FRAGMENT_DEFAULT, SECTION_PRE, &type->object, 0,
                                  "ALTER DOMAIN %s SET DEFAULT %s", name, type->default_expr);
        builder_needs_fragment(builder, late, index);
        builder_late(builder, index, late);
    }
    return index;
}

static size_t build_composite(Builder *builder, const Type *type, const char *name)
{
    AUTO(str_clear) Str attributes = STR_INIT;
    for (size_t i = 0; i < type->column_count; i++) {
        str_separate(&attributes, ", ");
        column_add_type(builder, &attributes, &type->columns[i]);
    }
    size_t index = builder_add(builder, FRAGMENT_TYPE, SECTION_PRE, &type->object, 0,
                               "CREATE TYPE %s AS (%s)", name, str_text(&attributes));
    /* What its columns need hangs on its row in pg_class, and so do their comments. */
    Object relation = type->object;
    relation.address = (Address){CATALOG_CLASS, type->relation_oid, 0};
    builder_provides(builder, index, relation.address);
    column_build_comments(builder, index, &relation, type->columns, type->column_count);
    return index;
}

/* The name that a server from 14 on makes when none is given: "range" becomes "multirange", or
 * "_multirange" goes behind. */
static bool is_generated_multirange(Builder *builder, const Type *type)
{
    const char *name = type->object.name;
    const char *at = strstr(name, "range");
    const char *made =
        at != NULL ? arena_printf(builder_arena(builder), "%.*smulti%s", (int)(at - name), name, at)
                   : arena_printf(builder_arena(builder), "%s_multirange", name);
    return strcmp(made, type->multirange_name) == 0 && type->multirange_schema != NULL &&
           strcmp(type->multirange_schema, type->object.schema) == 0;
}

static size_t build_range(Builder *builder, const Type *type, const char *name)
{
    AUTO(str_clear) Str rest = STR_INIT;
    size_t shell = BUILDER_NONE;
    if (type->subtype_opclass != NULL)
        str_addf(&rest, ", SUBTYPE_OPCLASS = %s", type->subtype_opclass);
    if (type->collation != NULL)
        str_addf(&rest, ", COLLATION = %s", type->collation);
    if (type->canonical != NULL) {
        str_addf(&rest, ", CANONICAL = %s", type->canonical);
        shell = builder_add(builder, FRAGMENT_TYPE, SECTION_PRE, &type->object, 0, "CREATE TYPE %s",
                            name);
    }
    if (type->subtype_diff != NULL)
        str_addf(&rest, ", SUBTYPE_DIFF = %s", type->subtype_diff);
    /* Left out where the server would make the same name; before 14 there are none. */
    if (builder_target(builder) >= 140000 && type->multirange_name != NULL &&
        !is_generated_multirange(builder, type))
        str_addf(&rest, ", MULTIRANGE_TYPE_NAME = %s",
                 builder_name(builder, type->multirange_schema, type->multirange_name));
    size_t index = builder_add(builder, FRAGMENT_TYPE, SECTION_PRE, &type->object, 0,
                               "CREATE TYPE %s AS RANGE (SUBTYPE = %s%s)", name, type->subtype,
                               str_text(&rest));
    if (shell != BUILDER_NONE) {
        builder_provides(builder, index, type->object.address);
        builder_needs_fragment(builder, index, shell);
        builder_early(builder, index, shell);
    }
    if (type->multirange_oid != 0)
        builder_provides(builder, index, (Address){CATALOG_TYPE, type->multirange_oid, 0});
    if (type->multirange_array_oid != 0)
        builder_provides(builder, index, (Address){CATALOG_TYPE, type->multirange_array_oid, 0});
    return index;
}

/* Its functions take or give the type, and it needs them: a shell comes first. */
static size_t build_base(Builder *builder, const Type *type, const char *name)
{
    size_t shell =
        builder_add(builder, FRAGMENT_TYPE, SECTION_PRE, &type->object, 0, "CREATE TYPE %s", name);
    size_t index = builder_add(builder, FRAGMENT_TYPE, SECTION_PRE, &type->object, 0,
                               "CREATE TYPE %s (%s)", name, type->base_options);
    builder_provides(builder, index, type->object.address);
    builder_needs_fragment(builder, index, shell);
    builder_early(builder, index, shell);
    return index;
}

static void build(Builder *builder, const void *item)
{
    const Type *type = item;
    const Object *object = &type->object;
    const char *name = builder_name(builder, object->schema, object->name);
    size_t index;
    switch (type->typtype) {
    case 'p':
        /* It can have neither owner nor comment, and cannot be moved to another schema. */
        index = builder_add(builder, FRAGMENT_TYPE, SECTION_PRE, object, 0, "CREATE TYPE %s", name);
        builder_fragment(builder, index)->place = PLACE_SWAP;
        builder_undo(builder, index, "DROP TYPE IF EXISTS %s", name);
        return;
    case 'b':
        index = build_base(builder, type, name);
        break;
    case 'e':
        index = build_enum(builder, type, name);
        break;
    case 'd':
        index = build_domain(builder, type, name);
        break;
    case 'c':
        index = build_composite(builder, type, name);
        break;
    default:
        index = build_range(builder, type, name);
    }
    const char *noun = type->typtype == 'd' ? "DOMAIN" : "TYPE";
    builder_add_attributes(builder, index, object, noun, "TYPE", name);
}

const Kind type_kind = {
    .name = "type",
    .query = "types",
    .fields = fields,
    .field_count = LENGTH(fields),
    .size = sizeof(Type),
    .list_offset = offsetof(Model, types),
    .build = build,
};
