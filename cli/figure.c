#include "cli/figure.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

void figure_add_count(Str *out, int64_t n)
{
    char digits[32];
    int len = snprintf(digits, sizeof digits, "%" PRId64, n);
    const char *d = digits;
    if (*d == '-') {
        str_add(out, "-");
        d++;
        len--;
    }
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            str_add(out, ",");
        str_add_bytes(out, d + i, 1);
    }
}

void figure_add_bytes(Str *out, double bytes)
{
    static const char *const units[] = {"kB", "MB", "GB", "TB", "PB"};
    if (bytes < 1000) {
        str_addf(out, "%.0f bytes", bytes);
        return;
    }
    size_t unit = 0;
    bytes /= 1024;
    while (bytes >= 999.5 && unit + 1 < LENGTH(units)) {
        bytes /= 1024;
        unit++;
    }
    str_addf(out, bytes < 9.95 ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
}

void figure_add_things(Str *out, int64_t n, const char *one, const char *plural)
{
    figure_add_count(out, n);
    if (n == 1)
        str_addf(out, " %s", one);
    else if (plural != NULL)
        str_addf(out, " %s", plural);
    else
        str_addf(out, " %ss", one);
}

void figure_add_left(Str *out, int64_t ms)
{
    int64_t seconds = ms <= 0 ? 0 : (ms + 999) / 1000;
    if (seconds < 60)
        str_addf(out, "%" PRId64 " s", seconds);
    else
        figure_add_duration(out, seconds * 1000);
}

void figure_add_duration(Str *out, int64_t ms)
{
    char text[32];
    if (ms < 100) {
        str_addf(out, "%" PRId64 " ms", ms);
        return;
    }
    clock_format_duration(ms, text);
    str_add(out, text);
}
