/*
 * preflight.h - inside engine/ only: what is checked before anything is changed, in the order in
 * which it can be known. Every check runs, also after one that failed; what they find goes to
 * result.checks (check.h), and preflight_verdict says whether the migration may begin.
 *
 *     preflight_ways
 *     preflight_alone, or preflight_distinct and preflight_idle
 *     preflight_servers, preflight_snapshot, preflight_plan, preflight_verdict
 *
 * Threads: the main thread.
 */
#ifndef PGZM_ENGINE_PREFLIGHT_H
#define PGZM_ENGINE_PREFLIGHT_H

#include "engine/plan.h"
#include "engine/snapshot.h"

/* Whether both sides keep sessions; everything else relies on it. False when one does not, unless
 * the checks are all that was asked for. */
bool preflight_ways(Run *run, Error *err) MUST_CHECK;

/* ERROR_PREFLIGHT when both connections reach the same database. */
bool preflight_distinct(Run *run, Error *err) MUST_CHECK;

/* Takes the lock of the journal. ERROR_STATE when another command has it or a migration is
 * unfinished. */
bool preflight_idle(Run *run, Error *err) MUST_CHECK;

/* Both as checks, for one who only looks: the lock is not kept. Nothing when sessions are not kept:
 * locks would be left behind. */
bool preflight_alone(Run *run, Error *err) MUST_CHECK;

/* What both servers are and allow. ERROR_USAGE when a filter matches nothing. */
bool preflight_servers(Run *run, Error *err) MUST_CHECK;

/* Takes the snapshot; for one who only looks, or when a check failed already, begins a transaction
 * on the source and locks nothing. */
bool preflight_snapshot(Run *run, Snapshot *snapshot, Error *err) MUST_CHECK;

/* Reads the plan and resolves the preserved tables, then everything that can be known from the
 * catalogs of both sides. */
bool preflight_plan(Run *run, Plan *plan, Error *err) MUST_CHECK;

/* False when a check failed: see checks_verdict. */
bool preflight_verdict(Run *run, Error *err) MUST_CHECK;

#endif
