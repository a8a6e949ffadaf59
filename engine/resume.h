/*
 * resume.h - inside engine/ only: goes on with a migration whose prepare ended before its time. Its
 * schema is built and its tasks are in the journal; what is done stays. Rows come from the same
 * snapshot as the others, or there is no way on: either a worker still holds it, or all rows are in
 * already, and definitions alone are read.
 *
 * What prepare does, and what becomes of it when it is done again:
 *
 *     step                     done again
 *     ----                     ----------
 *     record_start ..          not: the schema is built when there are tasks; without tasks the
 *     rehearse_rest            migration is aborted, not resumed
 *     global_record            not: it is recorded before the tasks are, from what the destination
 *                              was like before
 *     taskstore_record         not: it is what makes a migration one that can be resumed
 *     loader_run               a task commits with its row in pgzm.task: what is done is skipped
 *     sequences_copy           the same values or later ones
 *     defer_disable            disabled triggers are disabled
 *     largeobjects_copy        those that are there as a whole are skipped; without the snapshot
 *                              it is refused
 *     sync_start               its triggers are taken off, its rows emptied: from the start
 *     verify                   reads only
 *     objects_record           replaces what was recorded
 *     rebuild_*, sync_record,  pgzm.step is cleared of what finish() writes before it begins
 *     defer_record, ...
 *     record_end               one transaction with the new state
 *
 * Threads: the main thread.
 */
#ifndef PGZM_ENGINE_RESUME_H
#define PGZM_ENGINE_RESUME_H

#include "engine/plan.h"
#include "engine/snapshot.h"

/* Opens both sides, finds the migration (run->id), refuses what cannot go on (ERROR_STATE), and
 * brings plan and snapshot to where prepare has them before it copies rows. */
bool resume_open(Run *run, Plan *plan, Snapshot *snapshot, Error *err) MUST_CHECK;

/* Whether prepare --resume has a chance with run->id, for messages; false when that cannot be told.
 */
bool resume_is_possible(Run *run);

#endif
