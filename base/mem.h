/*
 * mem.h - memory that a scope owns, and arenas.
 *
 * AUTO(f) calls f on a local when its scope ends; TAKE(x) hands the local over instead.
 * Running out of memory ends the process with abort(): there is no half-way recovery that
 * would be safer than a crash, since every step of a migration survives one.
 *
 * Threads: an Arena belongs to one thread at a time; the rest is free of state.
 */
#ifndef PGZM_BASE_MEM_H
#define PGZM_BASE_MEM_H

#include <stdarg.h>
#include <stddef.h>

#define MUST_CHECK __attribute__((warn_unused_result))

/* `AUTO(str_free) Str *s = str_new();` needs a function auto_str_free, made by AUTO_DEFINE. */
#define AUTO(f) __attribute__((cleanup(auto_##f)))
#define AUTO_DEFINE(type, f)                                                                       \
    static inline __attribute__((unused)) void auto_##f(type *p)                                   \
    {                                                                                              \
        f(*p);                                                                                     \
    }

/* The value of a pointer variable, which is NULL afterwards. */
#define TAKE(p)                                                                                    \
    ({                                                                                             \
        __typeof__(p) taken_ = (p);                                                                \
        (p) = NULL;                                                                                \
        taken_;                                                                                    \
    })

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Zeroed memory, never NULL; freed with mem_free. */
void *mem_alloc(size_t size);
/* Grows or shrinks, never NULL; new bytes are not zeroed. */
void *mem_resize(void *p, size_t size);
char *mem_strdup(const char *s); /* NULL gives NULL */
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *mem_vprintf(const char *fmt, va_list args) __attribute__((format(printf, 1, 0)));
void mem_free(void *p);
/* Gives what was freed back to the system, where the C library can: after a step that took much. */
void mem_trim(void);

static inline __attribute__((unused)) void auto_mem_free(void *p)
{
    mem_free(*(void **)p);
}

/* Memory that is freed as a whole. */
typedef struct Arena Arena;

Arena *arena_new(void);
/* Is freed with `parent`, unless it is freed before. */
Arena *arena_new_in(Arena *parent);
void arena_free(Arena *arena); /* NULL is fine */
/* Zeroed, aligned for any type of that size and for an array that has it. */
void *arena_alloc(Arena *arena, size_t size);
char *arena_strdup(Arena *arena, const char *s); /* NULL gives NULL; takes no more than its bytes */
char *arena_printf(Arena *arena, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
size_t arena_size(const Arena *arena); /* bytes handed out */
/* Takes back all that was handed out, and keeps a block for what comes next. */
void arena_clear(Arena *arena);

AUTO_DEFINE(Arena *, arena_free)

#endif
