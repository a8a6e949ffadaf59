#include <stddef.h>

#include "schema/kind.h"

/*
 * Operator classes with the members that belong to them; the family is always named, as it is made
 * by itself (operator_family.c).
 */

typedef struct OperatorClass {
    Object object;
    const char *method; /* access method */
    bool is_default;
    const char *type;
    const char *family;
    const char *storage;                   /* NULL when the type's own */
    const char *members;                   /* ready to paste; NULL for none */
    const Oid *loose_classes, *loose_oids; /* the family's members that are in no class */
    size_t class_count, loose_count;
} OperatorClass;

static const Field fields[] = {
    FIELD(FIELD_TEXT, OperatorClass, method, "method"),
    FIELD(FIELD_BOOL, OperatorClass, is_default, "is_default"),
    FIELD(FIELD_TEXT, OperatorClass, type, "type"),
    FIELD(FIELD_TEXT, OperatorClass, family, "family"),
    FIELD(FIELD_TEXT, OperatorClass, storage, "storage"),
    FIELD(FIELD_TEXT, OperatorClass, members, "members"),
    FIELD_LIST(FIELD_OIDS, OperatorClass, loose_classes, class_count, "loose_classes"),
    FIELD_LIST(FIELD_OIDS, OperatorClass, loose_oids, loose_count, "loose_oids"),
};

static void build(Builder *builder, const void *item)
{
    const OperatorClass *class = item;
    Object object = class->object;
    const char *name = builder_name(builder, object.schema, object.name);
    const char *method = builder_ident(builder, class->method);
    AUTO(mem_free) char *identity = mem_printf("%s USING %s", name, method);
    AUTO(mem_free) char *label = mem_printf("%s USING %s", object.name, class->method);
    object.name = label;

    AUTO(str_clear) Str s = STR_INIT;
    /* An empty class has to say something, and the type's own storage is no storage. */
    if (class->storage != NULL || class->members == NULL)
        str_addf(&s, "STORAGE %s", class->storage != NULL ? class->storage : class->type);
    if (class->members != NULL) {
        str_separate(&s, ", ");
        str_add(&s, class->members);
    }
    size_t index = builder_add(builder, FRAGMENT_OBJECT, SECTION_PRE, &object, 0,
                               "CREATE OPERATOR CLASS %s%s FOR TYPE %s USING %s FAMILY %s AS %s",
                               name, class->is_default ? " DEFAULT" : "", class->type, method,
                               class->family, str_text(&s));
    /* What is built on the class may use the whole family. And from 14 on a member that is added
     * when there is a class for its type would become that class's; a loop's repair lets go. */
    for (size_t i = 0; i < class->loose_count; i++)
        builder_needs(builder, index, (Address){class->loose_classes[i], class->loose_oids[i], 0});
    builder_add_attributes(builder, index, &object, "OPERATOR CLASS", NULL, identity);
}

const Kind operator_class_kind = {
    .name = "operator class",
    .query = "operator_classes",
    .fields = fields,
    .field_count = LENGTH(fields),
    .size = sizeof(OperatorClass),
    .build = build,
};
