#include "engine/loader.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "engine/dump.h"
#include "engine/retry.h"

enum {
    STATEMENT_TRIES = 5, /* of a statement that deadlocked with another of ours */
    STATEMENT_PAUSE_MS = 100,
};

/* ---- bookkeeping in the task's transaction --------------------------------------------- */

static bool claim(void *context, Conn *dest, bool *skip, Error *err)
{
    Loader *loader = context;
    AUTO(mem_free) char *migration = mem_printf("%lld", (long long)loader->load->run->id);
    AUTO(mem_free) char *id = mem_printf("%d", loader->task->id);
    const char *const values[] = {migration, id};
    AUTO(result_free) PGresult *result = NULL;
    /* After a loss the row may be locked by the backend that was told to end, or is in the middle
     * of its COMMIT: how that ends is waited for. */
    if (!conn_query(dest,
                    loader->again
                        ? "SELECT done, coalesce(rows, -1) FROM pgzm.task"
                          " WHERE migration = $1::bigint AND id = $2::int FOR UPDATE"
                        : "SELECT done, coalesce(rows, -1) FROM pgzm.task"
                          " WHERE migration = $1::bigint AND id = $2::int FOR UPDATE SKIP LOCKED",
                    2, values, &result, err))
        return false;
    loader->elsewhere = PQntuples(result) != 1;
    *skip = loader->elsewhere || PQgetvalue(result, 0, 0)[0] == 't';
    loader->rows = *skip && !loader->elsewhere ? strtoll(PQgetvalue(result, 0, 1), NULL, 10) : -1;
    return true;
}

static bool run_tail(const LoadTask *task, Conn *dest, Error *err)
{
    const TaskTail *tail = task->tail;
    return tail == NULL || tail->count == 0 ||
           conn_exec_many(dest, tail->statements, tail->count, NULL, err) ||
           error_wrap(err, "making what follows the %s", task->label);
}

static bool done(void *context, Conn *dest, int64_t rows, Error *err)
{
    const Loader *loader = context;
    if (!run_tail(loader->task, dest, err))
        return false;
    AUTO(mem_free) char *migration = mem_printf("%lld", (long long)loader->load->run->id);
    AUTO(mem_free) char *id = mem_printf("%d", loader->task->id);
    AUTO(mem_free) char *count = rows >= 0 ? mem_printf("%lld", (long long)rows) : NULL;
    const char *const values[] = {migration, id, count, loader->load->host, loader->load->process};
    AUTO(result_free) PGresult *result = NULL;
    return conn_query(dest,
                      "UPDATE pgzm.task SET done = true, rows = $3::bigint,"
                      " done_at = clock_timestamp(), host = $4, process = $5::int"
                      " WHERE migration = $1::bigint AND id = $2::int",
                      LENGTH(values), values, &result, err);
}

void load_identify(Load *load)
{
    if (gethostname(load->host, sizeof load->host - 1) != 0)
        load->host[0] = '\0';
    snprintf(load->process, sizeof load->process, "%d", (int)getpid());
}

void load_tell(Load *load)
{
    const PgzmProgress progress = {
        .bytes_done = atomic_load(&load->bytes_done),
        .bytes_total = load->tasks.bytes_total,
        .wire_bytes = atomic_load(&load->counters.wire_bytes),
        .rows_done = atomic_load(&load->counters.rows),
        .tables_done = atomic_load(&load->tables_done),
        .tables_total = load->tasks.tables_total,
        .indexes_done = atomic_load(&load->builds_done),
        .indexes_total = load->tasks.builds_total,
        .elapsed_ms = clock_monotonic_ms() - load->started,
        .rate_limit = throttle_rate(load->limits.throttle),
        .paused = throttle_is_held(load->limits.throttle),
    };
    events_send(load->run->events,
                &(PgzmEvent){.kind = PGZM_EVENT_PROGRESS, .progress = &progress});
}

void load_copied(Load *load, const LoadTask *task)
{
    atomic_fetch_add(&load->bytes_done, task->chunk->weight);
    atomic_fetch_add(&load->builds_done,
                     task->builds_made + (task->tail == NULL ? 0 : (int64_t)task->tail->builds));
    if (atomic_fetch_sub(task->table_chunks_left, 1) == 1)
        atomic_fetch_add(&load->tables_done, 1);
}

/* ---- connections ----------------------------------------------------------------------- */

static bool open_source(Loader *loader, Error *err)
{
    if (loader->source != NULL && PQtransactionStatus(conn_pg(loader->source)) == PQTRANS_INTRANS)
        return true;
    conn_free(TAKE(loader->source));
    AUTO(mem_free) char *purpose = mem_printf("copy %zu", loader->index + 1);
    const Load *load = loader->load;
    /* By the path values that name objects (regclass) are printed bare, and mean the new ones over
     * there. */
    return snapshot_open_reader(load->run, load->cancel, purpose, load->source_path,
                                load->snapshot->name, &loader->source, err) &&
           copy_open_source(loader->source, err);
}

static bool note_loss(Loader *loader, Error *err)
{
    AUTO(mem_free) char *lost = TAKE(loader->lost);
    return lost == NULL ||
           journal_event(loader->dest, loader->load->run->id, "connection lost", lost, err);
}

/* See loader_note. */
static bool is_all_there(Loader *loader, Conn *dest, Error *err)
{
    Load *load = loader->load;
    int64_t known = atomic_load(&load->known); /* first: the journal is never behind that */
    AUTO(mem_free) char *migration = mem_printf("%lld", (long long)load->run->id);
    const char *const values[] = {migration};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query_row(dest,
                        "SELECT count(*) FROM pgzm.task WHERE migration = $1::bigint AND done", 1,
                        values, &result, err))
        return error_wrap(err, "counting the tasks that are done");
    int64_t lost = known - strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    if (lost <= 0)
        return true;
    atomic_store(&load->fell_back, true);
    return error_set(err, ERROR_COPY, "the destination lost %lld tasks that were done",
                     (long long)lost);
}

static bool open_dest(Loader *loader, Error *err)
{
    if (loader->dest != NULL)
        return true;
    AUTO(mem_free) char *purpose = mem_printf("load %zu", loader->index + 1);
    ConnSpec spec = {
        .side = CONN_DEST, .conninfo = loader->load->run->settings->dest, .purpose = purpose};
    AUTO(conn_free) Conn *dest = NULL;
    if (!conn_open(&spec, loader->load->cancel, &dest, err) ||
        !set_path(dest, loader->load->path, false, err) ||
        !conn_exec(dest, "SET synchronous_commit = off", err) || /* see loader_note */
        !limits_join(dest, err) || !backend_end(dest, &loader->backend, err) ||
        !backend_read(dest, &loader->backend, err))
        return false;
    atomic_fetch_add(&loader->load->opened, 1);
    if (!is_all_there(loader, dest, err))
        return false;
    loader->dest = TAKE(dest);
    return true;
}

bool loader_open(Loader *loader, Error *err)
{
    return open_dest(loader, err);
}

bool loader_connect(Loader *loader, Error *err)
{
    return open_dest(loader, err) && (loader->load->run->dump != NULL || open_source(loader, err));
}

void loader_close(Loader *loader)
{
    conn_free(TAKE(loader->source));
    conn_free(TAKE(loader->dest));
    mem_free(TAKE(loader->lost));
}

/* ---- one task -------------------------------------------------------------------------- */

static bool run_copy(Loader *loader, const LoadTask *task, Error *err)
{
    Load *load = loader->load;
    const CopyHooks hooks = {.claim = claim, .done = done, .context = loader};
    int64_t rows = 0;
    if (task->file == NULL && !open_source(loader, err))
        return false;
    loader->under_way = true;
    bool ok = task->file == NULL
                  ? copy_chunk(loader->source, loader->dest, task->chunk, &hooks, &load->counters,
                               &rows, err)
                  : copy_chunk_load(&load->run->dump->folder, task->file, loader->dest, task->chunk,
                                    &hooks, &load->counters, &rows, err);
    if (!ok)
        return false;
    if (loader->elsewhere)
        return true;
    if (rows < 0 && loader->rows > 0) /* committed by another, or before the reply was lost */
        atomic_fetch_add(&load->counters.rows, loader->rows);
    load_copied(load, task);
    return true;
}

static bool try_statement(Loader *loader, const LoadTask *task, Error *err)
{
    bool skip = false;
    if (!conn_exec(loader->dest, "BEGIN", err))
        return false;
    if (claim(loader, loader->dest, &skip, err) &&
        (skip ||
         (conn_exec(loader->dest, task->statement, err) && done(loader, loader->dest, -1, err))) &&
        conn_exec(loader->dest, "COMMIT", err))
        return true;
    conn_rollback(loader->dest);
    return false;
}

/* Two statements of ours may lock two tables in opposite order: the loser tries again. */
static bool run_statement(Loader *loader, const LoadTask *task, Error *err)
{
    loader->under_way = true;
    for (int tries = 1;; tries++) {
        AUTO(error_clear) Error failure = ERROR_INIT;
        if (try_statement(loader, task, &failure)) {
            if (loader->elsewhere)
                return true;
            log_debug(&loader->load->run->log, "done: %s", task->label);
            atomic_fetch_add(&loader->load->builds_done, task->builds ? 1 : 0);
            return true;
        }
        if (failure.kind == ERROR_LOCK && tries < STATEMENT_TRIES &&
            cancel_sleep(loader->load->cancel, STATEMENT_PAUSE_MS * tries))
            continue;
        error_move(err, &failure);
        error_kind(err, ERROR_COPY);
        return error_wrap(err, "making %s", task->label);
    }
}

static bool run_once(Loader *loader, const LoadTask *task, Error *err)
{
    return open_dest(loader, err) && note_loss(loader, err) &&
           (task->kind == TASK_COPY ? run_copy(loader, task, err)
                                    : run_statement(loader, task, err));
}

/* ---- lost connections ------------------------------------------------------------------ */

/* A connection whose state is in doubt is none. */
static void drop_connections(Loader *loader)
{
    if (loader->source != NULL && PQtransactionStatus(conn_pg(loader->source)) != PQTRANS_INTRANS)
        conn_free(TAKE(loader->source));
    if (loader->dest != NULL &&
        (conn_is_lost(loader->dest) || PQtransactionStatus(conn_pg(loader->dest)) != PQTRANS_IDLE))
        conn_free(TAKE(loader->dest));
}

/* Pauses when the failure was a lost connection and another try may do; false when it stays. */
static bool may_try_again(Loader *loader, Retry *retry, const Error *failure)
{
    Load *load = loader->load;
    bool fresh = false;
    if (failure->kind == ERROR_CONNECTION)
        drop_connections(loader);
    bool again = retry_again(retry, load->run, load->cancel, loader->under_way, failure, &fresh);
    if (fresh) {
        atomic_fetch_add(&load->retries, 1);
        mem_free(loader->lost);
        loader->lost = mem_strdup(failure->message);
    }
    loader->under_way = false;
    loader->again = true;
    return again;
}

bool loader_run(Loader *loader, const LoadTask *task, Error *err)
{
    Retry retry = {0};
    loader->task = task;
    loader->again = loader->dest == NULL; /* lost in the middle of a batch (batch.h) */
    loader->under_way = false;
    for (;;) {
        AUTO(error_clear) Error failure = ERROR_INIT;
        if (run_once(loader, task, &failure))
            return true;
        if (!may_try_again(loader, &retry, &failure))
            return error_move(err, &failure);
    }
}

void loader_begin(Loader *loader)
{
    loader->opened = atomic_load(&loader->load->opened);
}

bool loader_note(Loader *loader, size_t tasks, Error *err)
{
    Load *load = loader->load;
    atomic_fetch_add(&load->known, (int64_t)tasks);
    if (atomic_load(&load->opened) == loader->opened || is_all_there(loader, loader->dest, err))
        return true;
    if (err->kind == ERROR_CONNECTION) /* whether it is cannot be told any more */
        atomic_store(&load->fell_back, true);
    return false;
}
