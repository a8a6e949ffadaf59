/*
 * sequence.h - inside engine/ only: where the source's sequences stand. Their values are in no
 * snapshot, so they are read after the rows: then they are never behind them.
 *
 * Threads: the main thread.
 */
#ifndef PGZM_ENGINE_SEQUENCE_H
#define PGZM_ENGINE_SEQUENCE_H

#include "engine/plan.h"

/* Gives the shadow's sequences the source's values; those of preserved tables are left to the swap.
 * `count`: how many are migrated. */
bool sequences_copy(Run *run, const Plan *plan, size_t *count, Error *err) MUST_CHECK;

/* Only asks the source, in the same words: for a tape. */
bool sequences_ask(Run *run, const Plan *plan, Error *err) MUST_CHECK;

#endif
