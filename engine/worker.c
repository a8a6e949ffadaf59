/*
 * The command that joins a running prepare from another host (or the same): it imports the source's
 * snapshot, claims chunks of rows in the journal as the command itself does, and ends when none is
 * left. What it holds when it dies is free again at once: the claim goes with its connection.
 *
 * It exports the snapshot under a name of its own, and locks what is still to be read: so
 * prepare --resume can go on when the command that began the migration dies.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/pool.h"
#include "engine/loader.h"
#include "engine/plan.h"
#include "engine/preflight.h"
#include "engine/sourceid.h"
#include "engine/taskstore.h"

enum {
    PROGRESS_MS = 200,
    WAIT_MS = 200, /* for the tasks, and for chunks that others have */
    RECONNECT_MS = 1000,
    TASKS_PATIENCE_MS = 600000 /* until the schema is built */
};

typedef struct Crew {
    Load load;
    _Atomic bool over; /* no chunk is left, or the migration has ended */
    _Atomic int64_t chunks;
} Crew;

/* ---- joining --------------------------------------------------------------------------- */

/* Columns of the query below. */
enum { STATE, SOURCE_ID, SOURCE, LOAD_PATH, READ_PATH, AS_OF, TASKS, BYTES };

static bool find(Run *run, Error *err)
{
    const JournalMigration *found = NULL;
    int64_t wanted = run->settings->timestamp;
    if (!journal_find(run->dest, STATE_PREPARING, run->arena, &found, err))
        return false;
    if (found != NULL && (wanted == 0 || wanted == found->id)) {
        run->id = found->id;
        return true;
    }
    if (wanted == 0)
        error_set(err, ERROR_STATE, "no migration into this destination is being prepared");
    else
        error_set(err, ERROR_STATE, "migration %lld is not being prepared", (long long)wanted);
    return error_hint(err,
                      "Start it with pgzm-copy prepare; pgzm-copy status shows what there is.");
}

static bool read_row(Run *run, PGresult **row, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id)};
    return conn_query_row(run->dest,
                          "SELECT m.state, coalesce(m.source_id, ''), m.source,"
                          " coalesce(m.load_path, ''), coalesce(m.read_path, ''),"
                          " coalesce(m.source_as_of::text, ''), t.tasks > 0, t.bytes"
                          " FROM pgzm.migration m CROSS JOIN LATERAL (SELECT count(*) AS tasks,"
                          " coalesce(sum(weight) FILTER (WHERE kind = 'copy' AND NOT done), 0)"
                          " AS bytes FROM pgzm.task WHERE migration = m.id) AS t"
                          " WHERE m.id = $1::bigint",
                          1, values, row, err) ||
           error_wrap(err, "reading the journal");
}

static bool ended(Run *run, const char *state, Error *err)
{
    error_set(err, ERROR_STATE, "migration %lld is %s: nothing is left to copy", (long long)run->id,
              state);
    return error_hint(err, "pgzm-copy status shows more.");
}

/* The tasks are recorded when the schema is built. */
static bool await_tasks(Run *run, PGresult **row, Error *err)
{
    int64_t end = clock_monotonic_ms() + TASKS_PATIENCE_MS;
    for (bool said = false;; said = true) {
        AUTO(result_free) PGresult *read = NULL;
        if (!read_row(run, &read, err))
            return false;
        if (strcmp(PQgetvalue(read, 0, STATE), STATE_PREPARING) != 0)
            return ended(run, PQgetvalue(read, 0, STATE), err);
        if (PQgetvalue(read, 0, TASKS)[0] == 't') {
            *row = TAKE(read);
            return true;
        }
        if (!said)
            log_info(&run->log, "waiting until the schema is built");
        if (clock_monotonic_ms() >= end)
            return error_set(err, ERROR_STATE, "the schema of migration %lld is not built in time",
                             (long long)run->id);
        if (!cancel_sleep(run->cancel, WAIT_MS))
            return cancel_check(run->cancel, err);
    }
}

static bool is_same_source(Run *run, const PGresult *row, Error *err)
{
    const char *id = "", *wanted = PQgetvalue(row, 0, SOURCE_ID);
    if (!sourceid_read(run, run->source, &id, err))
        return false;
    if (*id == '\0' || *wanted == '\0' || strcmp(id, wanted) == 0)
        return true; /* a snapshot can only be imported in its own database anyway */
    error_set(err, ERROR_STATE, "migration %lld copies another database: %s", (long long)run->id,
              PQgetvalue(row, 0, SOURCE));
    return error_hint(err, "Check --source.");
}

static bool join(Run *run, Snapshot *snapshot, PGresult **row, Error *err)
{
    bool adopted = false;
    if (!run_open_dest(run, err) || !run_open_source(run, err) || !preflight_ways(run, err) ||
        !find(run, err) || !await_tasks(run, row, err) || !is_same_source(run, *row, err) ||
        !snapshot_adopt(run, snapshot, &adopted, err))
        return false;
    snapshot->as_of = arena_strdup(run->arena, PQgetvalue(*row, 0, AS_OF));
    if (adopted)
        return snapshot_record(run, snapshot, true, err);
    error_set(err, ERROR_STATE, "the source's snapshot of migration %lld is gone",
              (long long)run->id);
    return error_hint(err, "The command that prepares it has ended. Run pgzm-copy status.");
}

/* ---- chunks ---------------------------------------------------------------------------- */

/* The heaviest chunk that nobody has; `id` NULL when there is none at the moment, and `over` when
 * there will not be. */
static bool choose(Crew *crew, Conn *dest, PGresult **chunk, bool *over, Error *err)
{
    AUTO(mem_free) char *migration = mem_printf("%lld", (long long)crew->load.run->id);
    const char *const values[] = {migration};
    AUTO(result_free) PGresult *left = NULL;
    *over = false;
    if (!conn_query(dest,
                    "SELECT t.id, t.label, t.weight, t.chunk FROM pgzm.task t"
                    " JOIN pgzm.migration m ON m.id = t.migration AND m.state = 'PREPARING'"
                    " WHERE t.migration = $1::bigint AND t.chunk IS NOT NULL AND NOT t.done"
                    " ORDER BY t.weight DESC, t.id LIMIT 1 FOR UPDATE OF t SKIP LOCKED",
                    1, values, chunk, err))
        return error_wrap(err, "looking for a chunk");
    if (PQntuples(*chunk) == 1)
        return true;
    if (!conn_query_row(dest,
                        "SELECT EXISTS (SELECT FROM pgzm.task t JOIN pgzm.migration m"
                        " ON m.id = t.migration AND m.state = 'PREPARING'"
                        " WHERE t.migration = $1::bigint AND t.chunk IS NOT NULL AND NOT t.done)",
                        1, values, &left, err))
        return error_wrap(err, "looking for a chunk");
    *over = PQgetvalue(left, 0, 0)[0] != 't';
    return true;
}

static bool copy(Crew *crew, Loader *loader, const PGresult *row, Error *err)
{
    AUTO(arena_free) Arena *arena = arena_new();
    _Atomic int left = INT_MAX; /* the table is not ours to finish */
    LoadTask task = {.id = atoi(PQgetvalue(row, 0, 0)),
                     .kind = TASK_COPY,
                     .kind_name = "copy",
                     .label = PQgetvalue(row, 0, 1),
                     .table_chunks_left = &left};
    if (!taskstore_copy(&task, PQgetvalue(row, 0, 3), strtoll(PQgetvalue(row, 0, 2), NULL, 10),
                        arena))
        return error_set(err, ERROR_STATE, "the journal does not say how to copy %s", task.label);
    bool ok = loader_run(loader, &task, err);
    /* what another had done just before, or we ourselves when the reply was lost, is not counted */
    if (ok && !loader->elsewhere && loader->rows < 0)
        atomic_fetch_add(&crew->chunks, 1);
    else if (ok && loader->rows > 0)
        atomic_fetch_sub(&crew->load.counters.rows, loader->rows);
    loader->task = NULL; /* it ends here */
    return ok;
}

/* Between two chunks nothing is at hand that could be lost. */
static bool reconnect(Crew *crew, Loader *loader, const Error *failure, int64_t *lost_at)
{
    Load *load = &crew->load;
    int64_t now = clock_monotonic_ms();
    if (*lost_at == 0)
        *lost_at = now;
    if (failure->kind != ERROR_CONNECTION ||
        now - *lost_at >= load->run->settings->retry_timeout_ms)
        return false;
    log_warning(&load->run->log, "%s; trying again", failure->message);
    conn_free(TAKE(loader->dest));
    return cancel_sleep(load->cancel, RECONNECT_MS);
}

/* One round; `over` when there is nothing more to do. */
static bool step(Crew *crew, Loader *loader, bool *over, Error *err)
{
    AUTO(result_free) PGresult *chunk = NULL;
    throttle_pass(crew->load.limits.throttle, 0);
    if (!loader_open(loader, err) || !choose(crew, loader->dest, &chunk, over, err))
        return false;
    if (PQntuples(chunk) == 1)
        return copy(crew, loader, chunk, err);
    return *over || cancel_sleep(crew->load.cancel, WAIT_MS) ||
           cancel_check(crew->load.cancel, err);
}

static bool take_chunks(Crew *crew, Loader *loader, Error *err)
{
    int64_t lost_at = 0;
    for (bool over = false; !over && !atomic_load(&crew->over);) {
        AUTO(error_clear) Error failure = ERROR_INIT;
        if (step(crew, loader, &over, &failure))
            lost_at = 0;
        else if (!reconnect(crew, loader, &failure, &lost_at))
            return error_move(err, &failure);
    }
    atomic_store(&crew->over, true);
    return true;
}

/* ---- the crew -------------------------------------------------------------------------- */

static bool watch(Crew *crew, Error *err)
{
    while (!atomic_load(&crew->over) && cancel_reason(crew->load.cancel) == CANCEL_NONE) {
        load_tell(&crew->load);
        lag_look(crew->load.limits.lag);
        if (!keeper_look(&crew->load.keeper, err) || !limits_look(&crew->load.limits, err))
            return false;
        cancel_sleep(crew->load.cancel, PROGRESS_MS);
    }
    load_tell(&crew->load);
    return true;
}

static bool work(void *context, size_t index, Error *err)
{
    Crew *crew = context;
    if (index == (size_t)crew->load.run->settings->jobs)
        return watch(crew, err);
    Loader loader = {.load = &crew->load, .index = index};
    bool ok = loader_open(&loader, err) && take_chunks(crew, &loader, err);
    loader_close(&loader);
    return ok;
}

/* What failed because the migration was aborted meanwhile is told so. */
static bool explain(Run *run, Error *failure, Error *err)
{
    AUTO(error_clear) Error ignored = ERROR_INIT;
    AUTO(result_free) PGresult *row = NULL;
    if (failure->kind != ERROR_INTERRUPTED && !conn_is_lost(run->dest) &&
        read_row(run, &row, &ignored) && strcmp(PQgetvalue(row, 0, STATE), STATE_PREPARING) != 0)
        return ended(run, PQgetvalue(row, 0, STATE), err);
    return error_move(err, failure);
}

bool command_worker(Run *run, Error *err)
{
    AUTO(cancel_free) Cancel *cancel = cancel_new(run->cancel);
    AUTO(throttle_free) Throttle *throttle = throttle_new(0, cancel);
    AUTO(lag_free) Lag *lag = lag_new(run, throttle, cancel);
    AUTO(result_free) PGresult *row = NULL;
    AUTO(error_clear) Error failure = ERROR_INIT;
    Snapshot snapshot = {0};
    run_phase(run, "copy");
    if (!join(run, &snapshot, &row, err))
        return false;
    log_info(&run->log, "joined migration %lld, source as of %s", (long long)run->id,
             snapshot.as_of);
    Crew crew = {.load = {.run = run,
                          .snapshot = &snapshot,
                          .path = PQgetvalue(row, 0, LOAD_PATH),
                          .source_path = PQgetvalue(row, 0, READ_PATH),
                          .cancel = cancel,
                          .limits = {.run = run, .throttle = throttle, .lag = lag},
                          .counters = {.pace = throttle_pass, .pace_context = throttle},
                          .tasks = {.bytes_total = strtoll(PQgetvalue(row, 0, BYTES), NULL, 10)},
                          .started = clock_monotonic_ms()}};
    load_identify(&crew.load);
    if (!keeper_begin(&crew.load.keeper, run, cancel, err) || !limits_look(&crew.load.limits, err))
        return false;
    lag_look(lag); /* before the first row */
    crew.load.keeper.is_guest = true;
    bool ok = pool_run((size_t)run->settings->jobs + 1, work, &crew, cancel, &failure) &&
              keeper_end(&crew.load.keeper, &failure);
    json_object_set_new(run->result, "source_as_of", json_string(snapshot.as_of));
    json_object_set_new(run->result, "chunks", json_integer(atomic_load(&crew.chunks)));
    json_object_set_new(run->result, "rows", json_integer(atomic_load(&crew.load.counters.rows)));
    json_object_set_new(run->result, "bytes",
                        json_integer(atomic_load(&crew.load.counters.wire_bytes)));
    log_info(&run->log, "copied %lld rows in %lld chunks",
             (long long)atomic_load(&crew.load.counters.rows),
             (long long)atomic_load(&crew.chunks));
    return ok || explain(run, &failure, err);
}
