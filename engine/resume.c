#include "engine/resume.h"

#include <string.h>

#include "engine/audit.h"
#include "engine/dump.h"
#include "engine/preflight.h"
#include "engine/preserved.h"
#include "engine/selection.h"
#include "engine/sourceid.h"
#include "engine/subset.h"
#include "engine/unsync.h"
#include "schema/catalog.h"

static const char start_anew[] = "Run pgzm-copy abort, then prepare again.";

/* ---- which, and whether it may --------------------------------------------------------- */

/* Columns of the query below. */
enum { OPTIONS, SOURCE_ID, FINGERPRINT, AS_OF, ROWS_IN, TASKS, ABORTING, SOURCE };

static bool find(Run *run, Error *err)
{
    const JournalMigration *found = NULL;
    if (!journal_find(run->dest, STATE_PREPARING "," STATE_PREPARED, run->arena, &found, err))
        return false;
    if (found == NULL) {
        error_set(err, ERROR_STATE, "there is no unfinished migration to resume");
        return error_hint(err, "Run the command without --resume.");
    }
    if (strcmp(found->state, STATE_PREPARED) == 0) {
        error_set(err, ERROR_STATE, "migration %lld is prepared: there is nothing to resume",
                  (long long)found->id);
        return error_hint(err, "Run pgzm-copy swap.");
    }
    run->id = found->id;
    audit_migration(run);
    return true;
}

static bool read_row(Run *run, PGresult **row, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id)};
    return conn_query_row(
               run->dest,
               "SELECT coalesce(m.options, ''), coalesce(m.source_id, ''),"
               " coalesce(m.source_fingerprint, ''), coalesce(m.source_as_of::text, ''),"
               " m.rows_in IS NOT NULL,"
               " EXISTS (SELECT FROM pgzm.task t WHERE t.migration = m.id),"
               " EXISTS (SELECT FROM pgzm.event e WHERE e.migration = m.id"
               "  AND (e.what = 'abort begins' OR (e.what = 'state' AND e.detail = 'PREPARING'))),"
               " m.source FROM pgzm.migration m WHERE m.id = $1::bigint",
               1, values, row, err) ||
           error_wrap(err, "reading the journal");
}

static bool refuse(Error *err, const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static bool refuse(Error *err, const char *hint, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    AUTO(mem_free) char *message = mem_vprintf(fmt, args);
    va_end(args);
    error_set(err, ERROR_STATE, "%s", message);
    return error_hint(err, "%s", hint);
}

static bool is_resumable(Run *run, const PGresult *row, Error *err)
{
    long long id = (long long)run->id;
    if (PQgetvalue(row, 0, ABORTING)[0] == 't')
        return refuse(err, "Run pgzm-copy abort to its end, then prepare again.",
                      "migration %lld cannot be resumed: an abort has begun", id);
    if (PQgetvalue(row, 0, TASKS)[0] != 't')
        return refuse(err, start_anew,
                      "migration %lld cannot be resumed: its schema was not built to the end", id);
    const char *options = audit_selection(run->settings, run->arena);
    const char *then = PQgetvalue(row, 0, OPTIONS);
    if (strcmp(options, then) != 0)
        return refuse(err, "Give the same options, or run pgzm-copy abort and prepare again.",
                      "migration %lld was prepared with other options: %s, not %s", id,
                      *then != '\0' ? then : "none", *options != '\0' ? options : "none");
    return true;
}

static bool is_same_source(Run *run, const PGresult *row, Error *err)
{
    const char *id = "", *then = PQgetvalue(row, 0, SOURCE_ID);
    if (!sourceid_read(run, run->source, &id, err))
        return false;
    bool same = *then != '\0' && *id != '\0'
                    ? strcmp(id, then) == 0
                    : strcmp(conn_label(run->source), PQgetvalue(row, 0, SOURCE)) == 0;
    return same ||
           refuse(err,
                  "Give the source or the dump that it was prepared from, or run pgzm-copy abort.",
                  "migration %lld was prepared from another database: %s", (long long)run->id,
                  PQgetvalue(row, 0, SOURCE));
}

/* ---- the snapshot ---------------------------------------------------------------------- */

/* Without the rows nothing but definitions is read, which are compared with what they were. */
static bool go_without(Run *run, const PGresult *row, Snapshot *snapshot, Error *err)
{
    if (PQgetvalue(row, 0, ROWS_IN)[0] != 't')
        return refuse(err, start_anew,
                      "the source's snapshot is gone, and not all rows of migration %lld are in",
                      (long long)run->id);
    if (run->settings->large_objects)
        return refuse(err, start_anew,
                      "the source's snapshot is gone, and large objects may be missing");
    log_info(&run->log, "all rows are in: the source's snapshot is not needed any more");
    snapshot->name = "";
    return conn_exec(run->source, "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY", err);
}

static bool take_snapshot(Run *run, const PGresult *row, Snapshot *snapshot, Error *err)
{
    bool adopted = false;
    if (run->dump != NULL) { /* which is the same, and its snapshot in it */
        snapshot->name = "";
        snapshot->as_of = run->dump->manifest.as_of;
        json_object_set_new(run->result, "source_as_of", json_string(snapshot->as_of));
        return selection_resolve(run, err);
    }
    snapshot->as_of = arena_strdup(run->arena, PQgetvalue(row, 0, AS_OF));
    json_object_set_new(run->result, "source_as_of", json_string(snapshot->as_of));
    return snapshot_adopt(run, snapshot, &adopted, err) &&
           (adopted || go_without(run, row, snapshot, err)) && selection_resolve(run, err);
}

/* ---- the plan -------------------------------------------------------------------------- */

/* The names that it was given, and whether its live schema was there before. */
static bool name_schemas(const JournalSchemas *recorded, Plan *plan, Error *err)
{
    if (recorded->count != plan->schemas.count)
        return refuse(err, start_anew, "the schemas of the migration are not those of the source");
    for (size_t i = 0; i < plan->schemas.count; i++) {
        const JournalSchema *found = NULL;
        for (size_t k = 0; k < recorded->count; k++)
            if (strcmp(recorded->items[k].live, plan->schemas.items[i].live) == 0)
                found = &recorded->items[k];
        if (found == NULL)
            return refuse(err, start_anew, "schema %s is not part of the migration",
                          plan->schemas.items[i].live);
        plan->schemas.items[i] = *found;
    }
    return true;
}

static bool is_same_schema(Run *run, const PGresult *row, const JournalSchemas *schemas, Error *err)
{
    const char *digest = NULL;
    if (!sourceid_fingerprint(run, run->source, schemas, &digest, err))
        return false;
    return strcmp(digest, PQgetvalue(row, 0, FINGERPRINT)) == 0 ||
           refuse(err, start_anew, "definitions on the source have changed since");
}

static bool read_shadow(Run *run, Plan *plan, Error *err)
{
    const CatalogScope scope = {.schemas = journal_shadow_names(&plan->schemas, run->arena),
                                .schema_count = plan->schemas.count};
    Model *shadow = NULL;
    if (!catalog_read(run->dest, &scope, run->arena, &shadow, err))
        return error_wrap(err, "reading the shadow");
    plan->shadow = shadow;
    for (size_t i = 0; i < plan->preserved_count; i++)
        if (plan_shadow_of(plan, plan->preserved[i].source) == NULL)
            return refuse(err, start_anew, "the shadow of table %s is gone",
                          plan->preserved[i].source->object.name);
    preserved_locate(plan);
    return true;
}

/* ---- what is done from the start ------------------------------------------------------- */

/* Meanwhile no trigger kept the copies in step, or only some. */
static bool empty_preserved(Run *run, const Plan *plan, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id)};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query(run->dest, "DELETE FROM pgzm.preserved WHERE migration = $1::bigint", 1, values,
                    &result, err))
        return error_wrap(err, "clearing the journal");
    for (size_t i = 0; i < plan->preserved_count; i++) {
        const Object *table = &plan_shadow_of(plan, plan->preserved[i].source)->object;
        AUTO(str_clear) Str statement = STR_INIT;
        str_add(&statement, "TRUNCATE ");
        conn_add_name(run->dest, &statement, table->schema, table->name);
        if (!conn_exec(run->dest, str_text(&statement), err))
            return error_wrap(err, "emptying the copy of preserved table %s", table->name);
    }
    return true;
}

/* ---- the whole ------------------------------------------------------------------------- */

static bool open_both(Run *run, PGresult **row, Error *err)
{
    return run_open_dest(run, err) && run_open_source(run, err) && preflight_ways(run, err) &&
           preflight_distinct(run, err) && journal_lock(run->dest, err) && find(run, err) &&
           read_row(run, row, err) && is_resumable(run, *row, err) &&
           is_same_source(run, *row, err);
}

static bool read_plan(Run *run, const PGresult *row, Plan *plan, Error *err)
{
    JournalSchemas recorded = {0};
    return journal_schemas(run->dest, run->id, run->arena, &recorded, err) &&
           is_same_schema(run, row, &recorded, err) && unsync_run(run, err) &&
           plan_read(run, plan, err) && name_schemas(&recorded, plan, err) &&
           preserved_resolve(run, plan, err) &&
           (!subset_is_asked(run->settings) || subset_resolve(run, plan, err)) &&
           read_shadow(run, plan, err) && empty_preserved(run, plan, err);
}

bool resume_open(Run *run, Plan *plan, Snapshot *snapshot, Error *err)
{
    AUTO(result_free) PGresult *row = NULL;
    if (!open_both(run, &row, err) || !take_snapshot(run, row, snapshot, err) ||
        !read_plan(run, row, plan, err))
        return false;
    log_info(&run->log, "going on with migration %lld, source as of %s", (long long)run->id,
             snapshot->as_of);
    return journal_event(run->dest, run->id, "resumed", snapshot->name, err);
}

bool resume_is_possible(Run *run)
{
    AUTO(error_clear) Error ignored = ERROR_INIT;
    AUTO(result_free) PGresult *result = NULL;
    if (run->id == 0 || run->dest == NULL || conn_is_lost(run->dest))
        return false;
    const char *const values[] = {journal_id_text(run->arena, run->id)};
    conn_shield_begin(run->dest);
    conn_rollback(run->dest);
    bool asked = conn_query_row(
        run->dest,
        "SELECT m.rows_in IS NOT NULL OR m.source_id LIKE 'dump %' OR EXISTS (SELECT FROM "
        "pgzm.snapshot s"
        " WHERE s.migration = m.id AND s.worker) FROM pgzm.migration m WHERE m.id = $1::bigint",
        1, values, &result, &ignored);
    conn_shield_end(run->dest);
    return asked && PQgetvalue(result, 0, 0)[0] == 't';
}
