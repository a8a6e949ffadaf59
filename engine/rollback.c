#include "engine/rollback.h"

#include <stdlib.h>
#include <string.h>

#include "engine/backup.h"
#include "engine/journal.h"
#include "engine/keep.h"
#include "engine/settle.h"

/* A migration that is to be undone. */
typedef struct Undone {
    int64_t id;
    const char *state;
} Undone;

typedef struct UndoneList {
    Undone *items; /* the newest first */
    size_t count;
    Keep keep;
    bool settle_only; /* the one of --timestamp is undone, but not all keys are validated */
} UndoneList;

/* ---- which ----------------------------------------------------------------------------- */

static bool check_settings(Run *run, Error *err)
{
    const Settings *s = run->settings;
    if (s->latest == (s->timestamp == 0))
        return true;
    error_set(err, ERROR_USAGE, "rollback needs --latest or --timestamp%s",
              s->latest ? ", not both" : "");
    return error_hint(err, "--latest undoes the latest migration that went live, --timestamp that "
                           "one and all later ones; pgzm-copy list shows them.");
}

/* What keeps the migration of --timestamp from being undone, whatever is on top of it. One that was
 * undone last may have keys left to validate. */
static bool check_named(Run *run, UndoneList *list, Error *err)
{
    const char *id = journal_id_text(run->arena, run->settings->timestamp);
    const char *const values[] = {id};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query(run->dest,
                    "SELECT m.state, m.state = 'ROLLED BACK' AND EXISTS (SELECT FROM pgzm.step s"
                    " WHERE s.migration = m.id AND s.part = 'settle rollback' AND NOT s.done)"
                    " AND NOT EXISTS (SELECT FROM pgzm.migration o WHERE o.id > m.id"
                    " AND o.state IN ('SWAPPED', 'SETTLED') OR o.id < m.id"
                    " AND o.state = 'ROLLED BACK' AND o.id > coalesce((SELECT max(l.id)"
                    " FROM pgzm.migration l WHERE l.state IN ('SWAPPED', 'SETTLED')), 0))"
                    " FROM pgzm.migration m WHERE m.id = $1::bigint",
                    1, values, &result, err))
        return error_wrap(err, "reading the journal");
    if (PQntuples(result) == 0) {
        error_set(err, ERROR_STATE, "there is no migration %s in the journal", id);
        return error_hint(err, "pgzm-copy list shows what there is.");
    }
    const char *state = PQgetvalue(result, 0, 0);
    list->settle_only = PQgetvalue(result, 0, 1)[0] == 't';
    if (list->settle_only || strcmp(state, STATE_SWAPPED) == 0 || strcmp(state, STATE_SETTLED) == 0)
        return true;
    error_set(err, ERROR_STATE, "migration %s is %s, not live: it cannot be rolled back", id,
              state);
    return error_hint(err, "pgzm-copy list shows which ones are %s or %s.", STATE_SWAPPED,
                      STATE_SETTLED);
}

static bool refuse_unfinished(Run *run, Error *err)
{
    const JournalMigration *unfinished = NULL;
    if (!journal_find(run->dest, STATE_PREPARING "," STATE_PREPARED, run->arena, &unfinished, err))
        return false;
    if (unfinished == NULL)
        return true;
    error_set(err, ERROR_STATE, "migration %lld is unfinished: %s", (long long)unfinished->id,
              unfinished->state);
    return error_hint(err, "Run pgzm-copy abort first.");
}

static bool refuse_cleaned(const char *id, const char *cleaned_at, Error *err)
{
    error_set(err, ERROR_STATE,
              "the backup of migration %s was dropped by cleanup on %s: it cannot be rolled back",
              id, cleaned_at);
    return error_hint(err, "Only later ones can; pgzm-copy list shows them.");
}

/* What went live from the migration of --timestamp on, or the latest alone. */
static bool choose(Run *run, UndoneList *list, Error *err)
{
    const char *const values[] = {
        run->settings->latest ? NULL : journal_id_text(run->arena, run->settings->timestamp)};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query(run->dest,
                    "SELECT id, state, to_char(cleaned_at, 'YYYY-MM-DD') FROM pgzm.migration"
                    " WHERE state IN ('SWAPPED', 'SETTLED') AND id >= coalesce($1::bigint,"
                    " (SELECT max(id) FROM pgzm.migration WHERE state IN ('SWAPPED', 'SETTLED')))"
                    " ORDER BY id DESC",
                    1, values, &result, err))
        return error_wrap(err, "reading the journal");
    list->items = arena_alloc(run->arena, ((size_t)PQntuples(result) + 1) * sizeof *list->items);
    for (int i = 0; i < PQntuples(result); i++) {
        if (!PQgetisnull(result, i, 2))
            return refuse_cleaned(PQgetvalue(result, i, 0), PQgetvalue(result, i, 2), err);
        list->items[list->count++] =
            (Undone){.id = strtoll(PQgetvalue(result, i, 0), NULL, 10),
                     .state = arena_strdup(run->arena, PQgetvalue(result, i, 1))};
    }
    return true;
}

static bool find_undone(Run *run, UndoneList *list, Error *err)
{
    bool exists = false;
    if (!journal_exists(run->dest, &exists, err) ||
        (exists && !run->settings->latest && !check_named(run, list, err)) ||
        (exists && !list->settle_only && !choose(run, list, err)))
        return false;
    if (list->count > 0 || list->settle_only)
        return refuse_unfinished(run, err);
    error_set(err, ERROR_STATE, "there is no swapped migration to roll back");
    return error_hint(err, "pgzm-copy list shows what there is.");
}

/* All backups on the way are looked at before anything is done. */
static bool check_all(Run *run, UndoneList *list, Error *err)
{
    int64_t *ids = arena_alloc(run->arena, list->count * sizeof *ids);
    for (size_t i = 0; i < list->count; i++) {
        ids[i] = list->items[i].id;
        if (!backup_check_whole(run, ids[i], ids, i, err))
            return false;
    }
    return keep_resolve(run, ids, list->count, &list->keep, err);
}

static void say_plan(Run *run, const UndoneList *list)
{
    AUTO(str_clear) Str ids = STR_INIT;
    for (size_t i = 0; i < list->count; i++) {
        str_separate(&ids, ", ");
        str_addf(&ids, "%lld", (long long)list->items[i].id);
    }
    if (list->count == 1)
        log_info(&run->log, "undoing migration %s", str_text(&ids));
    else
        log_info(&run->log, "undoing %zu migrations, each in a transaction of its own: %s",
                 list->count, str_text(&ids));
}

/* ---- one of them ----------------------------------------------------------------------- */

/* Where the new objects went, with the rows that were written to replaced tables since the swap. */
static bool report_undone(Run *run, json_t *schemas, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id)};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query(run->dest,
                    "SELECT s.live, s.undone, EXISTS (SELECT FROM pg_class c"
                    " WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p')) FROM pgzm.schema s"
                    " JOIN pg_namespace n ON n.nspname = s.undone"
                    " WHERE s.migration = $1::bigint ORDER BY 1",
                    1, values, &result, err))
        return error_wrap(err, "reading the journal");
    for (int i = 0; i < PQntuples(result); i++) {
        json_array_append_new(schemas, json_string(PQgetvalue(result, i, 1)));
        if (PQgetvalue(result, i, 2)[0] == 't')
            run_warning(run,
                        "rows written to replaced tables of %s since the swap are in schema %s",
                        PQgetvalue(result, i, 0), PQgetvalue(result, i, 1));
    }
    return true;
}

static bool undo(Run *run, const UndoneList *list, size_t step, json_t *done, Error *err)
{
    const Undone *undone = &list->items[step];
    run->id = undone->id;
    json_object_set_new(run->result, "state", json_string(undone->state));
    if (!trade_mark(run, err) || !backup_adopt(run, err) || !backup_check_since(run, err) ||
        !backup_check_globals(run, err) || !keep_run(run, &list->keep, step, err))
        return false;
    if (!trade_run(run, TRADE_ROLLBACK, err)) {
        /* committed, though the reply was lost */
        if (err->kind == ERROR_UNSETTLED)
            error_hint(err, "Run pgzm-copy rollback --timestamp %lld: it does the checks.",
                       (long long)undone->id);
        return false;
    }
    json_object_set_new(run->result, "state", json_string(STATE_ROLLED_BACK));
    json_t *schemas = json_array(), *kept = json_array();
    json_array_append_new(done, json_pack("{s:o, s:O, s:o, s:o}", "timestamp",
                                          json_sprintf("%lld", (long long)undone->id), "swap",
                                          json_object_get(run->result, "swap"), "schemas", schemas,
                                          "kept", kept));
    log_info(&run->log, "migration %lld is rolled back", (long long)undone->id);
    return report_undone(run, schemas, err) && keep_report(run, kept, err);
}

/* The world that is live now is the one before `id`. What is left for afterwards of later ones is
 * about tables that went away with it. */
static bool settle(Run *run, int64_t id, Error *err)
{
    run->id = id;
    json_object_set_new(run->result, "state", json_string(STATE_ROLLED_BACK));
    if (settle_run(run, TRADE_ROLLBACK, err))
        return true;
    run_next(run, arena_printf(run->arena, "pgzm-copy rollback --timestamp %lld", (long long)id));
    return false;
}

/* Some are undone, and stay so; the failure is about the next one. */
static bool stopped_between(Run *run, const UndoneList *list, size_t done, Error *failure,
                            Error *err)
{
    AUTO(error_clear) Error ignored = ERROR_INIT;
    error_wrap(failure, "%zu of %zu migrations are rolled back and stay so, migration %lld is not",
               done, list->count, (long long)list->items[done].id);
    if (!conn_is_lost(run->dest) && !settle(run, list->items[done - 1].id, &ignored))
        run_warning(run, "%s", ignored.message);
    run->id = list->items[done].id;
    json_object_set_new(run->result, "state", json_string(list->items[done].state));
    return error_move(err, failure);
}

/* The command that goes on; --latest might mean another one by then. */
static const char *same_command(Run *run, const UndoneList *list)
{
    const char *keep = run->settings->keep;
    return arena_printf(run->arena, "pgzm-copy rollback --timestamp %lld%s%s%s",
                        (long long)list->items[list->count - 1].id,
                        keep != NULL ? " --keep-tables '" : "", keep != NULL ? keep : "",
                        keep != NULL ? "'" : "");
}

static bool undo_all(Run *run, const UndoneList *list, Error *err)
{
    json_t *done = json_array();
    json_object_set_new(run->result, "undone", done);
    for (size_t i = 0; i < list->count; i++) {
        AUTO(error_clear) Error failure = ERROR_INIT;
        if (undo(run, list, i, done, &failure))
            continue;
        if (json_array_size(done) > i)
            return error_move(err, &failure);
        run_next(run, same_command(run, list));
        if (i == 0)
            return error_move(err, &failure);
        return stopped_between(run, list, i, &failure, err);
    }
    return settle(run, list->items[list->count - 1].id, err);
}

/* ---- the command ----------------------------------------------------------------------- */

/* One that has others on top of it: nothing of it is where its rollback will find it. */
static bool plan_below(Run *run, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id)};
    AUTO(result_free) PGresult *lines = NULL;
    if (!conn_query(run->dest, run_sql("undo_plan", conn_version(run->dest)), 1, values, &lines,
                    err))
        return error_wrap(err, "reading the journal");
    for (int i = 0; i < PQntuples(lines); i++)
        run_plan(run, PQgetvalue(lines, i, 0));
    return true;
}

static bool plan_settle(Run *run, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id)};
    AUTO(result_free) PGresult *steps = NULL;
    if (!conn_query(run->dest,
                    "SELECT statement FROM pgzm.step WHERE migration = $1::bigint"
                    " AND part = 'settle rollback' AND NOT done ORDER BY id",
                    1, values, &steps, err))
        return error_wrap(err, "reading the journal");
    for (int i = 0; i < PQntuples(steps); i++)
        run_plan(run, PQgetvalue(steps, i, 0));
    return true;
}

static bool plan_all(Run *run, const UndoneList *list, Error *err)
{
    for (size_t i = 0; i < list->count; i++) {
        run->id = list->items[i].id;
        if (list->count > 1)
            run_plan(run,
                     arena_printf(run->arena, "-- rollback of migration %lld", (long long)run->id));
        /* what was made since is told of the newest alone: only its new objects are live */
        if ((i == 0 && !backup_check_since(run, err)) || !keep_plan(run, &list->keep, i, err) ||
            !(i == 0 ? trade_plan(run, TRADE_ROLLBACK, err) : plan_below(run, err)))
            return false;
    }
    return plan_settle(run, err);
}

bool command_rollback(Run *run, Error *err)
{
    UndoneList list = {0};
    if (!check_settings(run, err) || !run_open_dest(run, err) || !journal_lock(run->dest, err) ||
        !find_undone(run, &list, err))
        return false;
    if (list.settle_only) {
        log_info(&run->log, "migration %lld is rolled back already: validating what is left",
                 (long long)run->settings->timestamp);
        run->id = run->settings->timestamp;
        return run->settings->dry_run ? plan_settle(run, err) : settle(run, run->id, err);
    }
    run->id = list.items[0].id;
    if (!check_all(run, &list, err))
        return false;
    say_plan(run, &list);
    return run->settings->dry_run ? plan_all(run, &list, err) : undo_all(run, &list, err);
}
