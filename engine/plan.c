#include "engine/plan.h"

#include <stdlib.h>
#include <string.h>

#include "engine/counterpart.h"
#include "engine/defer.h"
#include "engine/global.h"
#include "engine/names.h"
#include "engine/preserved.h"
#include "engine/rebuild.h"
#include "engine/selection.h"
#include "engine/unfit.h"
#include "schema/catalog.h"

const JournalSchema *plan_schema(const Plan *plan, const char *live)
{
    for (size_t i = 0; i < plan->schemas.count && live != NULL; i++)
        if (strcmp(plan->schemas.items[i].live, live) == 0)
            return &plan->schemas.items[i];
    return NULL;
}

const JournalSchema *plan_shadow_schema(const Plan *plan, const char *shadow)
{
    for (size_t i = 0; i < plan->schemas.count && shadow != NULL; i++)
        if (strcmp(plan->schemas.items[i].shadow, shadow) == 0)
            return &plan->schemas.items[i];
    return NULL;
}

const Table *plan_source_of(const Plan *plan, const Table *shadow)
{
    const JournalSchema *schema = plan_shadow_schema(plan, shadow->object.schema);
    return schema == NULL ? NULL
                          : model_table_named(plan->source, schema->live, shadow->object.name);
}

const Table *plan_shadow_of(const Plan *plan, const Table *source)
{
    const JournalSchema *schema = plan_schema(plan, source->object.schema);
    return schema == NULL ? NULL
                          : model_table_named(plan->shadow, schema->shadow, source->object.name);
}

/* The topmost partitioned table above it, or itself. */
static const Table *topmost(const Model *model, const Table *table)
{
    while (table != NULL && table->is_partition && table->parent_count == 1 &&
           model_table(model, table->parents[0]) != NULL)
        table = model_table(model, table->parents[0]);
    return table;
}

const PreservedTable *plan_preserved(const Plan *plan, const Table *source)
{
    const Table *top = topmost(plan->source, source);
    for (size_t i = 0; i < plan->preserved_count; i++)
        if (plan->preserved[i].source == top)
            return &plan->preserved[i];
    return NULL;
}

const PreservedTable *plan_preserved_shadow(const Plan *plan, Oid shadow)
{
    const Table *top = topmost(plan->shadow, model_table(plan->shadow, shadow));
    for (size_t i = 0; i < plan->preserved_count && top != NULL; i++)
        if (plan->preserved[i].shadow == top->object.address.oid)
            return &plan->preserved[i];
    return NULL;
}

const PreservedTable *plan_preserved_live(const Plan *plan, Oid live)
{
    const Table *top = topmost(plan->live, model_table(plan->live, live));
    for (size_t i = 0; i < plan->preserved_count; i++)
        if (plan->preserved[i].live == top)
            return &plan->preserved[i];
    return NULL;
}

static int compare_ours(const void *a, const void *b)
{
    Oid x = ((const SameType *)a)->ours;
    Oid y = ((const SameType *)b)->ours;
    return (x > y) - (x < y);
}

static int compare_oids(const void *a, const void *b)
{
    Oid x = *(const Oid *)a;
    Oid y = *(const Oid *)b;
    return (x > y) - (x < y);
}

/* They come in the order of the source's OIDs. */
static bool is_same_type(const Plan *plan, Oid oid)
{
    SameType key = {.ours = oid};
    return plan->same_count > 0 &&
           bsearch(&key, plan->same, plan->same_count, sizeof key, compare_ours) != NULL;
}

bool plan_stays_in_place(const Plan *plan, Oid live_type)
{
    return plan->same_count > 0 && bsearch(&live_type, plan->same_live, plan->same_count,
                                           sizeof live_type, compare_oids) != NULL;
}

static void sort_live_types(Plan *plan, Arena *arena)
{
    Oid *sorted = arena_alloc(arena, (plan->same_count + 1) * sizeof *sorted);
    for (size_t i = 0; i < plan->same_count; i++)
        sorted[i] = plan->same[i].theirs;
    qsort(sorted, plan->same_count, sizeof *sorted, compare_oids);
    plan->same_live = sorted;
}

bool plan_is_reused(const Plan *plan, const Fragment *fragment)
{
    if (fragment->object.classid == CATALOG_TYPE)
        return is_same_type(plan, fragment->object.oid);
    if (fragment->object.classid == CATALOG_CONSTRAINT) {
        const Constraint *constraint = model_constraint(plan->source, fragment->object.oid);
        return constraint != NULL && constraint->domain != 0 &&
               is_same_type(plan, constraint->domain);
    }
    if (fragment->object.classid == CATALOG_CLASS) /* comments on a composite type's columns */
        for (size_t i = 0; i < plan->source->types.count; i++)
            if (plan->source->types.items[i].relation_oid == fragment->object.oid)
                return is_same_type(plan, plan->source->types.items[i].object.address.oid);
    return false;
}

/* ---- reading --------------------------------------------------------------------------- */

static bool read_path(Run *run, Conn *conn, const char **path, Error *err)
{
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query_row(conn, run_sql("extension_path", conn_version(conn)), 0, NULL, &result, err))
        return error_wrap(err, "reading where extensions are");
    *path = arena_strdup(run->arena, PQgetvalue(result, 0, 0));
    return true;
}

/* A name is printed without its schema when that is in the path: an extension that only one side
 * has would make all names differ. */
static void share_path(Plan *plan, Arena *arena)
{
    const char *source = plan->source_path, *live = plan->live_path;
    if (strcmp(source, live) == 0)
        return;
    bool both = source[0] != '\0' && live[0] != '\0';
    plan->source_path = arena_printf(arena, "%s%s%s", source, both ? ", " : "", live);
    plan->live_path = plan->source_path;
}

bool set_path(Conn *conn, const char *path, bool local, Error *err)
{
    const char *const values[] = {path, local ? "t" : "f"};
    AUTO(result_free) PGresult *result = NULL;
    return conn_query(conn, "SELECT pg_catalog.set_config('search_path', $1, $2::boolean)", 2,
                      values, &result, err);
}

/* Reads a model with the extensions' schemas visible, so that what they hold is printed bare. */
static bool read_model(Run *run, Conn *conn, const CatalogScope *scope, const char *path,
                       Model **model, FragmentList *fragments, Arena *arena, Error *err)
{
    Model *read = NULL;
    bool ok = set_path(conn, path, false, err) &&
              catalog_read(conn, scope, run->arena, &read, err) && set_path(conn, "", false, err);
    /* What is set and granted on the source's database is meant for the destination's. */
    if (ok)
        read->database = arena_strdup(run->arena, conn_database(run->dest));
    bool trimmed = ok && conn_side(conn) == CONN_SOURCE;
    if (trimmed)
        selection_trim_model(run->settings, read);
    ok = ok && (!trimmed || unfit_trim(run, read, err)) &&
         fragments_build(read, conn_version(run->dest), conn, arena, fragments, err);
    if (ok && trimmed)
        selection_trim(run->settings, fragments, arena);
    *model = read;
    return ok || error_wrap(err, "reading the catalogs of the %s", conn_side_name(conn));
}

static bool schema_exists(Run *run, const char *name, bool *exists, Error *err)
{
    const char *const values[] = {name};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query_row(run->dest,
                        "SELECT count(*) FROM pg_catalog.pg_namespace WHERE nspname = $1", 1,
                        values, &result, err))
        return false;
    *exists = strcmp(PQgetvalue(result, 0, 0), "0") != 0;
    return true;
}

static bool name_schemas(Run *run, Plan *plan, Error *err)
{
    Arena *arena = run->arena;
    size_t count = plan->source->schemas.count;
    if (count == 0)
        return error_set(err, ERROR_PREFLIGHT, "the source has no schema to migrate");
    plan->schemas.items = arena_alloc(arena, (count + 1) * sizeof *plan->schemas.items);
    plan->aside = arena_alloc(arena, (count + 1) * sizeof *plan->aside);
    plan->schemas.count = count;
    for (size_t i = 0; i < count; i++) {
        const char *live = plan->source->schemas.items[i].object.name;
        bool exists = false;
        if (!schema_exists(run, live, &exists, err))
            return false;
        plan->schemas.items[i] = (JournalSchema){
            .live = live,
            .shadow = name_for_schema(arena, "pgzm_shadow_", live, i),
            .created = !exists,
        };
        if (exists)
            plan->aside[i] = name_for_schema(arena, "pgzm_aside_", live, i);
    }
    return true;
}

static bool read_extension_schemas(Run *run, PGresult **schemas, Error *err)
{
    return conn_query(run->dest,
                      "SELECT DISTINCT n.nspname FROM pg_catalog.pg_extension e"
                      " JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace"
                      " WHERE n.nspname <> 'pg_catalog' ORDER BY 1",
                      0, NULL, schemas, err) ||
           error_wrap(err, "reading where extensions are");
}

/* A dump's words were said without the destination's extensions in the path: those that are in
 * schemas of the source's must not make its names bare either. `path` is the source's own. */
static bool read_path_of_tape(Run *run, const Plan *plan, const char **path, Error *err)
{
    AUTO(result_free) PGresult *schemas = NULL;
    if (!read_extension_schemas(run, &schemas, err))
        return false;
    AUTO(str_clear) Str both = STR_INIT;
    str_add(&both, *path);
    for (int i = 0; i < PQntuples(schemas); i++) {
        if (plan_schema(plan, PQgetvalue(schemas, i, 0)) != NULL)
            continue;
        str_separate(&both, ", ");
        conn_add_ident(run->dest, &both, PQgetvalue(schemas, i, 0));
    }
    *path = arena_strdup(run->arena, str_text(&both));
    return true;
}

/* `path`: with which the source was read. */
static bool read_live(Run *run, Plan *plan, const char *path, Error *err)
{
    const CatalogScope scope = {.schemas = journal_live_names(&plan->schemas, run->arena),
                                .schema_count = plan->schemas.count};
    plan->live_statements = arena_new_in(run->arena);
    return (!conn_is_tape(run->source) || read_path_of_tape(run, plan, &path, err)) &&
           read_model(run, run->dest, &scope, path, &plan->live, &plan->live_fragments,
                      plan->live_statements, err);
}

static bool read_movable(Run *run, Plan *plan, Error *err)
{
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query(run->dest, run_sql("movable_extensions", conn_version(run->dest)), 0, NULL,
                    &result, err))
        return error_wrap(err, "reading the destination's extensions");
    size_t most = (size_t)PQntuples(result) + 1;
    plan->movable = arena_alloc(run->arena, most * sizeof *plan->movable);
    plan->movable_count = 0;
    for (int i = 0; i < PQntuples(result); i++)
        for (size_t k = 0; k < plan->schemas.count; k++)
            if (plan->aside[k] != NULL &&
                strcmp(plan->schemas.items[k].live, PQgetvalue(result, i, 1)) == 0)
                plan->movable[plan->movable_count++] = (MovableExtension){
                    .name = arena_strdup(run->arena, PQgetvalue(result, i, 0)), .schema = k};
    return true;
}

bool plan_rehearsal_path(Run *run, Plan *plan, Error *err)
{
    if (!read_movable(run, plan, err))
        return false;
    AUTO(result_free) PGresult *schemas = NULL;
    if (!read_extension_schemas(run, &schemas, err))
        return false;
    AUTO(str_clear) Str path = STR_INIT;
    str_add(&path, plan->source_path);
    for (int i = 0; i < PQntuples(schemas); i++) {
        const char *schema = PQgetvalue(schemas, i, 0);
        for (size_t k = 0; k < plan->schemas.count; k++)
            if (plan->aside[k] != NULL && strcmp(plan->schemas.items[k].live, schema) == 0)
                schema = plan->aside[k];
        str_separate(&path, ", ");
        conn_add_ident(run->dest, &path, schema);
    }
    plan->rehearsal_path = arena_strdup(run->arena, str_text(&path));
    return true;
}

bool plan_read(Run *run, Plan *plan, Error *err)
{
    const CatalogScope taken = selection_scope(run);
    if (!read_path(run, run->source, &plan->source_path, err) ||
        !read_path(run, run->dest, &plan->live_path, err))
        return false;
    const char *own_path = plan->source_path;
    share_path(plan, run->arena);
    const char *path = conn_is_tape(run->source) ? own_path : plan->source_path;
    plan->source_statements = arena_new_in(run->arena);
    if (!read_model(run, run->source, &taken, path, &plan->source, &plan->source_fragments,
                    plan->source_statements, err) ||
        !name_schemas(run, plan, err) || !read_live(run, plan, path, err) ||
        !compare_same_types(plan->source, &plan->source_fragments, plan->live,
                            &plan->live_fragments, run->arena, &plan->same, &plan->same_count, err))
        return false;
    log_info(&run->log,
             "source: schemas %zu, tables %zu, indexes %zu, views %zu, functions %zu, types %zu "
             "(the same in the destination: %zu)",
             plan->source->schemas.count, plan->source->tables.count, plan->source->indexes.count,
             plan->source->views.count, plan->source->functions.count, plan->source->types.count,
             plan->same_count);
    sort_live_types(plan, run->arena);
    AUTO(counterparts_free) Counterparts *source = counterparts_new(&plan->source_fragments);
    AUTO(counterparts_free) Counterparts *live = counterparts_new(&plan->live_fragments);
    rebuild_plan(plan, source, run->arena);
    global_plan(run, plan, source, live);
    return true;
}

/* ---- later ----------------------------------------------------------------------------- */

/* What the swap may still ask for. */
static bool is_asked(const Plan *plan, const Fragment *fragment)
{
    return fragment->object.classid == CATALOG_NAMESPACE || defer_asks(plan, fragment);
}

/* Leaves the source's statements that are `kept`, one bool for each; frees the others' memory. */
static void keep_statements(Run *run, Plan *plan, const bool *kept)
{
    const FragmentList all = plan->source_fragments;
    Arena *arena = arena_new_in(run->arena);
    bool *early = arena_alloc(arena, all.count + 1);
    size_t count = 0;
    for (size_t i = 0; i < all.count; i++)
        if (kept[i])
            early[count++] = plan->globals.early != NULL && plan->globals.early[i];
    fragments_keep(&all, kept, arena, &plan->source_fragments);
    plan->globals.early = early;
    plan->with_table = plan->with_rows = NULL; /* those are made, or will be without them */
    arena_free(plan->source_statements);
    plan->source_statements = arena;
}

void plan_forget_made(Run *run, Plan *plan)
{
    const FragmentList *list = &plan->source_fragments;
    AUTO(mem_free) bool *kept = mem_alloc(list->count + 1);
    for (size_t i = 0; i < list->count; i++)
        kept[i] = (list->items[i].section == SECTION_POST &&
                   !(plan->with_table != NULL && plan->with_table[i]) &&
                   !(plan->with_rows != NULL && plan->with_rows[i])) ||
                  is_asked(plan, &list->items[i]);
    keep_statements(run, plan, kept);
    model_forget_dependencies(plan->source);
    model_forget_dependencies(plan->live);
}

void plan_forget(Run *run, Plan *plan)
{
    const FragmentList *list = &plan->source_fragments;
    AUTO(mem_free) bool *kept = mem_alloc(list->count + 1);
    for (size_t i = 0; i < list->count; i++)
        kept[i] = is_asked(plan, &list->items[i]);
    keep_statements(run, plan, kept);
    if (plan->repointed_count == 0) {
        plan->live_fragments = (FragmentList){0};
        plan->rebuilt = NULL;
        arena_free(TAKE(plan->live_statements));
    }
}

void plan_forget_statements(Plan *plan)
{
    plan->source_fragments = plan->live_fragments = (FragmentList){0};
    plan->with_table = plan->with_rows = plan->rebuilt = NULL;
    plan->repointed_count = 0;
    plan->globals = (Globals){0};
    arena_free(TAKE(plan->source_statements));
    arena_free(TAKE(plan->live_statements));
    if (plan->source != NULL)
        model_forget_dependencies(plan->source);
    if (plan->live != NULL)
        model_forget_dependencies(plan->live);
}

bool plan_shadow_statements(Run *run, Plan *plan, Error *err)
{
    bool ok = fragments_build_post(plan->shadow, conn_version(run->dest), run->dest, run->arena,
                                   &plan->shadow_fragments, err);
    model_forget_dependencies(plan->shadow);
    return ok || error_wrap(err, "reading the shadow");
}
