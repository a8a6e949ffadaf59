/*
 * clock.h - time: what it is now, and durations as PostgreSQL writes them.
 *
 * Threads: any.
 */
#ifndef PGZM_BASE_CLOCK_H
#define PGZM_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"

int64_t clock_monotonic_ms(void); /* never goes back; no meaning outside the process */
int64_t clock_monotonic_us(void); /* the same clock in microseconds */
int64_t clock_wall_ms(void);      /* milliseconds since 1970-01-01 UTC */

/* Reads a duration in the units of PostgreSQL's settings: `us`, `ms` (also when there is no unit),
 * `s`, `min`, `h`, `d`; "1.5s" is fine. The result is in milliseconds, rounded to the nearest.
 * False when the text is no duration, negative, or above 24 days (INT32_MAX ms). */
bool clock_parse_duration(const char *text, int64_t *ms) MUST_CHECK;

/* Reads a moment: "2026-11-21", "2026-11-21 14:30" (with T instead of the space, seconds and a zone
 * such as Z or +02:00 if wanted), or milliseconds since 1970. A date alone is its midnight; without
 * a zone it is local time. The result is in milliseconds since 1970-01-01 UTC. False when the text
 * is none of these. */
bool clock_parse_moment(const char *text, int64_t *ms) MUST_CHECK;

/* Writes 0.8 s, 12.3 s, 4 min 05 s, 2 h 03 min into `out`, which has at least 32 bytes. */
void clock_format_duration(int64_t ms, char out[static 32]);

/* Writes 2026-01-31 23:59:59.123Z into `out`, which has at least 32 bytes. */
void clock_format_wall(int64_t ms, char out[static 32]);

#endif
