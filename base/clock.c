#include "base/clock.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t now_ms(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_monotonic_ms(void)
{
    return now_ms(CLOCK_MONOTONIC);
}

int64_t clock_wall_ms(void)
{
    return now_ms(CLOCK_REALTIME);
}

bool clock_parse_duration(const char *text, int64_t *ms)
{
    static const struct {
        const char *unit;
        double factor;
    } units[] = {{"us", 0.001},  {"ms", 1},      {"", 1},          {"s", 1000},
                 {"min", 60000}, {"h", 3600000}, {"d", 86400000.0}};
    /* strtod alone would take hexadecimal, "inf" and "nan". */
    size_t digits = strspn(text, "0123456789.");
    if (digits == 0 || digits > 20)
        return false;
    char number[24];
    snprintf(number, sizeof number, "%.*s", (int)digits, text);
    char *end;
    double value = strtod(number, &end);
    if (*end != '\0')
        return false;
    const char *unit = text + digits;
    unit += strspn(unit, " ");
    for (size_t i = 0; i < LENGTH(units); i++) {
        if (strcmp(unit, units[i].unit) != 0)
            continue;
        double result = round(value * units[i].factor);
        if (result > INT32_MAX)
            return false;
        *ms = (int64_t)result;
        return true;
    }
    return false;
}

void clock_format_duration(int64_t ms, char out[static 32])
{
    int64_t s = (ms + 500) / 1000;
    if (ms < 60000 - 50)
        snprintf(out, 32, "%.1f s", (double)ms / 1000);
    else if (s < 3600)
        snprintf(out, 32, "%lld min %02lld s", (long long)(s / 60), (long long)(s % 60));
    else
        snprintf(out, 32, "%lld h %02lld min", (long long)(s / 3600), (long long)(s % 3600 / 60));
}

void clock_format_wall(int64_t ms, char out[static 32])
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm tm;
    char day[24] = "";
    if (gmtime_r(&seconds, &tm) != NULL)
        strftime(day, sizeof day, "%Y-%m-%d %H:%M:%S", &tm);
    snprintf(out, 32, "%s.%03dZ", day, (int)(ms % 1000));
}
