#include "engine/diff.h"

#include <string.h>

#include "base/str.h"
#include "engine/plan.h"
#include "schema/catalog.h"
#include "schema/difference.h"
#include "schema/scope.h"

/* How many are named in a refusal. */
enum { NAMED_AT_MOST = 5 };

/* ---- reading ----------------------------------------------------------------------------- */

/* One database while it is compared. */
typedef struct Side {
    Conn *conn;
    Scope scope;
    Model *model;
    FragmentList fragments;
    const char *digest; /* of its definitions, as they were read; NULL: somebody else watches */
} Side;

bool diff_path(Run *run, Str *path, Error *err)
{
    Conn *const sides[] = {run->source, run->dest};
    for (size_t i = 0; i < LENGTH(sides); i++) {
        AUTO(result_free) PGresult *result = NULL;
        if (!conn_query_row(sides[i], run_sql("extension_path", conn_version(sides[i])), 0, NULL,
                            &result, err))
            return error_wrap(err, "reading where extensions are");
        const char *schemas = PQgetvalue(result, 0, 0);
        if (schemas[0] == '\0' || strcmp(schemas, str_text(path)) == 0)
            continue;
        str_separate(path, ", ");
        str_add(path, schemas);
    }
    return true;
}

/* Statements are made for the older one of both servers, so that none says more than the other
 * could. */
static bool read_models(Run *run, Side *side, const char *path, Arena *arena, Error *err)
{
    int source = conn_version(run->source), dest = conn_version(run->dest);
    if (!set_path(side->conn, path, false, err) ||
        !catalog_read(side->conn, &side->scope.catalog, arena, &side->model, err) ||
        !set_path(side->conn, "", false, err))
        return false;
    side->model->database = conn_database(run->dest); /* in statements about the database itself */
    return fragments_build(side->model, source < dest ? source : dest, side->conn, arena,
                           &side->fragments, err);
}

/* In a snapshot of its own. Definitions of a table that is locked exclusively have to wait. */
static bool begin(Run *run, const Side *side, Error *err)
{
    return conn_exec(side->conn, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", err) &&
           conn_execf(side->conn, err, "SET LOCAL lock_timeout = %lld",
                      (long long)run->settings->lock_wait_timeout_ms);
}

static bool read_side(Run *run, Side *side, const char *path, bool *matched, Arena *arena,
                      Error *err)
{
    bool begins = PQtransactionStatus(conn_pg(side->conn)) == PQTRANS_IDLE;
    bool ok =
        (!begins || begin(run, side, err)) &&
        scope_resolve(side->conn, &run->settings->filter, arena, matched, &side->scope, err) &&
        read_models(run, side, path, arena, err) &&
        (!begins ||
         catalog_fingerprint(side->conn, &side->scope.catalog, arena, &side->digest, err));
    if (begins)
        conn_rollback(side->conn);
    return ok || error_wrap(err, "reading the catalogs of the %s", conn_side_name(side->conn));
}

/* The server prints names in definitions from its newest catalogs, whatever the snapshot. */
static bool is_unchanged(const Side *side, Arena *arena, Error *err)
{
    const char *now = NULL;
    if (side->digest == NULL)
        return true;
    if (!catalog_fingerprint(side->conn, &side->scope.catalog, arena, &now, err))
        return false;
    if (strcmp(now, side->digest) == 0)
        return true;
    error_set(err, ERROR_LOCK, "definitions in the %s changed while they were read",
              conn_side_name(side->conn));
    return error_hint(err, "Run the command again when nobody changes the schema there.");
}

/* What the options leave out. */
static bool is_ignored(const Settings *settings, const Difference *difference)
{
    const char *operation = difference->operation;
    return (settings->no_owner && strcmp(operation, "ALTER_OWNER") == 0) ||
           (settings->no_comments && strcmp(operation, "ALTER_COMMENT") == 0) ||
           (settings->no_tablespaces && strcmp(operation, "ALTER_TABLESPACE") == 0) ||
           (settings->no_privileges &&
            (strcmp(operation, "GRANT") == 0 || strcmp(operation, "REVOKE") == 0));
}

static void leave_out(const Settings *settings, DifferenceList *list)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++)
        if (!is_ignored(settings, &list->items[i]))
            list->items[kept++] = list->items[i];
    list->count = kept;
}

static bool find(Run *run, Arena *arena, DifferenceList *list, Error *err)
{
    static const DifferenceAcl acls[] = {[ACL_MERGE] = DIFFERENCE_ACL_MERGE,
                                         [ACL_SOURCE] = DIFFERENCE_ACL_SOURCE,
                                         [ACL_DEST] = DIFFERENCE_ACL_DEST};
    Side source = {.conn = run->source}, dest = {.conn = run->dest};
    const Filter *filter = &run->settings->filter;
    AUTO(mem_free) bool *matched = mem_alloc((filter->count + 1) * sizeof(*matched));
    AUTO(str_clear) Str path = STR_INIT;
    if (!diff_path(run, &path, err) ||
        !read_side(run, &source, str_text(&path), matched, arena, err) ||
        !read_side(run, &dest, str_text(&path), matched, arena, err) ||
        !is_unchanged(&source, arena, err) || !is_unchanged(&dest, arena, err) ||
        !scope_check(filter, matched, "source or destination", err))
        return false;
    difference_find(&(DifferenceSide){source.model, &source.fragments},
                    &(DifferenceSide){dest.model, &dest.fragments}, acls[run->settings->acl], arena,
                    list);
    leave_out(run->settings, list);
    return true;
}

/* ---- the command ------------------------------------------------------------------------- */

/* A text that is no UTF-8 (an SQL_ASCII database) has no JSON. */
static json_t *text(const char *value)
{
    json_t *string = value == NULL ? NULL : json_string(value);
    return string != NULL ? string : json_null();
}

static json_t *describe(const Difference *difference)
{
    json_t *object = json_object();
    json_object_set_new(object, "operation", text(difference->operation));
    json_object_set_new(object, "kind", text(difference->kind));
    json_object_set_new(object, "identity", text(difference->identity));
    if (difference->class == DIFFERENCE_KEEP)
        return object;
    if (difference->class != DIFFERENCE_EXPECTED)
        json_object_set_new(object, "risk", text(difference_risk_name(difference->risk)));
    json_object_set_new(object, "dest", text(difference->dest));
    json_object_set_new(object, "source", text(difference->source));
    if (difference->reason != NULL)
        json_object_set_new(object, difference->class == DIFFERENCE_STAYS ? "stays" : "expected",
                            text(difference->reason));
    return object;
}

static size_t count_risk(const DifferenceList *list, DifferenceRisk risk)
{
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++)
        count += list->items[i].class == DIFFERENCE_CHANGE && list->items[i].risk == risk;
    return count;
}

static void describe_list(Run *run, const DifferenceList *list)
{
    static const char *const keys[DIFFERENCE_CLASS_COUNT] = {[DIFFERENCE_CHANGE] = "differences",
                                                             [DIFFERENCE_STAYS] = "differences",
                                                             [DIFFERENCE_KEEP] = "kept",
                                                             [DIFFERENCE_EXPECTED] = "expected"};
    for (size_t i = 0; i < LENGTH(keys); i++)
        if (json_object_get(run->result, keys[i]) == NULL)
            json_object_set_new(run->result, keys[i], json_array());
    for (size_t i = 0; i < list->count; i++)
        json_array_append_new(json_object_get(run->result, keys[list->items[i].class]),
                              describe(&list->items[i]));
    json_object_set_new(run->result, "risks",
                        json_pack("{s:I, s:I, s:I, s:I}", "high",
                                  (json_int_t)count_risk(list, DIFFERENCE_RISK_HIGH), "medium",
                                  (json_int_t)count_risk(list, DIFFERENCE_RISK_MEDIUM), "low",
                                  (json_int_t)count_risk(list, DIFFERENCE_RISK_LOW), "stays",
                                  (json_int_t)difference_count(list, DIFFERENCE_STAYS)));
}

bool command_diff(Run *run, Error *err)
{
    DifferenceList list = {0};
    if (!run_open_dest(run, err) || !run_open_source(run, err) ||
        !find(run, run->arena, &list, err))
        return false;
    describe_list(run, &list);
    size_t count =
        difference_count(&list, DIFFERENCE_CHANGE) + difference_count(&list, DIFFERENCE_STAYS);
    if (count == 0)
        return true;
    error_set(err, ERROR_DIFFERENCE, "source and destination differ: %zu %s", count,
              count == 1 ? "difference" : "differences");
    return false;
}

/* ---- --max-risk -------------------------------------------------------------------------- */

/* "DROP_COLUMN public.orders.note (high)" of the highest risks first. */
static size_t name_worst(const DifferenceList *list, DifferenceRisk allowed, Str *names)
{
    size_t count = 0;
    for (DifferenceRisk risk = DIFFERENCE_RISK_HIGH; risk > allowed; risk--) {
        for (size_t i = 0; i < list->count; i++) {
            const Difference *difference = &list->items[i];
            if (difference->class != DIFFERENCE_CHANGE || difference->risk != risk)
                continue;
            if (count++ >= NAMED_AT_MOST)
                continue;
            str_separate(names, ", ");
            str_addf(names, "%s %s (%s)", difference->operation, difference->identity,
                     difference_risk_name(risk));
        }
    }
    return count;
}

bool diff_check_risk(Run *run, Error *err)
{
    RiskLimit limit = run->settings->max_risk;
    if (limit == RISK_LIMIT_NONE || limit == RISK_LIMIT_HIGH)
        return true;
    static const DifferenceRisk allowed[] = {
        [RISK_LIMIT_LOW] = DIFFERENCE_RISK_LOW, [RISK_LIMIT_MEDIUM] = DIFFERENCE_RISK_MEDIUM};
    AUTO(arena_free) Arena *arena = arena_new();
    DifferenceList list = {0};
    if (!find(run, arena, &list, err))
        return error_wrap(err, "looking for risks");
    AUTO(str_clear) Str names = STR_INIT;
    size_t count = name_worst(&list, allowed[limit], &names);
    if (count == 0)
        return true;
    error_set(err, ERROR_PREFLIGHT, "%zu %s of a higher risk than --max-risk %s allows: %s%s",
              count, count == 1 ? "change is" : "changes are", difference_risk_name(allowed[limit]),
              str_text(&names), count > NAMED_AT_MOST ? ", ..." : "");
    return error_hint(err, "Run pgzm-copy diff to see all differences.");
}
