#include <stddef.h>
#include <stdlib.h>

#include "schema/column.h"
#include "schema/kind.h"

/* Views and materialized views. A materialized view is made empty and filled when the rows of what
 * it reads are in. */

static const Field fields[] = {
    FIELD(FIELD_CHAR, View, relkind, "relkind"),
    FIELD(FIELD_OID, View, row_type, "row_type"),
    FIELD(FIELD_OID, View, row_type_array, "row_type_array"),
    FIELD(FIELD_TEXT, View, def, "def"),
    FIELD(FIELD_TEXT, View, options, "options"),
    FIELD(FIELD_TEXT, View, check_option, "check_option"),
    FIELD(FIELD_TEXT, View, access_method, "access_method"),
    FIELD(FIELD_TEXT, View, tablespace, "tablespace"),
    FIELD(FIELD_BOOL, View, populated, "populated"),
    FIELD(FIELD_BIGINT, View, total_bytes, "total_bytes"),
};

static void build_view(Builder *builder, const View *view, const char *name)
{
    const Object *object = &view->object;
    AUTO(str_clear) Str options = STR_INIT;
    if (view->options != NULL)
        str_addf(&options, " WITH (%s)", view->options);
    AUTO(str_clear) Str check = STR_INIT;
    if (view->check_option != NULL)
        str_addf(&check, " WITH %s CHECK OPTION", view->check_option);
    size_t index = builder_add(builder, FRAGMENT_VIEW, SECTION_PRE, object, object->address.oid,
                               "CREATE VIEW %s%s AS %s%s", name, str_text(&options), view->def,
                               str_text(&check));
    builder_add_attributes(builder, index, object, "VIEW", "TABLE", name);
    column_build_comments(builder, index, object, view->columns, view->column_count);
    for (size_t i = 0; i < view->column_count; i++)
        column_build_default(builder, object, "VIEW", &view->columns[i]);
}

/* ---- materialized views ---------------------------------------------------------------- */

/* First dependency of an address in the sorted list. */
static size_t first_dependency(const Model *model, Address from)
{
    size_t low = 0;
    size_t high = model->dependencies.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const Address *at = &model->dependencies.items[middle].from;
        if (at->classid < from.classid || (at->classid == from.classid && at->oid < from.oid))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_listed(const Oid *oids, size_t count, Oid oid)
{
    for (size_t i = 0; i < count; i++)
        if (oids[i] == oid)
            return true;
    return false;
}

/* The materialized views that a view reads, through views too, into `found`, which has room for
 * all views of the model. */
static size_t find_inputs(const Model *model, const View *view, Oid *found)
{
    AUTO(mem_free) Oid *seen = mem_alloc((model->views.count + 1) * sizeof(*seen));
    size_t seen_count = 0;
    size_t found_count = 0;
    seen[seen_count++] = view->object.address.oid;
    for (size_t next = 0; next < seen_count; next++) {
        Address from = {CATALOG_CLASS, seen[next], 0};
        for (size_t i = first_dependency(model, from); i < model->dependencies.count; i++) {
            const Dependency *edge = &model->dependencies.items[i];
            if (edge->from.classid != from.classid || edge->from.oid != from.oid)
                break;
            const View *input =
                edge->to.classid == CATALOG_CLASS ? model_view(model, edge->to.oid) : NULL;
            if (input == NULL || is_listed(seen, seen_count, edge->to.oid))
                continue;
            seen[seen_count++] = edge->to.oid;
            if (input->relkind == 'm')
                found[found_count++] = edge->to.oid;
        }
    }
    return found_count;
}

/* Not when it is empty in the source, or reads one that is: that one cannot be read. */
static void build_refresh(Builder *builder, size_t index, const View *view, const char *name)
{
    const Model *model = builder_model(builder);
    if (!view->populated)
        return;
    AUTO(mem_free) Oid *inputs = mem_alloc((model->views.count + 1) * sizeof(*inputs));
    size_t count = find_inputs(model, view, inputs);
    for (size_t i = 0; i < count; i++)
        if (!model_view(model, inputs[i])->populated)
            return;

    size_t refresh = builder_add(builder, FRAGMENT_REFRESH, SECTION_POST, &view->object,
                                 view->object.address.oid, "REFRESH MATERIALIZED VIEW %s", name);
    builder_fragment(builder, refresh)->weight = view->total_bytes;
    builder_needs_fragment(builder, refresh, index);
    Address address = view->object.address;
    address.subid = SUBID_REFRESHED;
    builder_provides(builder, refresh, address);
    for (size_t i = 0; i < count; i++)
        builder_needs(builder, refresh, (Address){CATALOG_CLASS, inputs[i], SUBID_REFRESHED});
}

static void build_matview(Builder *builder, const View *view, const char *name)
{
    const Object *object = &view->object;
    AUTO(str_clear) Str s = STR_INIT;
    if (view->access_method != NULL)
        str_addf(&s, " USING %s", builder_ident(builder, view->access_method));
    if (view->options != NULL)
        str_addf(&s, " WITH (%s)", view->options);
    if (view->tablespace != NULL)
        str_addf(&s, " TABLESPACE %s", builder_ident(builder, view->tablespace));
    size_t index = builder_add(builder, FRAGMENT_MATVIEW, SECTION_PRE, object, object->address.oid,
                               "CREATE MATERIALIZED VIEW %s%s AS %s WITH NO DATA", name,
                               str_text(&s), view->def);
    builder_add_attributes(builder, index, object, "MATERIALIZED VIEW", "TABLE", name);
    column_build_comments(builder, index, object, view->columns, view->column_count);
    for (size_t i = 0; i < view->column_count; i++)
        column_build_property(builder, object, "MATERIALIZED VIEW", &view->columns[i]);
    if (object->extension != NULL) {
        size_t depends =
            builder_add(builder, FRAGMENT_PROPERTY, SECTION_PRE, object, object->address.oid,
                        "ALTER MATERIALIZED VIEW %s DEPENDS ON EXTENSION %s", name,
                        builder_ident(builder, object->extension));
        builder_needs_fragment(builder, depends, index);
    }
    build_refresh(builder, index, view, name);
}

static void build(Builder *builder, const void *item)
{
    const View *view = item;
    const char *name = builder_name(builder, view->object.schema, view->object.name);
    if (view->relkind == 'm')
        build_matview(builder, view, name);
    else
        build_view(builder, view, name);
}

const Kind view_kind = {
    .name = "view",
    .query = "views",
    .fields = fields,
    .field_count = LENGTH(fields),
    .size = sizeof(View),
    .list_offset = offsetof(Model, views),
    .build = build,
};
