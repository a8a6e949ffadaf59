/*
 * readiness.h - inside engine/ only: what a swap of a prepared migration would say to it now,
 * without trying it: what it would refuse (reasons) and what it would wait for or bring in step
 * (remarks). Not here: the swap's own checks (swap.c), which have the last word.
 *
 * Threads: the main thread's destination connection.
 */
#ifndef PGZM_ENGINE_READINESS_H
#define PGZM_ENGINE_READINESS_H

#include "engine/run.h"

/* Adds sentences to both arrays. Changes nothing. */
bool readiness_look(Run *run, int64_t id, const char *fingerprint, json_t *reasons, json_t *remarks,
                    Error *err) MUST_CHECK;

#endif
