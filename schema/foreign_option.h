/*
 * foreign_option.h - inside schema/ only: the options of wrappers, servers and user mappings, each
 * a statement of its own so that one can be changed without the object. Not those of foreign tables
 * and columns, which come with the table.
 *
 * Threads: one.
 */
#ifndef PGZM_SCHEMA_FOREIGN_OPTION_H
#define PGZM_SCHEMA_FOREIGN_OPTION_H

#include "schema/kind.h"

typedef struct ForeignOptions {
    const char *const *names, *const *values;
    size_t name_count, value_count; /* the same number */
} ForeignOptions;

/* The fields of a kind with a member `options`; its query gives option_names and option_values as
 * JSON arrays. */
#define FOREIGN_OPTION_FIELDS(struct_type)                                                         \
    FIELD_LIST(FIELD_TEXTS, struct_type, options.names, options.name_count, "option_names"),       \
        FIELD_LIST(FIELD_TEXTS, struct_type, options.values, options.value_count, "option_values")

/* Appends " OPTIONS (name 'value', ...)", nothing when there are none: for the statement that makes
 * the whole object. */
void foreign_option_add(Builder *builder, Str *s, const ForeignOptions *options);

/* Adds one fragment an option, `alter` being what ALTER takes ("SERVER s"), each after the one
 * before, the first one after `last`. Whoever uses the object needs all of them: the last one
 * provides the object's SUBID_COMPLETE. */
void foreign_option_build(Builder *builder, size_t last, const Object *object, const char *alter,
                          const ForeignOptions *options);

#endif
