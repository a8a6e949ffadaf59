/*
 * extensionrows.h - inside engine/ only: rows of extensions' own tables that belong to the user of
 * the extension (pg_extension.extconfig), and their sequences. An extension that the migration
 * makes gets the source's; one that is there already keeps its own. Nothing here is traded in the
 * swap: abort drops the extension with all that it has.
 *
 * Threads: the main thread's connections; the source's is in the snapshot.
 */
#ifndef PGZM_ENGINE_EXTENSIONROWS_H
#define PGZM_ENGINE_EXTENSIONROWS_H

#include "engine/plan.h"

/* Names what the destination's extensions keep and the source has otherwise. ERROR_PREFLIGHT with
 * --require-complete when there is any. */
bool extensionrows_check(Run *run, const Plan *plan, Error *err) MUST_CHECK;

/* Puts the source's rows in the place of those that CREATE EXTENSION made: all tables of the
 * extension or none. What cannot be copied is named; ERROR_COPY with --require-complete. */
bool extensionrows_copy(Run *run, const char *extension, Error *err) MUST_CHECK;

/* Names those that a dump which is being made will not hold, with their number. */
bool extensionrows_undumped(Run *run, Error *err) MUST_CHECK;

#endif
