/*
 * checkplan.h - inside engine/ only: checks of what would be migrated: the source's objects beside
 * the live ones, what the destination's version, roles and tablespaces make of them, what the user
 * may do with them.
 *
 * Threads: the main thread.
 */
#ifndef PGZM_ENGINE_CHECKPLAN_H
#define PGZM_ENGINE_CHECKPLAN_H

#include "engine/check.h"

bool checkplan_all(Run *run, const Plan *plan, Error *err) MUST_CHECK;

#endif
