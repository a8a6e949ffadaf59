#include "engine/keeper.h"

#include "base/clock.h"
#include "engine/journal.h"
#include "engine/snapshot.h"

enum { LOOK_MS = 1000, PAUSE_FIRST_MS = 100, PAUSE_MOST_MS = 5000 };

bool keeper_begin(Keeper *keeper, Run *run, Cancel *cancel, Error *err)
{
    *keeper = (Keeper){.run = run,
                       .cancel = cancel,
                       .next = clock_monotonic_ms() + LOOK_MS,
                       .has_source = PQtransactionStatus(conn_pg(run->source)) == PQTRANS_INTRANS};
    return backend_read(run->dest, &keeper->backend, err);
}

/* While nobody held the lock the migration may have been aborted. */
static bool is_still_ours(Run *run, Error *err)
{
    const JournalMigration *found = NULL;
    if (!journal_find(run->dest, STATE_PREPARING, run->arena, &found, err))
        return false;
    if (found != NULL && found->id == run->id)
        return true;
    error_set(err, ERROR_STATE, "migration %lld was taken over by another command",
              (long long)run->id);
    return error_hint(err, "Run pgzm-copy status.");
}

/* run->dest is NULL or whole afterwards. */
static bool open_again(Keeper *keeper, Error *err)
{
    Run *run = keeper->run;
    conn_free(TAKE(run->dest));
    if (run_open_dest(run, err) && backend_end(run->dest, &keeper->backend, err) &&
        backend_read(run->dest, &keeper->backend, err) &&
        (keeper->is_guest || journal_lock(run->dest, err)) && is_still_ours(run, err))
        return true;
    return false;
}

static bool revive_dest(Keeper *keeper, const Error *loss, Error *err)
{
    Run *run = keeper->run;
    int64_t end = clock_monotonic_ms() + run->settings->retry_timeout_ms;
    int64_t pause = PAUSE_FIRST_MS;
    log_warning(&run->log, "%s; trying again", loss->message);
    for (;;) {
        AUTO(error_clear) Error failure = ERROR_INIT;
        if (open_again(keeper, &failure))
            return journal_event(run->dest, run->id, "connection lost", loss->message, err);
        if (failure.kind != ERROR_CONNECTION || clock_monotonic_ms() >= end ||
            !cancel_sleep(keeper->cancel, pause))
            return error_move(err, &failure);
        pause = pause * 2 < PAUSE_MOST_MS ? pause * 2 : PAUSE_MOST_MS;
    }
}

static bool are_rows_in(Run *run, bool *in, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id)};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query_row(run->dest,
                        "SELECT NOT EXISTS (SELECT FROM pgzm.task WHERE migration = $1::bigint"
                        " AND kind = 'copy' AND NOT done)",
                        1, values, &result, err))
        return false;
    *in = PQgetvalue(result, 0, 0)[0] == 't';
    return true;
}

static bool note_rows_in(Run *run, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id)};
    AUTO(result_free) PGresult *result = NULL;
    return conn_query(run->dest,
                      "UPDATE pgzm.migration SET rows_in = clock_timestamp()"
                      " WHERE id = $1::bigint AND rows_in IS NULL",
                      1, values, &result, err);
}

/* First whether the rows are in, then whether the locks under which they were read are still there:
 * so no table can have been emptied before it was read. */
static bool look_at_both(Keeper *keeper, Error *err, Error *failure)
{
    Run *run = keeper->run;
    bool in = keeper->rows_in;
    if (run->dest == NULL) /* it could not be opened again before others gave up */
        return error_set(failure, ERROR_CONNECTION, "the connection to the destination was lost") ||
               !keeper->has_source || snapshot_check(run, err);
    bool asked = in ? conn_exec(run->dest, "SELECT 1", failure) : are_rows_in(run, &in, failure);
    if (keeper->has_source && !snapshot_check(run, err))
        return false;
    if (asked && in && !keeper->rows_in)
        keeper->rows_in = note_rows_in(run, failure);
    return true;
}

static bool look(Keeper *keeper, Error *err)
{
    Run *run = keeper->run;
    AUTO(error_clear) Error failure = ERROR_INIT;
    if (!look_at_both(keeper, err, &failure))
        return false;
    if (!error_is_set(&failure))
        return true;
    if (failure.kind != ERROR_CONNECTION || run->settings->retry_timeout_ms == 0)
        return error_move(err, &failure);
    return revive_dest(keeper, &failure, err);
}

bool keeper_look(Keeper *keeper, Error *err)
{
    if (clock_monotonic_ms() < keeper->next)
        return true;
    bool ok = look(keeper, err);
    keeper->next = clock_monotonic_ms() + LOOK_MS;
    return ok;
}

bool keeper_end(Keeper *keeper, Error *err)
{
    return look(keeper, err) && (keeper->rows_in || look(keeper, err)); /* after it was revived */
}
