#include "bench/rows.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { PIECE_MAX = 4096 };

struct Rows {
    Conn *conn;
    Error *err;
    bool ok; /* false once something failed; what is added then goes nowhere */
    uint64_t random;
    size_t filled;
    char buffer[65536];
};

Rows *rows_new(Conn *conn, uint64_t seed, Error *err)
{
    Rows *rows = mem_alloc(sizeof *rows);
    rows->conn = conn;
    rows->err = err;
    rows->random = seed;
    rows->ok = PQsetnonblocking(conn_pg(conn), 0) == 0 || conn_error(conn, NULL, err);
    return rows;
}

void rows_free(Rows *rows)
{
    mem_free(rows);
}

bool rows_run(Rows *rows, const char *const *statements, size_t n)
{
    return rows->ok && conn_exec_many(rows->conn, statements, n, NULL, rows->err);
}

bool rows_runf(Rows *rows, const char *fmt, ...)
{
    char sql[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(sql, sizeof sql, fmt, args);
    va_end(args);
    return rows->ok && conn_exec(rows->conn, sql, rows->err);
}

/* splitmix64: good enough for data, and the same everywhere. */
uint64_t rows_random(Rows *rows)
{
    uint64_t z = (rows->random += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

int64_t rows_below(Rows *rows, int64_t limit)
{
    return (int64_t)(rows_random(rows) % (uint64_t)limit);
}

const char *rows_word(Rows *rows)
{
    static const char *const words[] = {
        "north",  "south",  "inlet",   "outlet", "boiler", "pump",    "valve", "ground",
        "window", "door",   "meter",   "roof",   "quick",  "slow",    "order", "ledger",
        "final",  "bold",   "pending", "deep",   "across", "between", "under", "request",
        "ship",   "parcel", "evening", "letter", "amber",  "silver",  "birch", "willow"};
    return words[rows_below(rows, (int64_t)LENGTH(words))];
}

static void flush(Rows *rows)
{
    if (rows->ok && rows->filled > 0 &&
        PQputCopyData(conn_pg(rows->conn), rows->buffer, (int)rows->filled) <= 0)
        rows->ok = conn_error(rows->conn, NULL, rows->err);
    rows->filled = 0;
}

void rows_add(Rows *rows, const char *fmt, ...)
{
    if (sizeof rows->buffer - rows->filled < PIECE_MAX)
        flush(rows);
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(rows->buffer + rows->filled, PIECE_MAX, fmt, args);
    va_end(args);
    rows->filled += (size_t)n;
}

void rows_add_words(Rows *rows, int n)
{
    for (int i = 0; i < n; i++)
        rows_add(rows, i > 0 ? " %s" : "%s", rows_word(rows));
}

void rows_add_hex(Rows *rows, int n)
{
    for (; n > 0; n -= 8)
        rows_add(rows, "%016" PRIx64, rows_random(rows));
}

bool rows_begin(Rows *rows, const char *table)
{
    AUTO(mem_free) char *copy = mem_printf("COPY %s FROM STDIN", table);
    rows->filled = 0;
    rows->ok = rows->ok && conn_copy_begin(rows->conn, copy, PGRES_COPY_IN, rows->err);
    return rows->ok;
}

bool rows_end(Rows *rows)
{
    flush(rows);
    if (PQputCopyEnd(conn_pg(rows->conn), rows->ok ? NULL : "stopped") < 0)
        return conn_error(rows->conn, NULL, rows->err);
    rows->ok = conn_copy_end(rows->conn, NULL, rows->err) && rows->ok;
    return rows->ok;
}
