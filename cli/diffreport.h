/*
 * diffreport.h - the answer of "diff" as a person reads it, kind by kind. Made from the result of
 * the library like the rest of report.h, and called from there only.
 *
 * Threads: any.
 */
#ifndef PGZM_CLI_DIFFREPORT_H
#define PGZM_CLI_DIFFREPORT_H

#include <jansson.h>

#include "base/str.h"

/* Texts of definitions are cut to where they differ; --json has them whole. */
void diffreport_write(Str *out, const json_t *result);

#endif
