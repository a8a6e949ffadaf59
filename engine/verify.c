#include "engine/verify.h"

#include <stdlib.h>
#include <string.h>

#include "engine/latekey.h"

/* ---- which migration --------------------------------------------------------------------- */

/* The one of --timestamp, else the unfinished one, else the latest that went live. */
static bool find(Verify *verify, PGresult **result, Error *err)
{
    static const char query[] =
        "SELECT id, state, to_char(source_as_of AT TIME ZONE 'UTC', "
        "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),"
        " to_char(cleaned_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') FROM pgzm.migration"
        " WHERE CASE WHEN $1::bigint IS NOT NULL THEN id = $1::bigint"
        " ELSE state IN ('PREPARING', 'PREPARED', 'SWAPPED', 'SETTLED') END"
        " ORDER BY state IN ('PREPARING', 'PREPARED') DESC, id DESC LIMIT 1";
    Run *run = verify->run;
    int64_t asked = run->settings->timestamp;
    const char *const values[] = {asked != 0 ? journal_id_text(run->arena, asked) : NULL};
    bool exists = false;
    if (!journal_exists(run->dest, &exists, err))
        return false;
    if (exists && !conn_query(run->dest, query, 1, values, result, err))
        return error_wrap(err, "reading the journal");
    if (exists && PQntuples(*result) == 1)
        return true;
    if (asked != 0)
        error_set(err, ERROR_STATE, "there is no migration %s in the journal", values[0]);
    else
        error_set(err, ERROR_STATE, "there is no migration to verify: none is unfinished or live");
    return error_hint(err, "pgzm-copy list shows what there is.");
}

static bool is_state(const Verify *verify, const char *state)
{
    return strcmp(verify->state, state) == 0;
}

static bool refuse_state(const Verify *verify, const char *cleaned_at, Error *err)
{
    if (cleaned_at != NULL) {
        error_set(err, ERROR_STATE,
                  "the backup of migration %s was dropped by cleanup on %s: there is nothing to "
                  "verify",
                  verify->id, cleaned_at);
        return error_hint(err, "pgzm-copy list shows which ones have a backup.");
    }
    if (is_state(verify, STATE_PREPARING)) {
        error_set(err, ERROR_STATE, "migration %s is %s: preparing runs or has failed", verify->id,
                  verify->state);
        return error_hint(err, "Wait until it ends, or run pgzm-copy abort and prepare again.");
    }
    error_set(err, ERROR_STATE, "migration %s is %s: there is nothing to verify", verify->id,
              verify->state);
    return error_hint(err, "Only a migration that is prepared or live can be verified; pgzm-copy "
                           "list shows which are.");
}

static bool choose(Verify *verify, Error *err)
{
    Run *run = verify->run;
    AUTO(result_free) PGresult *result = NULL;
    if (!find(verify, &result, err))
        return false;
    run->id = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    verify->id = journal_id_text(run->arena, run->id);
    verify->state = arena_strdup(run->arena, PQgetvalue(result, 0, 1));
    verify->source_as_of = arena_strdup(run->arena, PQgetvalue(result, 0, 2));
    verify->live = is_state(verify, STATE_SWAPPED) || is_state(verify, STATE_SETTLED);
    json_object_set_new(run->result, "state", json_string(verify->state));
    json_object_set_new(run->result, "source_as_of", json_string(verify->source_as_of));
    const char *cleaned_at = PQgetisnull(result, 0, 3) ? NULL : PQgetvalue(result, 0, 3);
    if (cleaned_at != NULL || !(verify->live || is_state(verify, STATE_PREPARED)))
        return refuse_state(verify, cleaned_at, err);
    return journal_schemas(run->dest, run->id, run->arena, &verify->schemas, err);
}

/* Another command may have been at work while the rows were read without the journal's lock. */
static bool is_unchanged(const Verify *verify, Error *err)
{
    const char *const values[] = {verify->id};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query_row(verify->run->dest,
                        "SELECT state, cleaned_at IS NULL FROM pgzm.migration"
                        " WHERE id = $1::bigint",
                        1, values, &result, err))
        return error_wrap(err, "reading the journal");
    bool same = is_state(verify, PQgetvalue(result, 0, 0)) ||
                (verify->live && strcmp(PQgetvalue(result, 0, 0), STATE_SETTLED) == 0);
    if (same && PQgetvalue(result, 0, 1)[0] == 't')
        return true;
    json_object_set_new(verify->run->result, "state", json_string(PQgetvalue(result, 0, 0)));
    json_object_del(verify->run->result, "checks");
    error_set(err, ERROR_STATE, "migration %s became %s while it was verified", verify->id,
              same ? "one without a backup" : PQgetvalue(result, 0, 0));
    return error_hint(err, "Run the command again.");
}

/* ---- catalogs ---------------------------------------------------------------------------- */

/* A check that is one query over the journal and the catalogs. */
typedef struct CatalogCheck {
    const char *name, *file;
    const char *passed;
} CatalogCheck;

static bool look(Verify *verify, const CatalogCheck *check, Error *err)
{
    Run *run = verify->run;
    const char *sql = run_sql(check->file, conn_version(run->dest));
    const char *const values[] = {verify->id, verify->live ? "t" : "f"};
    AUTO(error_clear) Error failure = ERROR_INIT;
    check_open(run, check->name);
    bool ok = check_query(run, run->dest, check->file, strstr(sql, "$2") != NULL ? 2 : 1, values,
                          &failure);
    return check_close(run, ok, &failure, check->passed, err);
}

static bool look_at_catalogs(Verify *verify, Error *err)
{
    static const CatalogCheck checks[] = {
        {"objects", "verify_objects", ""},
        {"parts", "verify_parts", ""},
        {"constraints", "verify_keys", "all are validated, but those that were made NOT VALID"},
        {"triggers", "verify_triggers", "triggers and rules are in the state that they must have"},
        {"sync", "verify_sync", "no table is preserved"},
    };
    for (size_t i = 0; i < LENGTH(checks); i++)
        if (!look(verify, &checks[i], err))
            return false;
    return true;
}

/* ---- whether there is a way back --------------------------------------------------------- */

static bool look_at_later(Verify *verify, Error *err)
{
    Run *run = verify->run;
    const char *const values[] = {verify->id};
    AUTO(result_free) PGresult *later = NULL;
    if (!conn_query(run->dest,
                    "SELECT id, cleaned_at IS NOT NULL FROM pgzm.migration WHERE id > $1::bigint"
                    " AND state IN ('SWAPPED', 'SETTLED') ORDER BY id",
                    1, values, &later, err))
        return error_wrap(err, "reading the journal");
    for (int i = 0; i < PQntuples(later); i++)
        if (PQgetvalue(later, i, 1)[0] == 't')
            check_fail(run, "Only migrations after that one can be rolled back.",
                       "migration %s is on top of it, and its backup was dropped by cleanup",
                       PQgetvalue(later, i, 0));
    if (PQntuples(later) > 0) {
        check_note(run, "%d later %s undone first: pgzm-copy verify --timestamp tells about each",
                   PQntuples(later), PQntuples(later) == 1 ? "migration is" : "migrations are");
        return true;
    }
    AUTO(result_free) PGresult *since = NULL;
    if (!conn_query(run->dest, run_sql("leaves", conn_version(run->dest)), 1, values, &since, err))
        return error_wrap(err, "looking for what was made since the swap");
    for (int i = 0; i < PQntuples(since); i++)
        check_fail(run,
                   "It was made since the swap. Drop it before a rollback; it can be made "
                   "again afterwards.",
                   "%s %s", PQgetvalue(since, i, 0), PQgetvalue(since, i, 1));
    return true;
}

static bool look_at_way_back(Verify *verify, Error *err)
{
    static const CatalogCheck outside = {"dependents", "verify_outside",
                                         "nothing else leans on the backup"};
    AUTO(error_clear) Error failure = ERROR_INIT;
    check_open(verify->run, "rollback");
    bool ok = look_at_later(verify, &failure);
    return check_close(verify->run, ok, &failure, "nothing is in the way", err) &&
           look(verify, &outside, err);
}

/* ---- rows -------------------------------------------------------------------------------- */

/* What violates keys that the swap will add is a warning each: whether it may go live so is for
 * --orphans of the swap to say. */
static bool look_for_orphans(Verify *verify, Error *err)
{
    AUTO(error_clear) Error failure = ERROR_INIT;
    check_open(verify->run, "orphans");
    bool ok = latekey_check_orphans(verify->run, &failure) || failure.kind == ERROR_DIFFERENCE;
    if (failure.kind == ERROR_OTHER && failure.sqlstate[0] != '\0')
        error_kind(&failure, ERROR_STATE); /* a table is not what it was: a finding */
    return check_close(verify->run, ok, &failure,
                       "no row violates a foreign key that the swap adds", err);
}

/* Without the journal's lock, since it may take long: who swaps meanwhile waits for our locks on
 * the tables or makes a query fail; is_unchanged tells then. */
static bool look_at_rows(Verify *verify, Error *err)
{
    AUTO(error_clear) Error failure = ERROR_INIT;
    bool ok = (verify->live || look_for_orphans(verify, &failure)) && verify_rows(verify, &failure);
    if (ok || failure.kind == ERROR_INTERRUPTED || conn_is_lost(verify->run->dest))
        return ok || error_move(err, &failure);
    conn_rollback(verify->run->dest);
    return is_unchanged(verify, err) && error_move(err, &failure);
}

/* ---- the command ------------------------------------------------------------------------- */

static bool open_source(Verify *verify, Error *err)
{
    Run *run = verify->run;
    if (run->settings->source == NULL)
        return true;
    if (!verify->live)
        return run_open_source(run, err);
    run_warning(run, "the source is compared with a prepared migration only: this one is %s",
                verify->state);
    return true;
}

bool command_verify(Run *run, Error *err)
{
    Verify verify = {.run = run};
    run_phase(run, "verify");
    if (!run_open_dest(run, err) || !journal_lock(run->dest, err) || !choose(&verify, err) ||
        !open_source(&verify, err) || !run_nested_loops(run, false, err))
        return false;
    log_info(&run->log, "verifying migration %s, which is %s", verify.id, verify.state);
    checks_begin(run);
    return look_at_catalogs(&verify, err) && (!verify.live || look_at_way_back(&verify, err)) &&
           (run->source == NULL || verify_source(&verify, err)) && journal_unlock(run->dest, err) &&
           look_at_rows(&verify, err) && is_unchanged(&verify, err) && checks_verdict(run, err);
}
