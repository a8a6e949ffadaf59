/*
 * pooler.h - a connection pooler for tests: a thread between one client and the server. It greets
 * with a process id of its own, as poolers do, and keeps the client on one session, or changes
 * between two whenever no transaction is open.
 *
 * Threads: one for the caller, one for the pooler. Failures close the connection.
 */
#ifndef PGZM_TESTS_HARNESS_POOLER_H
#define PGZM_TESTS_HARNESS_POOLER_H

#include <stdbool.h>

typedef struct Pooler Pooler;

/* `changes`: pools transactions, not sessions. */
Pooler *pooler_new(bool changes);
/* A connection string for the database through it; valid while it lives. */
const char *pooler_conninfo(Pooler *pooler, const char *database);
void pooler_free(Pooler *pooler);

static inline __attribute__((unused)) void auto_pooler_free(Pooler **pooler)
{
    pooler_free(*pooler);
}

#endif
