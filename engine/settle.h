/*
 * settle.h - inside engine/ only: what is left for after old and new objects traded places: foreign
 * keys are validated. Nothing here blocks an application for longer than --lock-timeout.
 *
 * Threads: the main thread's destination connection.
 */
#ifndef PGZM_ENGINE_SETTLE_H
#define PGZM_ENGINE_SETTLE_H

#include "engine/trade.h"

/* Runs all of it that is not done yet, also when some of it fails. A swapped migration whose steps
 * are all done becomes SETTLED. ERROR_UNSETTLED when something cannot be verified: it is live, and
 * `unsettled` of the result says what is the matter. */
bool settle_run(Run *run, TradeDirection direction, Error *err) MUST_CHECK;

#endif
