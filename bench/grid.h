/*
 * grid.h - a table of words as a person reads it, on a terminal or in Markdown.
 *
 * Threads: one.
 */
#ifndef PGZM_BENCH_GRID_H
#define PGZM_BENCH_GRID_H

#include <stdbool.h>

#include "base/str.h"

typedef struct Grid Grid;

/* The head, e.g. "case|wall s|memory". All columns but the first are set to the right. */
Grid *grid_new(const char *head);
void grid_free(Grid *grid);
/* The next cell, from left to right; the row after the last column. */
void grid_add(Grid *grid, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Appends the table to `s`. */
void grid_print(const Grid *grid, bool markdown, Str *s);

AUTO_DEFINE(Grid *, grid_free)

#endif
