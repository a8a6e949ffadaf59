/*
 * lag.h - inside engine/ only: holds the copy while a replica of the destination lags behind more
 * than --max-lag, so that what reads there stays fresh and no WAL piles up. Looks at
 * pg_stat_replication over a connection of its own, twice a second.
 *
 * Threads: one at a time: the main thread before the workers begin, then the load's watcher.
 */
#ifndef PGZM_ENGINE_LAG_H
#define PGZM_ENGINE_LAG_H

#include "engine/run.h"
#include "engine/throttle.h"

typedef struct Lag Lag;

/* Waits for nothing before it has a limit. */
Lag *lag_new(Run *run, Throttle *throttle, Cancel *cancel);
void lag_free(Lag *lag); /* lets go what it holds; NULL is fine */

/* How far a replica may be behind: a time or bytes of WAL; 0: any. */
void lag_limit(Lag *lag, int64_t ms, int64_t bytes);

/* Looks, if it is time to. Never fails: without rights, or while it cannot connect, nothing is
 * held, and a warning says so once. */
void lag_look(Lag *lag);

/* When the WAL passed a position, by what was noted of it: the server's own lag stands still when a
 * replica says nothing any more. */
typedef struct LagClock {
    int64_t positions[256], ms[256];
    int count;
    int64_t step_ms; /* between two notes; 256 of them must be more than what is waited for */
} LagClock;

/* Notes where the WAL is now. */
void lag_clock_note(LagClock *clock, int64_t position, int64_t now_ms);
/* How long ago the WAL passed what is replayed, at most a step less; of what is older than all
 * notes, the age of these. 0 when it has not. */
int64_t lag_clock_age(const LagClock *clock, int64_t replayed, int64_t now_ms);

AUTO_DEFINE(Lag *, lag_free)

#endif
