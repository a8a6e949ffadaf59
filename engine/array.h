/*
 * array.h - inside engine/ only: names as PostgreSQL's array literal, for text[] parameters.
 *
 * Threads: any.
 */
#ifndef PGZM_ENGINE_ARRAY_H
#define PGZM_ENGINE_ARRAY_H

#include <stddef.h>

#include "base/mem.h"

/* {"a","b c"} with quotes and backslashes escaped; in `arena`. */
const char *array_literal(Arena *arena, const char *const *names, size_t count);

#endif
