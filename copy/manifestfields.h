/*
 * manifestfields.h - inside copy/ only: the fields of a manifest, from JSON that anybody may have
 * written. What makes no sense is named by its place, e.g. tables[3].chunks[0].bytes. Not here: the
 * file, its digest, its key (manifest.c).
 *
 * Threads: any.
 */
#ifndef PGZM_COPY_MANIFESTFIELDS_H
#define PGZM_COPY_MANIFESTFIELDS_H

#include <jansson.h>

#include "copy/manifest.h"

/* Everything in `arena`. ERROR_PREFLIGHT. */
bool manifestfields_read(const json_t *whole, Arena *arena, Manifest *manifest, Error *err)
    MUST_CHECK;

/* Exactly n lower-case hexadecimal digits. */
bool manifestfields_is_hex(const char *text, size_t n);

#endif
