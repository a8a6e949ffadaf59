/*
 * defer.h - inside engine/ only: what must wait for the swap because a preserved table's shadow is
 * written by sync triggers meanwhile: foreign keys that touch it, row-level security, its own
 * triggers and rules. Foreign keys that rows may violate because tables came in part (subset.h)
 * wait as well.
 *
 * Threads: the main thread.
 */
#ifndef PGZM_ENGINE_DEFER_H
#define PGZM_ENGINE_DEFER_H

#include "engine/plan.h"

/* True for a statement of the shadow's POST section that must not run before the swap. */
bool defer_waits(const Plan *plan, const Fragment *shadow_fragment);

/* True for a statement of the source that defer_record records, or a part of it. */
bool defer_asks(const Plan *plan, const Fragment *source_fragment);

/* Disables triggers and rules on the shadows of preserved tables, once they exist. */
bool defer_disable(Run *run, const Plan *plan, Error *err) MUST_CHECK;

/* Records the statements that the swap runs after the move, and those that settle afterwards; and
 * those that keep the old tables' own triggers and rules quiet while they are the backup. */
bool defer_record(Run *run, const Plan *plan, int *ordinal, Error *err) MUST_CHECK;

#endif
