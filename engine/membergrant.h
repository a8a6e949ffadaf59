/*
 * membergrant.h - inside engine/ only: privileges that the source gave or took away on members of
 * extensions. The members stay what they are; what the source changed comes with the swap and goes
 * with a rollback.
 *
 * Threads: the main thread's connections.
 */
#ifndef PGZM_ENGINE_MEMBERGRANT_H
#define PGZM_ENGINE_MEMBERGRANT_H

#include "engine/run.h"

/* Adds the roles that the source grants something on members to. */
bool membergrants_collect(Run *run, json_t *roles, Error *err) MUST_CHECK;

/* Records the statements for both directions. */
bool membergrants_record(Run *run, int *ordinal, Error *err) MUST_CHECK;

#endif
