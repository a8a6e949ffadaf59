#include "engine/holder.h"

#include <stdlib.h>

static const char *cell(Run *run, const PGresult *result, int column)
{
    return PQgetisnull(result, 0, column) ? NULL
                                          : arena_strdup(run->arena, PQgetvalue(result, 0, column));
}

bool holder_find(Run *run, const Holder **found, Error *err)
{
    AUTO(result_free) PGresult *result = NULL;
    *found = NULL;
    if (!conn_query(run->dest, run_sql("lock_holder", conn_version(run->dest)), 0, NULL, &result,
                    err))
        return error_wrap(err, "looking for who holds the lock of the journal");
    if (PQntuples(result) == 0)
        return true;
    Holder *holder = arena_alloc(run->arena, sizeof *holder);
    *holder = (Holder){.backend = cell(run, result, 0),
                       .user = cell(run, result, 1),
                       .address = cell(run, result, 2),
                       .application = cell(run, result, 3),
                       .since = cell(run, result, 4),
                       .state = cell(run, result, 5),
                       .query = cell(run, result, 6),
                       .idle_ms = cell(run, result, 7),
                       .host = cell(run, result, 8),
                       .command = cell(run, result, 9),
                       .migration = cell(run, result, 10)};
    *found = holder;
    return true;
}

const char *holder_name(Run *run, const Holder *holder)
{
    return arena_printf(run->arena, "backend %s (user %s%s%s from %s)", holder->backend,
                        holder->user != NULL ? holder->user : "unknown",
                        holder->host != NULL ? " on " : "",
                        holder->host != NULL ? holder->host : "",
                        holder->address != NULL ? holder->address : "a local socket");
}

json_t *holder_json(const Holder *holder)
{
    if (holder == NULL)
        return json_null();
    json_t *idle =
        holder->idle_ms != NULL ? json_integer(strtoll(holder->idle_ms, NULL, 10)) : json_null();
    return json_pack("{s:I, s:s?, s:s, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:o}", "backend",
                     (json_int_t)strtoll(holder->backend, NULL, 10), "user", holder->user,
                     "address", holder->address != NULL ? holder->address : "local", "host",
                     holder->host, "application", holder->application, "since", holder->since,
                     "command", holder->command, "migration", holder->migration, "state",
                     holder->state, "query", holder->query, "idle_ms", idle);
}
