#include "engine/ddllist.h"

#include <stdlib.h>

#include "engine/counterpart.h"
#include "engine/merge.h"
#include "schema/catalog.h"

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
    return fragment->object.classid == CATALOG_TYPE &&
           plan_stays_in_place(plan, fragment->object.oid);
}

/* A table takes its own lock, those of its TOAST table and its index; an index or key its own and
 * the table's; a foreign key those of two tables. */
static int fragment_locks(const Fragment *fragment)
{
    switch (fragment->kind) {
    case FRAGMENT_TABLE:
        return 4;
    case FRAGMENT_MATVIEW:
        return 5;
    case FRAGMENT_VIEW:
    case FRAGMENT_INDEX:
    case FRAGMENT_CONSTRAINT:
    case FRAGMENT_FOREIGN_KEY:
    case FRAGMENT_ATTACH:
    case FRAGMENT_IDENTITY:
        return 3;
    default:
        return 1;
    }
}

static void add_statement(DdlList *list, const char *sql, const Fragment *fragment)
{
    list->undo[list->run.count] = fragment->undo;
    list->stays[list->run.count] = counterpart_is_maker(fragment) && fragment->undo == NULL;
    list->locks[list->run.count] = fragment_locks(fragment);
    list->run.sql[list->run.count] = sql;
    list->run.labels[list->run.count++] = fragment->label;
}

/* Global objects that must be there by then are made along; the others only in the swap. */
static bool is_run(const Plan *plan, size_t i, const DdlChoice *choice)
{
    const Fragment *fragment = &plan->source_fragments.items[i];
    bool early = plan->with_table != NULL && plan->with_table[i];
    if ((plan->with_rows != NULL && plan->with_rows[i]) ||
        (choice->lanes != NULL && choice->lanes[i] != choice->lane))
        return false;
    return (early ? SECTION_PRE : fragment->section) == choice->section &&
           is_rehearsed(plan, fragment) &&
           (fragment->place == PLACE_SCHEMA || plan->globals.early[i]);
}

static void collect_live(const Plan *plan, const Merge *merge, Section section, DdlList *list)
{
    for (size_t i = 0; i < plan->live_fragments.count; i++) {
        const Fragment *fragment = &plan->live_fragments.items[i];
        bool adds = merge_adds(merge, fragment, section) && !is_live_reused(plan, fragment);
        if (fragment->kind != FRAGMENT_REFRESH &&
            (adds || (plan->rebuilt[i] && fragment->section == section)))
            add_statement(list, fragment->sql, fragment);
    }
}

DdlList ddllist_new(Run *run, const Plan *plan, DdlChoice choice, Arena *arena)
{
    size_t most = plan->source_fragments.count + plan->live_fragments.count + 1;
    DdlList list = {.run = {.sql = arena_alloc(arena, most * sizeof *list.run.sql),
                            .labels = arena_alloc(arena, most * sizeof *list.run.labels)},
                    .undo = arena_alloc(arena, most * sizeof *list.undo),
                    .stays = arena_alloc(arena, most * sizeof *list.stays),
                    .locks = arena_alloc(arena, most * sizeof *list.locks)};
    AUTO(merge_free) Merge *merge = merge_new(run, plan);
    for (size_t i = 0; i < plan->source_fragments.count; i++) {
        const Fragment *fragment = &plan->source_fragments.items[i];
        const char *sql = is_run(plan, i, &choice) ? merge_statement(merge, fragment) : NULL;
        /* Over empty tables a REFRESH may fail that will not fail over the rows (a division by a
         * count). What is to be filled is known from where the definition came from. */
        if (sql == NULL || fragment->kind == FRAGMENT_REFRESH || fragment->in_whole)
            continue;
        add_statement(&list, fragment->whole != NULL ? fragment->whole : sql, fragment);
    }
    if (choice.lanes == NULL || choice.lane == LANE_LAST)
        collect_live(plan, merge, choice.section, &list);
    return list;
}

DdlList ddllist_undo(const DdlList *list, Arena *arena)
{
    enum { LOCKS_PER_DROP = 4 };
    DdlList undo = {
        .run = {.sql = arena_alloc(arena, (list->run.count + 1) * sizeof *undo.run.sql),
                .labels = arena_alloc(arena, (list->run.count + 1) * sizeof *undo.run.sql)},
        .locks = arena_alloc(arena, (list->run.count + 1) * sizeof *undo.locks)};
    for (size_t i = list->run.count; i-- > 0;)
        if (list->undo[i] != NULL) {
            undo.locks[undo.run.count] = LOCKS_PER_DROP;
            undo.run.sql[undo.run.count] = list->undo[i];
            undo.run.labels[undo.run.count++] = list->run.labels[i];
        }
    return undo;
}

bool ddllist_budget(Run *run, int64_t *budget, Error *err)
{
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query_row(run->dest,
                        "SELECT pg_catalog.current_setting('max_locks_per_transaction')::bigint"
                        " * (pg_catalog.current_setting('max_connections')::bigint"
                        " + pg_catalog.current_setting('max_prepared_transactions')::bigint) / 2",
                        0, NULL, &result, err))
        return error_wrap(err, "reading the size of the lock table");
    *budget = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    return true;
}

size_t ddllist_batch_end(const DdlList *list, size_t start, int64_t budget)
{
    int64_t locks = 0;
    size_t end = start;
    while (end < list->run.count && (end == start || locks + list->locks[end] <= budget))
        locks += list->locks[end++];
    return end;
}
