/*
 * keeper.h - inside engine/ only: sees to the main thread's two connections while others work. The
 * source's holds the snapshot and the tables' locks: when it is lost there is no way on, and the
 * sooner that is known the better. The destination's holds the lock that keeps other commands away:
 * when it is lost it is opened and locked again. When all rows are in while the snapshot is there,
 * that is noted: from then on the load can go on without it.
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
    bool is_guest;   /* the lock of the journal is another command's: a worker */
    bool has_source; /* there is a transaction on the source to be kept */
    bool rows_in;    /* the journal knows that the snapshot was there until all rows were in */
} Keeper;

bool keeper_begin(Keeper *keeper, Run *run, Cancel *cancel, Error *err) MUST_CHECK;

/* Looks at both when it is time to. ERROR_STATE when another command took the migration over. */
bool keeper_look(Keeper *keeper, Error *err) MUST_CHECK;

/* Looks once more: what was done until now was done under the snapshot's locks. */
bool keeper_end(Keeper *keeper, Error *err) MUST_CHECK;

#endif
