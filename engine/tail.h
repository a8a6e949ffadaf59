/*
 * tail.h - inside engine/ only: what comes after the rows of a small table, in their transaction:
 * the indexes and keys that are made with the rows (small.h), and statistics. Where the rows come
 * in several parts or through another table, the indexes are tasks of their own instead.
 *
 * Threads: the main thread, before the load.
 */
#ifndef PGZM_ENGINE_TAIL_H
#define PGZM_ENGINE_TAIL_H

#include "engine/task.h"

/* What follows the rows of `source` in `shadow`: all keys in one statement, then each index. In
 * run's arena; empty when there is none. */
TaskTail *tail_new(Run *run, const Plan *plan, const Table *source, const Table *shadow);

/* Adds one last statement, which is not copied. */
void tail_add(TaskTail *tail, const char *statement);

/* One of the indexes by itself: its statement and label. */
void tail_single(Run *run, const PlanIndex *index, const Table *shadow, LoadTask *task);

#endif
