/*
 * limits.h - inside engine/ only: how much of a destination that is in use the rows of a migration
 * may take: --max-rate and --max-lag. They are the migration's, not a process's: they stand in the
 * journal, and workers on other hosts obey them too. All wait for the replicas; the rate is shared
 * by all sessions that load rows, which are counted each second.
 *
 * Threads: limits_join by each with its own connection; the rest by one at a time.
 */
#ifndef PGZM_ENGINE_LIMITS_H
#define PGZM_ENGINE_LIMITS_H

#include "engine/lag.h"
#include "engine/run.h"
#include "engine/throttle.h"

typedef struct Limits {
    Run *run;
    Throttle *throttle;
    Lag *lag;
    int64_t next; /* clock_monotonic_ms of the next look */
    bool joined;  /* our own sessions are among those that are counted */
} Limits;

/* Writes those of run->settings to the journal, for all that copy run->id. */
bool limits_record(Run *run, Error *err) MUST_CHECK;

/* From now until its end the session has a part of the rate. */
bool limits_join(Conn *dest, Error *err) MUST_CHECK;

/* Sets throttle and lag to what the journal says, if it is time to; over run->dest. Call once
 * before the sessions are opened. A lost connection is not this one's business. */
bool limits_look(Limits *limits, Error *err) MUST_CHECK;

#endif
