/*
 * audit.h - inside engine/ only: commands that change something leave in the journal when they
 * began, with which options, and how they ended: who and where from is noted by the server
 * (pgzm.event). Not here: what they did in between (journal_event).
 *
 * Threads: the main thread's destination connection.
 */
#ifndef PGZM_ENGINE_AUDIT_H
#define PGZM_ENGINE_AUDIT_H

#include "engine/run.h"

/* Notes that the command begins, once; nothing while there is no journal, in a dry run and for
 * commands that only read. That it cannot be noted is no failure. */
void audit_begin(Run *run);

/* The migration that the command is about became known (run->id). */
void audit_migration(Run *run);

/* Notes how it ended, if its begin was noted and the connection still lives; also after a
 * cancellation. */
void audit_end(Run *run, bool ok, const Error *failure);

/* The options that say what is carried over, as they are written; in `arena`. */
const char *audit_selection(const Settings *settings, Arena *arena);

#endif
