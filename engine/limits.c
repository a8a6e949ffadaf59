#include "engine/limits.h"

#include <stdlib.h>

#include "base/clock.h"
#include "engine/journal.h"

enum { LOOK_MS = 1000 };

/* Columns of limits.sql. */
enum { RATE, LAG_MS, LAG_BYTES, SESSIONS };

bool limits_record(Run *run, Error *err)
{
    const Settings *settings = run->settings;
    Arena *arena = run->arena;
    const char *const values[] = {journal_id_text(arena, run->id),
                                  arena_printf(arena, "%lld", (long long)settings->max_rate),
                                  arena_printf(arena, "%lld", (long long)settings->max_lag_ms),
                                  arena_printf(arena, "%lld", (long long)settings->max_lag_bytes)};
    AUTO(result_free) PGresult *result = NULL;
    return conn_query(run->dest,
                      "UPDATE pgzm.migration SET max_rate = nullif($2::bigint, 0),"
                      " max_lag_ms = nullif($3::bigint, 0),"
                      " max_lag_bytes = nullif($4::bigint, 0) WHERE id = $1::bigint",
                      LENGTH(values), values, &result, err) ||
           error_wrap(err, "writing to the journal");
}

/* A lock, since it goes with the session, and is seen by every user. */
bool limits_join(Conn *dest, Error *err)
{
    return conn_exec(dest, "SELECT pg_catalog.pg_advisory_lock_shared(1885829741, 2)", err);
}

static int64_t number(const PGresult *row, int column)
{
    return strtoll(PQgetvalue(row, 0, column), NULL, 10);
}

/* Each session has the same part. Those that have just been lost are not counted until they are
 * opened again: ours always are. */
static int64_t our_part(const Limits *limits, int64_t rate, int64_t sessions)
{
    int64_t jobs = limits->run->settings->jobs;
    int64_t all = limits->joined ? sessions : sessions + jobs;
    if (rate == 0 || all <= jobs)
        return rate;
    int64_t part = (int64_t)((double)rate * (double)jobs / (double)all);
    return part > 0 ? part : 1;
}

bool limits_look(Limits *limits, Error *err)
{
    Run *run = limits->run;
    int64_t now = clock_monotonic_ms();
    if (now < limits->next)
        return true;
    limits->next = now + LOOK_MS;
    AUTO(mem_free) char *migration = mem_printf("%lld", (long long)run->id);
    const char *const values[] = {migration};
    AUTO(result_free) PGresult *row = NULL;
    AUTO(error_clear) Error failure = ERROR_INIT;
    if (!conn_query_row(run->dest, run_sql("limits", conn_version(run->dest)), 1, values, &row,
                        &failure)) {
        if (failure.kind == ERROR_CONNECTION)
            return true; /* that is the keeper's business */
        error_move(err, &failure);
        return error_wrap(err, "reading the limits of the migration");
    }
    throttle_limit(limits->throttle, our_part(limits, number(row, RATE), number(row, SESSIONS)));
    lag_limit(limits->lag, number(row, LAG_MS), number(row, LAG_BYTES));
    limits->joined = true;
    return true;
}
