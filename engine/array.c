#include "engine/array.h"

#include "base/str.h"

const char *array_literal(Arena *arena, const char *const *names, size_t count)
{
    AUTO(str_clear) Str s = STR_INIT;
    str_add(&s, "{");
    for (size_t i = 0; i < count; i++) {
        str_add(&s, i > 0 ? ",\"" : "\"");
        for (const char *p = names[i]; *p != '\0'; p++) {
            if (*p == '"' || *p == '\\')
                str_add(&s, "\\");
            str_add_bytes(&s, p, 1);
        }
        str_add(&s, "\"");
    }
    str_add(&s, "}");
    return arena_strdup(arena, str_text(&s));
}
