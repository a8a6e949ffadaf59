/*
 * throttle.h - inside engine/ only: how fast rows may flow, and whether they may at all. One rate
 * for all workers together (--max-rate), and a stop that holds everyone until it is lifted
 * (--max-lag). Workers on other hosts have throttles of their own (limits.h). Who may pass waits
 * nowhere else; a wait ends when the token is set.
 *
 * Threads: any, but for new and free.
 */
#ifndef PGZM_ENGINE_THROTTLE_H
#define PGZM_ENGINE_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cancel.h"
#include "base/mem.h"

typedef struct Throttle Throttle;

/* `rate` in bytes a second; 0: as fast as it goes. */
Throttle *throttle_new(int64_t rate, Cancel *cancel);
void throttle_free(Throttle *throttle); /* NULL is fine */

/* Another rate from now on. */
void throttle_limit(Throttle *throttle, int64_t rate);
/* Bytes a second; 0: no limit. */
int64_t throttle_rate(Throttle *throttle);

/* Takes the time of so many bytes and says how long to wait from `now_us` on until they may go. A
 * tenth of a second of the rate may be made up for after a pause, no more. */
int64_t throttle_reserve(Throttle *throttle, int64_t bytes, int64_t now_us);

/* Waits until so many bytes may go; for CopyCounters.pace. NULL lets all pass. */
void throttle_pass(void *throttle, int64_t bytes);

/* Holds everyone, or lets them go again. */
void throttle_hold(Throttle *throttle, bool held);
bool throttle_is_held(Throttle *throttle);

AUTO_DEFINE(Throttle *, throttle_free)

#endif
