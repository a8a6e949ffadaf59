#include "engine/settle.h"

#include <string.h>

#include "base/clock.h"
#include "engine/journal.h"

enum { PAUSE_MS = 50 };

typedef struct Step {
    const char *part, *ordinal, *label, *statement;
} Step;

/* Validating conflicts with nothing that applications do, so it may wait for a vacuum; adding a key
 * to partitions does conflict. */
static bool waits_harmlessly(const char *statement)
{
    return strstr(statement, " VALIDATE CONSTRAINT ") != NULL;
}

static bool run_statement(Run *run, const char *statement, Error *err)
{
    long long timeout = waits_harmlessly(statement) ? 0 : (long long)run->settings->lock_timeout_ms;
    if (conn_exec(run->dest, "BEGIN", err) &&
        conn_execf(run->dest, err, "SET LOCAL lock_timeout = %lld", timeout) &&
        conn_exec(run->dest, statement, err) && conn_exec(run->dest, "COMMIT", err))
        return true;
    conn_rollback(run->dest);
    return false;
}

/* Locks are tried for until --swap-timeout is over. */
static bool try_until(Run *run, const char *statement, int64_t end, Error *err)
{
    for (;;) {
        AUTO(error_clear) Error failure = ERROR_INIT;
        if (run_statement(run, statement, &failure))
            return true;
        if (failure.kind != ERROR_LOCK || clock_monotonic_ms() >= end)
            return error_move(err, &failure);
        if (!cancel_sleep(run->cancel, PAUSE_MS))
            return cancel_check(run->cancel, err);
    }
}

static bool note_done(Run *run, const Step *step, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id), step->part, step->ordinal};
    AUTO(result_free) PGresult *result = NULL;
    return conn_query(run->dest,
                      "UPDATE pgzm.step SET done = true WHERE migration = $1::bigint"
                      " AND part = $2 AND id = $3::int",
                      3, values, &result, err);
}

static void note_failed(json_t *list, const Step *step, const Error *failure)
{
    json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "what", step->label, "statement",
                                          step->statement, "message", failure->message, "sqlstate",
                                          failure->sqlstate));
}

/* The trade itself is committed whatever happens here. */
static bool unsettled(Run *run, TradeDirection direction, const json_t *list, Error *err)
{
    const json_t *first = json_array_get(list, 0);
    const char *what = json_string_value(json_object_get(first, "what"));
    const char *message = json_string_value(json_object_get(first, "message"));
    size_t more = json_array_size(list) - 1;
    if (more == 0)
        error_set(err, ERROR_UNSETTLED, "done and live, but %s cannot be verified: %s", what,
                  message);
    else
        error_set(err, ERROR_UNSETTLED,
                  "done and live, but %s cannot be verified: %s; and %zu more, see the warnings",
                  what, message, more);
    for (size_t i = 1; i <= more; i++)
        run_warning(run, "%s cannot be verified: %s",
                    json_string_value(json_object_get(json_array_get(list, i), "what")),
                    json_string_value(json_object_get(json_array_get(list, i), "message")));
    if (direction == TRADE_ROLLBACK)
        return error_hint(err, "Correct the rows, then run: %s",
                          json_string_value(json_object_get(first, "statement")));
    return error_hint(err,
                      "Correct the rows and run pgzm-copy swap again to verify, or roll back.");
}

/* Steps of one label need each other: after a failed one the rest of them waits. */
static bool run_steps(Run *run, const PGresult *steps, const char *part, json_t *failed, Error *err)
{
    int64_t end = clock_monotonic_ms() + run->settings->swap_timeout_ms;
    const char *broken = "";
    for (int i = 0; i < PQntuples(steps); i++) {
        const Step step = {.part = part,
                           .ordinal = PQgetvalue(steps, i, 0),
                           .label = PQgetvalue(steps, i, 1),
                           .statement = PQgetvalue(steps, i, 2)};
        AUTO(error_clear) Error failure = ERROR_INIT;
        if (strcmp(step.label, broken) == 0)
            continue;
        if (!try_until(run, step.statement, end, &failure)) {
            if (conn_is_lost(run->dest) || failure.kind == ERROR_INTERRUPTED)
                return error_move(err, &failure);
            note_failed(failed, &step, &failure);
            broken = step.label;
        } else if (!note_done(run, &step, err)) {
            return false;
        }
    }
    return true;
}

bool settle_run(Run *run, TradeDirection direction, Error *err)
{
    run_phase(run, "settle");
    const char *part = direction == TRADE_SWAP ? "settle" : "settle rollback";
    const char *const values[] = {journal_id_text(run->arena, run->id), part};
    AUTO(result_free) PGresult *steps = NULL;
    if (!conn_query(run->dest,
                    "SELECT id, label, statement FROM pgzm.step WHERE migration = $1::bigint"
                    " AND part = $2 AND NOT done ORDER BY id",
                    2, values, &steps, err))
        return error_wrap(err, "reading the journal");
    json_t *failed = json_array();
    if (!run_steps(run, steps, part, failed, err)) {
        json_decref(failed);
        error_kind(err, ERROR_UNSETTLED); /* whatever it was: the trade itself is committed */
        return error_wrap(err, "done and live, but not verified");
    }
    json_object_set_new(run->result, "unsettled", failed);
    if (json_array_size(failed) > 0)
        return unsettled(run, direction, failed, err);
    return direction == TRADE_ROLLBACK ||
           journal_change(run->dest, run->id, STATE_SWAPPED, STATE_SETTLED, err);
}
