/*
 * rollback.h - inside engine/ only: undoes migrations that went live, the newest first, each in a
 * transaction of its own (trade.h). The command itself is declared in run.h.
 *
 * Threads: the main thread's destination connection.
 */
#ifndef PGZM_ENGINE_ROLLBACK_H
#define PGZM_ENGINE_ROLLBACK_H

#include "engine/run.h"

#endif
