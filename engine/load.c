#include "engine/load.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/pool.h"
#include "engine/batch.h"
#include "engine/loader.h"
#include "engine/taskstore.h"

enum { LOAD_TRIES = 20, PROGRESS_MS = 200 };

/* ---- the workers ----------------------------------------------------------------------- */

/* One task by itself, with its part of the memory. */
static bool run_alone(Loader *loader, const LoadTask *task, Error *err)
{
    IndexMemory *memory = &loader->load->memory;
    if (!task->builds)
        return loader_run(loader, task, err);
    AUTO(error_clear) Error failure = ERROR_INIT;
    const IndexPart part = indexmemory_take(memory);
    if (loader->dest != NULL && !indexmemory_set(memory, loader->dest, &part, &failure))
        log_debug(&loader->load->run->log, "%s", failure.message);
    bool ok = loader_run(loader, task, err);
    indexmemory_give(memory, &part);
    return ok;
}

static bool run_one(Loader *loader, const LoadTask *task, size_t number, Error *err)
{
    Load *load = loader->load;
    loader_begin(loader);
    if (!run_alone(loader, task, err))
        return false;
    if (loader->elsewhere)
        elsewhere_add(load->elsewhere, task, number);
    else if (loader_note(loader, 1, err))
        schedule_finish(load->schedule, number);
    else
        return false;
    return true;
}

static bool take_tasks(Loader *loader, Error *err)
{
    Load *load = loader->load;
    size_t jobs = (size_t)load->run->settings->jobs;
    size_t numbers[BATCH_TASKS], count = 0;
    void *payloads[BATCH_TASKS];
    while (schedule_take_some(load->schedule, BATCH_TASKS, jobs, numbers, payloads, &count)) {
        bool together = false;
        throttle_pass(load->limits.throttle, 0);
        loader_begin(loader);
        if (count > 1 && !batch_run(loader, payloads, count, &together, err))
            return false;
        if (together && !loader_note(loader, count, err))
            return false;
        for (size_t i = 0; i < count; i++)
            if (together)
                schedule_finish(load->schedule, numbers[i]);
            else if (!run_one(loader, payloads[i], numbers[i], err))
                return false;
    }
    return cancel_check(load->cancel, err);
}

/* Nothing but the command itself sets any: without them there is nothing to look at. */
static bool look_at_limits(Load *load, Error *err)
{
    const Settings *settings = load->run->settings;
    const bool any =
        settings->max_rate > 0 || settings->max_lag_ms > 0 || settings->max_lag_bytes > 0;
    return !any || limits_look(&load->limits, err);
}

/* The pool's last thread tells how far the others are, lets waiting ones go on a cancellation, and
 * sees to the main thread's connections, which have nothing to do meanwhile. */
static bool watch(Load *load, Error *err)
{
    bool ok = true;
    while (ok && !schedule_wait(load->schedule, PROGRESS_MS)) {
        load_tell(load);
        lag_look(load->limits.lag);
        ok = keeper_look(&load->keeper, err) && look_at_limits(load, err) &&
             elsewhere_look(load->elsewhere, err);
        if (!ok || cancel_reason(load->cancel) != CANCEL_NONE)
            schedule_stop(load->schedule);
    }
    load_tell(load);
    return ok;
}

static bool work(void *context, size_t index, Error *err)
{
    Load *load = context;
    if (index == (size_t)load->run->settings->jobs)
        return watch(load, err);
    Loader loader = {.load = load, .index = index};
    bool ok = loader_open(&loader, err) && take_tasks(&loader, err);
    if (!ok)
        schedule_stop(load->schedule);
    loader_close(&loader);
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

const char *load_source_path(const Run *run, const Plan *plan)
{
    AUTO(str_clear) Str path = STR_INIT;
    for (size_t i = 0; i < plan->schemas.count; i++) {
        str_separate(&path, ", ");
        conn_add_ident(run->source, &path, plan->schemas.items[i].live);
    }
    return arena_strdup(run->arena, str_text(&path));
}

/* Workers on other hosts do as we do. */
static bool record_paths(const Load *load, Error *err)
{
    Run *run = load->run;
    const char *const values[] = {journal_id_text(run->arena, run->id), load->path,
                                  load->source_path};
    AUTO(result_free) PGresult *result = NULL;
    return conn_query(run->dest,
                      "UPDATE pgzm.migration SET load_path = $2, read_path = $3"
                      " WHERE id = $1::bigint",
                      3, values, &result, err) ||
           error_wrap(err, "writing to the journal");
}

static bool make_tasks(Load *load, const Plan *plan, Error *err)
{
    Run *run = load->run;
    if (!record_paths(load, err) || !tasks_make(run, plan, load->schedule, &load->tasks, err) ||
        !taskstore_record(run, load->schedule, &load->tasks, err))
        return false;
    atomic_store(&load->builds_done, load->tasks.builds_made);
    for (size_t i = 0; i < load->tasks.count; i++)
        atomic_fetch_add(&load->known, load->tasks.items[i]->made);
    return true;
}

static bool read_tasks(Load *load, Error *err)
{
    TaskstoreDone before;
    if (!taskstore_read(load->run, load->schedule, &load->tasks, &before, err))
        return false;
    atomic_store(&load->builds_done, before.builds);
    atomic_store(&load->tables_done, before.tables);
    atomic_store(&load->bytes_done, before.bytes);
    atomic_store(&load->counters.rows, before.rows);
    atomic_store(&load->known, before.tasks);
    return true;
}

static bool run_tasks(Load *load, LoadResult *result, Error *err)
{
    Run *run = load->run;
    if (!keeper_begin(&load->keeper, run, load->cancel, err) || !limits_record(run, err) ||
        !look_at_limits(load, err))
        return false;
    indexmemory_init(&load->memory, run->settings->index_memory, run->settings->jobs,
                     load->tasks.builds_total - atomic_load(&load->builds_done));
    schedule_share(load->schedule, (size_t)run->settings->jobs);
    lag_look(load->limits.lag); /* before the first row */
    schedule_open(load->schedule);
    log_info(&run->log, "%zu tasks for %d jobs", load->tasks.count, run->settings->jobs);
    bool ok = pool_run((size_t)run->settings->jobs + 1, work, load, load->cancel, err);
    indexmemory_clear(&load->memory);
    load->keeper.cancel = run->cancel; /* the other one may be set: workers have failed */
    result->fell_back = atomic_load(&load->fell_back);
    if (!ok && result->fell_back && cancel_reason(run->cancel) == CANCEL_NONE) {
        log_warning(&run->log, "%s; doing them again", err->message);
        error_clear(err);
        ok = true;
    }
    if (!ok || !keeper_end(&load->keeper, err))
        return false;
    result->rows = atomic_load(&load->counters.rows);
    result->tables = atomic_load(&load->tables_done);
    result->indexes = atomic_load(&load->builds_done);
    result->path = load->path;
    result->source_path = load->source_path;
    json_object_set_new(run->result, "retries", json_integer(atomic_load(&load->retries)));
    json_object_set_new(run->result, "bytes",
                        json_integer(atomic_load(&load->counters.wire_bytes)));
    return true;
}

static bool load_once(Run *run, const Plan *plan, const Snapshot *snapshot, bool again,
                      LoadResult *result, Error *err)
{
    AUTO(schedule_free) Schedule *schedule = schedule_new();
    AUTO(cancel_free) Cancel *cancel = cancel_new(run->cancel);
    AUTO(elsewhere_free) Elsewhere *elsewhere = elsewhere_new(run, schedule);
    AUTO(throttle_free) Throttle *throttle = throttle_new(0, cancel);
    AUTO(lag_free) Lag *lag = lag_new(run, throttle, cancel);
    Load load = {.run = run,
                 .snapshot = snapshot,
                 .path = load_path(run, plan),
                 .source_path = load_source_path(run, plan),
                 .schedule = schedule,
                 .cancel = cancel,
                 .elsewhere = elsewhere,
                 .limits = {.run = run, .throttle = throttle, .lag = lag},
                 .counters = {.pace = throttle_pass, .pace_context = throttle},
                 .started = clock_monotonic_ms()};
    load_identify(&load);
    return (again ? read_tasks(&load, err) : make_tasks(&load, plan, err)) &&
           run_tasks(&load, result, err);
}

/* Thousands of brief commits would wait for the disk: so those of the workers do not (loader_note).
 * Those of the main thread do, and with the WAL of each goes all that was written before, so that
 * what is PREPARED is on disk. */
static bool what_is_lost(Run *run, int64_t *tasks, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id)};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query_row(run->dest,
                        "SELECT count(*) FROM pgzm.task WHERE migration = $1::bigint AND NOT done",
                        1, values, &result, err))
        return error_wrap(err, "looking for tasks that are not done");
    *tasks = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    return true;
}

/* A crash empties unlogged tables, whatever the journal knows of their rows. */
static bool are_unlogged_there(Run *run, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id)};
    AUTO(result_free) PGresult *tables = NULL;
    if (!conn_query(run->dest, run_sql("unlogged", conn_version(run->dest)), 1, values, &tables,
                    err))
        return error_wrap(err, "looking for unlogged tables");
    for (int i = 0; i < PQntuples(tables); i++) {
        AUTO(result_free) PGresult *count = NULL;
        AUTO(mem_free)
        char *query = mem_printf("SELECT count(*) FROM ONLY %s", PQgetvalue(tables, i, 0));
        if (!conn_query_row(run->dest, query, 0, NULL, &count, err))
            return error_wrap(err, "counting the rows of %s", PQgetvalue(tables, i, 0));
        if (strcmp(PQgetvalue(count, 0, 0), PQgetvalue(tables, i, 1)) == 0)
            continue;
        error_set(err, ERROR_COPY, "unlogged table %s has %s rows, and %s were copied",
                  PQgetvalue(tables, i, 0), PQgetvalue(count, 0, 0), PQgetvalue(tables, i, 1));
        return error_hint(err, "The destination's server must have crashed, which empties unlogged "
                               "tables. Run pgzm-copy abort and prepare again.");
    }
    return true;
}

bool load_run(Run *run, const Plan *plan, const Snapshot *snapshot, bool again, LoadResult *result,
              Error *err)
{
    for (int tries = 1;; tries++) {
        int64_t lost = 0;
        if (!load_once(run, plan, snapshot, again, result, err) || !what_is_lost(run, &lost, err))
            return false;
        if (lost == 0 || tries == LOAD_TRIES)
            return are_unlogged_there(run, err); /* what else is missing the verification says */
        if (!result->fell_back)
            log_warning(&run->log,
                        "the destination lost %lld tasks that were done; doing them again",
                        (long long)lost);
        again = true;
    }
}
