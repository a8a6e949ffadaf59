#include "schema/foreign_option.h"

void foreign_option_add(Builder *builder, Str *s, const ForeignOptions *options)
{
    for (size_t i = 0; i < options->name_count; i++)
        str_addf(s, "%s%s %s", i == 0 ? " OPTIONS (" : ", ",
                 builder_ident(builder, options->names[i]),
                 builder_literal(builder, options->values[i]));
    str_add(s, options->name_count > 0 ? ")" : "");
}

void foreign_option_build(Builder *builder, size_t last, const Object *object, const char *alter,
                          const ForeignOptions *options)
{
    for (size_t i = 0; i < options->name_count; i++) {
        const char *name = builder_ident(builder, options->names[i]);
        const char *value = builder_literal(builder, options->values[i]);
        size_t index = builder_add(builder, FRAGMENT_MEMBER, SECTION_PRE, object, 0,
                                   "ALTER %s OPTIONS (ADD %s %s)", alter, name, value);
        builder_undo(builder, index, "ALTER %s OPTIONS (DROP %s)", alter, name);
        /* A wrapper may insist on an option: it cannot be dropped first. */
        builder_change(builder, index, "ALTER %s OPTIONS (SET %s %s)", alter, name, value);
        builder_fragment(builder, index)->in_whole = true;
        builder_needs_fragment(builder, index, last);
        last = index;
    }
    Address complete = object->address;
    complete.subid = SUBID_COMPLETE;
    builder_provides(builder, last, complete);
}
