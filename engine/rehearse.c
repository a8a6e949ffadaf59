#include "engine/rehearse.h"

#include <string.h>

#include "base/clock.h"
#include "engine/array.h"
#include "engine/merge.h"
#include "engine/objects.h"
#include "schema/catalog.h"

/* Inside a rehearsal only sessions that create objects in a live schema wait. How long we wait for
 * them to finish, and pause between tries. */
enum { RENAME_LOCK_TIMEOUT_MS = 500, RENAME_PAUSE_MS = 200, RENAME_PATIENCE_MS = 60000 };

typedef enum RehearsalPart { REHEARSE_SHADOW, REHEARSE_REST } RehearsalPart;

/* Fragments that the engine runs by other means: schemas and extensions, with their attributes, and
 * what belongs to types that stay where they are. */
static bool is_rehearsed(const Plan *plan, const Fragment *fragment)
{
    return fragment->object.classid != CATALOG_NAMESPACE &&
           fragment->object.classid != CATALOG_EXTENSION && !plan_is_reused(plan, fragment);
}

/* A grant on a type of the live side that stays where it is. */
static bool is_live_reused(const Plan *plan, const Fragment *fragment)
{
    for (size_t i = 0; i < plan->same_count; i++)
        if (fragment->object.classid == CATALOG_TYPE &&
            fragment->object.oid == plan->same[i].theirs)
            return true;
    return false;
}

/* ---- extensions ------------------------------------------------------------------------ */

static bool has_extension(const Model *model, const char *name)
{
    for (size_t i = 0; i < model->extensions.count; i++)
        if (strcmp(model->extensions.items[i].object.name, name) == 0)
            return true;
    return false;
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
        AUTO(str_clear) Str aside = STR_INIT;
        str_addf(&aside, "pgzm_aside_%zu", i);
        plan->aside[i] = arena_strdup(run->arena, str_text(&aside));
    }
    return true;
}

bool rehearse_extensions(Run *run, Plan *plan, Error *err)
{
    for (size_t i = 0; i < plan->source_fragments.count; i++) {
        const Fragment *fragment = &plan->source_fragments.items[i];
        if (fragment->kind != FRAGMENT_EXTENSION)
            continue;
        const Extension *extension = NULL;
        for (size_t k = 0; k < plan->source->extensions.count; k++)
            if (plan->source->extensions.items[k].object.address.oid == fragment->object.oid)
                extension = &plan->source->extensions.items[k];
        if (extension == NULL || has_extension(plan->live, extension->object.name))
            continue;
        /* noted first: abort drops what is noted and there */
        if (!journal_event(run->dest, run->id, "extension", extension->object.name, err))
            return false;
        if (!ensure_schema(run, plan, extension->object.schema, err) ||
            !conn_exec(run->dest, fragment->sql, err)) {
            error_kind(err, ERROR_COPY);
            return error_wrap(err, "creating %s in the destination", fragment->label);
        }
        log_info(&run->log, "created %s in the destination", fragment->label);
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

/* Adds a role once to a list that begins and ends with ", ". Quotes inside a quoted name are
 * doubled, so what stands between two such separators is a whole name. */
static void add_role(const Conn *conn, Str *roles, const char *role)
{
    AUTO(str_clear) Str item = STR_INIT;
    str_add(&item, ", ");
    conn_add_ident(conn, &item, role);
    str_add(&item, ", ");
    if (roles->len == 0)
        str_add(roles, ", ");
    if (strstr(str_text(roles), str_text(&item)) == NULL)
        str_add(roles, str_text(&item) + strlen(", "));
}

/* The roles that will own something in the new schemas. */
static void add_owners(const Conn *conn, const Model *model, Str *roles)
{
#define ADD(list)                                                                                  \
    for (size_t i = 0; i < model->list.count; i++)                                                 \
        if (model->list.items[i].object.owner != NULL)                                             \
            add_role(conn, roles, model->list.items[i].object.owner);
    ADD(tables)
    ADD(views)
    ADD(sequences)
    ADD(functions)
    ADD(types)
#undef ADD
}

/* Owners of objects need USAGE (REFRESH and foreign keys run as the owner) and CREATE (ALTER ...
 * OWNER TO asks for it) in the new schema for as long as it is a shadow. */
static bool create_schema(Run *run, const Plan *plan, const char *name, Error *err)
{
    AUTO(str_clear) Str schema = STR_INIT;
    AUTO(str_clear) Str roles = STR_INIT;
    conn_add_ident(run->dest, &schema, name);
    add_owners(run->dest, plan->source, &roles);
    add_owners(run->dest, plan->live, &roles);
    if (!conn_execf(run->dest, err, "CREATE SCHEMA %s", str_text(&schema)))
        return error_wrap(err, "creating the shadow of schema %s", name);
    const int separator = (int)strlen(", ");
    return roles.len == 0 ||
           conn_execf(run->dest, err, "GRANT USAGE, CREATE ON SCHEMA %s TO %.*s", str_text(&schema),
                      (int)roles.len - 2 * separator, str_text(&roles) + separator);
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

/* BEGIN and the renames, tried again while another session creates objects there. */
static bool begin(Run *run, const Plan *plan, RehearsalPart part, Error *err)
{
    int64_t end = clock_monotonic_ms() + RENAME_PATIENCE_MS;
    for (;;) {
        AUTO(error_clear) Error failure = ERROR_INIT;
        if (conn_exec(run->dest, "BEGIN", &failure) &&
            conn_execf(run->dest, &failure, "SET LOCAL lock_timeout = %d",
                       RENAME_LOCK_TIMEOUT_MS) &&
            enter(run, plan, part, &failure))
            return true;
        conn_rollback(run->dest);
        if (failure.kind != ERROR_LOCK || clock_monotonic_ms() > end) {
            if (failure.kind == ERROR_LOCK)
                error_hint(&failure, "Another session creates or drops objects in a migrated "
                                     "schema of the destination. Try again when it is done.");
            return error_move(err, &failure);
        }
        if (!cancel_sleep(run->cancel, RENAME_PAUSE_MS))
            return cancel_check(run->cancel, err);
    }
}

/* ---- the statements -------------------------------------------------------------------- */

typedef struct Statements {
    const char **sql;
    const char **labels;
    size_t count;
} Statements;

static void add_statement(Statements *list, const char *sql, const char *label)
{
    list->sql[list->count] = sql;
    list->labels[list->count++] = label;
}

static Statements collect(Run *run, const Plan *plan, Section section)
{
    size_t most = plan->source_fragments.count + plan->live_fragments.count + 1;
    Statements list = {.sql = arena_alloc(run->arena, most * sizeof *list.sql),
                       .labels = arena_alloc(run->arena, most * sizeof *list.labels)};
    AUTO(merge_free) Merge *merge = merge_new(plan, run->dest);
    for (size_t i = 0; i < plan->source_fragments.count; i++) {
        const Fragment *fragment = &plan->source_fragments.items[i];
        if (fragment->section != section || !is_rehearsed(plan, fragment))
            continue;
        const char *sql = merge_statement(merge, fragment);
        if (sql != NULL)
            add_statement(&list, sql, fragment->label);
    }
    for (size_t i = 0; i < plan->live_fragments.count; i++) {
        const Fragment *fragment = &plan->live_fragments.items[i];
        bool adds = merge_adds(merge, fragment, section) && !is_live_reused(plan, fragment);
        if (adds || (plan->rebuilt[i] && fragment->section == section))
            add_statement(&list, fragment->sql, fragment->label);
    }
    return list;
}

/* Over empty tables a REFRESH may fail that will not fail over the rows (a division by a count), so
 * it is not rehearsed. What is to be filled is known from where the definition came from. */
static void leave_out_refreshes(Statements *list)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (strncmp(list->sql[i], "REFRESH ", 8) == 0)
            continue;
        list->sql[kept] = list->sql[i];
        list->labels[kept++] = list->labels[i];
    }
    list->count = kept;
}

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

static bool run_statements(Run *run, const Statements *list, Error *err)
{
    size_t failed = 0;
    if (conn_exec_many(run->dest, list->sql, list->count, &failed, err))
        return true;
    if (err->kind == ERROR_CONNECTION || err->kind == ERROR_INTERRUPTED)
        return false;
    log_debug(&run->log, "refused: %s", list->sql[failed]);
    error_kind(err, error_is_state(err, "42501") ? ERROR_PREFLIGHT : ERROR_COPY);
    error_wrap(err, "the destination refuses %s", list->labels[failed]);
    if (err->hint == NULL && error_is_state(err, "53200"))
        error_hint(err, "Raise max_locks_per_transaction on the destination.");
    if (err->hint == NULL)
        error_hint(err, "Live objects are untouched. Change the object on the source or the "
                        "destination's settings, then run the command again; --verbose prints the "
                        "statement.");
    return false;
}

bool rehearse_create(Run *run, Plan *plan, Error *err)
{
    Statements list = collect(run, plan, SECTION_PRE);
    if (!begin(run, plan, REHEARSE_SHADOW, err))
        return false;
    if (run_statements(run, &list, err) && leave(run, plan, err) &&
        conn_exec(run->dest, "COMMIT", err)) {
        log_info(&run->log, "made the shadow schema: %zu statements", list.count);
        return true;
    }
    conn_rollback(run->dest);
    return false;
}

bool rehearse_rest(Run *run, Plan *plan, Error *err)
{
    Statements list = collect(run, plan, SECTION_POST);
    leave_out_refreshes(&list);
    const CatalogScope scope = {journal_shadow_names(&plan->schemas, run->arena),
                                plan->schemas.count};
    Model *shadow = NULL;
    if (!begin(run, plan, REHEARSE_REST, err))
        return false;
    /* Only here all new objects exist at once, those that wait for rows included. */
    bool ok = run_statements(run, &list, err) && leave(run, plan, err) &&
              catalog_read(run->dest, &scope, run->arena, &shadow, err) &&
              objects_record(run, plan, err) && objects_check(run, err);
    conn_rollback(run->dest);
    if (!ok)
        return false;
    mark_populated(plan, shadow);
    plan->shadow = shadow;
    log_info(&run->log, "rehearsed what waits for rows: %zu statements", list.count);
    return fragments_build(shadow, conn_version(run->dest), run->dest, run->arena,
                           &plan->shadow_fragments, err);
}

void rehearse_plan(Run *run, const Plan *plan)
{
    for (int section = SECTION_PRE; section <= SECTION_POST; section++) {
        Statements list = collect(run, plan, (Section)section);
        for (size_t i = 0; i < list.count; i++)
            run_plan(run, list.sql[i]);
    }
}

/* ---- the proof ------------------------------------------------------------------------- */

bool rehearse_check(Run *run, const Plan *plan, Error *err)
{
    const char **shadow = journal_shadow_names(&plan->schemas, run->arena);
    const char **live = journal_live_names(&plan->schemas, run->arena);
    AUTO(str_clear) Str allowed = STR_INIT;
    for (size_t i = 0; i < plan->same_count; i++)
        str_addf(&allowed, "%s%u", i > 0 ? "," : "{", plan->same[i].theirs);
    str_add(&allowed, allowed.len > 0 ? "}" : "{}");
    const char *const values[] = {array_literal(run->arena, shadow, plan->schemas.count),
                                  array_literal(run->arena, live, plan->schemas.count),
                                  str_text(&allowed)};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query(run->dest, run_sql("leaning", conn_version(run->dest)), 3, values, &result,
                    err))
        return error_wrap(err, "checking what the shadow leans on");
    if (PQntuples(result) == 0)
        return true;
    error_set(err, ERROR_COPY, "%s of the new schema leans on the live %s",
              PQgetvalue(result, 0, 0), PQgetvalue(result, 0, 1));
    return error_hint(err, "The source's definition found another object under that name in the "
                           "destination. Live objects are untouched; rename or drop the live one, "
                           "or abort.");
}
