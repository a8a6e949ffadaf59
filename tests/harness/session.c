#include "tests/harness/session.h"

#include <criterion/criterion.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"

enum { AWAIT_TRIES = 1000, AWAIT_STEP_NS = 20000000 };

PGconn *session_open(const TestDatabase *database, const char *statements)
{
    PGconn *session = PQconnectdb(database->conninfo);
    if (PQstatus(session) != CONNECTION_OK)
        cr_assert_fail("%s: %s", database->name, PQerrorMessage(session));
    session_run(session, statements);
    return session;
}

void session_close(PGconn *session)
{
    PQfinish(session);
}

char *session_try(PGconn *session, const char *statements)
{
    PGresult *result = PQexec(session, statements);
    ExecStatusType status = PQresultStatus(result);
    bool ok =
        status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY;
    PQclear(result);
    return ok ? NULL : mem_strdup(PQerrorMessage(session));
}

void session_run(PGconn *session, const char *statements)
{
    AUTO(mem_free) char *failure = session_try(session, statements);
    cr_assert_null(failure, "%s: %s", statements, failure);
}

void session_await_waiting(const TestDatabase *database)
{
    for (int i = 0; i < AWAIT_TRIES; i++) {
        AUTO(mem_free)
        char *waiting = test_value(database, "SELECT count(*) FROM pg_locks WHERE NOT granted"
                                             " AND database = (SELECT oid FROM pg_database"
                                             " WHERE datname = current_database())");
        if (strcmp(waiting, "0") != 0)
            return;
        nanosleep(&(struct timespec){.tv_nsec = AWAIT_STEP_NS}, NULL);
    }
    cr_assert_fail("%s: nobody waits for a lock", database->name);
}
