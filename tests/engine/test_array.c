#include <criterion/criterion.h>

#include "engine/array.h"

Test(array, quotes_every_item)
{
    AUTO(arena_free) Arena *arena = arena_new();
    static const char *const names[] = {"a", "b c", "NULL", "", "q\"q", "back\\slash", "x,{y}"};
    cr_assert_str_eq(array_literal(arena, names, LENGTH(names)),
                     "{\"a\",\"b c\",\"NULL\",\"\",\"q\\\"q\",\"back\\\\slash\",\"x,{y}\"}");
    cr_assert_str_eq(array_literal(arena, NULL, 0), "{}");
}
