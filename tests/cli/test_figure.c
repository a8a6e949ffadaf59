#include <criterion/criterion.h>

#include "cli/figure.h"

#define EXPECT(call, text)                                                                         \
    do {                                                                                           \
        AUTO(str_clear) Str out = STR_INIT;                                                        \
        call;                                                                                      \
        cr_expect_str_eq(str_text(&out), text);                                                    \
    } while (0)

Test(figure, counts_have_commas)
{
    EXPECT(figure_add_count(&out, 0), "0");
    EXPECT(figure_add_count(&out, 999), "999");
    EXPECT(figure_add_count(&out, 1000), "1,000");
    EXPECT(figure_add_count(&out, 12345678), "12,345,678");
    EXPECT(figure_add_count(&out, -123456), "-123,456");
    EXPECT(figure_add_count(&out, INT64_MIN), "-9,223,372,036,854,775,808");
}

Test(figure, bytes_have_three_digits_at_most)
{
    EXPECT(figure_add_bytes(&out, 0), "0 bytes");
    EXPECT(figure_add_bytes(&out, 999), "999 bytes");
    EXPECT(figure_add_bytes(&out, 1024), "1.0 kB");
    EXPECT(figure_add_bytes(&out, 10200), "10 kB");
    EXPECT(figure_add_bytes(&out, 1023.9 * 1024), "1.0 MB");
    EXPECT(figure_add_bytes(&out, 3006477107.0), "2.8 GB");
    EXPECT(figure_add_bytes(&out, 5e18), "4441 PB");
}

Test(figure, one_thing_is_singular)
{
    EXPECT(figure_add_things(&out, 1, "index", "indexes"), "1 index");
    EXPECT(figure_add_things(&out, 0, "row", NULL), "0 rows");
    EXPECT(figure_add_things(&out, 2000, "index", "indexes"), "2,000 indexes");
}

Test(figure, time_left_is_in_whole_seconds_rounded_up)
{
    EXPECT(figure_add_left(&out, 0), "0 s");
    EXPECT(figure_add_left(&out, 1), "1 s");
    EXPECT(figure_add_left(&out, 59000), "59 s");
    EXPECT(figure_add_left(&out, 59001), "1 min 00 s");
    EXPECT(figure_add_left(&out, 245000), "4 min 05 s");
}

Test(figure, short_durations_are_in_milliseconds)
{
    EXPECT(figure_add_duration(&out, 0), "0 ms");
    EXPECT(figure_add_duration(&out, 99), "99 ms");
    EXPECT(figure_add_duration(&out, 800), "0.8 s");
    EXPECT(figure_add_duration(&out, 245000), "4 min 05 s");
}
