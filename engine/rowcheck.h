/*
 * rowcheck.h - inside engine/ only: compares the rows that were copied with the source's: their
 * number and a checksum of every value, on the source inside the snapshot that they were read in.
 * For `--verify checksum`. Not here: the command verify (verify.h), which looks again later, and
 * how a sum is made (checksum.h).
 *
 * Compared are tables whose rows were copied: not preserved ones, which follow the live tables, nor
 * those without rows. A partition is compared with its partition; where rows found their partitions
 * themselves (load_target in task.c), all that went in through one table are compared with all in
 * there. Stored generated columns are compared, too: both sides computed them, and the new ones are
 * what applications will see. But not where rows or values were chosen on the way (--where,
 * --mask), nor below such a root. Virtual ones are no values yet.
 *
 * Connections that are lost are opened again for as long as --retry-timeout says, that of the
 * source inside the snapshot, as long as that is held.
 *
 * Threads: called by the main thread; runs workers and returns when all is done.
 */
#ifndef PGZM_ENGINE_ROWCHECK_H
#define PGZM_ENGINE_ROWCHECK_H

#include "engine/load.h"

/* ERROR_STATE for a migration that must not be resumed: what differed once will not become the
 * same; and --verify checksum needs the snapshot. */
bool rowcheck_resumes(Run *run, const Snapshot *snapshot, Error *err) MUST_CHECK;

/* ERROR_DIFFERENCE when a table is not the same, with the rows in which it is not; every such table
 * is a warning and an event of the journal. */
bool rowcheck_run(Run *run, const Plan *plan, const Snapshot *snapshot, const LoadResult *loaded,
                  Error *err) MUST_CHECK;

#endif
