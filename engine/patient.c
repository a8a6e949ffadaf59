#include "engine/patient.h"

#include "base/clock.h"

enum { PATIENCE_MS = 60000, PAUSE_MS = 100 };

static bool attempt(Run *run, PatientWork work, const void *context, Error *err)
{
    if (conn_exec(run->dest, "BEGIN", err) &&
        conn_execf(run->dest, err, "SET LOCAL lock_timeout = %lld",
                   (long long)run->settings->lock_timeout_ms) &&
        work(run, context, err) && conn_exec(run->dest, "COMMIT", err))
        return true;
    conn_rollback(run->dest);
    return false;
}

bool patient_run(Run *run, PatientWork work, const void *context, const char *what, Error *err)
{
    int64_t end = clock_monotonic_ms() + PATIENCE_MS;
    for (;;) {
        AUTO(error_clear) Error failure = ERROR_INIT;
        if (attempt(run, work, context, &failure))
            return true;
        if (failure.kind != ERROR_LOCK || clock_monotonic_ms() > end) {
            if (failure.kind == ERROR_LOCK)
                error_hint(&failure,
                           "A transaction holds the table for long: end it, or try again.");
            error_move(err, &failure);
            return error_wrap(err, "%s", what);
        }
        if (!cancel_sleep(run->cancel, PAUSE_MS))
            return cancel_check(run->cancel, err);
    }
}

typedef struct Statements {
    const char *const *items;
    size_t count;
} Statements;

static bool exec_all(Run *run, const void *context, Error *err)
{
    const Statements *list = context;
    for (size_t i = 0; i < list->count; i++)
        if (!conn_exec(run->dest, list->items[i], err))
            return false;
    return true;
}

bool patient_exec(Run *run, const char *const *statements, size_t count, const char *what,
                  Error *err)
{
    const Statements list = {.items = statements, .count = count};
    for (size_t i = 0; i < count && run->settings->dry_run; i++)
        run_plan(run, statements[i]);
    return run->settings->dry_run || patient_run(run, exec_all, &list, what, err);
}
