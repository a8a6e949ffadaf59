/*
 * fakeserver.h - a server that accepts every login and says that it has the version it was told.
 * It answers nothing else: to see how the command refuses servers that are too old or too new.
 *
 * Threads: one thread of its own serves one connection after the other.
 */
#ifndef PGZM_TESTS_HARNESS_FAKESERVER_H
#define PGZM_TESTS_HARNESS_FAKESERVER_H

typedef struct FakeServer FakeServer;

FakeServer *fakeserver_new(const char *version);
/* "host=... port=..." of its socket; borrowed. */
const char *fakeserver_conninfo(const FakeServer *server);
void fakeserver_free(FakeServer *server); /* NULL is fine */

static inline __attribute__((unused)) void auto_fakeserver_free(FakeServer **server)
{
    fakeserver_free(*server);
}

#endif
