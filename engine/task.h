/*
 * task.h - inside engine/ only: the units of work of a load, and what they wait for. Their rows
 * in the journal are written by taskstore.h.
 *
 * Threads: made by the main thread, then read only.
 */
#ifndef PGZM_ENGINE_TASK_H
#define PGZM_ENGINE_TASK_H

#include "copy/copy.h"
#include "engine/plan.h"
#include "engine/schedule.h"

/* Tasks that may share a transaction with others of their class (batch.h). */
enum { TASK_CLASS_ROWS = 1, TASK_CLASS_STATEMENTS };

typedef enum TaskKind { TASK_COPY, TASK_STATEMENT, TASK_ANALYZE } TaskKind;

/* What comes after the rows of a small table, in their transaction (small.h). */
typedef struct TaskTail {
    const char **statements;
    size_t count;
    const char **makes; /* the indexes and keys that are there then, as LoadTask.label names them */
    size_t make_count;
    size_t builds; /* the indexes among them */
} TaskTail;

typedef struct LoadTask {
    int id; /* in pgzm.task */
    TaskKind kind;
    const char *kind_name; /* "copy", "index", ... */
    const char *label;
    const char *statement;    /* NULL for TASK_COPY */
    const CopyChunk *chunk;   /* TASK_COPY */
    const ManifestFile *file; /* TASK_COPY out of a dump, in place of the source; or NULL */
    Oid relation;             /* in the shadow; 0 for none */
    bool builds;              /* reads rows: counted as an index in the progress */
    bool made;                /* TASK_STATEMENT: there already, made with its table (small.h) */
    int class;                /* in the schedule; 0: taken by itself */
    int builds_made;          /* TASK_COPY: such indexes that its rows fill */
    const TaskTail *tail;     /* TASK_COPY: or NULL */
    _Atomic int *table_chunks_left; /* TASK_COPY: of its table; the last one finishes the table */
} LoadTask;

typedef struct LoadTasks {
    LoadTask **items;
    size_t count, capacity;
    int64_t bytes_total, tables_total, builds_total;
    int64_t builds_made; /* of tables that get no rows */
} LoadTasks;

/* For all tables of the source, by run's --jobs. */
CopySizes tasks_sizes(const Run *run, const Model *source);

/* How the rows of a table of the shadow come there (but for the format); false when none are
 * copied. */
bool tasks_way(const Run *run, const Plan *plan, const Table *shadow, CopyTable *way);

/* Makes the tasks and their order. `tables_reasons` (why text is used) go to the log. */
bool tasks_make(Run *run, const Plan *plan, Schedule *schedule, LoadTasks *tasks, Error *err)
    MUST_CHECK;

#endif
