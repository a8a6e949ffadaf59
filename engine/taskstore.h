/*
 * taskstore.h - inside engine/ only: the tasks of a load as rows of pgzm.task, with all that is
 * needed to do them without what they were made from: by a later command that goes on with an
 * unfinished migration, or by a worker on another host. Of a chunk: its table, its statements on
 * both sides and which part of the table it is.
 *
 * Threads: the main thread.
 */
#ifndef PGZM_ENGINE_TASKSTORE_H
#define PGZM_ENGINE_TASKSTORE_H

#include "engine/task.h"

/* Writes the tasks with what the schedule knows of them. All or none. */
bool taskstore_record(Run *run, const Schedule *schedule, const LoadTasks *tasks, Error *err)
    MUST_CHECK;

/* What was done before, for the progress. */
typedef struct TaskstoreDone {
    int64_t rows, bytes, tables, builds, tasks;
} TaskstoreDone;

/* Reads the tasks of run->id back and schedules those that are not done: all rows first, then what
 * reads them, then refreshes, then statistics. */
bool taskstore_read(Run *run, Schedule *schedule, LoadTasks *tasks, TaskstoreDone *before,
                    Error *err) MUST_CHECK;

/* What a task that copies is besides, from its row: `text` is column chunk. False when it is none.
 * In `arena`. */
bool taskstore_copy(LoadTask *task, const char *text, int64_t weight, Arena *arena) MUST_CHECK;

#endif
