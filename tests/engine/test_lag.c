#include <criterion/criterion.h>

#include "engine/lag.h"

Test(lag, is_as_old_as_the_first_thing_that_is_not_replayed)
{
    LagClock clock = {.count = 0};
    cr_assert_eq(lag_clock_age(&clock, 0, 9), 0);
    lag_clock_note(&clock, 100, 1000);
    lag_clock_note(&clock, 100, 1500); /* nothing new */
    lag_clock_note(&clock, 300, 2000);
    lag_clock_note(&clock, 900, 2500);
    cr_assert_eq(lag_clock_age(&clock, 900, 9000), 0);
    cr_assert_eq(lag_clock_age(&clock, 899, 9000), 6500);
    cr_assert_eq(lag_clock_age(&clock, 100, 9000), 7000);
    cr_assert_eq(lag_clock_age(&clock, 99, 9000), 8000);
}

Test(lag, is_known_to_a_step_and_at_least_as_long_as_the_notes_go_back)
{
    LagClock clock = {.step_ms = 1000};
    for (int64_t i = 0; i < 100000; i++)
        lag_clock_note(&clock, i * 10, i * 500);
    const int64_t now = 100000 * 500;
    for (int64_t i = 100000 - 1; i > 0; i -= 77) {
        int64_t age = lag_clock_age(&clock, i * 10 - 1, now), expected = now - i * 500;
        if (expected > 250 * 1000)
            cr_assert_geq(age, 250 * 1000);
        else
            cr_assert(age <= expected && age >= expected - 1000, "%lld of %lld", (long long)age,
                      (long long)expected);
    }
}
