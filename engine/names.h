/*
 * names.h - inside engine/ only: the names of the schemas that a migration makes.
 *
 * Threads: any.
 */
#ifndef PGZM_ENGINE_NAMES_H
#define PGZM_ENGINE_NAMES_H

#include "base/mem.h"

/* NAMEDATALEN - 1: longer names are cut by the server. */
#define NAME_BYTES_MAX 63

/* `prefix` + `schema`, at most NAME_BYTES_MAX bytes of UTF-8, cut on a character boundary; when it
 * is cut, "_" and `ordinal` end it, so that two long schemas cannot meet. In `arena`. */
const char *name_for_schema(Arena *arena, const char *prefix, const char *schema, size_t ordinal);

#endif
