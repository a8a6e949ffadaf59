/*
 * retry.h - inside engine/ only: how often and how long work is tried again under which a
 * connection was lost. Not here: what must be opened and done again, which its owner knows.
 *
 * Threads: each Retry belongs to one thread.
 */
#ifndef PGZM_ENGINE_RETRY_H
#define PGZM_ENGINE_RETRY_H

#include "engine/run.h"

/* Of one piece of work; starts as zeroes. */
typedef struct Retry {
    int tries;     /* in which the work had begun */
    int64_t since; /* clock_monotonic_ms of the last loss */
    int64_t pause;
} Retry;

/* Pauses when the failure was a lost connection and another try may do, with pauses that grow and
 * for as long as --retry-timeout says; false when the failure stays. `under_way`: the connections
 * had been there, so that this is a loss of its own (`*fresh`, which is warned of) and not one more
 * failure to get over the last one. */
bool retry_again(Retry *retry, const Run *run, Cancel *cancel, bool under_way, const Error *failure,
                 bool *fresh);

#endif
