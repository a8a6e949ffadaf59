/*
 * manual.h - the generated documents: man page, shell completion, the README's table. Made from the
 * tables of option.h; the build asks the finished command for them (manual.cmake).
 *
 * Threads: any.
 */
#ifndef PGZM_CLI_MANUAL_H
#define PGZM_CLI_MANUAL_H

#include "base/error.h"
#include "base/str.h"

/* Writes the document called "man", "completion" or "readme". ERROR_USAGE for another name. */
bool manual_write(Str *out, const char *document, Error *err) MUST_CHECK;

#endif
