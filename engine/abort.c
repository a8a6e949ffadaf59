#include "engine/abort.h"

#include <string.h>

#include "engine/array.h"
#include "engine/journal.h"
#include "engine/largeobject.h"
#include "engine/patient.h"
#include "engine/unsync.h"

static bool refuse_outsiders(Run *run, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id)};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query(run->dest, run_sql("outside", conn_version(run->dest)), 1, values, &result,
                    err))
        return error_wrap(err, "looking for what depends on the shadow");
    if (PQntuples(result) == 0)
        return true;
    for (int i = 1; i < PQntuples(result); i++)
        run_warning(run, "%s depends on %s of the shadow", PQgetvalue(result, i, 0),
                    PQgetvalue(result, i, 1));
    error_set(err, ERROR_STATE, "%s depends on %s of the shadow", PQgetvalue(result, 0, 0),
              PQgetvalue(result, 0, 1));
    return error_hint(err, "Drop it, then run pgzm-copy abort again.");
}

/* From now on a swap is refused: without its triggers a preserved table would lose rows. */
static bool begin(Run *run, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id)};
    AUTO(result_free) PGresult *result = NULL;
    if (run->settings->dry_run)
        return true;
    if (!conn_query_row(run->dest, "SELECT state FROM pgzm.migration WHERE id = $1::bigint", 1,
                        values, &result, err))
        return false;
    return strcmp(PQgetvalue(result, 0, 0), STATE_PREPARED) != 0 ||
           journal_change(run->dest, run->id, STATE_PREPARED, STATE_PREPARING, err);
}

/* ---- the shadow ------------------------------------------------------------------------ */

/* One transaction must not need more of the lock table than it has: tables go in groups, and what
 * is left with the schema. */
enum { TABLES_PER_DROP = 200 };

static bool drop_tables(Run *run, const char *schemas, Error *err)
{
    const char *const values[] = {schemas};
    AUTO(result_free) PGresult *tables = NULL;
    if (!conn_query(run->dest, run_sql("drop_tables", conn_version(run->dest)), 1, values, &tables,
                    err))
        return false;
    int count = PQntuples(tables);
    for (int start = 0, end; start + TABLES_PER_DROP < count; start = end) {
        AUTO(str_clear) Str statement = STR_INIT;
        for (end = start; end < start + TABLES_PER_DROP; end++) {
            str_add(&statement, end == start ? "DROP TABLE IF EXISTS " : ", ");
            str_add(&statement, PQgetvalue(tables, end, 0));
        }
        str_add(&statement, " CASCADE"); /* nothing outside depends on it: that was looked at */
        const char *const text = str_text(&statement);
        if (!patient_exec(run, &text, 1, "dropping tables of the shadow", err))
            return false;
    }
    return true;
}

static bool drop_schemas(Run *run, Error *err)
{
    JournalSchemas schemas = {0};
    if (!journal_schemas(run->dest, run->id, run->arena, &schemas, err))
        return false;
    const char *const values[] = {
        array_literal(run->arena, journal_shadow_names(&schemas, run->arena), schemas.count)};
    AUTO(result_free) PGresult *there = NULL;
    if (!drop_tables(run, values[0], err) ||
        !conn_query(run->dest,
                    "SELECT format('DROP SCHEMA IF EXISTS %I CASCADE', nspname), nspname"
                    " FROM pg_namespace WHERE nspname = ANY ($1::text[]) ORDER BY nspname",
                    1, values, &there, err))
        return false;
    for (int i = 0; i < PQntuples(there); i++) {
        const char *const statement = PQgetvalue(there, i, 0);
        if (!patient_exec(run, &statement, 1,
                          arena_printf(run->arena, "dropping %s", PQgetvalue(there, i, 1)), err))
            return false;
    }
    return true;
}

/* ---- what was made outside the shadow -------------------------------------------------- */

/* Unless somebody uses it by now. What was never made, or went with the shadow, is no news. */
static void take_back(Run *run, const char *what, const char *statement)
{
    AUTO(error_clear) Error failure = ERROR_INIT;
    if (run->settings->dry_run)
        run_plan(run, statement);
    else if (!conn_exec(run->dest, statement, &failure) && !error_is_state(&failure, "42704") &&
             !error_is_state(&failure, "42883") && !error_is_state(&failure, "3F000"))
        run_warning(run, "%s stays: %s", what, failure.message);
}

static bool take_back_steps(Run *run, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id)};
    AUTO(result_free) PGresult *steps = NULL;
    if (!conn_query(run->dest,
                    "SELECT label, statement FROM pgzm.step WHERE migration = $1::bigint"
                    " AND part = 'abort' ORDER BY id DESC",
                    1, values, &steps, err))
        return error_wrap(err, "reading the journal");
    for (int i = 0; i < PQntuples(steps); i++)
        take_back(run, PQgetvalue(steps, i, 0), PQgetvalue(steps, i, 1));
    return true;
}

static bool remove_large_objects(Run *run, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id)};
    AUTO(result_free) PGresult *result = NULL;
    if (!run->settings->dry_run)
        return largeobjects_remove(run, err);
    if (!conn_query(run->dest,
                    "SELECT format('SELECT pg_catalog.lo_unlink(%s)', m.oid)"
                    " FROM pgzm.largeobject l JOIN pg_largeobject_metadata m ON m.oid = l.oid"
                    " WHERE l.migration = $1::bigint ORDER BY m.oid",
                    1, values, &result, err))
        return error_wrap(err, "reading the journal");
    for (int i = 0; i < PQntuples(result); i++)
        run_plan(run, PQgetvalue(result, i, 0));
    return true;
}

/* Drops what the migration added to the live side, unless somebody uses it by now. */
static void drop_if_unused(Run *run, const char *kind, const char *name)
{
    AUTO(str_clear) Str statement = STR_INIT;
    str_addf(&statement, "DROP %s IF EXISTS ", kind);
    conn_add_ident(run->dest, &statement, name);
    take_back(run, arena_printf(run->arena, "%s %s", kind, name), str_text(&statement));
}

/* All at once: from 16 on a role that granted a membership cannot go before that does. */
static bool drop_roles(Run *run, const PGresult *additions)
{
    AUTO(str_clear) Str statement = STR_INIT;
    AUTO(error_clear) Error ignored = ERROR_INIT;
    for (int i = 0; i < PQntuples(additions); i++) {
        if (strcmp(PQgetvalue(additions, i, 0), "ROLE") != 0)
            continue;
        str_add(&statement, statement.len == 0 ? "DROP ROLE IF EXISTS " : ", ");
        conn_add_ident(run->dest, &statement, PQgetvalue(additions, i, 1));
    }
    if (statement.len > 0 && run->settings->dry_run)
        run_plan(run, str_text(&statement));
    return statement.len == 0 || run->settings->dry_run ||
           conn_exec(run->dest, str_text(&statement), &ignored);
}

static bool drop_additions(Run *run, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id)};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query(run->dest,
                    /* in this order: roles may own the others */
                    "SELECT 'EXTENSION', detail, 1 FROM pgzm.event"
                    " WHERE migration = $1::bigint AND what = 'extension'"
                    " UNION ALL SELECT 'SCHEMA', live, 2 FROM pgzm.schema"
                    " WHERE migration = $1::bigint AND created"
                    " UNION ALL SELECT 'ROLE', detail, 3 FROM pgzm.event"
                    " WHERE migration = $1::bigint AND what = 'role' ORDER BY 3, 2",
                    1, values, &result, err))
        return false;
    int count = PQntuples(result), roles = 0;
    while (roles < count && strcmp(PQgetvalue(result, roles, 0), "ROLE") != 0)
        roles++;
    for (int i = 0; i < roles; i++)
        drop_if_unused(run, PQgetvalue(result, i, 0), PQgetvalue(result, i, 1));
    if (drop_roles(run, result))
        return true;
    for (int i = roles; i < count; i++) /* one of them is in use: the others may go */
        drop_if_unused(run, PQgetvalue(result, i, 0), PQgetvalue(result, i, 1));
    return true;
}

/* ---- the whole ------------------------------------------------------------------------- */

static bool take_away(Run *run, Error *err)
{
    return unsync_run(run, err) && drop_schemas(run, err) && take_back_steps(run, err) &&
           remove_large_objects(run, err) && drop_additions(run, err) &&
           (run->settings->dry_run ||
            journal_change(run->dest, run->id, STATE_PREPARING, STATE_ABORTED, err));
}

bool abort_unfinished(Run *run, Error *err)
{
    return refuse_outsiders(run, err) && begin(run, err) && take_away(run, err);
}

static bool find(Run *run, Error *err)
{
    const JournalMigration *found = NULL;
    int64_t wanted = run->settings->timestamp;
    if (!journal_find(run->dest, STATE_PREPARING "," STATE_PREPARED, run->arena, &found, err))
        return false;
    if (found == NULL) {
        error_set(err, ERROR_STATE, "there is no unfinished migration to abort");
        return error_hint(err, "A finished one is undone with pgzm-copy rollback --latest.");
    }
    if (wanted != 0 && wanted != found->id) {
        error_set(err, ERROR_STATE, "the unfinished migration is %lld, not %lld",
                  (long long)found->id, (long long)wanted);
        return error_hint(err, "pgzm-copy list and pgzm-copy status show what there is.");
    }
    run->id = found->id;
    json_object_set_new(run->result, "state", json_string(found->state));
    return true;
}

bool command_abort(Run *run, Error *err)
{
    run_phase(run, "abort");
    if (!run_open_dest(run, err) || !journal_lock(run->dest, err) || !find(run, err))
        return false;
    if (!refuse_outsiders(run, err))
        return false;
    bool begun = begin(run, err);
    if (begun && !run->settings->dry_run)
        json_object_set_new(run->result, "state", json_string(STATE_PREPARING));
    if (!begun || !take_away(run, err)) {
        run_next(run, "pgzm-copy abort");
        return false;
    }
    if (run->settings->dry_run)
        return true;
    json_object_set_new(run->result, "state", json_string(STATE_ABORTED));
    log_info(&run->log, "aborted: nothing is left but the journal");
    return true;
}
