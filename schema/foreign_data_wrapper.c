#include <stddef.h>

#include "schema/foreign_option.h"

/*
 * Foreign-data wrappers. Handler and validator are set by themselves, so that they can be changed
 * while servers depend on the wrapper.
 */

typedef struct ForeignDataWrapper {
    Object object;
    const char *handler, *validator; /* NULL for none */
    ForeignOptions options;
} ForeignDataWrapper;

static const Field fields[] = {
    FIELD(FIELD_TEXT, ForeignDataWrapper, handler, "handler"),
    FIELD(FIELD_TEXT, ForeignDataWrapper, validator, "validator"),
    FOREIGN_OPTION_FIELDS(ForeignDataWrapper),
};

static size_t build_function(Builder *builder, size_t last, const Object *object, const char *name,
                             const char *word, const char *function)
{
    if (function == NULL)
        return last;
    size_t index = builder_add(builder, FRAGMENT_MEMBER, SECTION_PRE, object, 0,
                               "ALTER FOREIGN DATA WRAPPER %s %s %s", name, word, function);
    builder_undo(builder, index, "ALTER FOREIGN DATA WRAPPER %s NO %s", name, word);
    builder_change(builder, index, "ALTER FOREIGN DATA WRAPPER %s %s %s", name, word, function);
    builder_fragment(builder, index)->in_whole = true;
    builder_needs_fragment(builder, index, last);
    return index;
}

static void build(Builder *builder, const void *item)
{
    const ForeignDataWrapper *wrapper = item;
    const Object *object = &wrapper->object;
    const char *name = builder_ident(builder, object->name);
    size_t index = builder_add(builder, FRAGMENT_OBJECT, SECTION_PRE, object, 0,
                               "CREATE FOREIGN DATA WRAPPER %s", name);
    builder_undo(builder, index, "DROP FOREIGN DATA WRAPPER %s", name);
    AUTO(str_clear) Str whole = STR_INIT;
    if (wrapper->handler != NULL)
        str_addf(&whole, " HANDLER %s", wrapper->handler);
    if (wrapper->validator != NULL)
        str_addf(&whole, " VALIDATOR %s", wrapper->validator);
    foreign_option_add(builder, &whole, &wrapper->options);
    builder_whole(builder, index, "CREATE FOREIGN DATA WRAPPER %s%s", name, str_text(&whole));
    size_t last = build_function(builder, index, object, name, "HANDLER", wrapper->handler);
    last = build_function(builder, last, object, name, "VALIDATOR", wrapper->validator);
    AUTO(mem_free) char *alter = mem_printf("FOREIGN DATA WRAPPER %s", name);
    foreign_option_build(builder, last, object, alter, &wrapper->options);
    builder_add_attributes(builder, index, object, "FOREIGN DATA WRAPPER", "FOREIGN DATA WRAPPER",
                           name);
}

const Kind foreign_data_wrapper_kind = {
    .name = "foreign-data wrapper",
    .place = PLACE_EARLY,
    .query = "foreign_data_wrappers",
    .fields = fields,
    .field_count = LENGTH(fields),
    .size = sizeof(ForeignDataWrapper),
    .build = build,
};
