/*
 * preserve.h - inside engine/ only: tables whose rows the destination keeps. Triggers on the live
 * table write every change to the shadow in the same transaction; then the rows are copied in small
 * chunks that lock what they read. After the swap the same triggers work the other way, so that a
 * rollback loses nothing.
 *
 * Carried: ordinary tables with a primary key of one column, of the same type on both sides, whose
 * live columns all exist on the source with the same type. Anything else is refused.
 *
 * Threads: the main thread's destination connection.
 */
#ifndef PGZM_ENGINE_PRESERVE_H
#define PGZM_ENGINE_PRESERVE_H

#include "engine/plan.h"

/* Finds the tables of --preserved-tables on both sides and checks that they can be carried.
 * ERROR_PREFLIGHT names the first that cannot and says why. */
bool preserve_resolve(Run *run, Plan *plan, Error *err) MUST_CHECK;

/* Fills in where the shadows are; once plan->shadow is read. */
void preserve_locate(Plan *plan);

/* True for a sequence of the source whose value must stay the destination's: it feeds a preserved
 * table. */
bool preserve_keeps_sequence(const Plan *plan, const Sequence *source_sequence);

/* Records the tables, puts triggers on the live ones and copies the rows. Live locks are waited for
 * at most --lock-timeout at a time. */
bool preserve_sync(Run *run, Plan *plan, int64_t *rows, Error *err) MUST_CHECK;

/* Records what swap and rollback do for the preserved tables. Needs the names of the backup
 * schemas. */
bool preserve_record(Run *run, const Plan *plan, int *ordinal, Error *err) MUST_CHECK;

/* Takes triggers and functions off the live tables again. */
bool preserve_stop(Run *run, int64_t migration, Error *err) MUST_CHECK;

#endif
