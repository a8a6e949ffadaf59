/*
 * objects.h - inside engine/ only: which objects trade places, by OID (pgzm.object), and whether
 * what stays can live with that.
 *
 * Threads: the main thread's destination connection.
 */
#ifndef PGZM_ENGINE_OBJECTS_H
#define PGZM_ENGINE_OBJECTS_H

#include "engine/plan.h"

/* Records what is in the shadow now and its live namesakes; replaces what was recorded before. */
bool objects_record(Run *run, const Plan *plan, Error *err) MUST_CHECK;

/* ERROR_PREFLIGHT when an object that stays leans on one that moves, or holds a name that a new one
 * needs. All of them become warnings, the first one the error. */
bool objects_check(Run *run, Error *err) MUST_CHECK;

#endif
