/*
 * terminal.h - what standard error can do: is it a terminal, how wide, colours, characters. Also
 * the two things everything needs that writes for a person: writing all of it, and text without
 * characters that would steer a terminal.
 *
 * Threads: terminal_open before others start; the rest from any thread.
 */
#ifndef PGZM_CLI_TERMINAL_H
#define PGZM_CLI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"
#include "base/str.h"

typedef struct Terminal {
    int fd;
    bool live;  /* lines can be drawn again in place */
    bool color; /* colours are wanted (NO_COLOR) */
    bool utf8;  /* characters beyond ASCII come out right */
} Terminal;

/* Looks at `fd`, TERM, NO_COLOR and the locale. */
Terminal terminal_open(int fd);

/* Columns at this moment. */
size_t terminal_width(const Terminal *terminal);

/* Writes all of it, whatever write(2) says in between. False with errno when it cannot. */
bool terminal_write(int fd, const char *text, size_t len) MUST_CHECK;

/* Adds text for a person: control characters (names come from databases) and broken UTF-8 become
 * question marks. The result is always valid UTF-8 in one line. */
void terminal_add_clean(Str *out, const char *text);

/* Columns that valid UTF-8 text takes, each character counted as one. */
size_t terminal_columns(const char *text);

#endif
