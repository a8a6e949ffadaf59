/*
 * holder.h - inside engine/ only: the session that holds the lock of the journal, by which one
 * command at a time works on a destination. Taking the lock is journal.h's.
 *
 * Threads: the main thread's destination connection.
 */
#ifndef PGZM_ENGINE_HOLDER_H
#define PGZM_ENGINE_HOLDER_H

#include "engine/run.h"

typedef struct Holder {
    const char *backend;
    const char *user,
        *address;     /* NULL where it cannot be told; address NULL also: a local socket */
    const char *host; /* as its client says, or NULL */
    const char *application, *since, *state, *query, *idle_ms;
    const char *command, *migration; /* of its own event in the journal, or NULL */
} Holder;

/* In run->arena; NULL when nobody holds it. The journal must exist. */
bool holder_find(Run *run, const Holder **found, Error *err) MUST_CHECK;

/* "backend 4711 (user alice on db1 from 10.0.0.7)"; in run->arena. */
const char *holder_name(Run *run, const Holder *holder);

/* For the result: an object, or null. */
json_t *holder_json(const Holder *holder);

#endif
