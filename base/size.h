/*
 * size.h - amounts of bytes as PostgreSQL writes them.
 *
 * Threads: any.
 */
#ifndef PGZM_BASE_SIZE_H
#define PGZM_BASE_SIZE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"

/* Reads a size in the units of PostgreSQL's settings: B, kB, MB, GB, TB, each 1024 of the one
 * before; "1.5GB" is fine, and so is no unit, which means bytes. False when the text is no size,
 * negative, or above 8 EB. */
bool size_parse(const char *text, int64_t *bytes) MUST_CHECK;

#endif
