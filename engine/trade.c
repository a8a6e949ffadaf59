#include "engine/trade.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engine/array.h"
#include "engine/journal.h"
#include "engine/moves.h"
#include "engine/sync.h"

enum {
    OLD_TRANSACTION_MS = 300, /* younger ones end by themselves soon enough */
    QUIET_PAUSE_MS = 20,
    RETRY_PAUSE_MS = 5,
    WARM_LOCK_TIMEOUT_MS = 10
};

/* What swap_block.sql raises when redo keys came in since they were drained, and when a name means
 * another object than it did. */
#define STATE_OUT_OF_STEP "PZ001"
#define STATE_RENAMED "PZ002"

typedef struct Trade {
    Run *run;
    TradeDirection direction;
    const char *id;
    const char *path;
    Heat heat;
    Moves moves;
    const char *waited; /* the table to wait for first, "" for none */
    int64_t start, end; /* clock_monotonic_ms */
    int attempts;
    double transaction_ms, locked_ms;
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
        bool autovacuum = !PQgetisnull(result, i, 1);
        if (autovacuum)
            cancel_autovacuum(trade, PQgetvalue(result, i, 1));
        /* the one that gives way is not worth telling when there is another */
        if (autovacuum && trade->blocker != NULL)
            continue;
        mem_free(trade->blocker);
        trade->blocker = mem_strdup(PQgetvalue(result, i, 0));
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

/* ---- getting ready --------------------------------------------------------------------- */

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

static bool read_moves(Trade *trade, Error *err)
{
    return moves_read(trade->run, direction_word(trade->direction), &trade->heat, &trade->moves,
                      err);
}

/* Few tables are all locked before anything moves; of many it must be known which are in use. */
static bool look_around(Trade *trade, Error *err)
{
    Run *run = trade->run;
    const char *word = direction_word(trade->direction);
    if (!read_path(trade, err) || !heat_look(run, word, &trade->heat, err))
        return false;
    if (run->settings->dry_run)
        return read_moves(trade, err);
    return (trade->heat.tables <= MOVES_LOCK_ALL_TABLES ||
            heat_look_again(run, word, &trade->heat, err)) &&
           read_moves(trade, err);
}

static bool is_hot(const Moves *moves, const char *name)
{
    for (size_t i = 0; i < moves->hot_locks.count; i++)
        if (strcmp(moves->hot_locks.items[i], name) == 0)
            return true;
    return false;
}

/* Finds the table to wait for first the next time; if it was taken for one that nobody uses, it is
 * one of the others from now on. */
static bool learn(Trade *trade, Error *err)
{
    Run *run = trade->run;
    const char *const values[] = {trade->id};
    AUTO(result_free) PGresult *result = NULL;
    trade->waited = "";
    if (!conn_query(run->dest, run_sql("hot_table", conn_version(run->dest)), 1, values, &result,
                    err))
        return false;
    if (PQntuples(result) == 0)
        return true;
    const char *name = PQgetvalue(result, 0, 1);
    heat_add(&trade->heat, (Oid)strtoul(PQgetvalue(result, 0, 0), NULL, 10));
    if (!is_hot(&trade->moves, name) && !read_moves(trade, err))
        return false;
    if (is_hot(&trade->moves, name))
        trade->waited = arena_strdup(run->arena, name);
    return true;
}

/* ---- the transaction ------------------------------------------------------------------- */

static void add_setting(const Trade *trade, Str *s, const char *name, const char *value)
{
    str_add(s, s->len == 0 ? "SELECT set_config('" : ", set_config('");
    str_addf(s, "%s', ", name);
    conn_add_literal(trade->run->dest, s, value);
    str_add(s, ", true)");
}

static void add_list(const Trade *trade, Str *s, const char *name, const MovesList *list)
{
    add_setting(trade, s, name, array_literal(trade->run->arena, list->items, list->count));
}

/* What swap_block.sql is told, as one statement. */
static void add_settings(const Trade *trade, const Moves *moves, Str *s)
{
    Arena *arena = trade->run->arena;
    add_setting(trade, s, "idle_in_transaction_session_timeout", "5s");
    add_setting(trade, s, "pgzm.migration", trade->id);
    add_setting(trade, s, "pgzm.direction", direction_word(trade->direction));
    add_setting(trade, s, "pgzm.path", trade->path);
    add_setting(trade, s, "pgzm.since", trade->run->since);
    add_setting(trade, s, "pgzm.patience",
                arena_printf(arena, "%lld", (long long)trade->run->settings->lock_timeout_ms));
    add_setting(trade, s, "pgzm.waited", trade->waited);
    add_setting(trade, s, "pgzm.cold_lock", moves_cold_lock(moves, arena));
    add_setting(trade, s, "pgzm.hot", moves->hot);
    add_list(trade, s, "pgzm.hot_locks", &moves->hot_locks);
    for (int phase = 1; phase <= MOVES_PHASES; phase++)
        add_list(trade, s, arena_printf(arena, "pgzm.part%d", phase),
                 &moves->statements[phase - 1]);
}

/* It is committed, whatever kept the checks away. */
static bool unchecked(const Trade *trade, Error *err)
{
    const char *word = direction_word(trade->direction);
    error_kind(err, ERROR_UNSETTLED);
    error_wrap(err, "the %s is done and live, its checks are not", word);
    return error_hint(err, "Run pgzm-copy %s again: it does the checks.", word);
}

/* What a new session's caches do not hold is read before the locks, not under them: by opening what
 * moves, and by running the block once with nothing to move, which is taken back. */
static void warm_up(Trade *trade)
{
    Conn *dest = trade->run->dest;
    const Moves nothing = {.hot = "{}"};
    AUTO(str_clear) Str settings = STR_INIT;
    add_settings(trade, &nothing, &settings);
    const char *const values[] = {trade->id};
    AUTO(result_free) PGresult *result = NULL;
    AUTO(error_clear) Error ignored = ERROR_INIT;
    if (!conn_exec(dest, "BEGIN", &ignored) ||
        !conn_execf(dest, &ignored, "SET LOCAL lock_timeout = %d", WARM_LOCK_TIMEOUT_MS) ||
        !conn_query(dest, run_sql("warm_up", conn_version(dest)), 1, values, &result, &ignored) ||
        !conn_exec(dest, str_text(&settings), &ignored) ||
        !conn_exec(dest, run_sql("swap_block", conn_version(dest)), &ignored))
        log_debug(&trade->run->log, "caches are not warm: %s", ignored.message);
    conn_rollback(dest);
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
                        values, &result, err)) {
        error_wrap(err, "finding out whether the %s was committed",
                   direction_word(trade->direction));
        return error_hint(err, "Run pgzm-copy status as soon as the server can be reached: it "
                               "tells which side is live.");
    }
    const char *wanted = trade->direction == TRADE_SWAP ? STATE_SWAPPED : STATE_ROLLED_BACK;
    if (strcmp(PQgetvalue(result, 0, 0), wanted) == 0)
        return journal_lock(run->dest, err) || unchecked(trade, err);
    return error_set(err, ERROR_CONNECTION,
                     "the connection was lost during the %s, which was not committed: nothing "
                     "changed",
                     direction_word(trade->direction));
}

/* The block measured its parts itself; what it took to send it and to commit comes on top. */
static void note_times(Trade *trade, double took)
{
    AUTO(result_free) PGresult *result = NULL;
    AUTO(error_clear) Error ignored = ERROR_INIT;
    trade->transaction_ms = trade->locked_ms = took;
    if (!conn_query_row(trade->run->dest, "SELECT current_setting('pgzm.times')", 0, NULL, &result,
                        &ignored))
        return;
    double before = strtod(PQgetvalue(result, 0, 0), NULL);
    if (before < took)
        trade->locked_ms = took - before;
}

/* One round trip, the commit included: nothing waits for the network while locks are held. */
static bool attempt(Trade *trade, Error *err)
{
    Conn *dest = trade->run->dest;
    AUTO(str_clear) Str settings = STR_INIT;
    trade->attempts++;
    add_settings(trade, &trade->moves, &settings);
    const char *const statements[] = {"BEGIN ISOLATION LEVEL READ COMMITTED", str_text(&settings),
                                      run_sql("swap_block", conn_version(dest)), "COMMIT"};
    int64_t start = clock_monotonic_us();
    /* From here to the commit nobody cuts in: a cancellation waits the few milliseconds. */
    conn_shield_begin(dest);
    bool done = conn_exec_many(dest, statements, LENGTH(statements), NULL, err);
    double took = (double)(clock_monotonic_us() - start) / 1000;
    conn_shield_end(dest);
    if (!done && conn_is_lost(dest))
        done = settle_lost_commit(trade, err);
    else if (!done)
        conn_rollback(dest);
    if (done)
        note_times(trade, took);
    return done;
}

/* ---- the whole ------------------------------------------------------------------------- */

static bool fail(const Trade *trade, Error *failure, Error *err)
{
    if (error_is_state(failure, "55000"))
        error_kind(failure, ERROR_STATE);
    error_move(err, failure);
    if (err->kind == ERROR_CONNECTION || err->kind == ERROR_UNSETTLED)
        return false;
    return error_wrap(err, "the %s was rolled back, nothing changed",
                      direction_word(trade->direction));
}

static bool try_until_done(Trade *trade, Error *err)
{
    unsigned seed = (unsigned)clock_monotonic_ms();
    for (;;) {
        AUTO(error_clear) Error failure = ERROR_INIT;
        if (!cancel_check(trade->run->cancel, err) ||
            !sync_drain(trade->run, trade->direction == TRADE_ROLLBACK, err) ||
            !wait_until_quiet(trade, err))
            return false;
        if (attempt(trade, &failure))
            return true;
        bool renamed = error_is_state(&failure, STATE_RENAMED);
        if (failure.kind != ERROR_LOCK && !error_is_state(&failure, STATE_OUT_OF_STEP) && !renamed)
            return fail(trade, &failure, err);
        log_debug(&trade->run->log, "attempt %d: %s", trade->attempts, failure.message);
        if (time_is_over(trade))
            return gave_up(trade, err);
        if ((failure.kind == ERROR_LOCK && !learn(trade, err)) ||
            (renamed && !read_moves(trade, err)))
            return false;
        if (!cancel_sleep(trade->run->cancel, RETRY_PAUSE_MS + rand_r(&seed) % RETRY_PAUSE_MS))
            return cancel_check(trade->run->cancel, err);
    }
}

static json_t *tenths(double ms)
{
    return json_real((double)(int64_t)(ms * 10 + 0.5) / 10);
}

/* For the result, for people and for the journal. */
static void report(const Trade *trade)
{
    Run *run = trade->run;
    const char *word = direction_word(trade->direction);
    int64_t waited = clock_monotonic_ms() - trade->start - (int64_t)trade->transaction_ms;
    json_object_set_new(
        run->result, "swap",
        json_pack("{s:i, s:o, s:o, s:I, s:I}", "attempts", trade->attempts, "locked_ms",
                  tenths(trade->locked_ms), "transaction_ms", tenths(trade->transaction_ms),
                  "tables", (json_int_t)trade->moves.tables, "waited_ms", (json_int_t)waited));
    const char *text = arena_printf(
        run->arena,
        "%zu tables, locks held for %.1f ms in a transaction of %.1f ms, attempt %d after %lld ms",
        trade->moves.tables, trade->locked_ms, trade->transaction_ms, trade->attempts,
        (long long)waited);
    log_info(&run->log, "%s done: %s", word, text);
    AUTO(error_clear) Error ignored = ERROR_INIT;
    if (!journal_event(run->dest, run->id, word, text, &ignored))
        log_debug(&run->log, "%s", ignored.message);
}

bool trade_mark(Run *run, Error *err)
{
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query_row(run->dest, "SELECT txid_current_snapshot()", 0, NULL, &result, err))
        return false;
    run->since = arena_strdup(run->arena, PQgetvalue(result, 0, 0));
    return true;
}

static Trade make_trade(Run *run, TradeDirection direction)
{
    int64_t now = clock_monotonic_ms();
    return (Trade){.run = run,
                   .direction = direction,
                   .id = journal_id_text(run->arena, run->id),
                   .waited = "",
                   .start = now,
                   .end = now + run->settings->swap_timeout_ms};
}

bool trade_run(Run *run, TradeDirection direction, Error *err)
{
    Trade trade = make_trade(run, direction);
    run_phase(run, direction_word(direction));
    bool ok = look_around(&trade, err);
    if (ok) {
        warm_up(&trade);
        ok = try_until_done(&trade, err);
    }
    mem_free(trade.blocker);
    if (ok)
        report(&trade);
    return ok;
}

bool trade_plan(Run *run, TradeDirection direction, Error *err)
{
    Trade trade = make_trade(run, direction);
    if (!look_around(&trade, err))
        return false;
    moves_show(run, &trade.moves, direction_word(direction), trade.path);
    return true;
}
