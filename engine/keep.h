/*
 * keep.h - inside engine/ only: replaced tables whose live rows a rollback keeps (--keep-tables).
 * Triggers on the live table write every change to its old counterpart in the backup too, the rows
 * are copied in small chunks; then the trade treats the table like a preserved one. The rows that
 * the old table had are set aside before. Until the trade, nothing that is live changes.
 *
 * Threads: the main thread's destination connection.
 */
#ifndef PGZM_ENGINE_KEEP_H
#define PGZM_ENGINE_KEEP_H

#include "engine/run.h"

/* One table on its way through the migrations that are undone. */
typedef struct KeptTable {
    const char *name; /* schema.name, for people */
    Oid *live, *old;  /* by migration: which is live, which comes back; old is 0 where nothing is to
                         be done: the table stays, or is kept in step anyway */
} KeptTable;

typedef struct Keep {
    KeptTable *items;
    size_t count;
} Keep;

/* Finds the tables of --keep-tables and what becomes of them in the rollback of each of `ids`, one
 * after the other. ERROR_PREFLIGHT names the first that cannot be kept and says why; ERROR_USAGE
 * when a name is none. Changes nothing. */
bool keep_resolve(Run *run, const int64_t *ids, size_t count, Keep *keep, Error *err) MUST_CHECK;

/* Brings the backup of run->id, the `step`th of the migrations, in step with the live tables. After
 * a failure it goes on where it stopped. Tables that an earlier run kept and this one does not get
 * their old rows back (putback.h). */
bool keep_run(Run *run, const Keep *keep, size_t step, Error *err) MUST_CHECK;

/* The steps of it, for a dry run. */
bool keep_plan(Run *run, const Keep *keep, size_t step, Error *err) MUST_CHECK;

/* After the rollback of run->id: adds what was kept to the list, and where the rows are that the
 * old tables had. */
bool keep_report(Run *run, json_t *list, Error *err) MUST_CHECK;

#endif
