/*
 * sidetable.h - inside engine/ only: making many tables side by side. A rehearsal (rehearse.h)
 * makes everything on one connection, since only its own transaction sees the schemas renamed. A
 * bare table whose columns are of built-in types means the same under the shadow schema's own name:
 * when there are hundreds of such, each job makes some of them, after the schema and before what
 * needs them.
 *
 * Measured with 2,000 tables of three columns by psql (PostgreSQL 15, two processors,
 * files in memory): one connection 0.87 s, two 0.51 s.
 *
 * Threads: called by the main thread; runs workers with a connection each and returns when all is
 * done.
 */
#ifndef PGZM_ENGINE_SIDETABLE_H
#define PGZM_ENGINE_SIDETABLE_H

#include "engine/plan.h"

/* When a statement of SECTION_PRE is run. */
typedef enum Lane {
    LANE_FIRST, /* needs none of those tables */
    LANE_SIDE,  /* makes one of them */
    LANE_LAST
} Lane;

/* By fragment of the source; NULL when all is better made on one connection: few tables, one job,
 * or default privileges in the way (defaultgrant.h), which only a rehearsal can lift. In `arena`.
 */
bool sidetable_find(Run *run, const Plan *plan, Arena *arena, const Lane **lanes, Error *err)
    MUST_CHECK;

/* Makes the tables of LANE_SIDE in their shadow schemas, which are there. Errors: ERROR_COPY when
 * the destination refuses one, with its name; those that are made already stay. */
bool sidetable_make(Run *run, const Plan *plan, const Lane *lanes, Error *err) MUST_CHECK;

#endif
