#include "base/size.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool size_parse(const char *text, int64_t *bytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    /* strtod also takes hexadecimal numbers, infinities and what is no number */
    if (!isdigit((unsigned char)text[0]) && text[0] != '.')
        return false;
    char *end;
    double number = strtod(text, &end);
    if (end == text || strspn(text, "0123456789.") != (size_t)(end - text))
        return false;
    while (*end == ' ')
        end++;
    double factor = *end == '\0' ? 1 : 0;
    for (size_t i = 0; i < LENGTH(units) && factor == 0; i++)
        if (strcmp(end, units[i]) == 0)
            factor = ldexp(1, (int)(10 * i));
    double size = number * factor;
    if (factor == 0 || size >= 9.2e18)
        return false;
    *bytes = llround(size);
    return true;
}
