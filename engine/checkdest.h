/*
 * checkdest.h - inside engine/ only: checks of the destination, and of both databases side by side,
 * that need to know what is migrated: encoding and collations, extensions, who publishes,
 * subscribes, replicates, blocks; settings; space.
 *
 * Threads: the main thread.
 */
#ifndef PGZM_ENGINE_CHECKDEST_H
#define PGZM_ENGINE_CHECKDEST_H

#include "engine/check.h"

bool checkdest_all(Run *run, const Plan *plan, Error *err) MUST_CHECK;

#endif
