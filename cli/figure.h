/*
 * figure.h - numbers as a person reads them.
 *
 * Threads: any.
 */
#ifndef PGZM_CLI_FIGURE_H
#define PGZM_CLI_FIGURE_H

#include <stdint.h>

#include "base/str.h"

void figure_add_count(Str *out, int64_t n);    /* 12,345,678 */
void figure_add_bytes(Str *out, double bytes); /* 512 bytes, 1.5 kB, 2.8 GB; 1 kB is 1024 bytes */
/* "1 table", "2 tables"; `plural` NULL adds an s. */
void figure_add_things(Str *out, int64_t n, const char *one, const char *plural);
/* Time that is left, in whole seconds: "14 s", "4 min 05 s". */
void figure_add_left(Str *out, int64_t ms);
void figure_add_duration(Str *out, int64_t ms); /* 12 ms, 0.8 s, 4 min 05 s */

#endif
