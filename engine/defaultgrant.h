/*
 * defaultgrant.h - inside engine/ only: the default privileges that the destination's user has
 * there. They are meant for what is made by hand: of what is made like the source's the source says
 * the privileges, and it says only what differs from PostgreSQL's own defaults.
 *
 * Threads: the main thread.
 */
#ifndef PGZM_ENGINE_DEFAULTGRANT_H
#define PGZM_ENGINE_DEFAULTGRANT_H

#include "engine/plan.h"

/* The statements that take them away and those that bring them back, for one transaction: nobody
 * else sees them gone. Both name the live schemas. */
bool defaultgrants_find(Run *run, const Plan *plan, PlanStatements *lift, PlanStatements *restore,
                        Error *err) MUST_CHECK;

#endif
