#include "engine/obstacle.h"

#include "engine/selection.h"
#include "schema/portable.h"

enum { NAMED_AT_MOST = 20 }; /* of those refused and of the others; the rest is counted */

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
bool obstacles_check(Run *run, const Plan *plan, Error *err)
{
    const CatalogScope scope = selection_scope(run);
    size_t rowless = run->scope == NULL ? 0 : run->scope->rowless_count, count = 0;
    Oid *without =
        arena_alloc(run->arena, (rowless + plan->source->tables.count + 1) * sizeof(*without));
    for (; count < rowless; count++)
        without[count] = run->scope->rowless[count];
    for (size_t i = 0; i < plan->source->tables.count; i++)
        if (plan_preserved(plan, &plan->source->tables.items[i]) != NULL)
            without[count++] = plan->source->tables.items[i].object.address.oid;
    ObstacleList list = {0};
    return portable_read(run->source, run->dest, &scope, plan->source, run->arena, &list, err) &&
           portable_rows(run->source, conn_version(run->dest), &scope, plan->source, without, count,
                         run->arena, &list, err) &&
           judge_obstacles(run, &list, err);
}

bool obstacles_ask(Run *run, const Plan *plan, Error *err)
{
    const CatalogScope scope = selection_scope(run);
    return portable_ask(run->source, &scope, plan->source, run->arena, err);
}
