#include <criterion/criterion.h>
#include <string.h>

#include "engine/names.h"

Test(names, are_prefix_and_schema_while_they_fit)
{
    AUTO(arena_free) Arena *arena = arena_new();
    cr_assert_str_eq(name_for_schema(arena, "pgzm_shadow_", "public", 3), "pgzm_shadow_public");
    char schema[64];
    memset(schema, 'x', 63);
    schema[63 - 12] = '\0';
    const char *name = name_for_schema(arena, "pgzm_shadow_", schema, 3);
    cr_assert_eq(strlen(name), 63);
    cr_assert_null(strstr(name, "_3"));
}

Test(names, are_cut_to_63_bytes_and_end_in_the_ordinal)
{
    AUTO(arena_free) Arena *arena = arena_new();
    char schema[64];
    memset(schema, 'x', 63);
    schema[63] = '\0';
    const char *one = name_for_schema(arena, "pgzm_backup_1763690400000_", schema, 1);
    const char *other = name_for_schema(arena, "pgzm_backup_1763690400000_", schema, 12);
    cr_assert_eq(strlen(one), 63);
    cr_assert_eq(strlen(other), 63);
    cr_assert_str_eq(one + 61, "_1");
    cr_assert_str_eq(other + 60, "_12");
    cr_assert_eq(strncmp(one, "pgzm_backup_1763690400000_xxx", 29), 0);
}

/* Counts characters; -1 when a sequence is cut in the middle. */
static int utf8_length(const char *text)
{
    int count = 0;
    while (*text != '\0') {
        unsigned char c = (unsigned char)*text++;
        int more = c < 0x80 ? 0 : c < 0xC0 ? -1 : c < 0xE0 ? 1 : c < 0xF0 ? 2 : 3;
        for (int i = 0; i < more; i++)
            if (((unsigned char)*text++ & 0xC0) != 0x80)
                return -1;
        if (more < 0)
            return -1;
        count++;
    }
    return count;
}

Test(names, are_never_cut_inside_a_character)
{
    AUTO(arena_free) Arena *arena = arena_new();
    static const char *const characters[] = {"ü", "€", "😀"};
    for (size_t c = 0; c < LENGTH(characters); c++)
        for (size_t shift = 0; shift < 4; shift++) {
            char schema[64] = "";
            memset(schema, 'a', shift);
            while (strlen(schema) + strlen(characters[c]) <= 63)
                strcat(schema, characters[c]);
            const char *name = name_for_schema(arena, "pgzm_shadow_", schema, 7);
            cr_assert_leq(strlen(name), 63);
            cr_assert_gt(strlen(name), 63 - 4);
            cr_assert_gt(utf8_length(name), 0, "%s", name);
            cr_assert_str_eq(name + strlen(name) - 2, "_7");
        }
}
