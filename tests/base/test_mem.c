#include <criterion/criterion.h>
#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"

Test(mem, is_zeroed_and_never_null)
{
    AUTO(mem_free) unsigned char *bytes = mem_alloc(1000);
    for (size_t i = 0; i < 1000; i++)
        cr_assert_eq(bytes[i], 0);
    AUTO(mem_free) void *nothing = mem_alloc(0);
    cr_assert_not_null(nothing);
    mem_free(NULL);
}

Test(mem, keeps_its_bytes_when_it_grows)
{
    char *text = mem_strdup("abc");
    text = mem_resize(text, 100000);
    cr_assert_str_eq(text, "abc");
    mem_free(text);
    cr_assert_null(mem_strdup(NULL));
}

Test(mem, prints_any_length)
{
    AUTO(mem_free) char *text = mem_printf("%5000d|%s", 7, "end");
    cr_assert_eq(strlen(text), 5004);
    cr_assert_str_eq(text + 4999, "7|end");
}

Test(mem, taken_leaves_null_behind)
{
    AUTO(mem_free) char *text = mem_strdup("x");
    AUTO(mem_free) char *other = TAKE(text);
    cr_assert_null(text);
    cr_assert_str_eq(other, "x");
}

Test(arena, hands_out_zeroed_aligned_memory_that_does_not_overlap)
{
    AUTO(arena_free) Arena *arena = arena_new();
    enum { COUNT = 3000 };
    unsigned char *pieces[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        size_t size = i % 97 + (i % 500 == 0 ? 5000 : 0);
        pieces[i] = arena_alloc(arena, size);
        for (size_t unit = 1; unit <= alignof(max_align_t); unit *= 2)
            cr_assert(size % unit != 0 || (uintptr_t)pieces[i] % unit == 0);
        for (size_t k = 0; k < size; k++)
            cr_assert_eq(pieces[i][k], 0);
        memset(pieces[i], (int)(i % 251), size);
    }
    for (size_t i = 0; i < COUNT; i++)
        for (size_t k = 0; k < i % 97 + (i % 500 == 0 ? 5000 : 0); k++)
            cr_assert_eq(pieces[i][k], i % 251);
}

Test(arena, packs_texts_and_keeps_structs_aligned_between_them)
{
    AUTO(arena_free) Arena *arena = arena_new();
    const char *first = arena_strdup(arena, "abc");
    const char *second = arena_strdup(arena, "d");
    cr_assert_eq(second, first + 4);
    cr_assert_eq(arena_size(arena), 6);
    cr_assert_eq((uintptr_t)arena_alloc(arena, 8) % 8, 0);
    cr_assert_eq((uintptr_t)arena_alloc(arena, 48) % 16, 0);
    cr_assert_str_eq(first, "abc");
    cr_assert_str_eq(second, "d");
}

Test(arena, goes_on_with_its_block_after_something_large)
{
    AUTO(arena_free) Arena *arena = arena_new();
    const char *before = arena_strdup(arena, "a");
    memset(arena_alloc(arena, 5 << 20), 1, 5 << 20);
    cr_assert_eq(arena_strdup(arena, "b"), before + 2);
    cr_assert_str_eq(before, "a");
}

Test(arena, cleared_uses_its_memory_again)
{
    AUTO(arena_free) Arena *arena = arena_new();
    arena_clear(arena);
    for (int i = 0; i < 1000; i++)
        arena_printf(arena, "%0100d", i);
    arena_alloc(arena, 5 << 20);
    arena_clear(arena);
    cr_assert_eq(arena_size(arena), 0);
    const char *first = arena_strdup(arena, "a");
    arena_clear(arena);
    cr_assert_eq(arena_strdup(arena, "b"), first);
    const char *zeroed = arena_alloc(arena, 64);
    for (size_t i = 0; i < 64; i++)
        cr_assert_eq(zeroed[i], 0);
}

Test(arena, of_a_parent_goes_with_it_or_before_it)
{
    AUTO(arena_free) Arena *parent = arena_new();
    Arena *first = arena_new_in(parent), *middle = arena_new_in(parent),
          *last = arena_new_in(parent);
    const char *kept = arena_strdup(middle, "kept"), *below = arena_strdup(arena_new_in(last), "x");
    cr_assert_eq(arena_size(parent), 0);
    arena_free(first);
    cr_assert_str_eq(kept, "kept");
    cr_assert_str_eq(below, "x");
    arena_free(middle);
    cr_assert_str_eq(arena_strdup(arena_new_in(parent), "y"), "y");
    /* what is left goes with the parent: a leak is found with AddressSanitizer */
}

Test(arena, takes_what_is_larger_than_a_block_and_counts_it)
{
    AUTO(arena_free) Arena *arena = arena_new();
    cr_assert_eq(arena_size(arena), 0);
    char *large = arena_alloc(arena, 5 << 20);
    large[(5 << 20) - 1] = 1;
    cr_assert_geq(arena_size(arena), 5u << 20);
    cr_assert_str_eq(arena_strdup(arena, "small"), "small");
    cr_assert_str_eq(arena_printf(arena, "%d-%s", 3, "x"), "3-x");
    cr_assert_null(arena_strdup(arena, NULL));
    arena_free(NULL);
}
