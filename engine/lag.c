#include "engine/lag.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum { LOOK_MS = 500, RECONNECT_MS = 5000, CLOCK_STEPS = 100 };

struct Lag {
    Run *run;
    Throttle *throttle;
    Cancel *cancel;
    Conn *conn;
    int64_t max_ms, max_bytes; /* 0: any */
    LagClock clock;
    int64_t next_look; /* clock_monotonic_ms */
    bool told_none, told_hidden, told_broken;
};

Lag *lag_new(Run *run, Throttle *throttle, Cancel *cancel)
{
    Lag *lag = mem_alloc(sizeof *lag);
    lag->run = run;
    lag->throttle = throttle;
    lag->cancel = cancel;
    return lag;
}

void lag_limit(Lag *lag, int64_t ms, int64_t bytes)
{
    lag->max_ms = ms;
    lag->max_bytes = bytes;
    lag->clock.step_ms = ms / CLOCK_STEPS;
}

void lag_free(Lag *lag)
{
    if (lag == NULL)
        return;
    throttle_hold(lag->throttle, false);
    conn_free(lag->conn);
    mem_free(lag);
}

/* ---- time ------------------------------------------------------------------------------ */

void lag_clock_note(LagClock *clock, int64_t position, int64_t now_ms)
{
    const int last = clock->count - 1;
    if (last >= 0 &&
        (clock->positions[last] >= position || now_ms - clock->ms[last] < clock->step_ms))
        return;
    if (clock->count == (int)LENGTH(clock->ms)) { /* the oldest goes */
        memmove(clock->positions, clock->positions + 1, (size_t)last * sizeof(int64_t));
        memmove(clock->ms, clock->ms + 1, (size_t)last * sizeof(int64_t));
        clock->count--;
    }
    clock->positions[clock->count] = position;
    clock->ms[clock->count++] = now_ms;
}

int64_t lag_clock_age(const LagClock *clock, int64_t replayed, int64_t now_ms)
{
    for (int i = 0; i < clock->count; i++)
        if (clock->positions[i] > replayed)
            return now_ms - clock->ms[i];
    return 0;
}

/* ---- looking --------------------------------------------------------------------------- */

static bool ask(Lag *lag, PGresult **result, Error *err)
{
    const ConnSpec spec = {
        .side = CONN_DEST, .conninfo = lag->run->settings->dest, .purpose = "lag"};
    return (lag->conn != NULL || conn_open(&spec, lag->cancel, &lag->conn, err)) &&
           conn_query(lag->conn, run_sql("replica_lag", conn_version(lag->conn)), 0, NULL, result,
                      err);
}

static int64_t number(const PGresult *result, int row, int column)
{
    return strtoll(PQgetvalue(result, row, column), NULL, 10);
}

static void tell_once(bool *told, Run *run, const char *text)
{
    if (!*told)
        run_warning(run, "%s", text);
    *told = true;
}

/* The row of a replica that is too far behind, or -1. */
static int find_lagging(Lag *lag, const PGresult *result, int64_t now)
{
    int found = -1;
    for (int i = 0; i < PQntuples(result); i++) {
        if (PQgetisnull(result, i, 1)) {
            tell_once(&lag->told_none, lag->run,
                      "--max-lag has nothing to wait for: the destination has no replicas");
            continue;
        }
        if (PQgetisnull(result, i, 2)) {
            tell_once(
                &lag->told_hidden, lag->run,
                "--max-lag: the user may not see how far the replicas are (it is no member of "
                "pg_monitor), or they do not say; nothing waits for them");
            continue;
        }
        int64_t behind = number(result, i, 0) - number(result, i, 2);
        int64_t age = lag_clock_age(&lag->clock, number(result, i, 2), now);
        if (!PQgetisnull(result, i, 3) && behind > 0 && number(result, i, 3) > age)
            age = number(result, i, 3);
        if ((lag->max_bytes > 0 && behind > lag->max_bytes) ||
            (lag->max_ms > 0 && age > lag->max_ms))
            found = i;
    }
    return found;
}

static void hold(Lag *lag, const PGresult *result, int row)
{
    bool held = throttle_is_held(lag->throttle);
    if (row >= 0 && !held)
        log_info(&lag->run->log, "paused: replica %s lags", PQgetvalue(result, row, 1));
    if (row < 0 && held)
        log_info(&lag->run->log, "the copy goes on");
    throttle_hold(lag->throttle, row >= 0);
}

void lag_look(Lag *lag)
{
    int64_t now = clock_monotonic_ms();
    if (lag == NULL || now < lag->next_look)
        return;
    lag->next_look = now + LOOK_MS;
    if (lag->max_ms == 0 && lag->max_bytes == 0) {
        hold(lag, NULL, -1);
        return;
    }
    AUTO(error_clear) Error failure = ERROR_INIT;
    AUTO(result_free) PGresult *result = NULL;
    if (ask(lag, &result, &failure)) {
        if (PQntuples(result) > 0)
            lag_clock_note(&lag->clock, number(result, 0, 0), now);
        hold(lag, result, find_lagging(lag, result, now));
        return;
    }
    if (failure.kind == ERROR_INTERRUPTED)
        return;
    if (!lag->told_broken)
        run_warning(lag->run, "--max-lag: nothing waits for replicas for now: %s", failure.message);
    lag->told_broken = true;
    conn_free(TAKE(lag->conn));
    hold(lag, NULL, -1);
    lag->next_look = now + RECONNECT_MS;
}
