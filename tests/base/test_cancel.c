#include <criterion/criterion.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/clock.h"

static const int no_fds[2] = {-1, -1};
static const short no_events[2];

typedef struct Later {
    Cancel *cancel;
    int64_t after_ms, at;
} Later;

static void *trigger_later(void *context)
{
    Later *later = context;
    cancel_sleep(NULL, later->after_ms);
    later->at = clock_monotonic_ms();
    cancel_trigger(later->cancel, CANCEL_REQUESTED);
    return NULL;
}

/* How long after the token was set a wait of ten seconds on `waits` ends. */
static int64_t delay_of(Cancel *set, Cancel *waits)
{
    Later later = {.cancel = set, .after_ms = 60};
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, trigger_later, &later), 0);
    short revents[2];
    int ready = cancel_poll(waits, no_fds, no_events, revents, 10000);
    int64_t end = clock_monotonic_ms();
    pthread_join(thread, NULL);
    cr_assert_eq(ready, 0);
    return end - later.at;
}

Test(cancel, is_not_set_at_first)
{
    AUTO(cancel_free) Cancel *cancel = cancel_new(NULL);
    AUTO(error_clear) Error err = ERROR_INIT;
    cr_assert_eq(cancel_reason(cancel), CANCEL_NONE);
    cr_assert_eq(cancel_reason(NULL), CANCEL_NONE);
    cr_assert(cancel_check(cancel, &err));
    cr_assert(cancel_check(NULL, &err));
    cr_assert_not(error_is_set(&err));
    cr_assert(cancel_sleep(cancel, 1));
    cancel_free(NULL);
}

Test(cancel, keeps_the_first_reason)
{
    AUTO(cancel_free) Cancel *cancel = cancel_new(NULL);
    AUTO(error_clear) Error err = ERROR_INIT;
    cancel_trigger(cancel, CANCEL_FAILURE);
    cancel_trigger(cancel, CANCEL_REQUESTED);
    cr_assert_eq(cancel_reason(cancel), CANCEL_FAILURE);
    cr_assert_not(cancel_check(cancel, &err));
    cr_assert_eq(err.kind, ERROR_INTERRUPTED);
    cr_assert_not(cancel_sleep(cancel, 10000));
}

Test(cancel, comes_down_from_the_parent_and_not_up)
{
    AUTO(cancel_free) Cancel *parent = cancel_new(NULL);
    AUTO(cancel_free) Cancel *first = cancel_new(parent);
    AUTO(cancel_free) Cancel *second = cancel_new(parent);
    cancel_trigger(first, CANCEL_FAILURE);
    cr_assert_eq(cancel_reason(parent), CANCEL_NONE);
    cr_assert_eq(cancel_reason(second), CANCEL_NONE);
    cancel_trigger(parent, CANCEL_REQUESTED);
    cr_assert_eq(cancel_reason(second), CANCEL_REQUESTED);
    cr_assert_eq(cancel_reason(first), CANCEL_FAILURE);
}

Test(cancel, sets_itself_at_the_deadline)
{
    AUTO(cancel_free) Cancel *cancel = cancel_new(NULL);
    AUTO(error_clear) Error err = ERROR_INIT;
    int64_t start = clock_monotonic_ms();
    cancel_set_deadline(cancel, start + 120);
    cr_assert(cancel_check(cancel, &err));
    cr_assert_not(cancel_sleep(cancel, 10000));
    int64_t took = clock_monotonic_ms() - start;
    cr_assert(took >= 120 && took < 1000, "%lld ms", (long long)took);
    cr_assert_eq(cancel_reason(cancel), CANCEL_TIMEOUT);
    cr_assert_not(cancel_check(cancel, &err));
    error_kind(&err, ERROR_COPY);
    cr_assert_eq(err.kind, ERROR_OTHER);
    cr_assert_not_null(strstr(err.hint, "--timeout"));
}

Test(cancel, has_no_deadline_when_it_was_taken_away)
{
    AUTO(cancel_free) Cancel *cancel = cancel_new(NULL);
    cancel_set_deadline(cancel, clock_monotonic_ms() + 20);
    cancel_set_deadline(cancel, 0);
    cr_assert(cancel_sleep(cancel, 60));
}

Test(cancel, wakes_a_poll_at_once)
{
    AUTO(cancel_free) Cancel *cancel = cancel_new(NULL);
    int64_t delay = delay_of(cancel, cancel);
    cr_assert_lt(delay, 200, "%lld ms", (long long)delay);
}

Test(cancel, of_the_parent_wakes_a_poll_soon)
{
    AUTO(cancel_free) Cancel *parent = cancel_new(NULL);
    AUTO(cancel_free) Cancel *cancel = cancel_new(parent);
    int64_t delay = delay_of(parent, cancel);
    cr_assert_lt(delay, 600, "%lld ms", (long long)delay);
}

Test(cancel, poll_tells_which_descriptor_is_ready)
{
    AUTO(cancel_free) Cancel *cancel = cancel_new(NULL);
    int first[2], second[2];
    cr_assert_eq(pipe(first), 0);
    cr_assert_eq(pipe(second), 0);
    const int fds[2] = {first[0], second[0]};
    const short events[2] = {POLLIN, POLLIN};
    short revents[2];
    cr_assert_eq(cancel_poll(cancel, fds, events, revents, 20), 0);
    cr_assert_eq(write(second[1], "x", 1), 1);
    cr_assert_eq(cancel_poll(cancel, fds, events, revents, 5000), 1);
    cr_assert_eq(revents[0], 0);
    cr_assert_eq(revents[1], POLLIN);
    cr_assert_eq(write(first[1], "x", 1), 1);
    cr_assert_eq(cancel_poll(NULL, fds, events, revents, -1), 2);
}

static Cancel *for_handler;

static void handler(int number)
{
    (void)number;
    cancel_trigger(for_handler, CANCEL_REQUESTED);
}

Test(cancel, can_be_set_from_a_signal_handler)
{
    AUTO(cancel_free) Cancel *cancel = cancel_new(NULL);
    for_handler = cancel;
    signal(SIGUSR1, handler);
    raise(SIGUSR1);
    cr_assert_eq(cancel_reason(cancel), CANCEL_REQUESTED);
}
