/*
 * global.h - inside engine/ only: objects that are in no schema (languages, foreign servers, casts,
 * publications, event triggers, default privileges, settings of the database, ...) and so have no
 * shadow. What the new objects need and the destination lacks is made with the shadow. All else
 * waits for the swap, each step with its inverse for the rollback: what the destination lacks is
 * made, what it has otherwise is changed, what points to replaced objects is pointed to the new
 * ones, what it has alone stays.
 *
 * Two statements are about the same thing when they are taken back in the same way
 * (Fragment.undo).
 *
 * Threads: the main thread.
 */
#ifndef PGZM_ENGINE_GLOBAL_H
#define PGZM_ENGINE_GLOBAL_H

#include "engine/counterpart.h"
#include "engine/plan.h"

/* Fills plan->globals. After rebuild_plan: casts between types that are made anew join
 * plan->rebuilt. Warns about what cannot be made like the source's. */
void global_plan(Run *run, Plan *plan, const Counterparts *source, const Counterparts *live);

/* Records how abort takes back what is made with the shadow; before that is made. */
bool global_record_early(Run *run, const Plan *plan, Error *err) MUST_CHECK;

/* Records the statements of swap and rollback. */
bool global_record(Run *run, const Plan *plan, int *ordinal, Error *err) MUST_CHECK;

#endif
