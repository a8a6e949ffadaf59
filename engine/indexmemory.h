/*
 * indexmemory.h - inside engine/ only: what each index build gets of the destination: its part of
 * one budget of memory for all that run at the same time (--index-memory), as maintenance_work_mem,
 * which limits a build with all its parallel workers together; and as many parallel workers as
 * there are jobs that have no build of their own, but no more than have 32 MB each, as PostgreSQL
 * wants, nor than the server allows.
 *
 * Measured with 4.1 million rows (PostgreSQL 15, two processors): a build with workers takes 9 %
 * more CPU than one without, so where every job builds they are a loss.
 *
 * The first build over rows that were copied sets their hint bits, and so writes the table once
 * more. Its session tells the system to write such pages to the disk while the build works
 * (backend_flush_after), so that they are not all left to the next checkpoint, at which a live
 * destination would wait. Measured (PostgreSQL 15, 700 MB, medians of four and five, three times):
 * the CHECKPOINT after a load with three builds took 0.16 to 0.24 s where it took 0.46 to 0.56, and
 * the load no longer. A session that has built nothing does not: from the beginning it made the
 * load longer by about as much as the checkpoint became shorter, or more.
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

/* Of one build. */
typedef struct IndexPart {
    int64_t bytes;
    int workers; /* beside the session itself */
} IndexPart;

void indexmemory_init(IndexMemory *memory, int64_t budget, int jobs, int64_t builds);
void indexmemory_clear(IndexMemory *memory);

/* The part of a build that begins now: what is not taken, shared with those that can still begin
 * beside it; the last one has all jobs. At least 1 MB. Give it back when the build is over. */
IndexPart indexmemory_take(IndexMemory *memory);
void indexmemory_give(IndexMemory *memory, const IndexPart *part);

/* Parallel workers beside the session itself that have 32 MB each. */
int indexmemory_workers(int64_t bytes);

/* Sets the part for what the session runs next, and backend_flush_after where nobody has set it. */
bool indexmemory_set(const IndexMemory *memory, Conn *dest, const IndexPart *part, Error *err)
    MUST_CHECK;

#endif
