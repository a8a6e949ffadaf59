#include <criterion/criterion.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

Test(clock, reads_durations_in_the_units_of_postgresql)
{
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {{"0", 0},
                 {"80", 80},
                 {"80ms", 80},
                 {"500us", 1},
                 {"499us", 0},
                 {"30s", 30000},
                 {"1.5s", 1500},
                 {"10min", 600000},
                 {"2h", 7200000},
                 {"1d", 86400000},
                 {"30 s", 30000},
                 {".5s", 500},
                 {"2147483647", INT32_MAX},
                 {"24d", 2073600000}};
    for (size_t i = 0; i < LENGTH(cases); i++) {
        int64_t ms = -1;
        cr_assert(clock_parse_duration(cases[i].text, &ms), "%s", cases[i].text);
        cr_assert_eq(ms, cases[i].ms, "%s: %lld", cases[i].text, (long long)ms);
    }
}

Test(clock, refuses_what_is_no_duration)
{
    static const char *const cases[] = {"",      "ms",
                                        "s5",    "-1",
                                        "-1s",   "+1s",
                                        "1x",    "1 s s",
                                        "1sec",  "1S",
                                        "0x10",  "inf",
                                        "nan",   "1e3",
                                        "1..5s", "2147483648",
                                        "25d",   "1,5s",
                                        "5 m",   "s",
                                        ".",     "99999999999999999999999h"};
    for (size_t i = 0; i < LENGTH(cases); i++) {
        int64_t ms = -7;
        cr_assert_not(clock_parse_duration(cases[i], &ms), "%s", cases[i]);
        cr_assert_eq(ms, -7, "%s", cases[i]);
    }
}

Test(clock, writes_durations_for_people)
{
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {{0, "0.0 s"},
                 {800, "0.8 s"},
                 {12345, "12.3 s"},
                 {59949, "59.9 s"},
                 {59950, "1 min 00 s"},
                 {60000, "1 min 00 s"},
                 {245000, "4 min 05 s"},
                 {3599499, "59 min 59 s"},
                 {3599500, "1 h 00 min"},
                 {7380000, "2 h 03 min"},
                 {360000000, "100 h 00 min"}};
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char out[32];
        clock_format_duration(cases[i].ms, out);
        cr_assert_str_eq(out, cases[i].text, "%lld: %s", (long long)cases[i].ms, out);
    }
}

Test(clock, writes_the_time_of_day_in_utc)
{
    char out[32];
    clock_format_wall(0, out);
    cr_assert_str_eq(out, "1970-01-01 00:00:00.000Z");
    clock_format_wall(1769903999123, out);
    cr_assert_str_eq(out, "2026-01-31 23:59:59.123Z");
}

Test(clock, does_not_go_back)
{
    int64_t last = clock_monotonic_ms();
    for (int i = 0; i < 1000; i++) {
        int64_t now = clock_monotonic_ms();
        cr_assert_geq(now, last);
        last = now;
    }
    cr_assert_gt(clock_wall_ms(), 1700000000000);
}

Test(clock, reads_moments)
{
    setenv("TZ", "UTC-3", 1); /* three hours east of Greenwich */
    tzset();
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {{"1970-01-02", 86400000 - 3 * 3600000}, {"1970-01-02T03:00", 86400000},
                 {"1970-01-02 03:00", 86400000},         {"1970-01-02 03:00:01", 86401000},
                 {"1970-01-02T00:00:00Z", 86400000},     {"1970-01-02 02:00+02:00", 86400000},
                 {"1970-01-02 02:00 +0200", 86400000},   {"1970-01-01T22:30:00-01:30", 86400000},
                 {"1763690400000", 1763690400000}};
    for (size_t i = 0; i < LENGTH(cases); i++) {
        int64_t ms = -1;
        cr_assert(clock_parse_moment(cases[i].text, &ms), "%s", cases[i].text);
        cr_assert_eq(ms, cases[i].ms, "%s: %lld", cases[i].text, (long long)ms);
    }
}

Test(clock, refuses_what_is_no_moment)
{
    static const char *const cases[] = {"",
                                        "yesterday",
                                        "2026",
                                        "20261121",
                                        "2026-11",
                                        "2026-13-01",
                                        "2026-02-30",
                                        "2026-11-21 25:00",
                                        "2026-11-21x",
                                        "2026-1-1",
                                        "21.11.2026",
                                        "2026-11-21 14:30 CET",
                                        "-1763690400000",
                                        "2026-11-21 14:30+2"};
    for (size_t i = 0; i < LENGTH(cases); i++) {
        int64_t ms = -1;
        cr_expect_not(clock_parse_moment(cases[i], &ms), "%s: %lld", cases[i], (long long)ms);
    }
}
