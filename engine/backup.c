#include "engine/backup.h"

#include "engine/journal.h"

static const char *array_of(Arena *arena, const int64_t *ids, size_t count)
{
    AUTO(str_clear) Str s = STR_INIT;
    str_add(&s, "{");
    for (size_t i = 0; i < count; i++)
        str_addf(&s, "%s%lld", i == 0 ? "" : ",", (long long)ids[i]);
    str_add(&s, "}");
    return arena_strdup(arena, str_text(&s));
}

static const char *and_more(Run *run, int count)
{
    return count > 1 ? arena_printf(run->arena, " (and %d more: see the warnings)", count - 1) : "";
}

bool backup_check_whole(Run *run, int64_t id, const int64_t *later, size_t later_count, Error *err)
{
    const char *name = journal_id_text(run->arena, id);
    const char *const values[] = {name, array_of(run->arena, later, later_count)};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query(run->dest, run_sql("backup_gaps", conn_version(run->dest)), 2, values, &result,
                    err))
        return error_wrap(err, "looking at the backup of migration %s", name);
    int count = PQntuples(result);
    if (count == 0)
        return true;
    for (int i = 0; count > 1 && i < count; i++)
        run_warning(run, "migration %s: %s", name, PQgetvalue(result, i, 0));
    error_set(err, ERROR_STATE, "migration %s cannot be rolled back: %s%s", name,
              PQgetvalue(result, 0, 0), and_more(run, count));
    if (PQgetvalue(result, 0, 1)[0] == 't')
        return error_hint(err, "What was dropped cannot be brought back: only migrations after "
                               "this one can be rolled back.");
    return error_hint(err, "Move it back with ALTER ... SET SCHEMA, then run this command again.");
}

bool backup_check_since(Run *run, Error *err)
{
    const char *id = journal_id_text(run->arena, run->id);
    const char *const values[] = {id};
    AUTO(result_free) PGresult *result = NULL;
    if (!run_nested_loops(run, false, err) ||
        !conn_query(run->dest, run_sql("leaves", conn_version(run->dest)), 1, values, &result,
                    err) ||
        !run_nested_loops(run, true, err))
        return error_wrap(err, "looking for what was made since migration %s went live", id);
    int count = PQntuples(result);
    if (count == 0)
        return true;
    for (int i = 0; count > 1 && i < count; i++)
        run_warning(run, "made since the swap: %s %s", PQgetvalue(result, i, 0),
                    PQgetvalue(result, i, 1));
    error_set(err, ERROR_STATE, "made since migration %s went live: %s %s%s", id,
              PQgetvalue(result, 0, 0), PQgetvalue(result, 0, 1), and_more(run, count));
    return error_hint(err, "Drop it (it can be made again afterwards), then run this command "
                           "again.");
}

static bool check_parts(Run *run, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id)};
    AUTO(result_free) PGresult *gone = NULL;
    if (!conn_query(run->dest, run_sql("dropped_parts", conn_version(run->dest)), 1, values, &gone,
                    err))
        return error_wrap(err, "looking at tables that stay");
    if (PQntuples(gone) == 0)
        return true;
    error_set(err, ERROR_STATE, "%s was dropped since the swap: the rollback would make it anew",
              PQgetvalue(gone, 0, 0));
    return error_hint(err, "Make it again in any form, then run this command again; drop it "
                           "afterwards if it is not wanted.");
}

/* A lock that somebody holds, or a lost right, is the trade's own business. */
static bool is_about_object(const Error *failure)
{
    return failure->sqlstate[0] == '4' && failure->sqlstate[1] == '2' &&
           !error_is_state(failure, "42501");
}

bool backup_check_globals(Run *run, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id)};
    AUTO(result_free) PGresult *steps = NULL;
    if (!check_parts(run, err))
        return false;
    if (!conn_query(run->dest,
                    "SELECT label, statement FROM pgzm.step WHERE migration = $1::bigint"
                    " AND part = 'before rollback' AND statement ~ '^(DROP|ALTER|CREATE)"
                    " (PUBLICATION|EVENT TRIGGER|CAST|TRANSFORM|SERVER|USER MAPPING|LANGUAGE"
                    "|ACCESS METHOD|FOREIGN DATA WRAPPER) ' ORDER BY id",
                    1, values, &steps, err))
        return error_wrap(err, "reading the journal");
    if (PQntuples(steps) == 0)
        return true;
    AUTO(error_clear) Error failure = ERROR_INIT;
    bool ok = conn_exec(run->dest, "BEGIN", &failure) &&
              conn_execf(run->dest, &failure, "SET LOCAL lock_timeout = %lld",
                         (long long)run->settings->lock_timeout_ms);
    int step = 0;
    while (ok && step < PQntuples(steps)) {
        ok = conn_exec(run->dest, PQgetvalue(steps, step, 1), &failure);
        step += ok;
    }
    conn_rollback(run->dest);
    if (ok || !is_about_object(&failure))
        return ok || failure.kind != ERROR_CONNECTION || error_move(err, &failure);
    error_kind(&failure, ERROR_STATE);
    error_wrap(&failure, "what the swap did to %s cannot be taken back",
               PQgetvalue(steps, step, 0));
    error_hint(&failure,
               "Somebody changed it since. Make it again, then run this command again; "
               "it will run: %s",
               PQgetvalue(steps, step, 1));
    return error_move(err, &failure);
}

bool backup_adopt(Run *run, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id)};
    AUTO(result_free) PGresult *result = NULL;
    return conn_query(run->dest, run_sql("adopt", conn_version(run->dest)), 1, values, &result,
                      err) ||
           error_wrap(err, "recording what goes out");
}
