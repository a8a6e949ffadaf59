/*
 * rebuild.h - inside engine/ only: views, functions and other objects that exist in the
 * destination only and lean on something that is replaced. Where they need nothing else that stays,
 * they are made anew in the shadow from their own definitions, over the new objects, and trade
 * places with the others. Views and functions that also need what stays keep their place, and the
 * swap gives them their definition again, which then means the new objects; so it does with
 * triggers, policies and defaults of tables that stay (attached.h).
 *
 * Threads: the main thread.
 */
#ifndef PGZM_ENGINE_REBUILD_H
#define PGZM_ENGINE_REBUILD_H

#include "engine/counterpart.h"
#include "engine/plan.h"

/* Fills plan->live_leans, rebuilt and repointed. `source`: of the source's statements. */
void rebuild_plan(Plan *plan, const Counterparts *source, Arena *arena);

/* Records the views and functions that stay in pgzm.object, so that objects_check knows of them. */
bool rebuild_mark(Run *run, const Plan *plan, Error *err) MUST_CHECK;

/* Records the statements that give them their definition again, in the swap and in the rollback. */
bool rebuild_definitions(Run *run, const Plan *plan, int *ordinal, Error *err) MUST_CHECK;

/* Records the foreign keys between what moves and what stays, which are made anew in the swap and
 * in the rollback, and the staying tables to lock for that. After pgzm.object is recorded. */
bool rebuild_keys(Run *run, int *ordinal, Error *err) MUST_CHECK;

#endif
