#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engine/holder.h"
#include "engine/journal.h"

enum { PATIENCE_MS = 5000, PAUSE_MS = 50 };

static bool refuse_held(Run *run, const Holder *holder, Error *err)
{
    error_set(err, ERROR_STATE, "the lock of the journal is held by %s since %s%s%s",
              holder_name(run, holder), holder->since != NULL ? holder->since : "an unknown time",
              holder->command != NULL ? ", command " : "",
              holder->command != NULL ? holder->command : "");
    return error_hint(err, "If its client is gone, pgzm-copy unlock --force ends that session; the "
                           "next command then goes on or cleans up.");
}

static bool terminate(Run *run, const Holder *holder, Error *err)
{
    const char *const values[] = {holder->backend};
    AUTO(result_free) PGresult *result = NULL;
    if (conn_query(run->dest, "SELECT pg_terminate_backend($1::int)", 1, values, &result, err))
        return true;
    error_wrap(err, "ending %s", holder_name(run, holder));
    if (error_is_state(err, "42501"))
        error_hint(err, "Connect as the same user, as a member of pg_signal_backend, or as a "
                        "superuser.");
    return false;
}

static bool wait_until_free(Run *run, const Holder *holder, Error *err)
{
    int64_t end = clock_monotonic_ms() + PATIENCE_MS;
    for (;;) {
        const Holder *now = NULL;
        if (!holder_find(run, &now, err))
            return false;
        if (now == NULL || strcmp(now->backend, holder->backend) != 0)
            return true;
        if (clock_monotonic_ms() >= end) {
            error_set(err, ERROR_LOCK, "%s was told to end, but still holds the lock",
                      holder_name(run, holder));
            return error_hint(err, "Its server may need a while to take its work back: look again "
                                   "with pgzm-copy unlock.");
        }
        if (!cancel_sleep(run->cancel, PAUSE_MS))
            return cancel_check(run->cancel, err);
    }
}

static bool end_session(Run *run, const Holder *holder, Error *err)
{
    const char *detail = arena_printf(run->arena, "ended %s%s%s", holder_name(run, holder),
                                      holder->command != NULL ? ", command " : "",
                                      holder->command != NULL ? holder->command : "");
    if (holder->migration != NULL)
        run->id = strtoll(holder->migration, NULL, 10);
    if (!terminate(run, holder, err) || !wait_until_free(run, holder, err) ||
        !journal_event(run->dest, run->id, "unlock", detail, err))
        return false;
    json_object_set_new(run->result, "ended", json_true());
    log_info(&run->log, "%s", detail);
    run_next(run, "pgzm-copy status");
    return true;
}

bool command_unlock(Run *run, Error *err)
{
    const Holder *holder = NULL;
    bool exists = false;
    if (!run_open_dest(run, err) || !journal_exists(run->dest, &exists, err) ||
        (exists && !holder_find(run, &holder, err)))
        return false;
    json_object_set_new(run->result, "holder", holder_json(holder));
    if (holder == NULL)
        return true;
    return run->settings->force ? end_session(run, holder, err) : refuse_held(run, holder, err);
}
