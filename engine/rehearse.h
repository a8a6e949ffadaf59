/*
 * rehearse.h - inside engine/ only: the destination is made to believe in the final names. Inside
 * short transactions the live schemas are renamed aside and the source's statements run under the
 * real names; afterwards everything is renamed back. The first such transactions make the shadow,
 * then one proves what waits for rows, reads it back in the server's own words, and rolls back.
 * Transactions that would need too much of the server's lock table are split into several.
 *
 * Threads: the main thread's destination connection.
 */
#ifndef PGZM_ENGINE_REHEARSE_H
#define PGZM_ENGINE_REHEARSE_H

#include "engine/plan.h"

/* Creates extensions (and schemas for them) that the destination lacks, under live names. */
bool rehearse_extensions(Run *run, Plan *plan, Error *err) MUST_CHECK;

/* Creates the shadow schemas with all that needs no rows. ERROR_COPY names the object that the
 * destination refused; nothing is left then. */
bool rehearse_create(Run *run, Plan *plan, Error *err) MUST_CHECK;

/* Statements `start` to `end` - 1 of a list. ERROR_COPY or ERROR_PREFLIGHT names the one that the
 * destination refused, with what to do; the transaction is the caller's. By any thread. */
bool rehearse_statements(Run *run, Conn *dest, const PlanStatements *list, size_t start, size_t end,
                         Error *err) MUST_CHECK;

/* Proves the rest over the empty tables, fills plan->shadow, rolls back. */
bool rehearse_rest(Run *run, Plan *plan, Error *err) MUST_CHECK;

/* Runs all of it in one transaction that is rolled back, for a dry run: extensions, schema, and
 * what the swap changes in objects without a schema. Nothing is recorded. */
bool rehearse_dry(Run *run, Plan *plan, Error *err) MUST_CHECK;

/* ERROR_COPY when a shadow object leans on a live one that is neither reused nor an extension's. */
bool rehearse_check(Run *run, const Plan *plan, Error *err) MUST_CHECK;

/* The statements that rehearse_create runs, for a dry run. */
void rehearse_plan(Run *run, const Plan *plan);

#endif
