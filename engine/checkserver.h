/*
 * checkserver.h - inside engine/ only: checks that need no more than both connections: what stands
 * between us and each server, what it is, what the user may read, how much room there is.
 *
 * Threads: the main thread.
 */
#ifndef PGZM_ENGINE_CHECKSERVER_H
#define PGZM_ENGINE_CHECKSERVER_H

#include "engine/check.h"

/* Before the source's tables are locked; the filters are resolved. */
bool checkserver_all(Run *run, Error *err) MUST_CHECK;

#endif
