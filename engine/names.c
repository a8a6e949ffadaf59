#include "engine/names.h"

#include <string.h>

const char *name_for_schema(Arena *arena, const char *prefix, const char *schema, size_t ordinal)
{
    char *whole = arena_printf(arena, "%s%s", prefix, schema);
    if (strlen(whole) <= NAME_BYTES_MAX)
        return whole;
    const char *suffix = arena_printf(arena, "_%zu", ordinal);
    size_t keep = NAME_BYTES_MAX - strlen(suffix);
    /* 10xxxxxx bytes continue a character */
    while (keep > 0 && ((unsigned char)whole[keep] & 0xC0) == 0x80)
        keep--;
    return arena_printf(arena, "%.*s%s", (int)keep, whole, suffix);
}
