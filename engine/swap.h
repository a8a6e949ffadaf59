/*
 * swap.h - inside engine/ only: a prepared migration goes live. Not here: trading places itself
 * (trade.h).
 *
 * Threads: the main thread's destination connection.
 */
#ifndef PGZM_ENGINE_SWAP_H
#define PGZM_ENGINE_SWAP_H

#include "engine/run.h"

/* Swaps the migration that this run prepared, and settles it. */
bool swap_prepared(Run *run, Error *err) MUST_CHECK;

#endif
