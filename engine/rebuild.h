/*
 * rebuild.h - inside engine/ only: views, materialized views and functions that exist in the
 * destination only and lean on something that is replaced. They are made anew in the shadow from
 * their own definitions, over the new objects, and trade places with the others.
 *
 * Threads: the main thread.
 */
#ifndef PGZM_ENGINE_REBUILD_H
#define PGZM_ENGINE_REBUILD_H

#include "engine/plan.h"

/* One flag for each of plan->live_fragments: true when the statement is run over the new objects
 * too. In `arena`. */
const bool *rebuild_select(const Plan *plan, Arena *arena);

/* Records the foreign keys between what moves and what stays, which are made anew in the swap and
 * in the rollback, and the staying tables to lock for that. After pgzm.object is recorded. */
bool rebuild_keys(Run *run, int *ordinal, Error *err) MUST_CHECK;

#endif
