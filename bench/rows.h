/*
 * rows.h - made-up rows on their way into a table: random numbers that are the same everywhere, and
 * COPY in its text format.
 *
 * Functions return false once something failed; `err` of rows_new then says what.
 *
 * Threads: one.
 */
#ifndef PGZM_BENCH_ROWS_H
#define PGZM_BENCH_ROWS_H

#include <stdint.h>

#include "base/conn.h"

typedef struct Rows Rows;

/* Both must outlive it. The connection becomes a blocking one: a generator has nothing else to
 * do. */
Rows *rows_new(Conn *conn, uint64_t seed, Error *err);
void rows_free(Rows *rows);

/* Statements, in one round trip. */
bool rows_run(Rows *rows, const char *const *statements, size_t n) MUST_CHECK;
bool rows_runf(Rows *rows, const char *fmt, ...) __attribute__((format(printf, 2, 3))) MUST_CHECK;

/* COPY `table` FROM STDIN: what rows_add adds until rows_end. */
bool rows_begin(Rows *rows, const char *table) MUST_CHECK;
bool rows_end(Rows *rows) MUST_CHECK;
/* A row or a part of one, with its tabs and its line feed; at most 4 KiB. After a failure nothing
 * is sent any more, and rows_end says so. */
void rows_add(Rows *rows, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* `n` words of ordinary text, with spaces between; and `n` random bytes (whole eights)
 * as hexadecimal digits. */
void rows_add_words(Rows *rows, int n);
void rows_add_hex(Rows *rows, int n);

uint64_t rows_random(Rows *rows);
int64_t rows_below(Rows *rows, int64_t limit); /* 0 to limit - 1 */
const char *rows_word(Rows *rows);

AUTO_DEFINE(Rows *, rows_free)

#endif
