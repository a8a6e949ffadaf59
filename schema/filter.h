/*
 * filter.h - which objects a person asked for: patterns from options and from filter files, in the
 * order in which they came. Not here: what the patterns match (scope.h) and what they mean as
 * regular expressions (pattern.h).
 *
 * Threads: one while patterns are added; any may read.
 */
#ifndef PGZM_SCHEMA_FILTER_H
#define PGZM_SCHEMA_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

typedef enum FilterKind {
    FILTER_SCHEMA,
    FILTER_EXCLUDE_SCHEMA,
    FILTER_TABLE,
    FILTER_EXCLUDE_TABLE,
    FILTER_EXCLUDE_DATA,
    FILTER_KIND_COUNT
} FilterKind;

typedef struct FilterPattern {
    FilterKind kind;
    bool children; /* also the tables that inherit; partitions come with their table always */
    char *text;    /* as it was written */
    char *origin;  /* "option --table", "line 3 of orders.filter" */
} FilterPattern;

/* Empty (zeroed): everything. */
typedef struct Filter {
    FilterPattern *items;
    size_t count;
} Filter;

/* Adds a pattern of the option of that name. ERROR_USAGE when it cannot be one. */
bool filter_add(Filter *filter, FilterKind kind, const char *text, const char *option, Error *err)
    MUST_CHECK;

/* Adds what a filter file says, "-" for standard input: lines of
 *     include|exclude  schema|table|table_and_children|table_data|table_data_and_children  PATTERN
 * where # begins a comment. ERROR_USAGE names file and line. */
bool filter_read(Filter *filter, const char *path, Error *err) MUST_CHECK;

/* True when there is a pattern of the kind. */
bool filter_has(const Filter *filter, FilterKind kind);

void filter_clear(Filter *filter); /* NULL is fine */

#endif
