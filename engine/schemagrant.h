/*
 * schemagrant.h - inside engine/ only: what the source grants on a schema that is live already. The
 * schema itself stays what it is; what the source grants beyond it comes with the swap and goes
 * with a rollback.
 *
 * Threads: the main thread.
 */
#ifndef PGZM_ENGINE_SCHEMAGRANT_H
#define PGZM_ENGINE_SCHEMAGRANT_H

#include "engine/plan.h"

/* Records the statements for both directions. */
bool schemagrant_record(Run *run, const Plan *plan, int *ordinal, Error *err) MUST_CHECK;

#endif
