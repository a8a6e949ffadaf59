#include <stddef.h>

#include "schema/kind.h"

/*
 * Functions, procedures and window functions: the server prints the whole statement.
 */

static const Field fields[] = {
    FIELD(FIELD_CHAR, Function, prokind, "prokind"),
    FIELD(FIELD_TEXT, Function, identity_args, "identity_args"),
    FIELD(FIELD_TEXT, Function, def, "def"),
    FIELD(FIELD_TEXT, Function, language, "language"),
    FIELD(FIELD_BOOL, Function, sql_body, "sql_body"),
};

static void build(Builder *builder, const void *item)
{
    const Function *function = item;
    const char *noun = function->prokind == 'p' ? "PROCEDURE" : "FUNCTION";
    Object object = function->object;
    AUTO(mem_free)
    char *identity = mem_printf("%s(%s)", builder_name(builder, object.schema, object.name),
                                function->identity_args);
    /* For a person one overload is told from another by its arguments. */
    AUTO(mem_free) char *label = mem_printf("%s(%s)", object.name, function->identity_args);
    object.name = label;

    size_t index =
        builder_add(builder, FRAGMENT_FUNCTION, SECTION_PRE, &object, 0, "%s", function->def);
    builder_undo(builder, index, "DROP %s IF EXISTS %s CASCADE", noun, identity);
    builder_add_attributes(builder, index, &object, noun, noun, identity);
    if (object.extension != NULL) {
        size_t depends = builder_add(builder, FRAGMENT_PROPERTY, SECTION_PRE, &object, 0,
                                     "ALTER %s %s DEPENDS ON EXTENSION %s", noun, identity,
                                     builder_ident(builder, object.extension));
        builder_needs_fragment(builder, depends, index);
    }
}

const Kind function_kind = {
    .name = "function",
    .query = "functions",
    .fields = fields,
    .field_count = LENGTH(fields),
    .size = sizeof(Function),
    .list_offset = offsetof(Model, functions),
    .build = build,
};
