/*
 * stream.h - the pump: rows from a connection in COPY OUT into one in COPY IN, as the bytes they
 * are. It knows neither table nor format.
 *
 * Threads: one thread with its own two connections.
 */
#ifndef PGZM_COPY_STREAM_H
#define PGZM_COPY_STREAM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/conn.h"

/* Learns of every message that is handed on. */
typedef struct StreamMeter {
    _Atomic int64_t *wire_bytes;
    /* Told of each message's bytes once they are handed on; may wait before the next ones, though
     * not past a cancellation. NULL: as fast as it goes. */
    void (*pace)(void *context, int64_t bytes);
    void *context;
} StreamMeter;

/* Prepares a connection, once, for reading much: fewer and larger reads for 256 KiB of memory. */
bool stream_widen(Conn *source, Error *err) MUST_CHECK;

/* Moves everything and ends both COPYs; `rows` is the number that both command tags agree on.
 * the meter's `wire_bytes` grows by what is handed to the destination.
 *
 * Both connections share a cancel token. Memory: one message of 64 KiB on either side, what
 * stream_widen adds, and the longest row once, in libpq's receive buffer, which takes a whole
 * message before it hands out a part of it, and does not shrink before the connection is closed.
 *
 * On failure the destination's COPY is over (its transaction is aborted) or its connection lost. So
 * is the source's COPY; where that does not react within a second it is left running, and
 * PQtransactionStatus says PQTRANS_ACTIVE. The error is the destination's own when it failed. */
bool stream_run(Conn *source, Conn *dest, const StreamMeter *meter, int64_t *rows, Error *err)
    MUST_CHECK;

/* Bytes to or from elsewhere than a server, e.g. a file. `n` 0: they have ended, and are whole. */
typedef bool StreamWrite(void *context, const char *bytes, size_t n, Error *err);
typedef bool StreamRead(void *context, char *buffer, size_t capacity, size_t *n, Error *err);

/* The same with one connection only; `rows` is the number of its command tag. Where `write` or
 * `read` fails, its error is the error. */
bool stream_save(Conn *source, StreamWrite *write, void *context, const StreamMeter *meter,
                 int64_t *rows, Error *err) MUST_CHECK;
bool stream_load(StreamRead *read, void *context, Conn *dest, const StreamMeter *meter,
                 int64_t *rows, Error *err) MUST_CHECK;

#endif
