#include "engine/load.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/pool.h"
#include "engine/preserved.h"
#include "engine/task.h"

enum {
    PROGRESS_MS = 200,
    STATEMENT_TRIES = 5, /* of a statement that deadlocked with another of ours */
    STATEMENT_PAUSE_MS = 100,
    SEQUENCES_PER_QUERY = 500
};

/* What the workers share. */
typedef struct Load {
    Run *run;
    const Plan *plan;
    const Snapshot *snapshot;
    const char *path;        /* search_path of the workers' destination sessions */
    const char *source_path; /* and of the source's: the same schemas in the same order */
    Schedule *schedule;
    LoadTasks tasks;
    Cancel *cancel; /* below the run's: set when a worker fails */
    CopyCounters counters;
    _Atomic int64_t bytes_done, tables_done, builds_done;
    int64_t started;
} Load;

/* One worker's own. */
typedef struct Worker {
    Load *load;
    size_t index;
    Conn *source, *dest;
    const LoadTask *task; /* the one at hand, for the hooks */
} Worker;

/* ---- bookkeeping in the task's transaction --------------------------------------------- */

static bool claim(void *context, Conn *dest, bool *skip, Error *err)
{
    const Worker *worker = context;
    AUTO(mem_free) char *migration = mem_printf("%lld", (long long)worker->load->run->id);
    AUTO(mem_free) char *id = mem_printf("%d", worker->task->id);
    const char *const values[] = {migration, id};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query(dest,
                    "SELECT done FROM pgzm.task WHERE migration = $1::bigint AND id = $2::int"
                    " FOR UPDATE SKIP LOCKED",
                    2, values, &result, err))
        return false;
    if (PQntuples(result) != 1) {
        error_set(err, ERROR_STATE, "another process works on %s", worker->task->label);
        return error_hint(err, "Look into pg_stat_activity of the destination for pgzm-copy.");
    }
    *skip = PQgetvalue(result, 0, 0)[0] == 't';
    return true;
}

static bool done(void *context, Conn *dest, int64_t rows, Error *err)
{
    const Worker *worker = context;
    AUTO(mem_free) char *migration = mem_printf("%lld", (long long)worker->load->run->id);
    AUTO(mem_free) char *id = mem_printf("%d", worker->task->id);
    AUTO(mem_free) char *count = rows >= 0 ? mem_printf("%lld", (long long)rows) : NULL;
    const char *const values[] = {migration, id, count};
    AUTO(result_free) PGresult *result = NULL;
    return conn_query(dest,
                      "UPDATE pgzm.task SET done = true, rows = $3::bigint,"
                      " done_at = clock_timestamp() WHERE migration = $1::bigint AND id = $2::int",
                      3, values, &result, err);
}

/* ---- one task -------------------------------------------------------------------------- */

static bool open_source(Worker *worker, Error *err)
{
    if (worker->source != NULL && PQtransactionStatus(conn_pg(worker->source)) == PQTRANS_INTRANS)
        return true;
    conn_free(TAKE(worker->source));
    AUTO(mem_free) char *purpose = mem_printf("copy %zu", worker->index + 1);
    ConnSpec spec = {
        .side = CONN_SOURCE, .conninfo = worker->load->run->settings->source, .purpose = purpose};
    /* Values that name objects (regclass) are then printed bare and mean the new ones over there.
     */
    return conn_open(&spec, worker->load->cancel, &worker->source, err) &&
           set_path(worker->source, worker->load->source_path, false, err) &&
           snapshot_import(worker->source, worker->load->snapshot->name, err);
}

static bool open_dest(Worker *worker, Error *err)
{
    AUTO(mem_free) char *purpose = mem_printf("load %zu", worker->index + 1);
    ConnSpec spec = {
        .side = CONN_DEST, .conninfo = worker->load->run->settings->dest, .purpose = purpose};
    return conn_open(&spec, worker->load->cancel, &worker->dest, err) &&
           set_path(worker->dest, worker->load->path, false, err);
}

static bool run_copy(Worker *worker, const LoadTask *task, Error *err)
{
    Load *load = worker->load;
    const CopyHooks hooks = {.claim = claim, .done = done, .context = worker};
    int64_t rows = 0;
    if (!open_source(worker, err) ||
        !copy_chunk(worker->source, worker->dest, task->chunk, &hooks, &load->counters, &rows, err))
        return false;
    atomic_fetch_add(&load->bytes_done, task->chunk->weight);
    if (atomic_fetch_sub(task->table_chunks_left, 1) == 1)
        atomic_fetch_add(&load->tables_done, 1);
    return true;
}

static bool try_statement(Worker *worker, const LoadTask *task, Error *err)
{
    bool skip = false;
    if (!conn_exec(worker->dest, "BEGIN", err))
        return false;
    if (claim(worker, worker->dest, &skip, err) &&
        (skip ||
         (conn_exec(worker->dest, task->statement, err) && done(worker, worker->dest, -1, err))) &&
        conn_exec(worker->dest, "COMMIT", err))
        return true;
    conn_rollback(worker->dest);
    return false;
}

/* Two statements of ours may lock two tables in opposite order: the loser tries again. */
static bool run_statement(Worker *worker, const LoadTask *task, Error *err)
{
    for (int tries = 1;; tries++) {
        AUTO(error_clear) Error failure = ERROR_INIT;
        if (try_statement(worker, task, &failure)) {
            log_debug(&worker->load->run->log, "done: %s", task->label);
            atomic_fetch_add(&worker->load->builds_done, task->builds ? 1 : 0);
            return true;
        }
        if (failure.kind == ERROR_LOCK && tries < STATEMENT_TRIES &&
            cancel_sleep(worker->load->cancel, STATEMENT_PAUSE_MS * tries))
            continue;
        error_move(err, &failure);
        error_kind(err, ERROR_COPY);
        return error_wrap(err, "making %s", task->label);
    }
}

/* ---- the workers ----------------------------------------------------------------------- */

static bool take_tasks(Worker *worker, Error *err)
{
    size_t number;
    void *payload;
    while (schedule_take(worker->load->schedule, &number, &payload)) {
        worker->task = payload;
        bool ok = worker->task->kind == TASK_COPY ? run_copy(worker, worker->task, err)
                                                  : run_statement(worker, worker->task, err);
        if (!ok)
            return false;
        schedule_finish(worker->load->schedule, number);
    }
    return cancel_check(worker->load->cancel, err);
}

static void send_progress(Load *load)
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
    };
    events_send(load->run->events,
                &(PgzmEvent){.kind = PGZM_EVENT_PROGRESS, .progress = &progress});
}

/* The pool's last thread tells how far the others are, and lets waiting ones go on a cancellation.
 */
static void watch(Load *load)
{
    while (!schedule_wait(load->schedule, PROGRESS_MS)) {
        send_progress(load);
        if (cancel_reason(load->cancel) != CANCEL_NONE)
            schedule_stop(load->schedule);
    }
    send_progress(load);
}

static bool work(void *context, size_t index, Error *err)
{
    Load *load = context;
    if (index == (size_t)load->run->settings->jobs) {
        watch(load);
        return true;
    }
    Worker worker = {.load = load, .index = index};
    bool ok = open_dest(&worker, err) && take_tasks(&worker, err);
    if (!ok)
        schedule_stop(load->schedule);
    conn_free(worker.source);
    conn_free(worker.dest);
    return ok;
}

/* Bare names in functions that the load calls (CHECKs, generated columns, index expressions) mean
 * the new objects first, then what stays live: extensions. */
static const char *load_path(const Run *run, const Plan *plan)
{
    AUTO(str_clear) Str path = STR_INIT;
    for (size_t i = 0; i < plan->schemas.count; i++) {
        str_separate(&path, ", ");
        conn_add_ident(run->dest, &path, plan->schemas.items[i].shadow);
    }
    for (size_t i = 0; i < plan->schemas.count; i++) {
        str_add(&path, ", ");
        conn_add_ident(run->dest, &path, plan->schemas.items[i].live);
    }
    return arena_strdup(run->arena, str_text(&path));
}

static const char *source_load_path(const Run *run, const Plan *plan)
{
    AUTO(str_clear) Str path = STR_INIT;
    for (size_t i = 0; i < plan->schemas.count; i++) {
        str_separate(&path, ", ");
        conn_add_ident(run->source, &path, plan->schemas.items[i].live);
    }
    return arena_strdup(run->arena, str_text(&path));
}

bool load_run(Run *run, const Plan *plan, const Snapshot *snapshot, LoadResult *result, Error *err)
{
    AUTO(schedule_free) Schedule *schedule = schedule_new();
    AUTO(cancel_free) Cancel *cancel = cancel_new(run->cancel);
    Load load = {.run = run,
                 .plan = plan,
                 .snapshot = snapshot,
                 .path = load_path(run, plan),
                 .source_path = source_load_path(run, plan),
                 .schedule = schedule,
                 .cancel = cancel,
                 .started = clock_monotonic_ms()};
    if (!tasks_make(run, plan, schedule, &load.tasks, err) || !tasks_record(run, &load.tasks, err))
        return false;
    schedule_open(schedule);
    log_info(&run->log, "%zu tasks for %d jobs", load.tasks.count, run->settings->jobs);
    if (!pool_run((size_t)run->settings->jobs + 1, work, &load, cancel, err))
        return false;
    result->rows = atomic_load(&load.counters.rows);
    result->tables = atomic_load(&load.tables_done);
    result->indexes = atomic_load(&load.builds_done);
    json_object_set_new(run->result, "bytes", json_integer(atomic_load(&load.counters.wire_bytes)));
    return true;
}

/* ---- sequences ------------------------------------------------------------------------- */

/* "SELECT 'shadow.s', last_value, is_called FROM s UNION ALL ...": values come from the sequences
 * themselves; pg_sequences hides the value of one that was set but never called. */
static void add_sequence(Run *run, const Plan *plan, const Sequence *sequence, Str *query)
{
    const JournalSchema *schema = plan_schema(plan, sequence->object.schema);
    AUTO(str_clear) Str shadow = STR_INIT;
    conn_add_name(run->dest, &shadow, schema->shadow, sequence->object.name);
    str_add(query, query->len == 0 ? "SELECT " : " UNION ALL SELECT ");
    conn_add_literal(run->source, query, str_text(&shadow));
    str_add(query, ", last_value, is_called FROM ");
    conn_add_name(run->source, query, sequence->object.schema, sequence->object.name);
}

static bool set_sequences(Run *run, const char *query, Error *err)
{
    AUTO(result_free) PGresult *result = NULL;
    AUTO(result_free) PGresult *set = NULL;
    if (!conn_query(run->source, query, 0, NULL, &result, err))
        return error_wrap(err, "reading the source's sequences");
    json_t *rows = json_array();
    for (int i = 0; i < PQntuples(result); i++)
        json_array_append_new(rows, json_pack("{s:s, s:s, s:b}", "s", PQgetvalue(result, i, 0), "v",
                                              PQgetvalue(result, i, 1), "c",
                                              PQgetvalue(result, i, 2)[0] == 't'));
    char *text = json_dumps(rows, JSON_COMPACT);
    json_decref(rows);
    const char *const values[] = {text};
    bool ok = text != NULL && conn_query(run->dest,
                                         "SELECT setval(s::regclass, v::bigint, c)"
                                         " FROM json_to_recordset($1::json)"
                                         " AS t(s text, v text, c boolean)",
                                         1, values, &set, err);
    free(text);
    return ok || error_wrap(err, "setting the new sequences");
}

bool load_sequences(Run *run, const Plan *plan, size_t *count, Error *err)
{
    AUTO(str_clear) Str query = STR_INIT;
    size_t batch = 0;
    *count = 0;
    for (size_t i = 0; i < plan->source->sequences.count; i++) {
        const Sequence *sequence = &plan->source->sequences.items[i];
        if (plan_schema(plan, sequence->object.schema) == NULL ||
            preserved_keeps_sequence(plan, sequence))
            continue;
        add_sequence(run, plan, sequence, &query);
        (*count)++;
        if (++batch < SEQUENCES_PER_QUERY)
            continue;
        if (!set_sequences(run, str_text(&query), err))
            return false;
        str_clear(&query);
        batch = 0;
    }
    return batch == 0 || set_sequences(run, str_text(&query), err);
}
