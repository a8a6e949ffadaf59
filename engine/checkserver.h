/*
 * checkserver.h - inside engine/ only: checks that need no more than both connections: what stands
 * between us and each server, what it is, what the user may read, how much room there is.
 *
 * Threads: the main thread.
 */
#ifndef PGZM_ENGINE_CHECKSERVER_H
#define PGZM_ENGINE_CHECKSERVER_H

#include "engine/check.h"

/* Whether what is said to a session stays with it. Before any lock is taken: behind a pooler that
 * changes sessions nobody would give it back. */
bool checkserver_ways(Run *run, Error *err) MUST_CHECK;

/* Before the source's tables are locked; the filters are resolved. */
bool checkserver_all(Run *run, Error *err) MUST_CHECK;

#endif
