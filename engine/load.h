/*
 * load.h - inside engine/ only: fills the shadow. Chunks of rows, then per table what waited for
 * its rows, from one schedule and a pool of workers with two connections each.
 *
 * Threads: called by the main thread; runs workers and returns when all is done.
 */
#ifndef PGZM_ENGINE_LOAD_H
#define PGZM_ENGINE_LOAD_H

#include "engine/plan.h"
#include "engine/snapshot.h"

/* What was done. */
typedef struct LoadResult {
    int64_t rows, tables, indexes;
    bool fell_back;                 /* inside load.c: the last round ended early */
    const char *path, *source_path; /* search_path of the sessions that wrote and read them */
} LoadResult;

/* Copies all tables but the preserved ones and runs the statements that wait for rows. `again`:
 * what an earlier command left of it, as the journal says. */
bool load_run(Run *run, const Plan *plan, const Snapshot *snapshot, bool again, LoadResult *result,
              Error *err) MUST_CHECK;

/* search_path of connections that read rows: values that name objects (regclass) are then printed
 * bare and mean the new ones over there. */
const char *load_source_path(const Run *run, const Plan *plan);

#endif
