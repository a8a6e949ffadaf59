/*
 * verifysubset.h - inside engine/ only: tables that came in part or with other values, as the
 * journal notes them (subset.h), when they are compared with the source: with the same conditions,
 * without the columns that were masked.
 *
 * Threads: the main thread.
 */
#ifndef PGZM_ENGINE_VERIFYSUBSET_H
#define PGZM_ENGINE_VERIFYSUBSET_H

#include "engine/verify.h"

/* The notes of the migration, for the function below. */
bool verifysubset_read(Verify *verify, PGresult **notes, Error *err) MUST_CHECK;

/* Narrows what is read of a table of the source: `from` is what stands after FROM, `columns` the
 * array of verify_tables.sql. False, with a finding, when the table cannot be compared. */
bool verifysubset_apply(Verify *verify, const PGresult *notes, const char *schema, const char *name,
                        const char **from, json_t *columns);

#endif
