#include "engine/preflight.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engine/check.h"
#include "engine/checkdest.h"
#include "engine/checkplan.h"
#include "engine/checkserver.h"
#include "engine/preserved.h"
#include "engine/selection.h"
#include "engine/subset.h"

/* ---- one database, one command ----------------------------------------------------------- */

/* A lock that this session holds in the destination is seen from the source only when both are one
 * database: no name, address or identifier could tell as surely. */
bool preflight_distinct(Run *run, Error *err)
{
    if (conn_is_tape(run->source))
        return true;
    AUTO(result_free) PGresult *locked = NULL;
    AUTO(result_free) PGresult *seen = NULL;
    AUTO(mem_free) char *key = mem_printf("%lld", (long long)clock_wall_ms());
    const char *const values[] = {key};
    if (!conn_query(run->dest, "SELECT pg_advisory_lock($1::bigint), pg_backend_pid()", 1, values,
                    &locked, err))
        return false;
    const char *const pair[] = {key, PQgetvalue(locked, 0, 1)};
    bool ok = conn_query_row(
        run->source,
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1"
        " AND ((classid::bigint << 32) | objid::bigint) = $1::bigint AND pid = $2::int"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        2, pair, &seen, err);
    AUTO(result_free) PGresult *unlocked = NULL;
    if (!ok ||
        !conn_query(run->dest, "SELECT pg_advisory_unlock($1::bigint)", 1, values, &unlocked, err))
        return false;
    if (strcmp(PQgetvalue(seen, 0, 0), "0") == 0)
        return true;
    error_set(err, ERROR_PREFLIGHT, "source and destination are the same database: %s",
              conn_label(run->dest));
    return error_hint(err, "Check --source and --dest.");
}

static bool refuse_unfinished(Run *run, Error *err)
{
    const JournalMigration *found = NULL;
    if (!journal_find(run->dest, STATE_PREPARING "," STATE_PREPARED, run->arena, &found, err))
        return false;
    if (found == NULL)
        return true;
    error_set(err, ERROR_STATE, "migration %lld into this destination is unfinished: %s",
              (long long)found->id, found->state);
    return error_hint(err, "Run pgzm-copy %s, or pgzm-copy abort and then this command again.",
                      strcmp(found->state, STATE_PREPARED) == 0 ? "swap" : "status");
}

bool preflight_idle(Run *run, Error *err)
{
    return journal_lock(run->dest, err) && refuse_unfinished(run, err);
}

static bool distinct(Run *run, const Plan *plan, Error *err)
{
    (void)plan;
    return preflight_distinct(run, err);
}

/* The lock is not kept: who only looks is in nobody's way. */
static bool idle(Run *run, const Plan *plan, Error *err)
{
    (void)plan;
    if (!journal_lock(run->dest, err))
        return false;
    AUTO(error_clear) Error failure = ERROR_INIT;
    bool ok = refuse_unfinished(run, &failure);
    if (!journal_unlock(run->dest, err))
        return false;
    return ok || error_move(err, &failure);
}

bool preflight_ways(Run *run, Error *err)
{
    checks_begin(run);
    return checkserver_ways(run, err) && (run->command == PGZM_PREFLIGHT_CHECK ||
                                          !checks_failed(run) || checks_verdict(run, err));
}

bool preflight_alone(Run *run, Error *err)
{
    static const Check checks[] = {
        {"two databases", distinct, "source and destination are two databases"},
        {"migrations", idle, "no migration is unfinished"},
    };
    return checks_failed(run) || checks_run(run, checks, LENGTH(checks), NULL, err);
}

/* ---- both sides -------------------------------------------------------------------------- */

bool preflight_servers(Run *run, Error *err)
{
    return selection_resolve(run, err) && checkserver_all(run, err);
}

/* Nobody waits for one who only looks: no table is locked, and definitions of one that somebody
 * else has locked are waited for as long as for the lock itself. */
static bool look_only(Run *run, Error *err)
{
    return conn_exec(run->source, "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY", err) &&
           conn_execf(run->source, err, "SET LOCAL lock_timeout = %lld",
                      (long long)run->settings->lock_wait_timeout_ms) &&
           selection_resolve(run, err);
}

bool preflight_snapshot(Run *run, Snapshot *snapshot, Error *err)
{
    bool looks = run->command == PGZM_PREFLIGHT_CHECK || checks_failed(run);
    return (looks ? look_only(run, err) : snapshot_take(run, snapshot, err)) &&
           checks_savepoint(run, err);
}

/* ---- what is migrated -------------------------------------------------------------------- */

static bool check_subset(Run *run, Plan *plan, Error *err)
{
    if (!subset_is_asked(run->settings))
        return true;
    AUTO(error_clear) Error failure = ERROR_INIT;
    check_open(run, "rows");
    bool resolved = subset_resolve(run, plan, &failure);
    return check_close(run, resolved, &failure,
                       "the source takes the conditions and expressions for its rows", err);
}

bool preflight_plan(Run *run, Plan *plan, Error *err)
{
    AUTO(error_clear) Error reading = ERROR_INIT;
    AUTO(error_clear) Error resolving = ERROR_INIT;
    check_open(run, "definitions");
    bool read = plan_read(run, plan, &reading);
    if (!check_close(run, read, &reading, "the definitions of both sides can be read", err))
        return false;
    if (!read)
        return true; /* nothing is known about what would be migrated */
    check_open(run, "preserved tables");
    bool resolved = preserved_resolve(run, plan, &resolving);
    return check_close(run, resolved, &resolving, "the preserved tables can keep their rows",
                       err) &&
           check_subset(run, plan, err) && checkplan_all(run, plan, err) &&
           checkdest_all(run, plan, err);
}

bool preflight_verdict(Run *run, Error *err)
{
    return checks_verdict(run, err);
}
