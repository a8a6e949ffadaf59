#include "engine/rehearse.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engine/array.h"
#include "engine/ddllist.h"
#include "engine/defaultgrant.h"
#include "engine/extensionrows.h"
#include "engine/objects.h"
#include "engine/role.h"
#include "engine/sidetable.h"
#include "schema/catalog.h"

/* Inside a rehearsal only sessions that create objects in a live schema wait. How long we wait for
 * them to finish, and pause between tries. */
enum { RENAME_LOCK_TIMEOUT_MS = 500, RENAME_PAUSE_MS = 200, RENAME_PATIENCE_MS = 60000 };

typedef enum RehearsalPart { REHEARSE_SHADOW, REHEARSE_REST } RehearsalPart;

/* ---- extensions ------------------------------------------------------------------------ */

static const Extension *find_extension(const Model *model, Oid oid)
{
    for (size_t i = 0; i < model->extensions.count; i++)
        if (model->extensions.items[i].object.address.oid == oid)
            return &model->extensions.items[i];
    return NULL;
}

static bool has_extension(const Model *model, const char *name)
{
    for (size_t i = 0; i < model->extensions.count; i++)
        if (strcmp(model->extensions.items[i].object.name, name) == 0)
            return true;
    return false;
}

/* The extension that the fragment makes, when the destination lacks it; otherwise NULL. */
static const Extension *missing_extension(const Plan *plan, const Fragment *fragment)
{
    if (fragment->kind != FRAGMENT_EXTENSION)
        return NULL;
    const Extension *extension = find_extension(plan->source, fragment->object.oid);
    return extension == NULL || has_extension(plan->live, extension->object.name) ? NULL
                                                                                  : extension;
}

/* A migrated schema that holds an extension must be there before the extension is. */
static bool ensure_schema(Run *run, Plan *plan, const char *name, Error *err)
{
    for (size_t i = 0; i < plan->schemas.count; i++) {
        if (strcmp(plan->schemas.items[i].live, name) != 0 || plan->aside[i] != NULL)
            continue;
        AUTO(str_clear) Str statement = STR_INIT;
        str_add(&statement, "CREATE SCHEMA ");
        conn_add_ident(run->dest, &statement, name);
        if (!conn_exec(run->dest, str_text(&statement), err))
            return false;
        plan->aside[i] = arena_printf(run->arena, "pgzm_aside_%zu", i);
    }
    return true;
}

static bool create_extension(Run *run, Plan *plan, const Fragment *fragment, const char *schema,
                             Error *err)
{
    if (ensure_schema(run, plan, schema, err) && conn_exec(run->dest, fragment->sql, err))
        return true;
    error_kind(err, ERROR_COPY);
    return error_wrap(err, "creating %s in the destination", fragment->label);
}

bool rehearse_extensions(Run *run, Plan *plan, Error *err)
{
    for (size_t i = 0; i < plan->source_fragments.count; i++) {
        const Fragment *fragment = &plan->source_fragments.items[i];
        const Extension *extension = missing_extension(plan, fragment);
        if (extension == NULL)
            continue;
        /* noted first: abort drops what is noted and there */
        if (!journal_event(run->dest, run->id, "extension", extension->object.name, err) ||
            !create_extension(run, plan, fragment, extension->object.schema, err))
            return false;
        log_info(&run->log, "created %s in the destination", fragment->label);
        if (!extensionrows_copy(run, extension->object.name, err))
            return false;
    }
    return plan_rehearsal_path(run, plan, err);
}

/* ---- the transaction around ------------------------------------------------------------ */

static bool rename_schema(Run *run, const char *from, const char *to, Error *err)
{
    AUTO(str_clear) Str statement = STR_INIT;
    str_add(&statement, "ALTER SCHEMA ");
    conn_add_ident(run->dest, &statement, from);
    str_add(&statement, " RENAME TO ");
    conn_add_ident(run->dest, &statement, to);
    return conn_exec(run->dest, str_text(&statement), err) ||
           error_wrap(err, "renaming schema %s", from);
}

/* The roles that will own something in the new schemas. */
static void add_owners(const FragmentList *list, json_t *seen, Str *roles)
{
    for (size_t i = 0; i < list->count; i++) {
        const char *owner = list->items[i].owner;
        if (owner == NULL || list->items[i].place != PLACE_SCHEMA ||
            list->items[i].object.classid == CATALOG_NAMESPACE ||
            json_object_get(seen, owner) != NULL)
            continue;
        json_object_set_new_nocheck(seen, owner, json_true());
        str_separate(roles, ", ");
        str_add(roles, owner);
    }
}

/* Owners of objects need USAGE (REFRESH and foreign keys run as the owner) and CREATE (ALTER ...
 * OWNER TO asks for it) in the new schema for as long as it is a shadow. */
static bool create_schema(Run *run, const Plan *plan, const char *name, Error *err)
{
    AUTO(str_clear) Str schema = STR_INIT;
    AUTO(str_clear) Str roles = STR_INIT;
    conn_add_ident(run->dest, &schema, name);
    json_t *seen = json_object();
    add_owners(&plan->source_fragments, seen, &roles);
    add_owners(&plan->live_fragments, seen, &roles);
    json_decref(seen);
    if (!conn_execf(run->dest, err, "CREATE SCHEMA %s", str_text(&schema)))
        return error_wrap(err, "creating the shadow of schema %s", name);
    return roles.len == 0 || conn_execf(run->dest, err, "GRANT USAGE, CREATE ON SCHEMA %s TO %s",
                                        str_text(&schema), str_text(&roles));
}

/* A range type's multirange type and constructor functions do not follow it. */
static bool move_range_parts(Run *run, Oid type, const char *schema, Error *err)
{
    AUTO(mem_free) char *oid = mem_printf("%u", type);
    const char *const values[] = {oid, schema};
    AUTO(result_free) PGresult *parts = NULL;
    if (!conn_query(run->dest, run_sql("range_parts", conn_version(run->dest)), 2, values, &parts,
                    err))
        return false;
    for (int i = 0; i < PQntuples(parts); i++)
        if (!conn_exec(run->dest, PQgetvalue(parts, i, 0), err))
            return false;
    return true;
}

static bool move_reused(Run *run, const Plan *plan, bool in, Error *err)
{
    for (size_t i = 0; i < plan->same_count; i++) {
        const Type *type = model_type(plan->live, plan->same[i].theirs);
        if (type == NULL)
            continue;
        const char *aside = NULL;
        for (size_t k = 0; k < plan->schemas.count; k++)
            if (strcmp(plan->schemas.items[k].live, type->object.schema) == 0)
                aside = plan->aside[k];
        if (aside == NULL)
            continue;
        AUTO(str_clear) Str statement = STR_INIT;
        str_add(&statement, "ALTER TYPE ");
        conn_add_name(run->dest, &statement, in ? aside : type->object.schema, type->object.name);
        str_add(&statement, " SET SCHEMA ");
        conn_add_ident(run->dest, &statement, in ? type->object.schema : aside);
        if (!conn_exec(run->dest, str_text(&statement), err) ||
            (type->typtype == 'r' &&
             !move_range_parts(run, plan->same[i].theirs, in ? type->object.schema : aside, err)))
            return error_wrap(err, "moving type %s.%s", type->object.schema, type->object.name);
    }
    return true;
}

static bool move_extensions(Run *run, const Plan *plan, bool in, Error *err)
{
    for (size_t i = 0; i < plan->movable_count; i++) {
        const MovableExtension *extension = &plan->movable[i];
        AUTO(str_clear) Str statement = STR_INIT;
        str_add(&statement, "ALTER EXTENSION ");
        conn_add_ident(run->dest, &statement, extension->name);
        str_add(&statement, " SET SCHEMA ");
        conn_add_ident(run->dest, &statement,
                       in ? plan->schemas.items[extension->schema].live
                          : plan->aside[extension->schema]);
        if (!conn_exec(run->dest, str_text(&statement), err))
            return error_wrap(err, "moving extension %s", extension->name);
    }
    return true;
}

static bool enter(Run *run, const Plan *plan, RehearsalPart part, Error *err)
{
    for (size_t i = 0; i < plan->schemas.count; i++) {
        const JournalSchema *schema = &plan->schemas.items[i];
        if (plan->aside[i] != NULL && !rename_schema(run, schema->live, plan->aside[i], err))
            return false;
        bool ok = part == REHEARSE_SHADOW ? create_schema(run, plan, schema->live, err)
                                          : rename_schema(run, schema->shadow, schema->live, err);
        if (!ok)
            return false;
    }
    return move_extensions(run, plan, true, err) && move_reused(run, plan, true, err) &&
           set_path(run->dest, plan->rehearsal_path, true, err);
}

static bool leave(Run *run, const Plan *plan, Error *err)
{
    if (!set_path(run->dest, "", true, err) || !move_reused(run, plan, false, err) ||
        !move_extensions(run, plan, false, err))
        return false;
    for (size_t i = 0; i < plan->schemas.count; i++) {
        const JournalSchema *schema = &plan->schemas.items[i];
        if (!rename_schema(run, schema->live, schema->shadow, err) ||
            (plan->aside[i] != NULL && !rename_schema(run, plan->aside[i], schema->live, err)))
            return false;
    }
    return true;
}

bool rehearse_statements(Run *run, Conn *dest, const PlanStatements *list, size_t start, size_t end,
                         Error *err)
{
    size_t failed = 0;
    if (conn_exec_many(dest, list->sql + start, end - start, &failed, err))
        return true;
    if (err->kind == ERROR_CONNECTION || err->kind == ERROR_INTERRUPTED)
        return false;
    failed += start;
    AUTO(arena_free) Arena *arena = arena_new();
    log_debug(&run->log, "refused: %s", fragment_shown(list->sql[failed], arena));
    if (err->kind != ERROR_LOCK) /* that one is tried again */
        error_kind(err, error_is_state(err, "42501") ? ERROR_PREFLIGHT : ERROR_COPY);
    error_wrap(err, "the destination refuses %s", list->labels[failed]);
    if (err->hint == NULL && error_is_state(err, "53200"))
        error_hint(err, "Raise max_locks_per_transaction on the destination.");
    if (err->hint == NULL && error_is_state(err, "42501"))
        error_hint(err, "Live objects are untouched. Connect as a user with that right, or leave "
                        "out owners (--no-owner) or grants (--no-privileges).");
    if (err->hint == NULL && err->kind != ERROR_LOCK)
        error_hint(err, "Live objects are untouched. Change the object on the source or the "
                        "destination's settings, then run the command again; --verbose prints the "
                        "statement.");
    return false;
}

static bool run_statements(Run *run, const PlanStatements *list, size_t start, size_t end,
                           Error *err)
{
    return rehearse_statements(run, run->dest, list, start, end, err);
}

/* A function of an event trigger runs with every statement of ours, also while its live schema has
 * another name: when the destination has such, it is told along with the failure. */
static void blame_event_trigger(Run *run, Error *err)
{
    AUTO(error_clear) Error failure = ERROR_INIT;
    AUTO(result_free) PGresult *result = NULL;
    if ((err->kind != ERROR_COPY && err->kind != ERROR_OTHER) || error_is_state(err, "53200") ||
        conn_is_lost(run->dest) ||
        !conn_query_row(run->dest,
                        "SELECT pg_catalog.min(e.evtname::text) FROM pg_catalog.pg_event_trigger e"
                        " WHERE e.evtenabled <> 'D' AND e.evtevent <> 'login'"
                        " AND NOT (pg_catalog.current_setting('event_triggers', true)"
                        " IS NOT DISTINCT FROM 'off')",
                        0, NULL, &result, &failure) ||
        PQgetisnull(result, 0, 0))
        return;
    AUTO(mem_free)
    char *before = mem_strdup(err->hint != NULL ? err->hint : "Live objects are untouched.");
    error_hint(err,
               "%s If the message comes from event trigger %s of the destination, disable that for "
               "the time of the migration.",
               before, PQgetvalue(result, 0, 0));
}

/* Takes back what is open; always false. */
static bool give_up(Run *run, Error *err)
{
    conn_rollback(run->dest);
    blame_event_trigger(run, err);
    return false;
}

static bool lock_hint(Error *err)
{
    return error_hint(err, "Another session creates or drops objects in a migrated schema of the "
                           "destination. Try again when it is done.");
}

/* BEGIN, what comes before the renames, and the renames; tried again while another session creates
 * objects there. */
static bool begin(Run *run, Plan *plan, RehearsalPart part, const PlanStatements *before,
                  Error *err)
{
    int64_t end = clock_monotonic_ms() + RENAME_PATIENCE_MS;
    for (;;) {
        AUTO(error_clear) Error failure = ERROR_INIT;
        if (conn_exec(run->dest, "BEGIN", &failure) &&
            conn_execf(run->dest, &failure, "SET LOCAL lock_timeout = %d",
                       RENAME_LOCK_TIMEOUT_MS) &&
            (before == NULL || run_statements(run, before, 0, before->count, &failure)) &&
            enter(run, plan, part, &failure))
            return true;
        give_up(run, &failure);
        if (failure.kind != ERROR_LOCK || clock_monotonic_ms() > end) {
            if (failure.kind == ERROR_LOCK)
                lock_hint(&failure);
            return error_move(err, &failure);
        }
        if (!cancel_sleep(run->cancel, RENAME_PAUSE_MS))
            return cancel_check(run->cancel, err);
    }
}

/* ---- batches --------------------------------------------------------------------------- */

static bool fits_once(const DdlList *list, int64_t budget)
{
    return ddllist_batch_end(list, 0, budget) == list->run.count;
}

static bool commit_batch(Run *run, Plan *plan, RehearsalPart part, const PlanStatements *list,
                         size_t start, size_t end, Error *err)
{
    PlanStatements lift, restore;
    if (!defaultgrants_find(run, plan, &lift, &restore, err) || !begin(run, plan, part, &lift, err))
        return false;
    if (run_statements(run, list, start, end, err) && leave(run, plan, err) &&
        run_statements(run, &restore, 0, restore.count, err) && conn_exec(run->dest, "COMMIT", err))
        return true;
    return give_up(run, err);
}

static bool commit_batches(Run *run, Plan *plan, RehearsalPart first, const DdlList *list,
                           int64_t budget, size_t *batches, Error *err)
{
    size_t start = 0;
    *batches = 0;
    do {
        size_t end = ddllist_batch_end(list, start, budget);
        if (!commit_batch(run, plan, start == 0 ? first : REHEARSE_REST, &list->run, start, end,
                          err))
            return false;
        start = end;
        ++*batches;
    } while (start < list->run.count);
    return true;
}

/* Takes a section back, the last statement first. What goes with another by then is gone. */
static bool undo_batches(Run *run, Plan *plan, const DdlList *list, int64_t budget, Error *err)
{
    AUTO(arena_free) Arena *arena = arena_new();
    const DdlList undo = ddllist_undo(list, arena);
    size_t batches = 0;
    return commit_batches(run, plan, REHEARSE_REST, &undo, budget, &batches, err) ||
           error_wrap(err, "taking back what waits for rows");
}

/* ---- what is filled -------------------------------------------------------------------- */

static bool is_populated(const Model *model, const char *schema, const char *name, bool *found)
{
    for (size_t i = 0; i < model->views.count; i++) {
        const View *view = &model->views.items[i];
        if (strcmp(view->object.name, name) != 0 || strcmp(view->object.schema, schema) != 0)
            continue;
        *found = true;
        return view->populated;
    }
    return false;
}

static void mark_populated(const Plan *plan, Model *shadow)
{
    for (size_t i = 0; i < shadow->views.count; i++) {
        View *view = &shadow->views.items[i];
        const JournalSchema *schema = plan_shadow_schema(plan, view->object.schema);
        bool found = false;
        if (view->relkind != 'm' || schema == NULL)
            continue;
        view->populated = is_populated(plan->source, schema->live, view->object.name, &found);
        if (!found) /* made anew from the live side */
            view->populated = is_populated(plan->live, schema->live, view->object.name, &found);
    }
}

/* ---- the rehearsals -------------------------------------------------------------------- */

/* With `lanes`: what comes before the tables that are made side by side, those, and the rest. */
static bool create(Run *run, Plan *plan, const Lane *lanes, Arena *arena, Error *err)
{
    DdlList list = ddllist_new(run, plan, (DdlChoice){SECTION_PRE, lanes, LANE_FIRST}, arena);
    int64_t budget = 0;
    size_t batches = 0, more = 0, statements = list.run.count;
    if (!ddllist_budget(run, &budget, err) ||
        !commit_batches(run, plan, REHEARSE_SHADOW, &list, budget, &batches, err))
        return false;
    if (lanes != NULL) {
        list = ddllist_new(run, plan, (DdlChoice){SECTION_PRE, lanes, LANE_LAST}, arena);
        statements += list.run.count;
        if (!sidetable_make(run, plan, lanes, err)) {
            blame_event_trigger(run, err);
            return false;
        }
        if (!commit_batches(run, plan, REHEARSE_REST, &list, budget, &more, err))
            return false;
    }
    batches += more;
    log_info(&run->log, "made the shadow schema: %zu statements, %zu %s", statements, batches,
             batches == 1 ? "transaction" : "transactions");
    return true;
}

bool rehearse_create(Run *run, Plan *plan, Error *err)
{
    AUTO(arena_free) Arena *arena = arena_new();
    const Lane *lanes = NULL;
    return sidetable_find(run, plan, arena, &lanes, err) && create(run, plan, lanes, arena, err);
}

/* Only here all new objects exist at once, those that wait for rows included. */
static bool prove(Run *run, Plan *plan, const PlanStatements *rest, Model **shadow, Error *err)
{
    const CatalogScope scope = {.schemas = journal_shadow_names(&plan->schemas, run->arena),
                                .schema_count = plan->schemas.count};
    const PlanStatements *last = &plan->globals.after_swap;
    if (!begin(run, plan, REHEARSE_REST, &plan->globals.before_swap, err))
        return false;
    bool ok = run_statements(run, rest, 0, rest->count, err) &&
              run_statements(run, last, 0, last->count, err) && leave(run, plan, err);
    if (!ok)
        return give_up(run, err);
    ok = catalog_read(run->dest, &scope, run->arena, shadow, err) &&
         objects_record(run, plan, err) && objects_check(run, err);
    conn_rollback(run->dest);
    return ok;
}

/* What makes an object must be able to take it back. */
static bool refuse_single(const DdlList *list, Error *err)
{
    for (size_t i = 0; i < list->run.count; i++) {
        if (!list->stays[i])
            continue;
        error_set(err, ERROR_PREFLIGHT,
                  "the destination's lock table is too small: %s can be rehearsed only together "
                  "with everything else",
                  list->run.labels[i]);
        return error_hint(err, "Raise max_locks_per_transaction on the destination.");
    }
    return true;
}

/* What fits into one transaction is rolled back. What does not is committed in batches, read, and
 * taken back in batches: the tables are empty, and nobody else looks. */
bool rehearse_rest(Run *run, Plan *plan, Error *err)
{
    AUTO(arena_free) Arena *arena = arena_new();
    DdlList list = ddllist_new(run, plan, (DdlChoice){.section = SECTION_POST}, arena);
    const PlanStatements nothing = {0};
    int64_t budget = 0;
    size_t batches = 0;
    Model *shadow = NULL;
    if (!ddllist_budget(run, &budget, err))
        return false;
    bool once = fits_once(&list, budget);
    if ((!once && (!refuse_single(&list, err) ||
                   !commit_batches(run, plan, REHEARSE_REST, &list, budget, &batches, err))) ||
        !prove(run, plan, once ? &list.run : &nothing, &shadow, err) ||
        (!once && !undo_batches(run, plan, &list, budget, err)))
        return false;
    mark_populated(plan, shadow);
    plan->shadow = shadow;
    log_info(&run->log, "rehearsed what waits for rows: %zu statements%s", list.run.count,
             once ? "" : ", in batches");
    return true;
}

void rehearse_plan(Run *run, const Plan *plan)
{
    for (int section = SECTION_PRE; section <= SECTION_POST; section++) {
        AUTO(arena_free) Arena *arena = arena_new();
        DdlList list = ddllist_new(run, plan, (DdlChoice){.section = (Section)section}, arena);
        for (size_t i = 0; i < list.run.count; i++)
            run_plan(run, list.run.sql[i]);
    }
}

/* Extensions that are missing, and schemas for them, made in the transaction that is open. */
static bool create_extensions(Run *run, Plan *plan, Error *err)
{
    for (size_t i = 0; i < plan->source_fragments.count; i++) {
        const Fragment *fragment = &plan->source_fragments.items[i];
        const Extension *extension = missing_extension(plan, fragment);
        if (extension != NULL &&
            !create_extension(run, plan, fragment, extension->object.schema, err))
            return false;
    }
    return plan_rehearsal_path(run, plan, err);
}

static bool try_dry(Run *run, Plan *plan, const DdlList *pre, const DdlList *post, Error *err)
{
    const PlanStatements *first = &plan->globals.before_swap, *last = &plan->globals.after_swap;
    const size_t bytes = plan->schemas.count * sizeof *plan->aside;
    const char **aside = arena_alloc(run->arena, bytes + sizeof *aside);
    memcpy(aside, plan->aside, bytes);
    bool ok = conn_exec(run->dest, "BEGIN", err) &&
              conn_execf(run->dest, err, "SET LOCAL lock_timeout = %d", RENAME_LOCK_TIMEOUT_MS) &&
              roles_rehearse(run, plan, err) && run_statements(run, first, 0, first->count, err) &&
              create_extensions(run, plan, err) && enter(run, plan, REHEARSE_SHADOW, err) &&
              run_statements(run, &pre->run, 0, pre->run.count, err) &&
              run_statements(run, &post->run, 0, post->run.count, err) &&
              run_statements(run, last, 0, last->count, err);
    memcpy(plan->aside, aside, bytes); /* the schemas that extensions needed go again */
    if (!ok)
        return give_up(run, err);
    conn_rollback(run->dest);
    log_info(&run->log, "rehearsed %zu statements and rolled back",
             pre->run.count + post->run.count + last->count);
    return true;
}

bool rehearse_dry(Run *run, Plan *plan, Error *err)
{
    AUTO(arena_free) Arena *arena = arena_new();
    DdlList pre = ddllist_new(run, plan, (DdlChoice){.section = SECTION_PRE}, arena),
            post = ddllist_new(run, plan, (DdlChoice){.section = SECTION_POST}, arena);
    int64_t budget = 0;
    if (!ddllist_budget(run, &budget, err))
        return false;
    if (!fits_once(&pre, budget) || !fits_once(&post, budget)) {
        error_set(err, ERROR_PREFLIGHT,
                  "the destination's lock table is too small to rehearse the schema in one "
                  "transaction");
        return error_hint(err, "Raise max_locks_per_transaction there, or leave out --rehearse: "
                               "prepare itself works in batches.");
    }
    for (int64_t end = clock_monotonic_ms() + RENAME_PATIENCE_MS;;) {
        AUTO(error_clear) Error failure = ERROR_INIT;
        if (try_dry(run, plan, &pre, &post, &failure))
            return true;
        if (failure.kind != ERROR_LOCK || clock_monotonic_ms() > end) {
            if (failure.kind == ERROR_LOCK)
                lock_hint(&failure);
            return error_move(err, &failure);
        }
        if (!cancel_sleep(run->cancel, RENAME_PAUSE_MS))
            return cancel_check(run->cancel, err);
    }
}

/* ---- the proof ------------------------------------------------------------------------- */

bool rehearse_check(Run *run, const Plan *plan, Error *err)
{
    const char **shadow = journal_shadow_names(&plan->schemas, run->arena);
    const char **live = journal_live_names(&plan->schemas, run->arena);
    AUTO(str_clear) Str allowed = STR_INIT;
    for (size_t i = 0; i < plan->same_count; i++)
        str_addf(&allowed, "%s%u", i > 0 ? "," : "{", plan->same_live[i]);
    str_add(&allowed, allowed.len > 0 ? "}" : "{}");
    const char *const values[] = {array_literal(run->arena, shadow, plan->schemas.count),
                                  array_literal(run->arena, live, plan->schemas.count),
                                  str_text(&allowed)};
    AUTO(result_free) PGresult *result = NULL;
    if (!run_nested_loops(run, false, err) ||
        !conn_query(run->dest, run_sql("leaning", conn_version(run->dest)), 3, values, &result,
                    err) ||
        !run_nested_loops(run, true, err))
        return error_wrap(err, "checking what the shadow leans on");
    if (PQntuples(result) == 0)
        return true;
    error_set(err, ERROR_COPY, "%s of the new schema leans on the live %s",
              PQgetvalue(result, 0, 0), PQgetvalue(result, 0, 1));
    return error_hint(err, "The source's definition found another object under that name in the "
                           "destination. Live objects are untouched; rename or drop the live one, "
                           "or abort.");
}
