/*
 * loader.h - inside engine/ only: one worker of a load with its two connections. It does one task
 * at a time: claims it in the journal, does it and notes it there, all in one transaction, so that
 * it is done once or not at all. Connections that are lost are opened again and the task is claimed
 * again; what the journal says is done by then is not repeated. Which task comes next is not for
 * this file (schedule.h).
 *
 * Threads: each worker belongs to one thread; Load is shared.
 */
#ifndef PGZM_ENGINE_LOADER_H
#define PGZM_ENGINE_LOADER_H

#include <stdatomic.h>

#include "copy/copy.h"
#include "engine/backend.h"
#include "engine/elsewhere.h"
#include "engine/indexmemory.h"
#include "engine/keeper.h"
#include "engine/limits.h"
#include "engine/snapshot.h"
#include "engine/task.h"

/* What the workers of a load share. */
typedef struct Load {
    Run *run;
    const Snapshot *snapshot;
    const char *path;        /* search_path of the workers' destination sessions */
    const char *source_path; /* and of the source's: the same schemas in the same order */
    Schedule *schedule;
    LoadTasks tasks;
    Cancel *cancel; /* below the run's: set when a worker fails */
    Keeper keeper;
    Elsewhere *elsewhere;
    Limits limits; /* with throttle and lag */
    IndexMemory memory;
    char host[256], process[16]; /* ours, for the journal */
    CopyCounters counters;
    _Atomic int64_t bytes_done, tables_done, builds_done;
    _Atomic int64_t retries; /* connections that were lost under a task */
    _Atomic int64_t known;   /* tasks of which we know that they are done */
    _Atomic int64_t opened;  /* connections of workers, one after the other */
    atomic_bool fell_back;   /* the journal knows of fewer: see loader_note */
    int64_t started;
} Load;

typedef struct Loader {
    Load *load;
    size_t index;
    Conn *source, *dest;
    Backend backend;      /* of `dest`, or of the one before it */
    bool again;           /* an earlier try's backend may still hold the task */
    bool under_way;       /* both connections were there, and the task had begun */
    char *lost;           /* owned: of a loss that the journal does not know of yet */
    const LoadTask *task; /* the one at hand, for the hooks */
    bool elsewhere;       /* another process has the task: it was not done */
    int64_t opened;       /* Load.opened when the task began */
    int64_t rows;         /* of a task that is done already, as the journal says; or -1 */
} Loader;

/* Fills in who we are. */
void load_identify(Load *load);

/* Tells the caller how far it is. */
void load_tell(Load *load);

/* Counts a task that copied its rows. */
void load_copied(Load *load, const LoadTask *task);

/* Opens the destination. A failure here is not tried again. */
bool loader_open(Loader *loader, Error *err) MUST_CHECK;
void loader_close(Loader *loader);

/* Opens what is not open: the destination, and the source inside the snapshot. */
bool loader_connect(Loader *loader, Error *err) MUST_CHECK;

/* Does the task and counts it in Load, or finds that another process has it. Lost connections are
 * tried again with pauses that grow, for as long as --retry-timeout says, and as long as the
 * snapshot is there. */
bool loader_run(Loader *loader, const LoadTask *task, Error *err) MUST_CHECK;

/* So many tasks are done, which began after loader_begin: call it before anything may begin that
 * needs them. The workers' commits do not wait for the disk, so a destination that crashed has lost
 * the last moments, rows and notes in the journal together: nothing may be built on what is no
 * more. Who opens a connection looks whether the journal still knows of all that we know to be
 * done; who ends a task looks when anyone opened one meanwhile. ERROR_COPY, and Load.fell_back is
 * set, when it does not: then all is to be read from the journal again (load.h). */
bool loader_note(Loader *loader, size_t tasks, Error *err) MUST_CHECK;
void loader_begin(Loader *loader);

#endif
