/*
 * indexmemory.h - inside engine/ only: one budget of memory for all index builds that run at the
 * same time (--index-memory). Each gets its part as maintenance_work_mem, which limits a build with
 * all its parallel workers together, and no more workers than have 32 MB each, as PostgreSQL wants.
 *
 * Threads: any.
 */
#ifndef PGZM_ENGINE_INDEXMEMORY_H
#define PGZM_ENGINE_INDEXMEMORY_H

#include <pthread.h>

#include "base/conn.h"

typedef struct IndexMemory {
    pthread_mutex_t mutex; /* guards the rest */
    int64_t budget;        /* bytes; 0: the server's own settings */
    int64_t taken;
    int64_t jobs, running, left; /* builds; `left` includes those that run */
} IndexMemory;

void indexmemory_init(IndexMemory *memory, int64_t budget, int jobs, int64_t builds);
void indexmemory_clear(IndexMemory *memory);

/* The part of a build that begins now: what is not taken, shared with those that can still begin
 * beside it. At least 1 MB. Give it back when the build is over. */
int64_t indexmemory_take(IndexMemory *memory);
void indexmemory_give(IndexMemory *memory, int64_t part);

/* Parallel workers beside the session itself that have 32 MB each. */
int indexmemory_workers(int64_t part);

/* Sets the part for what the session runs next. Nothing without a budget. */
bool indexmemory_set(const IndexMemory *memory, Conn *dest, int64_t part, Error *err) MUST_CHECK;

#endif
