/*
 * preflight.h - inside engine/ only: what is checked before anything is changed.
 *
 * Threads: the main thread.
 */
#ifndef PGZM_ENGINE_PREFLIGHT_H
#define PGZM_ENGINE_PREFLIGHT_H

#include "engine/plan.h"

/* ERROR_PREFLIGHT when both connections reach the same database. */
bool preflight_distinct(Run *run, Error *err) MUST_CHECK;

/* Everything that can be known from the catalogs of both sides. Warnings go to the result; the
 * first thing that forbids the migration becomes the error. */
bool preflight_check(Run *run, const Plan *plan, Error *err) MUST_CHECK;

#endif
