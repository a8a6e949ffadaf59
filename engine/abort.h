/*
 * abort.h - inside engine/ only: takes away what an unfinished migration made. Not here: backups of
 * finished ones (cleanup.c).
 *
 * Threads: the main thread's destination connection.
 */
#ifndef PGZM_ENGINE_ABORT_H
#define PGZM_ENGINE_ABORT_H

#include "engine/run.h"

/* Drops sync triggers, shadow schemas and what else run->id made, and makes it ABORTED. ERROR_STATE
 * when something outside depends on a shadow object: it is named and kept. May be run again after
 * it was cut short. */
bool abort_unfinished(Run *run, Error *err) MUST_CHECK;

#endif
