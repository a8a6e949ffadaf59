/*
 * snapshot.h - inside engine/ only: the source's snapshot, taken after its tables are locked, so
 * that no table can have been truncated or rewritten in between and read as empty.
 *
 * Threads: the main thread's source connection; the snapshot's name may be used by any other.
 */
#ifndef PGZM_ENGINE_SNAPSHOT_H
#define PGZM_ENGINE_SNAPSHOT_H

#include "engine/run.h"

typedef struct Snapshot {
    const char *source_id, *fingerprint; /* which database, and its definitions (sourceid.h) */
    const char *name;    /* for SET TRANSACTION SNAPSHOT, good while the source connection lives */
    const char *as_of;   /* timestamptz in UTC: when it was taken, by the source's clock */
    const char *visible; /* which transactions it sees: names come again after a restart */
    size_t tables;       /* how many are locked */
} Snapshot;

/* Opens a READ ONLY REPEATABLE READ transaction on run->source with every user table that the
 * filters take locked in ACCESS SHARE MODE and exports its snapshot. ERROR_LOCK when a table stays
 * locked longer than
 * --lock-wait-timeout, ERROR_PREFLIGHT when a table may not be read. */
bool snapshot_take(Run *run, Snapshot *snapshot, Error *err) MUST_CHECK;

/* Begins such a transaction with that snapshot on another connection. ERROR_COPY when it is gone.
 */
bool snapshot_import(Conn *source, const char *name, Error *err) MUST_CHECK;

/* Opens another connection of run->settings->source that reads in that snapshot, with `path` as its
 * search_path. Any thread. */
bool snapshot_open_reader(const Run *run, Cancel *cancel, const char *purpose, const char *path,
                          const char *name, Conn **source, Error *err) MUST_CHECK;

/* Writes under which name it can be imported to the journal. */
bool snapshot_record(Run *run, const Snapshot *snapshot, bool worker, Error *err) MUST_CHECK;

/* Takes over the snapshot of run->id from whoever still holds it: imports it on run->source, locks
 * the tables whose rows are read, makes sure that it was held until then, and exports it under a
 * name of its own. Not `adopted` when nobody holds it: run->source is idle then. */
bool snapshot_adopt(Run *run, Snapshot *snapshot, bool *adopted, Error *err) MUST_CHECK;

/* Whether run->source, and with it the snapshot and the locks, is still there. */
bool snapshot_check(Run *run, Error *err) MUST_CHECK;

#endif
