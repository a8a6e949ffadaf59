/*
 * small.h - inside engine/ only: small tables, of which there may be thousands. What each costs by
 * itself, a transaction, a file that is made and thrown away, a call of fsync, costs more than its
 * rows: so their rows travel many tables to a transaction (batch.h), and their indexes are made
 * once. One that something else needs is made with the table, and filled as the rows come. The
 * others are made by whoever brings the rows, after them in their transaction: so all jobs make
 * them, and what makes the schema need not.
 *
 * Measured with 2,000 tables of 100 rows and two indexes (PostgreSQL 15, fsync on): until 16 every
 * CREATE INDEX of a btree writes its file out at once, and so does every TRUNCATE for the indexes
 * and the TOAST table; a rehearsal that is rolled back makes and removes them all once more.
 *
 * Threads: the main thread; small_table by any.
 */
#ifndef PGZM_ENGINE_SMALL_H
#define PGZM_ENGINE_SMALL_H

#include "engine/plan.h"

/* True for a table of the source with so few rows that it is treated so. */
bool small_table(const Plan *plan, const Table *source);

/* Finds the indexes and keys that are made with their table, plan->with_table, or with its rows,
 * plan->with_rows (a dry run has no rows). Not those that evaluate expressions, that belong to a
 * partitioned index, or of preserved tables, which grow. */
void small_find(Run *run, Plan *plan);

/* Those that are made with the rows of the source's table: the first, and how many. */
const PlanIndex *small_with_rows(const Plan *plan, const Table *source, size_t *count);

/* OIDs of the indexes and keys that are in the shadow already, each ascending. */
typedef struct SmallMade {
    Oid *indexes, *constraints;
    size_t index_count, constraint_count;
} SmallMade;

bool small_made(Run *run, const Plan *plan, SmallMade *made, Error *err) MUST_CHECK;
/* True when what the fragment of the shadow makes is among them. */
bool small_is_made(const SmallMade *made, const Fragment *shadow_fragment);

#endif
