#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "engine/throttle.h"

enum { SECOND_US = 1000000 };

Test(throttle, lets_all_pass_without_a_rate)
{
    AUTO(throttle_free) Throttle *throttle = throttle_new(0, NULL);
    for (int i = 0; i < 100; i++)
        cr_assert_eq(throttle_reserve(throttle, INT64_C(1) << 40, 5), 0);
    throttle_pass(throttle, INT64_C(1) << 40);
    throttle_pass(NULL, 1);
}

Test(throttle, gives_each_message_its_time)
{
    AUTO(throttle_free) Throttle *throttle = throttle_new(1000, NULL);
    const int64_t now = 100 * (int64_t)SECOND_US;
    cr_assert_eq(throttle_reserve(throttle, 100, now), 0); /* what was not used just before */
    cr_assert_eq(throttle_reserve(throttle, 500, now), 0);
    cr_assert_eq(throttle_reserve(throttle, 1000, now), SECOND_US / 2);
    cr_assert_eq(throttle_reserve(throttle, 1, now), SECOND_US * 3 / 2);
    cr_assert_eq(throttle_reserve(throttle, 1, now + SECOND_US), SECOND_US / 2 + 1000);
}

Test(throttle, does_not_make_up_for_a_long_pause)
{
    AUTO(throttle_free) Throttle *throttle = throttle_new(1000, NULL);
    cr_assert_eq(throttle_reserve(throttle, 1000, SECOND_US), 0);
    const int64_t later = 1000 * (int64_t)SECOND_US;
    int64_t passed = 0; /* in that moment */
    while (throttle_reserve(throttle, 10, later) == 0)
        passed += 10;
    cr_assert_leq(passed, 120);
}

Test(throttle, keeps_the_rate_over_many_messages_whoever_sends_them)
{
    AUTO(throttle_free) Throttle *throttle = throttle_new(1 << 20, NULL);
    int64_t now = 7 * (int64_t)SECOND_US, start = now;
    for (int i = 0; i < 1600; i++)
        now += throttle_reserve(throttle, 65531, now);
    double seconds = (double)(now - start) / SECOND_US;
    cr_assert(seconds > 99 && seconds < 101, "%f", seconds);
}

typedef struct Passing {
    Throttle *throttle;
    atomic_int passed;
} Passing;

static void *pass_once(void *context)
{
    Passing *passing = context;
    throttle_pass(passing->throttle, 1);
    atomic_fetch_add(&passing->passed, 1);
    return NULL;
}

Test(throttle, goes_on_at_another_rate)
{
    AUTO(throttle_free) Throttle *throttle = throttle_new(1000, NULL);
    const int64_t now = 10 * SECOND_US;
    cr_assert_eq(throttle_reserve(throttle, 600, now), 0);
    throttle_limit(throttle, 100);
    cr_assert_eq(throttle_rate(throttle), 100);
    cr_assert_eq(throttle_reserve(throttle, 100, now), SECOND_US / 2); /* of the rate before */
    cr_assert_eq(throttle_reserve(throttle, 1, now), SECOND_US * 3 / 2);
    throttle_limit(throttle, 0);
    cr_assert_eq(throttle_reserve(throttle, 1 << 20, now), 0);
    cr_assert_eq(throttle_rate(NULL), 0);
}

Test(throttle, holds_until_it_is_lifted)
{
    AUTO(throttle_free) Throttle *throttle = throttle_new(0, NULL);
    Passing passing = {.throttle = throttle};
    pthread_t thread;
    throttle_hold(throttle, true);
    cr_assert(throttle_is_held(throttle));
    cr_assert_eq(pthread_create(&thread, NULL, pass_once, &passing), 0);
    cr_assert(cancel_sleep(NULL, 50));
    cr_assert_eq(atomic_load(&passing.passed), 0);
    throttle_hold(throttle, false);
    pthread_join(thread, NULL);
    cr_assert_eq(atomic_load(&passing.passed), 1);
    cr_assert_not(throttle_is_held(NULL));
}

Test(throttle, ends_a_wait_when_it_is_cancelled)
{
    AUTO(cancel_free) Cancel *cancel = cancel_new(NULL);
    AUTO(throttle_free) Throttle *throttle = throttle_new(1, cancel);
    throttle_pass(throttle, 1000000); /* the next one waits for days */
    throttle_hold(throttle, true);
    Passing passing = {.throttle = throttle};
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, pass_once, &passing), 0);
    cancel_trigger(cancel, CANCEL_REQUESTED);
    pthread_join(thread, NULL);
    cr_assert_eq(atomic_load(&passing.passed), 1);
}
