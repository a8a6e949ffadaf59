/*
 * backend.h - inside engine/ only: the server process behind one of our connections, so that what
 * is left of a lost connection can be told to end: until then it may hold its locks.
 *
 * Threads: each with its own connection.
 */
#ifndef PGZM_ENGINE_BACKEND_H
#define PGZM_ENGINE_BACKEND_H

#include "base/conn.h"

/* `start` tells it from a later process of the same number. Zeroes: none is known. */
typedef struct Backend {
    char pid[16], start[48];
} Backend;

/* Of this connection. */
bool backend_read(Conn *conn, Backend *backend, Error *err) MUST_CHECK;

/* Ends it over another connection to the same server, if it is still there. It need not be gone yet
 * when this returns. Nothing when none is known. */
bool backend_end(Conn *conn, const Backend *backend, Error *err) MUST_CHECK;

#endif
