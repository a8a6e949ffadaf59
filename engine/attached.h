/*
 * attached.h - inside engine/ only: triggers, policies and column defaults of tables that stay in
 * the destination while a function or sequence that they use is replaced: in the swap they are made
 * anew from their own definitions, which then mean the new objects, and in a rollback once more.
 *
 * Threads: the main thread.
 */
#ifndef PGZM_ENGINE_ATTACHED_H
#define PGZM_ENGINE_ATTACHED_H

#include "engine/plan.h"

/* True for a fragment of the live side that makes such a part of a table. */
bool attached_is_part(const Plan *plan, const Fragment *live_fragment);

/* Records the statements of swap and rollback for those of plan->repointed that are such parts, and
 * their tables as ones to lock. */
bool attached_record(Run *run, const Plan *plan, int *ordinal, Error *err) MUST_CHECK;

#endif
