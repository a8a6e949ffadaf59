#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engine/abort.h"
#include "engine/audit.h"
#include "engine/defer.h"
#include "engine/diff.h"
#include "engine/dump.h"
#include "engine/global.h"
#include "engine/journal.h"
#include "engine/largeobject.h"
#include "engine/latekey.h"
#include "engine/load.h"
#include "engine/membergrant.h"
#include "engine/names.h"
#include "engine/objects.h"
#include "engine/plan.h"
#include "engine/preflight.h"
#include "engine/preserved.h"
#include "engine/rebuild.h"
#include "engine/rehearse.h"
#include "engine/resume.h"
#include "engine/role.h"
#include "engine/rowcheck.h"
#include "engine/run.h"
#include "engine/schemagrant.h"
#include "engine/selection.h"
#include "engine/sequence.h"
#include "engine/small.h"
#include "engine/snapshot.h"
#include "engine/sourceid.h"
#include "engine/subset.h"
#include "engine/swap.h"
#include "engine/sync.h"
#include "engine/trade.h"
#include "schema/catalog.h"

/* ---- before anything is written -------------------------------------------------------- */

static bool open_both(Run *run, Error *err)
{
    return run_open_dest(run, err) && run_open_source(run, err) && preflight_ways(run, err) &&
           preflight_distinct(run, err) && preflight_idle(run, err);
}

static bool look(Run *run, Plan *plan, Snapshot *snapshot, Error *err)
{
    if (!preflight_servers(run, err) || !preflight_snapshot(run, snapshot, err))
        return false;
    if (run->command != PGZM_PREFLIGHT_CHECK)
        run_phase(run, "preflight");
    return preflight_plan(run, plan, err) &&
           (plan->source == NULL || sourceid_check(run, &plan->schemas, snapshot, err)) &&
           preflight_verdict(run, err);
}

/* ---- the shadow ------------------------------------------------------------------------ */

/* The id is part of these names, and known only when the migration is recorded: record, then name.
 */
static bool name_backups(Run *run, Plan *plan, Error *err)
{
    for (size_t i = 0; i < plan->schemas.count; i++) {
        JournalSchema *schema = &plan->schemas.items[i];
        const char *id = journal_id_text(run->arena, run->id);
        schema->backup = name_for_schema(
            run->arena, arena_printf(run->arena, "pgzm_backup_%s_", id), schema->live, i);
        schema->undone = name_for_schema(
            run->arena, arena_printf(run->arena, "pgzm_undone_%s_", id), schema->live, i);
        if (!journal_schema(run, schema, err))
            return false;
    }
    return true;
}

static bool record_start(Run *run, Plan *plan, const Snapshot *snapshot, Error *err)
{
    if (!journal_install(run->dest, err) || !journal_begin(run, err))
        return false;
    const char *const values[] = {journal_id_text(run->arena, run->id), snapshot->as_of,
                                  snapshot->source_id, snapshot->fingerprint,
                                  audit_selection(run->settings, run->arena)};
    AUTO(result_free) PGresult *result = NULL;
    return name_backups(run, plan, err) && subset_record(run, plan, err) &&
           conn_query(run->dest,
                      "UPDATE pgzm.migration SET source_as_of = $2::timestamptz, source_id = $3,"
                      " source_fingerprint = $4, options = $5 WHERE id = $1::bigint",
                      LENGTH(values), values, &result, err) &&
           snapshot_record(run, snapshot, false, err);
}

/* What finish() records may be cleared and recorded again, but not this: a command that goes on
 * with the migration finds in the destination what was made for it early. The numbers come last in
 * the order of the steps. */
enum { FIRST_GLOBAL_STEP = 1000000 };

static bool record_globals(Run *run, const Plan *plan, Error *err)
{
    int ordinal = FIRST_GLOBAL_STEP;
    return global_record(run, plan, &ordinal, err);
}

static bool clear_steps(Run *run, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id),
                                  arena_printf(run->arena, "%d", FIRST_GLOBAL_STEP)};
    AUTO(result_free) PGresult *result = NULL;
    return conn_query(run->dest,
                      "DELETE FROM pgzm.step WHERE migration = $1::bigint AND part <> 'abort'"
                      " AND id < $2::int",
                      2, values, &result, err) ||
           error_wrap(err, "clearing the journal");
}

static bool make_shadow(Run *run, Plan *plan, const Snapshot *snapshot, Error *err)
{
    run_phase(run, "schema");
    if (!record_start(run, plan, snapshot, err) || !roles_create(run, plan, err) ||
        !rehearse_extensions(run, plan, err) || !global_record_early(run, plan, err) ||
        !rehearse_create(run, plan, err) || !rehearse_check(run, plan, err))
        return false;
    plan_forget_made(run, plan);
    if (!rehearse_rest(run, plan, err) || !record_globals(run, plan, err))
        return false;
    preserved_locate(plan);
    plan_forget(run, plan);
    return plan_shadow_statements(run, plan, err);
}

/* ---- rows ------------------------------------------------------------------------------ */

/* Before anything is kept in step with the live tables: what follows may take long. */
static bool check_rows(Run *run, const Plan *plan, const Snapshot *snapshot,
                       const LoadResult *loaded, Error *err)
{
    if (run->settings->verify != VERIFY_CHECKSUM)
        return true;
    run_phase(run, "compare");
    return rowcheck_run(run, plan, snapshot, loaded, err);
}

static bool fill_shadow(Run *run, Plan *plan, const Snapshot *snapshot, Error *err)
{
    LoadResult loaded = {0};
    size_t sequences = 0;
    int64_t preserved_rows = 0;
    run_phase(run, "copy");
    log_info(&run->log, "other hosts can help: pgzm-copy worker --timestamp %lld",
             (long long)run->id);
    if (!load_run(run, plan, snapshot, run->settings->resume, &loaded, err))
        return false;
    log_info(&run->log, "copied %lld rows of %lld tables, made %lld indexes and keys",
             (long long)loaded.rows, (long long)loaded.tables, (long long)loaded.indexes);
    if (!check_rows(run, plan, snapshot, &loaded, err) ||
        !sequences_copy(run, plan, &sequences, err))
        return false;
    if (plan->preserved_count > 0)
        run_phase(run, "preserve");
    if (!defer_disable(run, plan, err) || !largeobjects_copy(run, err) ||
        !sync_start(run, plan, &preserved_rows, err))
        return false;
    json_object_set_new(run->result, "tables",
                        json_integer((json_int_t)plan->source->tables.count));
    json_object_set_new(run->result, "rows", json_integer(loaded.rows + preserved_rows));
    json_object_set_new(run->result, "indexes", json_integer(loaded.indexes));
    json_object_set_new(run->result, "sequences", json_integer((json_int_t)sequences));
    return true;
}

/* ---- the end of preparing -------------------------------------------------------------- */

/* A schema that the swap makes gets the source's owner, grants and comment; one that is live
 * already stays what it is (schemagrant.h). */
static bool record_schemas(Run *run, const Plan *plan, int *ordinal, Error *err)
{
    for (size_t i = 0; i < plan->source_fragments.count; i++) {
        const Fragment *fragment = &plan->source_fragments.items[i];
        if (fragment->object.classid != CATALOG_NAMESPACE || fragment->kind == FRAGMENT_SCHEMA)
            continue;
        const JournalSchema *schema = NULL;
        for (size_t k = 0; k < plan->source->schemas.count; k++)
            if (plan->source->schemas.items[k].object.address.oid == fragment->object.oid)
                schema = plan_schema(plan, plan->source->schemas.items[k].object.name);
        if (schema != NULL && schema->created &&
            !journal_step(run->dest, run->id, "after swap", (*ordinal)++, fragment->label,
                          fragment->sql, err))
            return false;
    }
    return schemagrant_record(run, plan, ordinal, err) && membergrants_record(run, ordinal, err);
}

/* Where the source's statements mean the same once the new objects are live. */
static const char *final_path(Run *run, const Plan *plan)
{
    bool both = plan->source_path[0] != '\0' && plan->live_path[0] != '\0';
    return arena_printf(run->arena, "%s%s%s", plan->source_path, both ? ", " : "", plan->live_path);
}

static bool record_end(Run *run, const Plan *plan, Error *err)
{
    const char *digest = NULL;
    if (!sourceid_fingerprint(run, run->dest, &plan->schemas, &digest, err))
        return false;
    const char *const values[] = {journal_id_text(run->arena, run->id), digest,
                                  final_path(run, plan)};
    AUTO(result_free) PGresult *result = NULL;
    return conn_query(run->dest,
                      "UPDATE pgzm.migration SET fingerprint = $2, path = $3, horizon ="
                      " (txid_current() % 4294967296)::text::xid WHERE id = $1::bigint",
                      3, values, &result, err) &&
           journal_change(run->dest, run->id, STATE_PREPARING, STATE_PREPARED, err);
}

/* Every chunk and every statement is in: nothing was left out. */
static bool verify(Run *run, Error *err)
{
    run_phase(run, "verify");
    const char *const values[] = {journal_id_text(run->arena, run->id)};
    AUTO(result_free) PGresult *undone = NULL;
    AUTO(result_free) PGresult *broken = NULL;
    if (!conn_query_row(run->dest,
                        "SELECT count(*), min(label) FROM pgzm.task"
                        " WHERE migration = $1::bigint AND NOT done",
                        1, values, &undone, err) ||
        !conn_query(run->dest, run_sql("broken", conn_version(run->dest)), 1, values, &broken, err))
        return error_wrap(err, "verifying what was prepared");
    if (strcmp(PQgetvalue(undone, 0, 0), "0") != 0)
        return error_set(err, ERROR_COPY, "%s tasks are not done, among them %s",
                         PQgetvalue(undone, 0, 0), PQgetvalue(undone, 0, 1));
    if (PQntuples(broken) > 0)
        return error_set(err, ERROR_COPY, "%s", PQgetvalue(broken, 0, 0));
    return true;
}

static bool finish(Run *run, const Plan *plan, Error *err)
{
    int ordinal = 1;
    return verify(run, err) && clear_steps(run, err) && objects_record(run, plan, err) &&
           objects_check(run, err) && rebuild_keys(run, &ordinal, err) &&
           rebuild_definitions(run, plan, &ordinal, err) && sync_record(run, plan, &ordinal, err) &&
           defer_record(run, plan, &ordinal, err) && record_schemas(run, plan, &ordinal, err) &&
           record_end(run, plan, err);
}

/* ---- the command ----------------------------------------------------------------------- */

static void describe_backups(Run *run, const Plan *plan)
{
    json_t *names = json_array();
    for (size_t i = 0; i < plan->schemas.count; i++)
        json_array_append_new(names, json_string(plan->schemas.items[i].backup));
    json_object_set_new(run->result, "backup_schemas", names);
}

/* A refusal before the first row leaves nothing but the journal. */
static void undo(Run *run)
{
    if (run->id == 0)
        return;
    if (conn_is_lost(run->dest)) {
        run_next(run, "pgzm-copy abort");
        return;
    }
    AUTO(error_clear) Error failure = ERROR_INIT;
    conn_shield_begin(run->dest);
    if (!abort_unfinished(run, &failure)) {
        run_warning(run, "cleaning up failed as well: %s", failure.message);
        run_next(run, "pgzm-copy abort");
    }
    conn_shield_end(run->dest);
}

/* From the shadow that is built to PREPARED. */
static bool complete(Run *run, Plan *plan, const Snapshot *snapshot, Error *err)
{
    describe_backups(run, plan);
    if (fill_shadow(run, plan, snapshot, err) && finish(run, plan, err)) {
        json_object_set_new(run->result, "state", json_string(STATE_PREPARED));
        return true;
    }
    json_object_set_new(run->result, "state", json_string(STATE_PREPARING));
    run_next(run, "pgzm-copy status");
    if (err->kind != ERROR_DIFFERENCE && resume_is_possible(run))
        run_next(run, run->dump != NULL ? "pgzm-copy prepare --resume --from-dump ..."
                                        : "pgzm-copy prepare --resume");
    run_next(run, "pgzm-copy abort");
    return false;
}

/* What was found while the source itself was there: a dump does not know what state it is in. The
 * rest is found once more when the dump has taken its place. */
static void tell(Run *run, const Run *quiet)
{
    const json_t *warnings = json_object_get(quiet->result, "warnings");
    for (size_t i = 0; i < json_array_size(warnings); i++)
        run_warning(run, "%s", json_string_value(json_array_get(warnings, i)));
    run->repeats = true;
}

/* With --spill-dir the rows are saved before anything is built, so that the source's snapshot is
 * held no longer than it takes to read them. The checks come first: hours later would be late. */
static bool spill(Run *run, Error *err)
{
    const Settings *settings = run->settings;
    if (settings->resume || settings->dry_run) {
        error_set(err, ERROR_USAGE, "--spill-dir does not go with --resume and --dry-run");
        return error_hint(err, "What was spilled is a dump: go on with --resume --from-dump.");
    }
    Plan plan = {0};
    Snapshot snapshot = {0};
    Run quiet;
    if (!dump_answers(settings, err))
        return false;
    run_quiet_begin(run, &quiet);
    bool ok = open_both(&quiet, err) && look(&quiet, &plan, &snapshot, err);
    tell(run, &quiet);
    if (!ok)
        json_object_update_missing(run->result, quiet.result);
    run_quiet_end(&quiet);
    plan_forget_statements(&plan); /* it is read again when the dump is there */
    if (!ok || !dump_save(run, settings->spill_dir, err))
        return false;
    Settings *spilled = arena_alloc(run->arena, sizeof *spilled);
    *spilled = *settings;
    spilled->source = spilled->spill_dir = NULL;
    spilled->from_dump = settings->spill_dir;
    spilled->filter = (Filter){0}; /* the dump's */
    spilled->where = spilled->mask = (TextList){0};
    run->settings = spilled;
    return true;
}

static bool prepare(Run *run, Error *err)
{
    Plan plan = {0};
    Snapshot snapshot = {0};
    if (run->settings->spill_dir != NULL && !spill(run, err))
        return false;
    run_phase(run, "snapshot");
    if (run->settings->resume) {
        if (!resume_open(run, &plan, &snapshot, err) || !rowcheck_resumes(run, &snapshot, err) ||
            !snapshot_record(run, &snapshot, false, err))
            return false;
        plan_forget_made(run, &plan);
        plan_forget(run, &plan);
        return complete(run, &plan, &snapshot, err);
    }
    if (!open_both(run, err) || !look(run, &plan, &snapshot, err))
        return false;
    small_find(run, &plan);
    if (run->settings->dry_run) {
        rehearse_plan(run, &plan);
        if (run->settings->rehearse) {
            run_phase(run, "schema");
            if (!rehearse_dry(run, &plan, err))
                return false;
        }
        json_object_set_new(run->result, "tables",
                            json_integer((json_int_t)plan.source->tables.count));
        return true;
    }
    if (!make_shadow(run, &plan, &snapshot, err)) {
        undo(run);
        return false;
    }
    return complete(run, &plan, &snapshot, err);
}

/* What was spilled for this command alone is not needed any more. */
static bool prepare_and_tidy(Run *run, Error *err)
{
    bool spills = run->settings->spill_dir != NULL;
    if (!prepare(run, err))
        return false;
    if (spills)
        dump_remove(run);
    return true;
}

bool command_prepare(Run *run, Error *err)
{
    if (!prepare_and_tidy(run, err))
        return false;
    if (run->settings->dry_run)
        return true;
    run_next(run, "pgzm-copy swap");
    run_next(run, "pgzm-copy abort");
    return latekey_check_orphans(run, err);
}

bool command_start(Run *run, Error *err)
{
    if (!prepare_and_tidy(run, err))
        return false;
    if (run->settings->dry_run)
        return true;
    conn_free(TAKE(run->source)); /* its snapshot and locks are not needed any more */
    if (swap_prepared(run, err))
        return true;
    if (err->kind == ERROR_LOCK || err->kind == ERROR_DIFFERENCE)
        run_next(run, "pgzm-copy swap");
    run_next(run, "pgzm-copy status");
    return false;
}

bool command_preflight(Run *run, Error *err)
{
    Plan plan = {0};
    Snapshot snapshot = {0};
    run_phase(run, "preflight");
    return run_open_dest(run, err) && run_open_source(run, err) && preflight_ways(run, err) &&
           preflight_alone(run, err) && look(run, &plan, &snapshot, err);
}
