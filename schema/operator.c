#include <stddef.h>

#include "schema/kind.h"

/*
 * Operators. Two that are each other's commutator or negator need no order: the first one made
 * leaves a shell of the other, which that one's statement fills. What a shell needs is its schema.
 */

typedef struct Operator {
    Object object;
    const char *left_type, *right_type; /* NULL for none */
    const char *function;
    const char *commutator, *negator; /* ready for OPERATOR(...); NULL for none */
    Oid commutator_schema, negator_schema;
    const char *restrict_function, *join_function;
    bool hashes, merges;
} Operator;

static const Field fields[] = {
    FIELD(FIELD_TEXT, Operator, left_type, "left_type"),
    FIELD(FIELD_TEXT, Operator, right_type, "right_type"),
    FIELD(FIELD_TEXT, Operator, function, "function"),
    FIELD(FIELD_TEXT, Operator, commutator, "commutator"),
    FIELD(FIELD_TEXT, Operator, negator, "negator"),
    FIELD(FIELD_OID, Operator, commutator_schema, "commutator_schema"),
    FIELD(FIELD_OID, Operator, negator_schema, "negator_schema"),
    FIELD(FIELD_TEXT, Operator, restrict_function, "restrict"),
    FIELD(FIELD_TEXT, Operator, join_function, "join"),
    FIELD(FIELD_BOOL, Operator, hashes, "hashes"),
    FIELD(FIELD_BOOL, Operator, merges, "merges"),
};

static void add_text(Str *s, const char *name, const char *value)
{
    if (value != NULL)
        str_addf(s, ", %s = %s", name, value);
}

static void build(Builder *builder, const void *item)
{
    const Operator *op = item;
    Object object = op->object;
    AUTO(str_clear) Str s = STR_INIT;
    add_text(&s, "LEFTARG", op->left_type);
    add_text(&s, "RIGHTARG", op->right_type);
    if (op->commutator != NULL)
        str_addf(&s, ", COMMUTATOR = OPERATOR(%s)", op->commutator);
    if (op->negator != NULL)
        str_addf(&s, ", NEGATOR = OPERATOR(%s)", op->negator);
    add_text(&s, "RESTRICT", op->restrict_function);
    add_text(&s, "JOIN", op->join_function);
    str_add(&s, op->hashes ? ", HASHES" : "");
    str_add(&s, op->merges ? ", MERGES" : "");

    /* The name of an operator is never quoted. */
    AUTO(mem_free)
    char *name = mem_printf("%s.%s", builder_ident(builder, object.schema), object.name);
    const char *left = op->left_type == NULL ? "NONE" : op->left_type;
    const char *right = op->right_type == NULL ? "NONE" : op->right_type;
    AUTO(mem_free) char *identity = mem_printf("%s (%s, %s)", name, left, right);
    AUTO(mem_free) char *label = mem_printf("%s(%s, %s)", object.name, left, right);
    object.name = label;

    /* FUNCTION is a word that every version takes. */
    size_t index =
        builder_add(builder, FRAGMENT_OBJECT, SECTION_PRE, &object, 0,
                    "CREATE OPERATOR %s (FUNCTION = %s%s)", name, op->function, str_text(&s));
    if (op->commutator_schema != 0)
        builder_needs(builder, index, (Address){CATALOG_NAMESPACE, op->commutator_schema, 0});
    if (op->negator_schema != 0)
        builder_needs(builder, index, (Address){CATALOG_NAMESPACE, op->negator_schema, 0});
    builder_add_attributes(builder, index, &object, "OPERATOR", NULL, identity);
}

const Kind operator_kind = {
    .name = "operator",
    .query = "operators",
    .fields = fields,
    .field_count = LENGTH(fields),
    .size = sizeof(Operator),
    .build = build,
};
