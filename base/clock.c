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

int64_t clock_monotonic_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
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

/* "Z", "+02", "+0200" or "+02:00" in seconds; false when there is more or something else. */
static bool parse_zone(const char *text, long *seconds)
{
    int hours = 0, minutes = 0, used = 0;
    if (strcmp(text, "Z") == 0 || strcmp(text, "z") == 0) {
        *seconds = 0;
        return true;
    }
    if (text[0] != '+' && text[0] != '-')
        return false;
    const char *digits = text + 1;
    bool read = (sscanf(digits, "%2d:%2d%n", &hours, &minutes, &used) == 2 && used == 5) ||
                (sscanf(digits, "%2d%2d%n", &hours, &minutes, &used) == 2 && used == 4) ||
                (sscanf(digits, "%2d%n", &hours, &used) == 1 && used == 2);
    if (!read || digits[used] != '\0' || hours > 14 || minutes > 59)
        return false;
    *seconds = (hours * 3600L + minutes * 60L) * (text[0] == '-' ? -1 : 1);
    return true;
}

static bool parse_milliseconds(const char *text, int64_t *ms)
{
    size_t digits = strspn(text, "0123456789");
    if (digits < 9 || digits > 15 || text[digits] != '\0')
        return false; /* 20261121 is no moment of 1970 */
    *ms = strtoll(text, NULL, 10);
    return true;
}

bool clock_parse_moment(const char *text, int64_t *ms)
{
    static const char *const forms[] = {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M",
                                        "%Y-%m-%d %H:%M", "%Y-%m-%d"};
    if (parse_milliseconds(text, ms))
        return true;
    /* strptime takes fewer digits and spaces; a date has ten characters */
    if (strspn(text, "0123456789-") != 10)
        return false;
    for (size_t i = 0; i < LENGTH(forms); i++) {
        struct tm moment = {.tm_isdst = -1};
        const char *rest = strptime(text, forms[i], &moment);
        long zone = 0;
        if (rest == NULL)
            continue;
        struct tm entered = moment;
        bool local = *rest == '\0';
        if (!local && !parse_zone(rest + strspn(rest, " "), &zone))
            continue;
        time_t seconds = local ? mktime(&moment) : timegm(&moment);
        if (moment.tm_mday != entered.tm_mday)
            return false; /* 31 February */
        *ms = ((int64_t)seconds - zone) * 1000;
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
