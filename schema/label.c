#include <stddef.h>

#include "schema/kind.h"

/*
 * Security labels. Each hangs on the fragment that makes its object or column, and lives where
 * that one does.
 */

typedef struct Label {
    Object object;      /* name: the provider */
    Address target;     /* what is labelled; a column of a composite type is one of the type */
    const char *column; /* NULL for the whole object */
    const char *noun;   /* "TABLE", "FUNCTION", ... */
    const char *arguments;
    const char *label;
} Label;

static const Field fields[] = {
    FIELD(FIELD_OID, Label, target.classid, "target_classid"),
    FIELD(FIELD_OID, Label, target.oid, "target_oid"),
    FIELD(FIELD_INT, Label, target.subid, "column_number"),
    FIELD(FIELD_TEXT, Label, column, "column_name"),
    FIELD(FIELD_TEXT, Label, noun, "noun"),
    FIELD(FIELD_TEXT, Label, arguments, "arguments"),
    FIELD(FIELD_TEXT, Label, label, "label"),
};

/* By address, in whichever list it is; NULL when there is none. */
static const Object *find_object(const Model *model, Address address)
{
    for (size_t i = 0; i < model->list_count; i++) {
        const ObjectList *list = &model->lists[i];
        if (list->count == 0 || model_object(list, 0)->address.classid != address.classid)
            continue;
        size_t low = 0;
        size_t high = list->count;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            const Object *object = model_object(list, middle);
            if (object->address.oid == address.oid)
                return object;
            if (object->address.oid < address.oid)
                low = middle + 1;
            else
                high = middle;
        }
    }
    return NULL;
}

static Place place_of(Oid classid)
{
    switch (classid) {
    case CATALOG_EVENT_TRIGGER:
    case CATALOG_PUBLICATION:
        return PLACE_SWAP;
    case CATALOG_LANGUAGE:
        return PLACE_EARLY;
    default:
        return PLACE_SCHEMA;
    }
}

static void build(Builder *builder, const void *item)
{
    const Label *label = item;
    const Object *target = find_object(builder_model(builder), label->target);
    if (target == NULL)
        return;
    AUTO(str_clear) Str on = STR_INIT;
    str_addf(&on, "%s %s", label->column == NULL ? label->noun : "COLUMN",
             builder_name(builder, target->schema, target->name));
    if (label->column != NULL)
        str_addf(&on, ".%s", builder_ident(builder, label->column));
    if (label->arguments != NULL)
        str_add(&on, label->arguments);
    const char *provider = builder_ident(builder, label->object.name);

    Object object = *target;
    object.address = label->target;
    Oid table = label->target.classid == CATALOG_CLASS ? label->target.oid : 0;
    builder_begin_kind(builder, label_kind.name, place_of(label->target.classid));
    size_t index = builder_add(builder, FRAGMENT_PROPERTY, SECTION_PRE, &object, table,
                               "SECURITY LABEL FOR %s ON %s IS %s", provider, str_text(&on),
                               builder_literal(builder, label->label));
    builder_undo(builder, index, "SECURITY LABEL FOR %s ON %s IS NULL", provider, str_text(&on));
    builder_needs(builder, index, label->target);
}

const Kind label_kind = {
    .name = "security label",
    .query = "labels",
    .fields = fields,
    .field_count = LENGTH(fields),
    .size = sizeof(Label),
    .build = build,
};
