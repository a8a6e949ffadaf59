#include "schema/foreign_option.h"

void foreign_option_build(Builder *builder, size_t last, const Object *object, const char *alter,
                          const ForeignOptions *options)
{
    for (size_t i = 0; i < options->name_count; i++) {
        const char *name = builder_ident(builder, options->names[i]);
        size_t index = builder_add(builder, FRAGMENT_MEMBER, SECTION_PRE, object, 0,
                                   "ALTER %s OPTIONS (ADD %s %s)", alter, name,
                                   builder_literal(builder, options->values[i]));
        builder_undo(builder, index, "ALTER %s OPTIONS (DROP %s)", alter, name);
        builder_needs_fragment(builder, index, last);
        last = index;
    }
    Address complete = object->address;
    complete.subid = SUBID_COMPLETE;
    builder_provides(builder, last, complete);
}
