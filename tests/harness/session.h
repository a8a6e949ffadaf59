/*
 * session.h - sessions that tests keep open: a transaction that holds locks, an application that
 * runs one statement and looks at what comes of it.
 *
 * Threads: one a session. A failure to connect fails the running Criterion test.
 */
#ifndef PGZM_TESTS_HARNESS_SESSION_H
#define PGZM_TESTS_HARNESS_SESSION_H

#include <libpq-fe.h>

#include "tests/harness/server.h"

/* A session after some statements, which may leave a transaction open; an error fails the test. */
PGconn *session_open(const TestDatabase *database, const char *statements);
void session_close(PGconn *session); /* NULL is fine */

/* Runs statements, returns NULL when all went well, otherwise the server's words (mem_free). */
char *session_try(PGconn *session, const char *statements);
/* The same; an error fails the test. */
void session_run(PGconn *session, const char *statements);

/* Waits until sessions of this database wait for locks that others hold; fails the test after 20
 * seconds. */
void session_await_waiting(const TestDatabase *database);

static inline __attribute__((unused)) void auto_session_close(PGconn **session)
{
    session_close(*session);
}

#endif
