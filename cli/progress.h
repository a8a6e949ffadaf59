/*
 * progress.h - standard error while a command runs: messages, and on a terminal one or two lines
 * that are drawn again and again; elsewhere plain lines now and then. It owns standard error from
 * progress_new to progress_free. Not the result (report.c) and not the log file.
 *
 * Threads: all functions may be called from any thread.
 */
#ifndef PGZM_CLI_PROGRESS_H
#define PGZM_CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "cli/terminal.h"
#include "engine/pgzm.h"

typedef struct Progress Progress;

/* What is drawn. */
typedef struct ProgressView {
    const char *phase; /* name as the library gives it */
    const char *about; /* what the phase does; "" when unknown */
    int64_t phase_ms;  /* since the phase began */
    bool counting;     /* the counters belong to this phase */
    PgzmProgress counters;
    double rate;     /* bytes per second; 0: not known yet */
    int64_t left_ms; /* -1: not known */
    bool color, utf8;
} ProgressView;

/* How much is said. */
typedef enum ProgressLevel {
    PROGRESS_QUIET,    /* nothing */
    PROGRESS_WARNINGS, /* phases and warnings */
    PROGRESS_NORMAL,   /* what is done, too */
    PROGRESS_VERBOSE   /* details, too */
} ProgressLevel;

Progress *progress_new(const Terminal *terminal, ProgressLevel level);
void progress_free(Progress *progress); /* NULL is fine */

void progress_event(Progress *progress, const PgzmEvent *event);
/* Draws again when nothing happens, so that the time goes on. */
void progress_tick(Progress *progress);
/* A line that stays, also when quiet. */
void progress_line(Progress *progress, const char *text);
/* The last phase is over, well or not: nothing is drawn any more. */
void progress_end(Progress *progress, bool ok);

/* How many warnings were shown. */
size_t progress_warnings(Progress *progress);

/* The lines for a terminal `width` columns wide, each ended by a line break and narrower than
 * `width`. Returns their number. */
size_t progress_draw(const ProgressView *view, size_t width, Str *out);
/* The same as one plain line without a line break. */
void progress_describe(const ProgressView *view, Str *out);

AUTO_DEFINE(Progress *, progress_free)

#endif
