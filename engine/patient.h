/*
 * patient.h - inside engine/ only: statements that need locks for which applications must not queue
 * up: each wait is at most --lock-timeout, then everything is let go and tried again.
 *
 * Threads: the main thread's destination connection.
 */
#ifndef PGZM_ENGINE_PATIENT_H
#define PGZM_ENGINE_PATIENT_H

#include "engine/run.h"

/* One try, inside a transaction that the caller ends. */
typedef bool (*PatientWork)(Run *run, const void *context, Error *err);

/* Runs `work` in a transaction and commits; ERROR_LOCK when it got no locks within a minute.
 * `what` puts the failure into context. */
bool patient_run(Run *run, PatientWork work, const void *context, const char *what, Error *err)
    MUST_CHECK;

/* Statements in one such transaction. In a dry run they are said instead. */
bool patient_exec(Run *run, const char *const *statements, size_t count, const char *what,
                  Error *err) MUST_CHECK;

#endif
