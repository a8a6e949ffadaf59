/*
 * statusreport.h - what "status", "list", "history", "cleanup" and "unlock" found or did as a
 * person reads it. Made from the result of the library like the rest of report.h, and called from
 * there only.
 *
 * Read of the result: migration, shadow..., backup..., readyForSwap, reasons, remarks, lock
 * (status); backups (list); events (history); cleaned, plan (cleanup); holder, ended (unlock).
 *
 * Threads: any.
 */
#ifndef PGZM_CLI_STATUSREPORT_H
#define PGZM_CLI_STATUSREPORT_H

#include <jansson.h>

#include "base/str.h"
#include "engine/pgzm.h"

/* True for the commands above. */
bool statusreport_writes(PgzmCommand command);

/* `warnings_shown`: how many warnings already stand on standard error. */
void statusreport_write(Str *out, PgzmCommand command, const json_t *result, size_t warnings_shown);

#endif
