/*
 * shape.h - inside engine/ only: which statements of applications a swap breaks because a table or
 * view has other columns afterwards.
 *
 * Threads: the main thread.
 */
#ifndef PGZM_ENGINE_SHAPE_H
#define PGZM_ENGINE_SHAPE_H

#include "engine/plan.h"

/* A check (check.h): a warning a table; result.predicted has what breaks. */
bool shape_check(Run *run, const Plan *plan, Error *err) MUST_CHECK;

#endif
