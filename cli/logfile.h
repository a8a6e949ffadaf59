/*
 * logfile.h - the file of --log-file: a banner, time-stamped lines, the outcome. It gets what the
 * library says, which holds no secrets, and never a connection string.
 *
 * Threads: logfile_open before others start; the rest from any thread.
 */
#ifndef PGZM_CLI_LOGFILE_H
#define PGZM_CLI_LOGFILE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"
#include "cli/arguments.h"
#include "cli/report.h"
#include "engine/pgzm.h"

typedef struct Logfile Logfile;

/* Opens or creates (mode 0600) the file for appending and writes the banner: command, start,
 * options. ERROR_USAGE when that cannot be done, also when the disk is full. */
bool logfile_open(const char *path, const Arguments *args, Logfile **logfile, Error *err)
    MUST_CHECK;
void logfile_free(Logfile *logfile); /* closes; NULL is fine */

void logfile_event(Logfile *logfile, const PgzmEvent *event);
/* The outcome: error or not, servers, what was copied, end and duration. */
void logfile_end(Logfile *logfile, const json_t *result, const ReportError *error);

/* True when a line could not be written since the start. */
bool logfile_is_broken(Logfile *logfile);

AUTO_DEFINE(Logfile *, logfile_free)

#endif
