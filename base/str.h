/*
 * str.h - a string that grows. Not for wire data: it is for text a person or a server reads.
 *
 * Threads: a Str belongs to one thread at a time.
 */
#ifndef PGZM_BASE_STR_H
#define PGZM_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

typedef struct Str {
    char *text;      /* owned; never NULL once something was added, always ends in \0 */
    size_t len;      /* bytes without the final \0 */
    size_t capacity; /* bytes allocated */
} Str;

#define STR_INIT ((Str){0})

void str_add(Str *s, const char *text);
void str_add_bytes(Str *s, const char *bytes, size_t len);
void str_addf(Str *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Adds `separator` unless the string is empty. For lists. */
void str_separate(Str *s, const char *separator);
/* The text, "" when empty. Borrowed: good until the next change. */
const char *str_text(const Str *s);
/* The text, owned by the caller (mem_free); the Str is empty afterwards. */
char *str_take(Str *s);
void str_clear(Str *s); /* frees; NULL is fine */

static inline __attribute__((unused)) void auto_str_clear(Str *s)
{
    str_clear(s);
}

#endif
