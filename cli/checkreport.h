/*
 * checkreport.h - the answers of "verify" and "preflight" as a person reads them: each check with
 * its outcome and what to do. Made from the result of the library like the rest of report.h, and
 * called from there only.
 *
 * Read of the result: checks (name, status: pass, warning or failure, message, hint); timestamp,
 * state, source_as_of, source, dest; tables (table, rows, other_rows, checksum, other_checksum).
 *
 * Threads: any.
 */
#ifndef PGZM_CLI_CHECKREPORT_H
#define PGZM_CLI_CHECKREPORT_H

#include <jansson.h>

#include "base/str.h"

void checkreport_write(Str *out, const json_t *result);

#endif
