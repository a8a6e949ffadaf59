/*
 * pool.h - a number of threads that do the same work side by side until it is done. Not a task
 * queue: what to do next is for the caller's function to know (engine/schedule.c).
 *
 * Threads: one thread calls pool_run; `work` runs in the pool's own threads.
 */
#ifndef PGZM_BASE_POOL_H
#define PGZM_BASE_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cancel.h"
#include "base/error.h"

/* The work of thread `index` (from 0). False with `err` filled when it failed. */
typedef bool (*PoolWork)(void *context, size_t index, Error *err);

/* Runs `work` in `threads` threads and waits for all of them. When one fails, `cancel` is triggered
 * with CANCEL_FAILURE, and the first failure that is not a mere consequence of that becomes `err`.
 * Signals are blocked in the threads. */
bool pool_run(size_t threads, PoolWork work, void *context, Cancel *cancel, Error *err) MUST_CHECK;

#endif
