#include "base/mem.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

/* Arena blocks double up to this size; a larger request gets a block of its own. */
enum { ARENA_FIRST_BLOCK = 4096, ARENA_LARGEST_BLOCK = 1 << 20 };

typedef struct ArenaBlock {
    struct ArenaBlock *next;
    size_t used, size;
    alignas(max_align_t) char bytes[];
} ArenaBlock;

struct Arena {
    Arena *parent, *children;
    Arena *previous, *next; /* among those of the parent */
    ArenaBlock *blocks;     /* the one in use first */
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

void mem_trim(void)
{
#ifdef __GLIBC__
    malloc_trim(0); /* also between what is in use */
#endif
}

Arena *arena_new(void)
{
    Arena *arena = mem_alloc(sizeof *arena);
    arena->next_size = ARENA_FIRST_BLOCK;
    return arena;
}

Arena *arena_new_in(Arena *parent)
{
    Arena *arena = arena_new();
    arena->parent = parent;
    arena->next = parent->children;
    if (arena->next != NULL)
        arena->next->previous = arena;
    parent->children = arena;
    return arena;
}

static void leave_parent(Arena *arena)
{
    if (arena->next != NULL)
        arena->next->previous = arena->previous;
    if (arena->previous != NULL)
        arena->previous->next = arena->next;
    else if (arena->parent != NULL)
        arena->parent->children = arena->next;
}

void arena_free(Arena *arena)
{
    if (arena == NULL)
        return;
    while (arena->children != NULL)
        arena_free(arena->children);
    leave_parent(arena);
    while (arena->blocks != NULL) {
        ArenaBlock *next = arena->blocks->next;
        mem_free(arena->blocks);
        arena->blocks = next;
    }
    mem_free(arena);
}

void arena_clear(Arena *arena)
{
    while (arena->blocks != NULL && arena->blocks->next != NULL) {
        ArenaBlock *next = arena->blocks->next;
        arena->blocks->next = next->next;
        mem_free(next);
    }
    if (arena->blocks != NULL)
        arena->blocks->used = 0;
    arena->handed_out = 0;
}

static ArenaBlock *arena_add_block(Arena *arena, size_t at_least)
{
    size_t size = arena->next_size > at_least ? arena->next_size : at_least;
    ArenaBlock *block = must_have(malloc(sizeof *block + size));
    block->used = 0;
    block->size = size;
    if (at_least >= arena->next_size && arena->blocks != NULL) {
        /* It is full at once: the block in use stays in use. */
        block->next = arena->blocks->next;
        arena->blocks->next = block;
        return block;
    }
    block->next = arena->blocks;
    arena->blocks = block;
    if (arena->next_size < ARENA_LARGEST_BLOCK)
        arena->next_size *= 2;
    return block;
}

/* `alignment` is a power of two. */
static char *take(Arena *arena, size_t size, size_t alignment)
{
    ArenaBlock *block = arena->blocks;
    size_t start = block == NULL ? 0 : (block->used + alignment - 1) & ~(alignment - 1);
    if (block == NULL || block->size < start || block->size - start < size) {
        block = arena_add_block(arena, size);
        start = 0;
    }
    arena->handed_out += start - block->used + size;
    block->used = start + size;
    return block->bytes + start;
}

/* What the size of a type is a multiple of, its alignment is a divisor of. */
static size_t alignment_of(size_t size)
{
    size_t divisor = size & -size; /* 0 for nothing, which has no alignment */
    return divisor == 0 ? 1 : divisor > alignof(max_align_t) ? alignof(max_align_t) : divisor;
}

void *arena_alloc(Arena *arena, size_t size)
{
    return memset(take(arena, size, alignment_of(size)), 0, size);
}

char *arena_strdup(Arena *arena, const char *s)
{
    if (s == NULL)
        return NULL;
    size_t size = strlen(s) + 1;
    return memcpy(take(arena, size, 1), s, size);
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
