/*
 * sync.h - inside engine/ only: keeps preserved tables in step. Triggers on the live table write
 * every change to the shadow in the same transaction; then the rows are copied in small chunks that
 * lock what they read. After the swap the same triggers work the other way, so that a rollback
 * loses nothing.
 *
 * Threads: the main thread's destination connection.
 */
#ifndef PGZM_ENGINE_SYNC_H
#define PGZM_ENGINE_SYNC_H

#include "engine/plan.h"
#include "engine/synctrigger.h"

/* Records the tables, puts triggers on the live ones and copies the rows. Live locks are waited for
 * at most --lock-timeout at a time. `rows` grows by what was copied. */
bool sync_start(Run *run, Plan *plan, int64_t *rows, Error *err) MUST_CHECK;

/* Puts the triggers of one table on where the rows come from, in one transaction with the
 * statements `before` and `after` (each ends with NULL, or is NULL). Locks on a live table are
 * waited for at most --lock-timeout at a time, again and again. */
bool sync_install(Run *run, const SyncTrigger *sync, const char *const *before,
                  const char *const *after, Error *err) MUST_CHECK;
/* With the triggers on: copies the rows that are not there yet, then what the triggers left. May be
 * run again after a failure. `rows` grows by what was copied. */
bool sync_copy(Run *run, const SyncTrigger *sync, int64_t *rows, Error *err) MUST_CHECK;

/* Copies again what the triggers of run->id left in pgzm.redo, so that the swap (`reverse`: the
 * rollback) has little to do under its locks. */
bool sync_drain(Run *run, bool reverse, Error *err) MUST_CHECK;

/* Records what swap and rollback do for the preserved tables and their sequences. */
bool sync_record(Run *run, const Plan *plan, int *ordinal, Error *err) MUST_CHECK;

#endif
