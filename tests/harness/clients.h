/*
 * clients.h - applications that use a database while something is done to it: each client is a
 * thread with one session and prepared statements that it never prepares again. They count what the
 * server acknowledged, what failed, and the longest wait.
 *
 * Threads: one for the caller, one for each client.
 */
#ifndef PGZM_TESTS_HARNESS_CLIENTS_H
#define PGZM_TESTS_HARNESS_CLIENTS_H

#include "tests/harness/server.h"

typedef struct Clients Clients;

typedef struct ClientsReport {
    long statements;
    long failures;
    char first_failure[1024]; /* the statement and the server's words; "" for none */
    double longest_ms;
} ClientsReport;

/* Statements take $1: a number that is different in every call of every client. They run in turn,
 * each in a transaction of its own, about `per_second` of them in each client. */
Clients *clients_start(const TestDatabase *database, int clients, int per_second,
                       const char *const *statements);
/* Waits until they have run `statements` more statements together; fails the test after a minute.
 */
void clients_await(Clients *clients, long statements);
/* Stops them; frees them. */
ClientsReport clients_stop(Clients *clients);

#endif
