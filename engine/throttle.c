#include "engine/throttle.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"

enum { CREDIT_US = 100000, HOLD_LOOK_MS = 100 };

struct Throttle {
    Cancel *cancel;
    _Atomic int64_t rate;
    atomic_bool held;
    pthread_mutex_t mutex; /* guards the next one */
    int64_t free_at_us;    /* clock_monotonic_us from which on the next bytes may go */
};

Throttle *throttle_new(int64_t rate, Cancel *cancel)
{
    Throttle *throttle = mem_alloc(sizeof *throttle);
    atomic_store(&throttle->rate, rate);
    throttle->cancel = cancel;
    pthread_mutex_init(&throttle->mutex, NULL);
    return throttle;
}

void throttle_free(Throttle *throttle)
{
    if (throttle == NULL)
        return;
    pthread_mutex_destroy(&throttle->mutex);
    mem_free(throttle);
}

void throttle_limit(Throttle *throttle, int64_t rate)
{
    atomic_store(&throttle->rate, rate);
}

int64_t throttle_rate(Throttle *throttle)
{
    return throttle == NULL ? 0 : atomic_load(&throttle->rate);
}

/* Each message is given the next span of time that is free, in the order of asking: workers share
 * the rate, and none can be starved. */
int64_t throttle_reserve(Throttle *throttle, int64_t bytes, int64_t now_us)
{
    int64_t rate = atomic_load(&throttle->rate);
    if (rate <= 0)
        return 0;
    int64_t takes = (int64_t)((double)bytes * 1e6 / (double)rate);
    pthread_mutex_lock(&throttle->mutex);
    if (throttle->free_at_us < now_us - CREDIT_US)
        throttle->free_at_us = now_us - CREDIT_US;
    int64_t wait = throttle->free_at_us - now_us;
    throttle->free_at_us += takes;
    pthread_mutex_unlock(&throttle->mutex);
    return wait > 0 ? wait : 0;
}

void throttle_pass(void *context, int64_t bytes)
{
    Throttle *throttle = context;
    if (throttle == NULL)
        return;
    while (atomic_load(&throttle->held) && cancel_sleep(throttle->cancel, HOLD_LOOK_MS))
        ;
    int64_t wait = throttle_reserve(throttle, bytes, clock_monotonic_us());
    /* short waits add up to one that can be waited */
    if (wait >= 1000 && !cancel_sleep(throttle->cancel, wait / 1000))
        return; /* who called finds out by itself */
}

void throttle_hold(Throttle *throttle, bool held)
{
    atomic_store(&throttle->held, held);
}

bool throttle_is_held(Throttle *throttle)
{
    return throttle != NULL && atomic_load(&throttle->held);
}
