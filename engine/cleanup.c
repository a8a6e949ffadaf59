#include "engine/cleanup.h"

#include <string.h>

#include "engine/journal.h"
#include "engine/largeobject.h"
#include "engine/sync.h"

static bool refuse_outsiders(Run *run, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id)};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query(run->dest, run_sql("outside", conn_version(run->dest)), 1, values, &result,
                    err))
        return error_wrap(err, "looking for what depends on the shadow");
    if (PQntuples(result) == 0)
        return true;
    error_set(err, ERROR_STATE, "%s depends on %s of the shadow", PQgetvalue(result, 0, 0),
              PQgetvalue(result, 0, 1));
    return error_hint(err, "Drop it, then run pgzm-copy abort again.");
}

/* One transaction must not need more of the lock table than it has: tables go in groups, and what
 * is left with the schema. */
enum { TABLES_PER_DROP = 200 };

static bool drop_tables(Run *run, const char *schema, bool *more, Error *err)
{
    AUTO(mem_free) char *most = mem_printf("%d", TABLES_PER_DROP);
    const char *const values[] = {schema, most};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query_row(run->dest,
                        "SELECT pg_catalog.string_agg(t.name, ', '), pg_catalog.count(*)"
                        " FROM (SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name"
                        " FROM pg_catalog.pg_class c"
                        " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
                        " WHERE n.nspname = $1 AND c.relkind IN ('r', 'p')"
                        " AND NOT c.relispartition ORDER BY c.oid LIMIT $2::int) AS t",
                        2, values, &result, err))
        return false;
    *more = strcmp(PQgetvalue(result, 0, 1), most) == 0;
    return !*more || conn_execf(run->dest, err, "DROP TABLE %s CASCADE", PQgetvalue(result, 0, 0));
}

static bool drop_schema(Run *run, const JournalSchema *schema, Error *err)
{
    for (bool more = true; more;)
        if (!drop_tables(run, schema->shadow, &more, err))
            return false;
    AUTO(str_clear) Str statement = STR_INIT;
    /* nothing outside depends on it: that was looked at */
    str_add(&statement, "DROP SCHEMA IF EXISTS ");
    conn_add_ident(run->dest, &statement, schema->shadow);
    str_add(&statement, " CASCADE");
    return conn_exec(run->dest, str_text(&statement), err);
}

static bool drop_schemas(Run *run, Error *err)
{
    JournalSchemas schemas = {0};
    if (!journal_schemas(run->dest, run->id, run->arena, &schemas, err))
        return false;
    for (size_t i = 0; i < schemas.count; i++)
        if (!drop_schema(run, &schemas.items[i], err))
            return error_wrap(err, "dropping the shadow of schema %s", schemas.items[i].live);
    return true;
}

/* Takes back what was made outside the shadow, unless somebody uses it by now. What was never made,
 * or went with the shadow, is no news. */
static bool take_back(Run *run, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id)};
    AUTO(result_free) PGresult *steps = NULL;
    if (!conn_query(run->dest,
                    "SELECT label, statement FROM pgzm.step WHERE migration = $1::bigint"
                    " AND part = 'abort' ORDER BY id DESC",
                    1, values, &steps, err))
        return error_wrap(err, "reading the journal");
    for (int i = 0; i < PQntuples(steps); i++) {
        AUTO(error_clear) Error failure = ERROR_INIT;
        if (!conn_exec(run->dest, PQgetvalue(steps, i, 1), &failure) &&
            !error_is_state(&failure, "42704") && !error_is_state(&failure, "42883") &&
            !error_is_state(&failure, "3F000"))
            run_warning(run, "%s stays: %s", PQgetvalue(steps, i, 0), failure.message);
    }
    return true;
}

/* Drops what the migration added to the live side, unless somebody uses it by now. */
static void drop_if_unused(Run *run, const char *kind, const char *name)
{
    AUTO(str_clear) Str statement = STR_INIT;
    AUTO(error_clear) Error failure = ERROR_INIT;
    str_addf(&statement, "DROP %s IF EXISTS ", kind);
    conn_add_ident(run->dest, &statement, name);
    if (!conn_exec(run->dest, str_text(&statement), &failure))
        run_warning(run, "%s %s stays: %s", kind, name, failure.message);
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
    return statement.len == 0 || conn_exec(run->dest, str_text(&statement), &ignored);
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

static bool make_aborted(Run *run, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id)};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query_row(run->dest, "SELECT state FROM pgzm.migration WHERE id = $1::bigint", 1,
                        values, &result, err))
        return false;
    return journal_change(run->dest, run->id, PQgetvalue(result, 0, 0), STATE_ABORTED, err);
}

bool cleanup_unfinished(Run *run, Error *err)
{
    return sync_stop(run, err) && refuse_outsiders(run, err) && drop_schemas(run, err) &&
           take_back(run, err) && largeobjects_remove(run, err) && drop_additions(run, err) &&
           make_aborted(run, err);
}

static void plan_abort(Run *run, const JournalSchemas *schemas)
{
    for (size_t i = 0; i < schemas->count; i++) {
        AUTO(str_clear) Str line = STR_INIT;
        str_add(&line, "DROP SCHEMA ");
        conn_add_ident(run->dest, &line, schemas->items[i].shadow);
        str_add(&line, " CASCADE");
        run_plan(run, str_text(&line));
    }
}

bool command_abort(Run *run, Error *err)
{
    const JournalMigration *found = NULL;
    run_phase(run, "abort");
    if (!run_open_dest(run, err) || !journal_lock(run->dest, err) ||
        !journal_find(run->dest, STATE_PREPARING "," STATE_PREPARED, run->arena, &found, err))
        return false;
    if (found == NULL) {
        error_set(err, ERROR_STATE, "there is no unfinished migration to abort");
        return error_hint(err, "A finished one is undone with pgzm-copy rollback --latest.");
    }
    run->id = found->id;
    if (run->settings->dry_run) {
        JournalSchemas schemas = {0};
        if (!journal_schemas(run->dest, run->id, run->arena, &schemas, err))
            return false;
        plan_abort(run, &schemas);
        return true;
    }
    if (!cleanup_unfinished(run, err))
        return false;
    json_object_set_new(run->result, "state", json_string(STATE_ABORTED));
    log_info(&run->log, "aborted: nothing is left but the journal");
    return true;
}

bool command_cleanup(Run *run, Error *err)
{
    (void)run;
    return error_set(err, ERROR_OTHER, "not there yet");
}
