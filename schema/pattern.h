/*
 * pattern.h - what psql and pg_dump call a pattern, turned into regular expressions that the server
 * matches: * for any letters, ? for one, a dot between the parts of a name, letters folded to lower
 * case, double quotes for what is meant literally. $ stands for itself, [] too; all other
 * characters keep their meaning in regular expressions. Not here: the matching.
 *
 * Threads: any.
 */
#ifndef PGZM_SCHEMA_PATTERN_H
#define PGZM_SCHEMA_PATTERN_H

#include <stdbool.h>

#include "base/error.h"
#include "base/mem.h"

typedef struct Pattern {
    const char *database; /* as it was written, folded and without quotes; NULL when not said */
    const char *schema;   /* "^(...)$"; NULL when not said */
    const char *name;     /* the same */
} Pattern;

/* Reads a pattern for schemas (`name` is the schema's) or for what is in a schema. ERROR_USAGE when
 * it has too many parts, an empty one, or a quoted one without an end. */
bool pattern_parse(const char *text, bool is_schema, Arena *arena, Pattern *pattern, Error *err)
    MUST_CHECK;

#endif
