#include "engine/trade.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engine/journal.h"
#include "engine/sync.h"

enum {
    OLD_TRANSACTION_MS = 300, /* younger ones end by themselves soon enough */
    QUIET_PAUSE_MS = 20,
    RETRY_PAUSE_MS = 5
};

typedef struct Trade {
    Run *run;
    TradeDirection direction;
    const char *id;
    const char *path;
    int64_t end; /* clock_monotonic_ms */
    int attempts;
    int64_t locked_ms;
    char *blocker; /* owned: the last one seen, for the hint */
} Trade;

static const char *direction_word(TradeDirection direction)
{
    return direction == TRADE_SWAP ? "swap" : "rollback";
}

static bool time_is_over(const Trade *trade)
{
    return clock_monotonic_ms() >= trade->end;
}

/* ---- waiting by looking ---------------------------------------------------------------- */

/* Autovacuum gives way to nobody who waits less than deadlock_timeout. Needs rights that the user
 * may not have: then it is waited for like others. */
static void cancel_autovacuum(Trade *trade, const char *pid)
{
    const char *const values[] = {pid};
    AUTO(result_free) PGresult *result = NULL;
    AUTO(error_clear) Error ignored = ERROR_INIT;
    if (conn_query(trade->run->dest, "SELECT pg_cancel_backend($1::int)", 1, values, &result,
                   &ignored))
        log_debug(&trade->run->log, "cancelled autovacuum worker %s", pid);
}

static bool look_for_blockers(Trade *trade, bool *blocked, Error *err)
{
    AUTO(mem_free) char *age = mem_printf("%d", OLD_TRANSACTION_MS);
    const char *const values[] = {trade->id, trade->direction == TRADE_SWAP ? "old" : "new", age};
    AUTO(result_free) PGresult *result = NULL;
    Conn *dest = trade->run->dest;
    if (!conn_query(dest, run_sql("blockers", conn_version(dest)), 3, values, &result, err))
        return error_wrap(err, "looking for what blocks the %s", direction_word(trade->direction));
    *blocked = PQntuples(result) > 0;
    for (int i = 0; i < PQntuples(result); i++) {
        mem_free(trade->blocker);
        trade->blocker = mem_strdup(PQgetvalue(result, i, 0));
        if (!PQgetisnull(result, i, 1))
            cancel_autovacuum(trade, PQgetvalue(result, i, 1));
    }
    return true;
}

static bool gave_up(Trade *trade, Error *err)
{
    error_set(err, ERROR_LOCK,
              "the %s did not get its locks in %lld ms, after %d attempts: nothing "
              "changed",
              direction_word(trade->direction), (long long)trade->run->settings->swap_timeout_ms,
              trade->attempts);
    if (trade->blocker != NULL)
        return error_hint(err, "In the way: %s. Try again, or with a longer --swap-timeout.",
                          trade->blocker);
    return error_hint(err,
                      "Try again when there is less traffic, or with a longer --swap-timeout.");
}

static bool wait_until_quiet(Trade *trade, Error *err)
{
    for (;;) {
        bool blocked = false;
        if (!look_for_blockers(trade, &blocked, err))
            return false;
        if (!blocked)
            return true;
        if (time_is_over(trade))
            return gave_up(trade, err);
        if (!cancel_sleep(trade->run->cancel, QUIET_PAUSE_MS))
            return cancel_check(trade->run->cancel, err);
    }
}

/* ---- locking --------------------------------------------------------------------------- */

static bool hot_table(Trade *trade, Oid *hot, Error *err)
{
    const char *const values[] = {trade->id};
    AUTO(result_free) PGresult *result = NULL;
    Conn *dest = trade->run->dest;
    *hot = 0;
    if (!conn_query(dest, run_sql("hot_table", conn_version(dest)), 1, values, &result, err))
        return false;
    if (PQntuples(result) == 1)
        *hot = (Oid)strtoul(PQgetvalue(result, 0, 0), NULL, 10);
    return true;
}

/* One LOCK statement without a wait for all tables but the hot one, which is waited for first and
 * briefly. Waiting while holding locks on others is what makes applications deadlock. */
static bool lock_tables(Trade *trade, Oid hot, Error *err)
{
    Conn *dest = trade->run->dest;
    const char *const values[] = {trade->id};
    AUTO(result_free) PGresult *tables = NULL;
    if (!conn_query(
            dest,
            "SELECT o.oid, o.oid::regclass FROM pgzm.object o JOIN pg_class c"
            " ON c.oid = o.oid WHERE o.migration = $1::bigint AND o.lockable ORDER BY o.oid",
            1, values, &tables, err))
        return false;
    AUTO(str_clear) Str rest = STR_INIT;
    for (int i = 0; i < PQntuples(tables); i++) {
        const char *name = PQgetvalue(tables, i, 1);
        if ((Oid)strtoul(PQgetvalue(tables, i, 0), NULL, 10) == hot) {
            if (!conn_execf(dest, err, "LOCK TABLE ONLY %s IN ACCESS EXCLUSIVE MODE", name))
                return false;
            continue;
        }
        str_add(&rest, rest.len == 0 ? "LOCK TABLE ONLY " : ", ONLY ");
        str_add(&rest, name);
    }
    str_add(&rest, " IN ACCESS EXCLUSIVE MODE NOWAIT");
    return PQntuples(tables) < (hot != 0 ? 2 : 1) || conn_exec(dest, str_text(&rest), err);
}

static bool set_local(Conn *conn, const char *name, const char *value, Error *err)
{
    const char *const values[] = {name, value};
    AUTO(result_free) PGresult *result = NULL;
    return conn_query(conn, "SELECT set_config($1, $2, true)", 2, values, &result, err);
}

static bool begin(Trade *trade, Error *err)
{
    Conn *dest = trade->run->dest;
    return conn_exec(dest, "BEGIN ISOLATION LEVEL READ COMMITTED", err) &&
           conn_execf(dest, err, "SET LOCAL lock_timeout = %lld",
                      (long long)trade->run->settings->lock_timeout_ms) &&
           conn_exec(dest, "SET LOCAL idle_in_transaction_session_timeout = '5s'", err) &&
           set_local(dest, "pgzm.migration", trade->id, err) &&
           set_local(dest, "pgzm.direction", direction_word(trade->direction), err) &&
           set_local(dest, "pgzm.path", trade->path, err);
}

/* A COMMIT whose reply was lost is settled by the state row on a new connection: FOR UPDATE waits
 * out a backend that is still running. */
static bool settle_lost_commit(Trade *trade, Error *err)
{
    Run *run = trade->run;
    conn_free(TAKE(run->dest));
    error_clear(err);
    const char *const values[] = {trade->id};
    AUTO(result_free) PGresult *result = NULL;
    /* The journal's lock comes last: the old backend may hold it until it notices. */
    if (!run_open_dest(run, err) ||
        !conn_query_row(run->dest,
                        "SELECT state FROM pgzm.migration WHERE id = $1::bigint FOR UPDATE", 1,
                        values, &result, err))
        return error_wrap(err, "finding out whether the %s was committed",
                          direction_word(trade->direction));
    const char *wanted = trade->direction == TRADE_SWAP ? STATE_SWAPPED : STATE_ROLLED_BACK;
    if (strcmp(PQgetvalue(result, 0, 0), wanted) == 0)
        return journal_lock(run->dest, err) ||
               error_wrap(err, "the %s is done and live, its checks are not",
                          direction_word(trade->direction));
    return error_set(err, ERROR_CONNECTION,
                     "the connection was lost during the %s, which was not committed: nothing "
                     "changed",
                     direction_word(trade->direction));
}

static bool attempt(Trade *trade, Oid hot, Error *err)
{
    Conn *dest = trade->run->dest;
    trade->attempts++;
    if (!begin(trade, err))
        return false;
    int64_t start = clock_monotonic_ms();
    /* From here to the commit nobody cuts in: a cancellation waits the few milliseconds. */
    conn_shield_begin(dest);
    bool moved = lock_tables(trade, hot, err) &&
                 conn_exec(dest, run_sql("swap_block", conn_version(dest)), err);
    bool done = moved && conn_exec(dest, "COMMIT", err);
    trade->locked_ms = clock_monotonic_ms() - start;
    conn_shield_end(dest);
    if (done)
        return true;
    if (moved && conn_is_lost(dest))
        return settle_lost_commit(trade, err);
    conn_rollback(dest);
    return false;
}

/* ---- the whole ------------------------------------------------------------------------- */

static bool read_path(Trade *trade, Error *err)
{
    const char *const values[] = {trade->id};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query_row(trade->run->dest,
                        "SELECT coalesce(path, '') FROM pgzm.migration WHERE id = $1::bigint", 1,
                        values, &result, err))
        return false;
    trade->path = arena_strdup(trade->run->arena, PQgetvalue(result, 0, 0));
    return true;
}

static bool try_until_done(Trade *trade, Error *err)
{
    Oid hot = 0;
    for (;;) {
        AUTO(error_clear) Error failure = ERROR_INIT;
        if (!cancel_check(trade->run->cancel, err) ||
            !sync_drain(trade->run, trade->direction == TRADE_ROLLBACK, err) ||
            !wait_until_quiet(trade, err))
            return false;
        if (attempt(trade, hot, &failure))
            return true;
        if (failure.kind != ERROR_LOCK) {
            if (error_is_state(&failure, "55000"))
                error_kind(&failure, ERROR_STATE);
            error_move(err, &failure);
            return error_wrap(err, "the %s was rolled back, nothing changed",
                              direction_word(trade->direction));
        }
        if (time_is_over(trade))
            return gave_up(trade, err);
        if (!hot_table(trade, &hot, err))
            return false;
        unsigned seed = (unsigned)clock_monotonic_ms();
        if (!cancel_sleep(trade->run->cancel, RETRY_PAUSE_MS + rand_r(&seed) % RETRY_PAUSE_MS))
            return cancel_check(trade->run->cancel, err);
    }
}

bool trade_run(Run *run, TradeDirection direction, Error *err)
{
    Trade trade = {.run = run,
                   .direction = direction,
                   .id = journal_id_text(run->arena, run->id),
                   .end = clock_monotonic_ms() + run->settings->swap_timeout_ms};
    run_phase(run, direction_word(direction));
    bool ok = read_path(&trade, err) && try_until_done(&trade, err);
    mem_free(trade.blocker);
    if (!ok)
        return false;
    json_object_set_new(run->result, "swap",
                        json_pack("{s:i, s:I}", "attempts", trade.attempts, "locked_ms",
                                  (json_int_t)trade.locked_ms));
    log_info(&run->log, "%s done: locks held for %lld ms, attempt %d", direction_word(direction),
             (long long)trade.locked_ms, trade.attempts);
    return true;
}

bool trade_plan(Run *run, TradeDirection direction, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id), direction_word(direction)};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query(run->dest, run_sql("trade_plan", conn_version(run->dest)), 2, values, &result,
                    err))
        return false;
    for (int i = 0; i < PQntuples(result); i++)
        run_plan(run, PQgetvalue(result, i, 0));
    return true;
}
