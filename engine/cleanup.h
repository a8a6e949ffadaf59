/*
 * cleanup.h - inside engine/ only: takes away what an unfinished migration made.
 *
 * Threads: the main thread's destination connection.
 */
#ifndef PGZM_ENGINE_CLEANUP_H
#define PGZM_ENGINE_CLEANUP_H

#include "engine/run.h"

/* Drops sync triggers, shadow schemas and what else run->id made, and makes it ABORTED. ERROR_STATE
 * when something outside depends on a shadow object: it is named and kept. */
bool cleanup_unfinished(Run *run, Error *err) MUST_CHECK;

/* Swaps the migration that this run prepared, and settles it. */
bool swap_prepared(Run *run, Error *err) MUST_CHECK;

#endif
