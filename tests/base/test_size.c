#include <criterion/criterion.h>

#include "base/size.h"

static void expect(const char *text, int64_t expected)
{
    int64_t bytes = -1;
    cr_assert(size_parse(text, &bytes), "%s", text);
    cr_assert_eq(bytes, expected, "%s", text);
}

Test(size, is_read_in_the_units_of_settings)
{
    expect("0", 0);
    expect("17", 17);
    expect("1B", 1);
    expect("1kB", 1024);
    expect("64 MB", INT64_C(64) << 20);
    expect("1.5GB", INT64_C(1536) << 20);
    expect("2TB", INT64_C(2) << 40);
}

Test(size, is_nothing_else)
{
    static const char *const wrong[] = {"",    " ",   "-1MB", "MB",    "1mb",       "1KB",  "1 M",
                                        "inf", "nan", "0x10", "1e3MB", "9000000TB", "1MB 2"};
    int64_t bytes = 7;
    for (size_t i = 0; i < LENGTH(wrong); i++)
        cr_assert_not(size_parse(wrong[i], &bytes), "%s", wrong[i]);
    cr_assert_eq(bytes, 7);
}
