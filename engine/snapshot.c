#include "engine/snapshot.h"

#include <string.h>
#include <unistd.h>

#include "engine/journal.h"
#include "engine/plan.h"
#include "engine/selection.h"

enum {
    LOCK_BATCH_BYTES = 100 * 1024, /* of one LOCK TABLE statement */
    SNAPSHOT_TRIES = 5             /* when tables appear while others are locked */
};

static const char begin[] = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";

/* Those that the filters take, as they are now. */
static bool list_tables(Run *run, PGresult **tables, Error *err)
{
    if (!selection_resolve(run, err))
        return false;
    const char *const values[] = {selection_left_out(run)};
    return conn_query(run->source, run_sql("source_tables", conn_version(run->source)), 1, values,
                      tables, err) ||
           error_wrap(err, "listing the source's tables");
}

static bool lock_failed(Error *err, int64_t timeout_ms)
{
    error_wrap(err, "locking the source's tables for reading");
    if (err->kind == ERROR_LOCK)
        return error_hint(
            err,
            "A table is locked exclusively on the source for longer than %lld ms. "
            "Run it again later, raise --lock-wait-timeout, or leave the table out with "
            "--exclude-table.",
            (long long)timeout_ms);
    if (error_is_state(err, "42501"))
        return error_hint(
            err, "Grant SELECT on all tables of the source to the user, or leave the table "
                 "out with --exclude-table.");
    if (error_is_state(err, "53200"))
        return error_hint(err, "Raise max_locks_per_transaction on the source.");
    return false;
}

static bool lock_tables(Run *run, const PGresult *tables, Error *err)
{
    int64_t timeout = run->settings->lock_wait_timeout_ms;
    if (!conn_execf(run->source, err, "SET LOCAL lock_timeout = %lld", (long long)timeout))
        return false;
    AUTO(str_clear) Str statement = STR_INIT;
    int count = PQntuples(tables);
    for (int i = 0; i < count; i++) {
        str_add(&statement, statement.len == 0 ? "LOCK TABLE ONLY " : ", ONLY ");
        str_add(&statement, PQgetvalue(tables, i, 1));
        if (statement.len < LOCK_BATCH_BYTES && i + 1 < count)
            continue;
        str_add(&statement, " IN ACCESS SHARE MODE");
        if (!conn_exec(run->source, str_text(&statement), err))
            return lock_failed(err, timeout);
        str_clear(&statement);
    }
    return conn_exec(run->source, "SET LOCAL lock_timeout = 0", err);
}

/* Same tables with the same files: nothing was created, dropped, truncated or rewritten between the
 * two lists. */
static bool same_tables(const PGresult *a, const PGresult *b)
{
    if (PQntuples(a) != PQntuples(b))
        return false;
    for (int i = 0; i < PQntuples(a); i++)
        for (int column = 0; column < 3; column++)
            if (strcmp(PQgetvalue(a, i, column), PQgetvalue(b, i, column)) != 0)
                return false;
    return true;
}

/* One try. LOCK TABLE takes no snapshot, so the export's is the transaction's, after all locks. */
static bool try_snapshot(Run *run, Snapshot *snapshot, bool *stable, Error *err)
{
    AUTO(result_free) PGresult *before = NULL;
    AUTO(result_free) PGresult *after = NULL;
    AUTO(result_free) PGresult *exported = NULL;
    if (!list_tables(run, &before, err) || !conn_exec(run->source, begin, err) ||
        !lock_tables(run, before, err) ||
        !conn_query_row(run->source,
                        "SELECT pg_export_snapshot(), clock_timestamp(), txid_current_snapshot()",
                        0, NULL, &exported, err) ||
        !list_tables(run, &after, err))
        return false;
    *stable = same_tables(before, after);
    snapshot->name = arena_strdup(run->arena, PQgetvalue(exported, 0, 0));
    snapshot->as_of = arena_strdup(run->arena, PQgetvalue(exported, 0, 1));
    snapshot->visible = arena_strdup(run->arena, PQgetvalue(exported, 0, 2));
    snapshot->tables = (size_t)PQntuples(before);
    return true;
}

bool snapshot_take(Run *run, Snapshot *snapshot, Error *err)
{
    for (int i = 0; i < SNAPSHOT_TRIES; i++) {
        bool stable = false;
        if (!try_snapshot(run, snapshot, &stable, err))
            return false;
        if (stable) {
            log_info(&run->log, "source as of %s, %zu tables%s", snapshot->as_of, snapshot->tables,
                     conn_is_tape(run->source) ? "" : " locked for reading");
            json_object_set_new(run->result, "source_as_of", json_string(snapshot->as_of));
            return true;
        }
        log_info(&run->log, "the source's tables changed while they were locked: once more");
        if (!conn_exec(run->source, "ROLLBACK", err))
            return false;
    }
    error_set(err, ERROR_LOCK, "the source's tables keep changing while they are locked");
    return error_hint(err, "Run it again while nobody creates, drops or truncates tables there.");
}

/* Rows read in another snapshot would be of another moment: there is no way on. */
static bool gone(Error *err)
{
    if (err->kind == ERROR_CONNECTION || err->kind == ERROR_INTERRUPTED)
        return error_wrap(err, "importing the source's snapshot");
    error_kind(err, ERROR_COPY);
    error_wrap(err, "the source's snapshot is gone");
    return error_hint(err, "The connection that held it was lost, or the source was restarted. Run "
                           "pgzm-copy abort and prepare again.");
}

bool snapshot_import(Conn *source, const char *name, Error *err)
{
    AUTO(str_clear) Str statement = STR_INIT;
    str_add(&statement, "SET TRANSACTION SNAPSHOT ");
    conn_add_literal(source, &statement, name);
    return (conn_exec(source, begin, err) && conn_exec(source, str_text(&statement), err)) ||
           gone(err);
}

bool snapshot_open_reader(const Run *run, Cancel *cancel, const char *purpose, const char *path,
                          const char *name, Conn **source, Error *err)
{
    const ConnSpec spec = {
        .side = CONN_SOURCE, .conninfo = run->settings->source, .purpose = purpose};
    return conn_open(&spec, cancel, source, err) && set_path(*source, path, false, err) &&
           snapshot_import(*source, name, err);
}

bool snapshot_record(Run *run, const Snapshot *snapshot, bool worker, Error *err)
{
    char host[256] = "";
    if (gethostname(host, sizeof host - 1) != 0)
        host[0] = '\0';
    const char *const values[] = {
        journal_id_text(run->arena, run->id),          snapshot->name,     host,
        arena_printf(run->arena, "%d", (int)getpid()), worker ? "t" : "f", snapshot->visible};
    AUTO(result_free) PGresult *result = NULL;
    return snapshot->visible == NULL || conn_is_tape(run->source) || /* nothing is held */
           conn_query(run->dest,
                      "INSERT INTO pgzm.snapshot (migration, name, host, process, worker,"
                      " visible) VALUES ($1::bigint, $2, $3, $4::int, $5::boolean, $6)"
                      " ON CONFLICT DO NOTHING",
                      LENGTH(values), values, &result, err) ||
           error_wrap(err, "recording the snapshot");
}

/* ---- from another process -------------------------------------------------------------- */

/* Locks what is still to be read. */
static bool lock_rest(Run *run, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id)};
    AUTO(result_free) PGresult *tables = NULL;
    return (conn_query(run->dest,
                       "SELECT DISTINCT 0, pg_catalog.format('%I.%I', chunk->>'schema',"
                       " chunk->>'name') FROM pgzm.task WHERE migration = $1::bigint"
                       " AND chunk IS NOT NULL AND NOT done",
                       1, values, &tables, err) ||
            error_wrap(err, "reading the tasks from the journal")) &&
           lock_tables(run, tables, err);
}

/* A table that was emptied before it is locked would be read as empty: whoever held the snapshot
 * had it locked, if it was still there when our locks were. */
static bool is_held(Run *run, const char *name, bool *held, Error *err)
{
    const ConnSpec spec = {
        .side = CONN_SOURCE, .conninfo = run->settings->source, .purpose = "snapshot"};
    AUTO(conn_free) Conn *other = NULL;
    AUTO(error_clear) Error failure = ERROR_INIT;
    if (!conn_open(&spec, run->cancel, &other, err))
        return false;
    *held = snapshot_import(other, name, &failure);
    return *held || failure.kind == ERROR_COPY || error_move(err, &failure);
}

/* Imports it; not `ours` when it is gone, or another one of that name. */
static bool import(Run *run, const char *name, const char *visible, bool *ours, Error *err)
{
    AUTO(error_clear) Error failure = ERROR_INIT;
    AUTO(result_free) PGresult *sees = NULL;
    *ours = snapshot_import(run->source, name, &failure);
    if (!*ours)
        return failure.kind == ERROR_COPY || error_move(err, &failure);
    if (!conn_query_row(run->source, "SELECT txid_current_snapshot()", 0, NULL, &sees, err))
        return false;
    *ours = strcmp(PQgetvalue(sees, 0, 0), visible) == 0;
    return true;
}

static bool adopt(Run *run, const char *name, const char *visible, Snapshot *snapshot,
                  bool *adopted, Error *err)
{
    AUTO(result_free) PGresult *exported = NULL;
    if (!import(run, name, visible, adopted, err) ||
        (*adopted && (!lock_rest(run, err) || !is_held(run, name, adopted, err))))
        return false;
    if (!*adopted) {
        conn_rollback(run->source);
        return true;
    }
    if (!conn_query_row(run->source, "SELECT pg_export_snapshot()", 0, NULL, &exported, err))
        return error_wrap(err, "exporting the source's snapshot again");
    snapshot->visible = arena_strdup(run->arena, visible);
    snapshot->name = arena_strdup(run->arena, PQgetvalue(exported, 0, 0));
    return true;
}

bool snapshot_adopt(Run *run, Snapshot *snapshot, bool *adopted, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id)};
    AUTO(result_free) PGresult *names = NULL;
    *adopted = false;
    if (!conn_query(run->dest,
                    "SELECT name, visible FROM pgzm.snapshot WHERE migration = $1::bigint"
                    " ORDER BY at DESC",
                    1, values, &names, err))
        return error_wrap(err, "reading the journal");
    for (int i = 0; i < PQntuples(names) && !*adopted; i++)
        if (!adopt(run, PQgetvalue(names, i, 0), PQgetvalue(names, i, 1), snapshot, adopted, err))
            return false;
    return true;
}

bool snapshot_check(Run *run, Error *err)
{
    AUTO(error_clear) Error failure = ERROR_INIT;
    if (conn_exec(run->source, "SELECT 1", &failure))
        return true;
    if (failure.kind != ERROR_CONNECTION)
        return error_move(err, &failure);
    error_wrap(&failure, "the source's snapshot is gone");
    error_hint(&failure, "Keep the connection to the source alive (idle timeouts of firewalls and "
                         "poolers, restarts), then run pgzm-copy abort and prepare again.");
    return error_move(err, &failure);
}
