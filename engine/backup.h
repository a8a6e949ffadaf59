/*
 * backup.h - inside engine/ only: whether a migration that went live can be undone: the backup is
 * whole, and nothing was made since that stands in the way. Not here: undoing it (trade.h).
 *
 * Threads: the main thread's destination connection.
 */
#ifndef PGZM_ENGINE_BACKUP_H
#define PGZM_ENGINE_BACKUP_H

#include "engine/run.h"

/* ERROR_STATE when an object of the backup of `id` is not where it belongs: the first one is named,
 * all of them become warnings. `later`: the migrations that are undone before it. Changes nothing.
 */
bool backup_check_whole(Run *run, int64_t id, const int64_t *later, size_t later_count, Error *err)
    MUST_CHECK;

/* ERROR_STATE when something that was made since run->id went live leans on what goes out, or has a
 * name that is needed. Only while the new objects of run->id are live. Changes nothing. */
bool backup_check_since(Run *run, Error *err) MUST_CHECK;

/* ERROR_STATE when what the swap did to an object in no schema (a publication, ...) or to a part of
 * a table that stays cannot be taken back, since somebody did something with it. Tries it and takes
 * that back. */
bool backup_check_globals(Run *run, Error *err) MUST_CHECK;

/* Partitions and statistics that new tables got since run->id went live go out with them. */
bool backup_adopt(Run *run, Error *err) MUST_CHECK;

#endif
