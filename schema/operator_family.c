#include <stddef.h>

#include "schema/kind.h"

/*
 * Operator families. A member that belongs to no class is a statement of its own, with its own row
 * in pg_amop or pg_amproc as address.
 */

typedef struct OperatorFamily {
    Object object;
    const char *method; /* access method */
    const Oid *member_classes, *member_oids;
    const char *const *members;                  /* "OPERATOR 1 <(a,b)", ... */
    size_t class_count, oid_count, member_count; /* the same number */
} OperatorFamily;

static const Field fields[] = {
    FIELD(FIELD_TEXT, OperatorFamily, method, "method"),
    FIELD_LIST(FIELD_OIDS, OperatorFamily, member_classes, class_count, "member_classes"),
    FIELD_LIST(FIELD_OIDS, OperatorFamily, member_oids, oid_count, "member_oids"),
    FIELD_LIST(FIELD_TEXTS, OperatorFamily, members, member_count, "members"),
};

static void build(Builder *builder, const void *item)
{
    const OperatorFamily *family = item;
    Object object = family->object;
    AUTO(mem_free)
    char *identity = mem_printf("%s USING %s", builder_name(builder, object.schema, object.name),
                                builder_ident(builder, family->method));
    AUTO(mem_free) char *label = mem_printf("%s USING %s", object.name, family->method);
    object.name = label;
    size_t index = builder_add(builder, FRAGMENT_OBJECT, SECTION_PRE, &object, 0,
                               "CREATE OPERATOR FAMILY %s", identity);
    builder_add_attributes(builder, index, &object, "OPERATOR FAMILY", NULL, identity);
    for (size_t i = 0; i < family->member_count; i++) {
        Object member = object;
        member.address = (Address){family->member_classes[i], family->member_oids[i], 0};
        size_t added = builder_add(builder, FRAGMENT_MEMBER, SECTION_PRE, &member, 0,
                                   "ALTER OPERATOR FAMILY %s ADD %s", identity, family->members[i]);
        builder_provides(builder, added, member.address);
        builder_needs_fragment(builder, added, index);
    }
}

const Kind operator_family_kind = {
    .name = "operator family",
    .query = "operator_families",
    .fields = fields,
    .field_count = LENGTH(fields),
    .size = sizeof(OperatorFamily),
    .build = build,
};
