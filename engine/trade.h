/*
 * trade.h - inside engine/ only: old and new objects trade places in one transaction, in either
 * direction. No application waits longer than --lock-timeout for it on a hot table.
 *
 * Threads: the main thread's destination connection.
 */
#ifndef PGZM_ENGINE_TRADE_H
#define PGZM_ENGINE_TRADE_H

#include "engine/run.h"

typedef enum TradeDirection { TRADE_SWAP, TRADE_ROLLBACK } TradeDirection;

/* Notes the moment from which on the trade itself looks for what others change: to be called before
 * the checks that it relies on. */
bool trade_mark(Run *run, Error *err) MUST_CHECK;

/* Tries until --swap-timeout is over. ERROR_LOCK: nothing changed. The result gets attempts and the
 * time the locks were held. */
bool trade_run(Run *run, TradeDirection direction, Error *err) MUST_CHECK;

/* The steps of the trade, for a dry run. */
bool trade_plan(Run *run, TradeDirection direction, Error *err) MUST_CHECK;

#endif
