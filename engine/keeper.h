/*
 * keeper.h - inside engine/ only: sees to the main thread's two connections while others work. The
 * source's holds the snapshot and the tables' locks: when it is lost there is no way on, and the
 * sooner that is known the better. The destination's holds the lock that keeps other commands away:
 * when it is lost it is opened and locked again.
 *
 * Threads: one at a time; the run's connections are its own from keeper_begin to keeper_end.
 */
#ifndef PGZM_ENGINE_KEEPER_H
#define PGZM_ENGINE_KEEPER_H

#include "engine/backend.h"
#include "engine/run.h"

typedef struct Keeper {
    Run *run;
    Cancel *cancel;
    Backend backend; /* of run->dest */
    int64_t next;    /* clock_monotonic_ms of the next look */
    bool has_source; /* there is a transaction on the source to be kept */
} Keeper;

bool keeper_begin(Keeper *keeper, Run *run, Cancel *cancel, Error *err) MUST_CHECK;

/* Looks at both when it is time to. ERROR_STATE when another command took the migration over. */
bool keeper_look(Keeper *keeper, Error *err) MUST_CHECK;

/* Looks once more: what was done until now was done under the snapshot's locks. */
bool keeper_end(Keeper *keeper, Error *err) MUST_CHECK;

#endif
