#include "engine/preflight.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engine/array.h"
#include "engine/extensionrows.h"
#include "engine/largeobject.h"
#include "engine/role.h"
#include "engine/selection.h"
#include "schema/portable.h"

enum {
    NAMED_AT_MOST = 20, /* of one kind of warning; the rest is counted */
    LOCKS_BESIDE = 50,  /* catalogs, the journal, other sessions */
};

/* ---- both sides ------------------------------------------------------------------------ */

/* A lock that this session holds in the destination is seen from the source only when both are one
 * database: no name, address or identifier could tell as surely. */
bool preflight_distinct(Run *run, Error *err)
{
    AUTO(result_free) PGresult *locked = NULL;
    AUTO(result_free) PGresult *seen = NULL;
    AUTO(mem_free) char *key = mem_printf("%lld", (long long)clock_wall_ms());
    const char *const values[] = {key};
    if (!conn_query(run->dest, "SELECT pg_advisory_lock($1::bigint), pg_backend_pid()", 1, values,
                    &locked, err))
        return false;
    const char *const pair[] = {key, PQgetvalue(locked, 0, 1)};
    bool ok = conn_query_row(
        run->source,
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1"
        " AND ((classid::bigint << 32) | objid::bigint) = $1::bigint AND pid = $2::int"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        2, pair, &seen, err);
    AUTO(result_free) PGresult *unlocked = NULL;
    if (!ok ||
        !conn_query(run->dest, "SELECT pg_advisory_unlock($1::bigint)", 1, values, &unlocked, err))
        return false;
    if (strcmp(PQgetvalue(seen, 0, 0), "0") == 0)
        return true;
    error_set(err, ERROR_PREFLIGHT, "source and destination are the same database: %s",
              conn_label(run->dest));
    return error_hint(err, "Check --source and --dest.");
}

/* ---- extensions ------------------------------------------------------------------------ */

static bool check_extensions(Run *run, const Plan *plan, Error *err)
{
    for (size_t i = 0; i < plan->source->extensions.count; i++) {
        const Extension *extension = &plan->source->extensions.items[i];
        const char *const values[] = {extension->object.name};
        AUTO(result_free) PGresult *result = NULL;
        if (!conn_query(run->dest,
                        "SELECT coalesce(installed_version, default_version)"
                        " FROM pg_available_extensions WHERE name = $1",
                        1, values, &result, err))
            return false;
        if (PQntuples(result) == 0) {
            error_set(err, ERROR_PREFLIGHT,
                      "extension %s of the source is not available in the destination",
                      extension->object.name);
            return error_hint(err, "Install its package on the destination's host.");
        }
        const char *theirs = PQgetvalue(result, 0, 0);
        if (extension->version != NULL && strcmp(extension->version, theirs) != 0)
            run_warning(run, "extension %s has version %s on the source and %s in the destination",
                        extension->object.name, extension->version, theirs);
    }
    return true;
}

/* ---- tablespaces ----------------------------------------------------------------------- */

static void collect_name(json_t *names, const char *name)
{
    if (name != NULL)
        json_object_set_new(names, name, json_true());
}

static bool check_tablespaces(Run *run, const Plan *plan, Error *err)
{
    const Model *model = plan->source;
    json_t *names = json_object();
    for (size_t i = 0; i < model->tables.count; i++)
        collect_name(names, model->tables.items[i].tablespace);
    for (size_t i = 0; i < model->views.count; i++)
        collect_name(names, model->views.items[i].tablespace);
    for (size_t i = 0; i < model->indexes.count; i++)
        collect_name(names, model->indexes.items[i].tablespace);
    char *list = json_dumps(names, JSON_COMPACT);
    json_decref(names);
    const char *const values[] = {list};
    AUTO(result_free) PGresult *result = NULL;
    bool ok = list != NULL && conn_query_row(run->dest,
                                             "SELECT string_agg(quote_ident(t), ', ' ORDER BY t)"
                                             " FROM json_object_keys($1::json) AS n(t)"
                                             " WHERE t NOT IN (SELECT spcname FROM pg_tablespace)",
                                             1, values, &result, err);
    free(list);
    if (!ok || PQgetisnull(result, 0, 0))
        return ok;
    error_set(err, ERROR_PREFLIGHT, "tablespaces of the source are missing in the destination: %s",
              PQgetvalue(result, 0, 0));
    return error_hint(err, "Create them there, or give --no-tablespaces: everything goes into the "
                           "default tablespace then.");
}

/* ---- the destination ------------------------------------------------------------------- */

static bool check_privileges(Run *run, const Plan *plan, Error *err)
{
    const char **names = journal_live_names(&plan->schemas, run->arena);
    const char *const values[] = {array_literal(run->arena, names, plan->schemas.count)};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query(run->dest, run_sql("privileges", conn_version(run->dest)), 1, values, &result,
                    err))
        return error_wrap(err, "checking privileges");
    if (PQntuples(result) == 0)
        return true;
    error_set(err, ERROR_PREFLIGHT, "%s", PQgetvalue(result, 0, 0));
    return error_hint(err, "%s", PQgetvalue(result, 0, 1));
}

static bool check_surroundings(Run *run, Error *err)
{
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query(run->dest, run_sql("surroundings", conn_version(run->dest)), 0, NULL, &result,
                    err))
        return error_wrap(err, "looking at the destination");
    for (int i = 0; i < PQntuples(result); i++) {
        if (PQgetvalue(result, i, 0)[0] != 't') {
            run_warning(run, "%s", PQgetvalue(result, i, 1));
            continue;
        }
        error_set(err, ERROR_PREFLIGHT, "%s", PQgetvalue(result, i, 1));
        return error_hint(err, "%s", PQgetvalue(result, i, 2));
    }
    return true;
}

static int64_t count_relations(const Model *model)
{
    return (int64_t)(model->tables.count + model->views.count + model->sequences.count);
}

/* The swap takes its locks in one transaction: each relation that moves, on both sides. The schema
 * is made in as many as it needs. */
static bool check_lock_space(Run *run, const Plan *plan, Error *err)
{
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query_row(run->dest,
                        "SELECT current_setting('max_locks_per_transaction')::bigint"
                        " * (current_setting('max_connections')::bigint"
                        " + current_setting('max_prepared_transactions')::bigint),"
                        " current_setting('max_connections')::bigint",
                        0, NULL, &result, err))
        return false;
    int64_t space = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    int64_t sessions = strtoll(PQgetvalue(result, 0, 1), NULL, 10);
    int64_t needed = count_relations(plan->source) + count_relations(plan->live) + LOCKS_BESIDE;
    if (needed <= space)
        return true;
    error_set(err, ERROR_PREFLIGHT,
              "the destination's lock table is too small: about %lld locks are needed at once and "
              "it has room for %lld",
              (long long)needed, (long long)space);
    return error_hint(err, "Set max_locks_per_transaction to at least %lld there and restart it.",
                      (long long)(needed / (sessions > 0 ? sessions : 1) + 1));
}

/* ---- versions -------------------------------------------------------------------------- */

static json_t *describe_obstacle(const Obstacle *obstacle)
{
    const char *action = obstacle->action == OBSTACLE_REFUSED    ? "refused"
                         : obstacle->action == OBSTACLE_LEFT_OUT ? "left out"
                                                                 : "named";
    return json_pack("{s:s, s:s, s:s, s:s, s:o}", "action", action, "kind", obstacle->kind,
                     "identity", obstacle->identity, "reason", obstacle->reason, "needs",
                     obstacle->needs > 0 ? json_integer(obstacle->needs) : json_null());
}

static bool refuse_obstacle(Run *run, const Obstacle *first, size_t more, int needs, Error *err)
{
    const char *sentence = portable_sentence(first, run->arena);
    int version = conn_version(run->dest) / 10000;
    if (more == 0)
        error_set(err, ERROR_PREFLIGHT, "PostgreSQL %d cannot take %s", version, sentence);
    else
        error_set(err, ERROR_PREFLIGHT,
                  "PostgreSQL %d cannot take %s; and %zu more, see the warnings", version, sentence,
                  more);
    if (needs > version)
        return error_hint(
            err,
            "Change it on the source, leave it out (--exclude-table, --exclude-schema) "
            "or migrate into PostgreSQL %d or later.",
            needs);
    return error_hint(err, "Change it on the source, or leave it out (--exclude-table, "
                           "--exclude-schema).");
}

static bool is_refused(const Run *run, const Obstacle *obstacle)
{
    return obstacle->action == OBSTACLE_REFUSED ||
           (obstacle->action == OBSTACLE_LEFT_OUT && run->settings->require_complete);
}

static void warn_obstacle(Run *run, const Obstacle *obstacle)
{
    const char *what = is_refused(run, obstacle)               ? "cannot go there: "
                       : obstacle->action == OBSTACLE_LEFT_OUT ? "not carried over: "
                                                               : "";
    run_warning(run, "%s%s", what, portable_sentence(obstacle, run->arena));
}

/* Warns of what is left out and named, and of what is refused but the first, which becomes the
 * error. */
static bool judge_obstacles(Run *run, const ObstacleList *list, Error *err)
{
    const Obstacle *first = NULL;
    size_t refused = 0, others = 0;
    int needs = 0;
    json_t *described = json_array();
    for (size_t i = 0; i < list->count; i++) {
        const Obstacle *obstacle = &list->items[i];
        json_array_append_new(described, describe_obstacle(obstacle));
        bool counts = is_refused(run, obstacle);
        size_t *count = counts ? &refused : &others;
        if (counts && obstacle->needs > needs)
            needs = obstacle->needs;
        if (counts && refused == 0)
            first = obstacle;
        else if (*count < NAMED_AT_MOST)
            warn_obstacle(run, obstacle);
        ++*count;
    }
    if (others > NAMED_AT_MOST)
        run_warning(run, "%zu more of that kind", others - NAMED_AT_MOST);
    json_object_set_new(run->result, "obstacles", described);
    return first == NULL || refuse_obstacle(run, first, refused - 1, needs, err);
}

/* What the destination's version cannot take, by name and before anything moves. */
static bool check_versions(Run *run, const Plan *plan, Error *err)
{
    const CatalogScope scope = selection_scope(run);
    size_t rowless = run->scope == NULL ? 0 : run->scope->rowless_count, count = 0;
    Oid *without =
        arena_alloc(run->arena, (rowless + plan->preserved_count + 1) * sizeof(*without));
    for (; count < rowless; count++)
        without[count] = run->scope->rowless[count];
    for (size_t i = 0; i < plan->preserved_count; i++)
        without[count++] = plan->preserved[i].source->object.address.oid;
    ObstacleList list = {0};
    return portable_read(run->source, run->dest, &scope, plan->source, run->arena, &list, err) &&
           portable_rows(run->source, conn_version(run->dest), &scope, plan->source, without, count,
                         run->arena, &list, err) &&
           judge_obstacles(run, &list, err);
}

/* ---- what people should know ----------------------------------------------------------- */

static void warn_shapes(Run *run, const Plan *plan)
{
    size_t named = 0, more = 0;
    for (size_t i = 0; i < plan->source->tables.count; i++) {
        const Table *after = &plan->source->tables.items[i];
        const Table *before =
            model_table_named(plan->live, after->object.schema, after->object.name);
        const char *change = before != NULL ? compare_shape(before, after, run->arena) : NULL;
        if (change == NULL)
            continue;
        if (named++ < NAMED_AT_MOST)
            run_warning(run,
                        "table %s.%s changes its shape (%s): sessions that prepared SELECT * on it "
                        "must prepare again after the swap",
                        after->object.schema, after->object.name, change);
        else
            more++;
    }
    if (more > 0)
        run_warning(run, "%zu more tables change their shape", more);
}

/* Functions whose text names a migrated schema and which the load would call: they read live tables
 * while the shadow is filled. */
static bool names_schema(const Plan *plan, const Function *function)
{
    if (function->sql_body || function->def == NULL)
        return false;
    const char *body = strstr(function->def, " AS $");
    for (size_t i = 0; body != NULL && i < plan->schemas.count; i++) {
        AUTO(mem_free) char *prefix = mem_printf("%s.", plan->schemas.items[i].live);
        if (strstr(body, prefix) != NULL)
            return true;
    }
    return false;
}

static bool load_calls(const Model *model, Oid function)
{
    for (size_t i = 0; i < model->dependencies.count; i++) {
        const Dependency *d = &model->dependencies.items[i];
        if (d->to.classid == CATALOG_PROC && d->to.oid == function &&
            (d->from.classid == CATALOG_CONSTRAINT || d->from.classid == CATALOG_ATTRDEF ||
             (d->from.classid == CATALOG_CLASS && model_index(model, d->from.oid) != NULL)))
            return true;
    }
    return false;
}

static void warn_functions(Run *run, const Plan *plan)
{
    for (size_t i = 0; i < plan->source->functions.count; i++) {
        const Function *function = &plan->source->functions.items[i];
        if (names_schema(plan, function) && load_calls(plan->source, function->object.address.oid))
            run_warning(run,
                        "function %s.%s is called while rows are loaded and its body names a "
                        "migrated schema: it reads live tables then",
                        function->object.schema, function->object.name);
    }
}

/* Rows of a table that hashes by an enum go in through its root: a partition that is a foreign
 * table would write them to its server. */
static bool check_routed(const Plan *plan, Error *err)
{
    for (size_t i = 0; i < plan->source->tables.count; i++) {
        const Table *table = &plan->source->tables.items[i];
        if (table->relkind != 'f' || !table->is_partition || !table->hash_enum_key)
            continue;
        error_set(err, ERROR_PREFLIGHT,
                  "foreign table %s.%s is a partition of a table that hashes by an enum",
                  table->object.schema, table->object.name);
        return error_hint(err, "Its rows would be written to the foreign server. Leave the "
                               "partitioned table out (--exclude-table), or detach the partition.");
    }
    return true;
}

/* A partition whose concurrent detaching was interrupted is neither the table's nor a table of its
 * own (14 and later). */
static bool check_detaching(Run *run, const Plan *plan, Error *err)
{
    if (conn_version(run->source) < 140000)
        return true;
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query(run->source,
                    "SELECT inhrelid, inhrelid::pg_catalog.regclass, inhparent::pg_catalog.regclass"
                    " FROM pg_catalog.pg_inherits WHERE inhdetachpending ORDER BY 1",
                    0, NULL, &result, err))
        return error_wrap(err, "looking for partitions that are being detached");
    for (int i = 0; i < PQntuples(result); i++) {
        Oid partition = (Oid)strtoul(PQgetvalue(result, i, 0), NULL, 10);
        if (model_table(plan->source, partition) == NULL)
            continue;
        error_set(err, ERROR_PREFLIGHT, "partition %s of %s on the source is half detached",
                  PQgetvalue(result, i, 1), PQgetvalue(result, i, 2));
        return error_hint(err, "Finish it there: ALTER TABLE %s DETACH PARTITION %s FINALIZE.",
                          PQgetvalue(result, i, 2), PQgetvalue(result, i, 1));
    }
    return true;
}

bool preflight_check(Run *run, const Plan *plan, Error *err)
{
    warn_shapes(run, plan);
    warn_functions(run, plan);
    return selection_report(run, plan->source, err) && extensionrows_check(run, plan, err) &&
           selection_check_parts(run, plan->source, plan->live, err) &&
           check_versions(run, plan, err) && check_detaching(run, plan, err) &&
           check_routed(plan, err) && check_tablespaces(run, plan, err) &&
           check_privileges(run, plan, err) && roles_check(run, plan, err) &&
           largeobjects_check(run, err) && check_extensions(run, plan, err) &&
           check_surroundings(run, err) && check_lock_space(run, plan, err);
}
