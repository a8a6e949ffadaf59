#include "engine/batch.h"

#include <inttypes.h>
#include <stdatomic.h>

#include "engine/dump.h"

typedef struct Batch {
    Loader *loader;
    const LoadTask *const *tasks;
    size_t count;
    int64_t rows[BATCH_TASKS]; /* copied by each */
} Batch;

/* All rows or none: one that is done already, or that another process has, makes it none. */
static bool claim(const Batch *batch, bool *all, Error *err)
{
    AUTO(str_clear) Str ids = STR_INIT;
    for (size_t i = 0; i < batch->count; i++)
        str_addf(&ids, "%c%d", i == 0 ? '{' : ',', batch->tasks[i]->id);
    str_add(&ids, "}");
    AUTO(mem_free) char *migration = mem_printf("%" PRId64, batch->loader->load->run->id);
    const char *const values[] = {migration, str_text(&ids)};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query(batch->loader->dest,
                    "SELECT id FROM pgzm.task WHERE migration = $1::bigint"
                    " AND id = ANY ($2::int[]) AND NOT done FOR UPDATE SKIP LOCKED",
                    2, values, &result, err))
        return false;
    *all = (size_t)PQntuples(result) == batch->count;
    return true;
}

/* One statement that notes all. */
static void add_done(const Batch *batch, Str *sql)
{
    const Load *load = batch->loader->load;
    str_add(sql, "UPDATE pgzm.task t SET done = true, rows = d.rows,"
                 " done_at = clock_timestamp(), host = ");
    conn_add_literal(batch->loader->dest, sql, load->host);
    str_addf(sql, ", process = %s FROM (VALUES ", load->process);
    for (size_t i = 0; i < batch->count; i++) {
        str_addf(sql, "%s(%d, ", i == 0 ? "" : ", ", batch->tasks[i]->id);
        if (batch->tasks[i]->kind == TASK_COPY)
            str_addf(sql, "%" PRId64, batch->rows[i]);
        else
            str_add(sql, "NULL");
        str_add(sql, "::bigint)");
    }
    str_addf(sql, ") AS d(id, rows) WHERE t.migration = %" PRId64 " AND t.id = d.id",
             load->run->id);
}

static bool copy_one(Batch *batch, size_t i, Error *err)
{
    Loader *loader = batch->loader;
    Load *load = loader->load;
    const LoadTask *task = batch->tasks[i];
    if (task->file != NULL)
        return copy_chunk_load_within(&load->run->dump->folder, task->file, loader->dest,
                                      task->chunk, &load->counters, &batch->rows[i], err);
    return copy_chunk_within(loader->source, loader->dest, task->chunk, &load->counters,
                             &batch->rows[i], err);
}

static bool copy_rows(Batch *batch, Error *err)
{
    for (size_t i = 0; i < batch->count; i++)
        if (!copy_one(batch, i, err))
            return false;
    return true;
}

/* The statements, the note and the COMMIT in one round trip. When one fails those after it are
 * skipped, the COMMIT too. */
static bool run_rest(const Batch *batch, Error *err)
{
    AUTO(str_clear) Str done = STR_INIT;
    size_t most = 2, n = 0;
    for (size_t i = 0; i < batch->count; i++)
        most += 1 + (batch->tasks[i]->tail == NULL ? 0 : batch->tasks[i]->tail->count);
    AUTO(mem_free) const char **statements = mem_alloc(most * sizeof *statements);
    for (size_t i = 0; i < batch->count; i++) {
        const LoadTask *task = batch->tasks[i];
        if (task->statement != NULL)
            statements[n++] = task->statement;
        for (size_t k = 0; task->tail != NULL && k < task->tail->count; k++)
            statements[n++] = task->tail->statements[k];
    }
    add_done(batch, &done);
    statements[n++] = str_text(&done);
    statements[n++] = "COMMIT";
    return conn_exec_many(batch->loader->dest, statements, n, NULL, err);
}

static bool run(Batch *batch, bool copies, Error *err)
{
    Loader *loader = batch->loader;
    bool all = false;
    return conn_exec(loader->dest, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", err) &&
           claim(batch, &all, err) && all && (!copies || copy_rows(batch, err)) &&
           run_rest(batch, err);
}

static void count(const Batch *batch)
{
    Load *load = batch->loader->load;
    for (size_t i = 0; i < batch->count; i++) {
        const LoadTask *task = batch->tasks[i];
        if (task->kind != TASK_COPY) {
            atomic_fetch_add(&load->builds_done, task->builds);
            continue;
        }
        atomic_fetch_add(&load->counters.rows, batch->rows[i]);
        load_copied(load, task);
    }
}

/* A lost connection is opened again for the first of the tasks. */
static bool drop_lost(Loader *loader, Error *failure, Error *err)
{
    if (failure->kind != ERROR_CONNECTION)
        return true;
    Load *load = loader->load;
    if (load->run->settings->retry_timeout_ms == 0)
        return error_move(err, failure);
    atomic_fetch_add(&load->retries, 1);
    log_warning(&load->run->log, "%s; trying again", failure->message);
    if (loader->dest != NULL && conn_is_lost(loader->dest))
        conn_free(TAKE(loader->dest));
    mem_free(loader->lost);
    loader->lost = mem_strdup(failure->message);
    return true;
}

bool batch_run(Loader *loader, void *const *tasks, size_t n, bool *together, Error *err)
{
    Batch batch = {.loader = loader, .tasks = (const LoadTask *const *)tasks, .count = n};
    const bool copies = batch.tasks[0]->kind == TASK_COPY;
    AUTO(error_clear) Error failure = ERROR_INIT;
    *together = false;
    if (loader->dest == NULL) /* the next task by itself opens it */
        return true;
    if ((!copies || loader_connect(loader, &failure)) && run(&batch, copies, &failure)) {
        count(&batch);
        *together = true;
        return true;
    }
    log_debug(&loader->load->run->log, "one by one: %s",
              failure.kind == ERROR_NONE ? "other processes have some of the tasks"
                                         : failure.message);
    conn_rollback(loader->dest);
    return drop_lost(loader, &failure, err);
}
