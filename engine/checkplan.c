#include "engine/checkplan.h"

#include <stdlib.h>
#include <string.h>

#include "engine/array.h"
#include "engine/diff.h"
#include "engine/extensionrows.h"
#include "engine/largeobject.h"
#include "engine/obstacle.h"
#include "engine/role.h"
#include "engine/selection.h"
#include "engine/shape.h"

enum { LOCKS_BESIDE = 50 /* catalogs, the journal, other sessions */ };

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

/* ---- privileges ------------------------------------------------------------------------ */

static bool check_privileges(Run *run, const Plan *plan, Error *err)
{
    const char **names = journal_live_names(&plan->schemas, run->arena);
    const char *const values[] = {array_literal(run->arena, names, plan->schemas.count)};
    return check_query(run, run->dest, "privileges", 1, values, err);
}

/* ---- lock tables ------------------------------------------------------------------------- */

static bool lock_space(Run *run, Conn *conn, int64_t needed, Error *err)
{
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query_row(conn,
                        "SELECT current_setting('max_locks_per_transaction')::bigint"
                        " * (current_setting('max_connections')::bigint"
                        " + current_setting('max_prepared_transactions')::bigint),"
                        " current_setting('max_connections')::bigint",
                        0, NULL, &result, err))
        return false;
    int64_t space = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    int64_t sessions = strtoll(PQgetvalue(result, 0, 1), NULL, 10);
    if (needed <= space) {
        check_note(run, "about %lld locks are needed at once in the %s, which has room for %lld",
                   (long long)needed, conn_side_name(conn), (long long)space);
        return true;
    }
    const char *hint =
        arena_printf(run->arena,
                     "Set max_locks_per_transaction to at least %lld there and restart "
                     "it.",
                     (long long)(needed / (sessions > 0 ? sessions : 1) + 1));
    check_fail(run, hint,
               "the %s's lock table is too small: about %lld locks are needed at once and it has "
               "room for %lld",
               conn_side_name(conn), (long long)needed, (long long)space);
    return true;
}

static int64_t count_relations(const Model *model)
{
    return (int64_t)(model->tables.count + model->views.count + model->sequences.count);
}

/* All tables of the source are locked for reading before the snapshot. The swap takes its locks in
 * one transaction: each relation that moves, on both sides. The schema is made in as many as it
 * needs. */
static bool check_locks(Run *run, const Plan *plan, Error *err)
{
    int64_t reading = (int64_t)plan->source->tables.count + LOCKS_BESIDE;
    int64_t swapping = count_relations(plan->source) + count_relations(plan->live) + LOCKS_BESIDE;
    return lock_space(run, run->source, reading, err) && lock_space(run, run->dest, swapping, err);
}

/* ---- what the load does ------------------------------------------------------------------ */

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

static bool check_functions(Run *run, const Plan *plan, Error *err)
{
    (void)err;
    for (size_t i = 0; i < plan->source->functions.count; i++) {
        const Function *function = &plan->source->functions.items[i];
        if (names_schema(plan, function) && load_calls(plan->source, function->object.address.oid))
            run_warning(run,
                        "function %s.%s is called while rows are loaded and its body names a "
                        "migrated schema: it reads live tables then",
                        function->object.schema, function->object.name);
    }
    return true;
}

/* Rows of a table that hashes by an enum go in through its root: a partition that is a foreign
 * table would write them to its server. */
static bool check_routed(Run *run, const Plan *plan, Error *err)
{
    (void)run;
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

/* ---- the list ---------------------------------------------------------------------------- */

static bool check_completeness(Run *run, const Plan *plan, Error *err)
{
    return selection_report(run, plan->source, err);
}

static bool check_partitions(Run *run, const Plan *plan, Error *err)
{
    return check_detaching(run, plan, err) && check_routed(run, plan, err);
}

static bool check_parts(Run *run, const Plan *plan, Error *err)
{
    return selection_check_parts(run, plan->source, plan->live, err);
}

static bool check_large_objects(Run *run, const Plan *plan, Error *err)
{
    (void)plan;
    return largeobjects_check(run, err);
}

static bool check_risk(Run *run, const Plan *plan, Error *err)
{
    (void)plan;
    return diff_check_risk(run, err);
}

bool checkplan_all(Run *run, const Plan *plan, Error *err)
{
    static const Check checks[] = {
        {"completeness", check_completeness, "everything that was chosen is carried over"},
        {"extension rows", extensionrows_check, "no rows of extensions stay behind"},
        {"table parts", check_parts, "no part of a table is left without it"},
        {"portability", obstacles_check, "the destination's version takes all of it"},
        {"partitions", check_partitions, "every partition can be carried over as one"},
        {"tablespaces", check_tablespaces, "the destination has the source's tablespaces"},
        {"write access", check_privileges, "the user may replace the live objects"},
        {"roles", roles_check, "the destination has the roles that are needed"},
        {"large objects", check_large_objects, "no large object is in the way"},
        {"functions", check_functions, "no function reads live tables while rows are loaded"},
        {"shapes", shape_check, ""},
        {"lock tables", check_locks, ""},
        {"risk", check_risk, "no change is of a higher risk than allowed"},
    };
    return checks_run(run, checks, LENGTH(checks), plan, err);
}
