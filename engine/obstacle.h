/*
 * obstacle.h - inside engine/ only: what the destination's version cannot take or does otherwise
 * (schema/portable.h), told before anything moves.
 *
 * Threads: the main thread.
 */
#ifndef PGZM_ENGINE_OBSTACLE_H
#define PGZM_ENGINE_OBSTACLE_H

#include "engine/plan.h"

/* A check (check.h): all of them go to result.obstacles. ERROR_PREFLIGHT when one is refused. */
bool obstacles_check(Run *run, const Plan *plan, Error *err) MUST_CHECK;
/* Only asks the source what any destination's check would: for a tape. */
bool obstacles_ask(Run *run, const Plan *plan, Error *err) MUST_CHECK;

#endif
