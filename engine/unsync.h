/*
 * unsync.h - inside engine/ only: takes off what keeps preserved tables of a migration in step, in
 * either direction: triggers, functions, redo keys. Not here: putting it on (sync.h).
 *
 * Threads: the main thread's destination connection.
 */
#ifndef PGZM_ENGINE_UNSYNC_H
#define PGZM_ENGINE_UNSYNC_H

#include "engine/run.h"

/* Of run->id, on whatever tables it is found. Live tables are waited for at most --lock-timeout at
 * a time. May be run again after it was cut short. In a dry run the statements are said. */
bool unsync_run(Run *run, Error *err) MUST_CHECK;

#endif
