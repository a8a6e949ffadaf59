#include "base/mem.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Arena blocks double up to this size; a larger request gets a block of its own. */
enum { ARENA_FIRST_BLOCK = 4096, ARENA_LARGEST_BLOCK = 1 << 20 };

typedef struct ArenaBlock {
    struct ArenaBlock *next;
    size_t used, size;
    alignas(max_align_t) char bytes[];
} ArenaBlock;

struct Arena {
    ArenaBlock *blocks; /* the one in use first */
    size_t next_size;
    size_t handed_out;
};

static void *must_have(void *p)
{
    if (p == NULL)
        abort();
    return p;
}

void *mem_alloc(size_t size)
{
    return must_have(calloc(1, size > 0 ? size : 1));
}

void *mem_resize(void *p, size_t size)
{
    return must_have(realloc(p, size > 0 ? size : 1));
}

char *mem_strdup(const char *s)
{
    return s == NULL ? NULL : must_have(strdup(s));
}

char *mem_vprintf(const char *fmt, va_list args)
{
    char *text = NULL;
    if (vasprintf(&text, fmt, args) < 0)
        abort();
    return text;
}

char *mem_printf(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    char *text = mem_vprintf(fmt, args);
    va_end(args);
    return text;
}

void mem_free(void *p)
{
    free(p);
}

Arena *arena_new(void)
{
    Arena *arena = mem_alloc(sizeof *arena);
    arena->next_size = ARENA_FIRST_BLOCK;
    return arena;
}

void arena_free(Arena *arena)
{
    if (arena == NULL)
        return;
    while (arena->blocks != NULL) {
        ArenaBlock *next = arena->blocks->next;
        mem_free(arena->blocks);
        arena->blocks = next;
    }
    mem_free(arena);
}

static void arena_add_block(Arena *arena, size_t at_least)
{
    size_t size = arena->next_size > at_least ? arena->next_size : at_least;
    ArenaBlock *block = must_have(malloc(sizeof *block + size));
    block->used = 0;
    block->size = size;
    block->next = arena->blocks;
    arena->blocks = block;
    if (arena->next_size < ARENA_LARGEST_BLOCK)
        arena->next_size *= 2;
}

void *arena_alloc(Arena *arena, size_t size)
{
    size_t aligned = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if (arena->blocks == NULL || arena->blocks->size - arena->blocks->used < aligned)
        arena_add_block(arena, aligned);
    void *p = arena->blocks->bytes + arena->blocks->used;
    arena->blocks->used += aligned;
    arena->handed_out += aligned;
    return memset(p, 0, size);
}

char *arena_strdup(Arena *arena, const char *s)
{
    if (s == NULL)
        return NULL;
    size_t size = strlen(s) + 1;
    return memcpy(arena_alloc(arena, size), s, size);
}

char *arena_printf(Arena *arena, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    AUTO(mem_free) char *text = mem_vprintf(fmt, args);
    va_end(args);
    return arena_strdup(arena, text);
}

size_t arena_size(const Arena *arena)
{
    return arena->handed_out;
}
