#include "engine/small.h"

#include <stdlib.h>

#include "engine/array.h"
#include "schema/catalog.h"
#include "schema/indexdef.h"

/* Heap and TOAST. Up to here filling two btrees row by row costs less than building them from
 * sorted rows in files of their own, and less than the task that would do it. */
#define SMALL_BYTES (INT64_C(128) << 10)

bool small_table(const Plan *plan, const Table *source)
{
    return source->relkind == 'r' && source->total_bytes <= SMALL_BYTES &&
           plan_preserved(plan, source) == NULL;
}

/* The index that a fragment of the source makes, or makes a constraint of; NULL for others. */
static const Index *index_of(const Plan *plan, const Fragment *fragment)
{
    if (fragment->kind == FRAGMENT_INDEX)
        return model_index(plan->source, fragment->object.oid);
    if (fragment->kind != FRAGMENT_CONSTRAINT)
        return NULL;
    const Constraint *constraint = model_constraint(plan->source, fragment->object.oid);
    return constraint == NULL ? NULL : model_index(plan->source, constraint->index);
}

static bool may_come_early(const Plan *plan, const Fragment *fragment)
{
    const Index *index = index_of(plan, fragment);
    const Table *table = index == NULL ? NULL : model_table(plan->source, index->table);
    return table != NULL && fragment->section == SECTION_POST && fragment->place == PLACE_SCHEMA &&
           index->plain && index->parent == 0 && !index->exclusion && index->valid &&
           index->object.extension == NULL && small_table(plan, table);
}

/* ---- with the rows ----------------------------------------------------------------------- */

/* Its statement can be made without the server's words for it. */
static bool can_be_stated(const Run *run, const Plan *plan, const Fragment *fragment)
{
    AUTO(str_clear) Str ignored = STR_INIT;
    const Index *index = index_of(plan, fragment);
    if (fragment->kind == FRAGMENT_CONSTRAINT || index->constraint != 0)
        return indexdef_is_key_plain(index);
    return indexdef_add_index(&ignored, run->dest, index, "", "");
}

/* Something of the destination that stays will lean on the new objects. */
static bool anything_rebuilt(const Plan *plan)
{
    for (size_t i = 0; i < plan->live_fragments.count; i++)
        if (plan->rebuilt[i])
            return true;
    return false;
}

/* Of those made early the ones that nothing but a key among them needs, each key with its index. */
static bool *find_with_rows(Run *run, const Plan *plan, const bool *early)
{
    const FragmentList *list = &plan->source_fragments;
    bool *late = arena_alloc(run->arena, (list->count + 1) * sizeof *late);
    bool leaned_on = anything_rebuilt(plan), changed = true;
    for (size_t i = 0; i < list->count; i++)
        late[i] = early[i] && !leaned_on && can_be_stated(run, plan, &list->items[i]);
    while (changed) {
        changed = false;
        for (size_t i = 0; i < list->count; i++)
            for (size_t k = 0; k < list->items[i].need_count; k++) {
                size_t need = list->items[i].needs[k];
                if (early[need] && late[i] != late[need]) {
                    late[i] = late[need] = false;
                    changed = true;
                }
            }
    }
    return late;
}

static int compare_tables(const void *a, const void *b)
{
    const PlanIndex *x = a, *y = b;
    if (x->index->table != y->index->table)
        return x->index->table < y->index->table ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static void list_with_rows(Run *run, Plan *plan)
{
    const FragmentList *list = &plan->source_fragments;
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++)
        count += plan->with_rows[i];
    PlanIndex *found = arena_alloc(run->arena, (count + 1) * sizeof *found);
    for (size_t i = 0; i < list->count; i++) {
        const Index *index = plan->with_rows[i] ? index_of(plan, &list->items[i]) : NULL;
        if (index != NULL && (index->constraint == 0) == (list->items[i].kind == FRAGMENT_INDEX))
            found[plan->rows_index_count++] =
                (PlanIndex){index, model_constraint(plan->source, index->constraint)};
    }
    qsort(found, plan->rows_index_count, sizeof *found, compare_tables);
    plan->rows_indexes = found;
}

const PlanIndex *small_with_rows(const Plan *plan, const Table *source, size_t *count)
{
    size_t low = 0, high = plan->rows_index_count;
    Oid table = source->object.address.oid;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (plan->rows_indexes[middle].index->table < table)
            low = middle + 1;
        else
            high = middle;
    }
    size_t end = low;
    while (end < plan->rows_index_count && plan->rows_indexes[end].index->table == table)
        end++;
    *count = end - low;
    return plan->rows_indexes + low;
}

void small_find(Run *run, Plan *plan)
{
    const FragmentList *list = &plan->source_fragments;
    bool *early = arena_alloc(run->arena, (list->count + 1) * sizeof *early);
    for (size_t i = 0; i < list->count; i++) {
        const Fragment *fragment = &list->items[i];
        early[i] = may_come_early(plan, fragment);
        for (size_t k = 0; k < fragment->need_count && early[i]; k++)
            early[i] =
                list->items[fragment->needs[k]].section == SECTION_PRE || early[fragment->needs[k]];
    }
    plan->with_table = early;
    if (run->settings->dry_run)
        return;
    plan->with_rows = find_with_rows(run, plan, early);
    list_with_rows(run, plan);
}

/* ---- with the table ---------------------------------------------------------------------- */

bool small_made(Run *run, const Plan *plan, SmallMade *made, Error *err)
{
    const char **shadows = journal_shadow_names(&plan->schemas, run->arena);
    const char *const values[] = {array_literal(run->arena, shadows, plan->schemas.count)};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query(run->dest, run_sql("made_indexes", conn_version(run->dest)), 1, values, &result,
                    err))
        return error_wrap(err, "looking for the indexes of small tables");
    size_t count = (size_t)PQntuples(result);
    *made = (SmallMade){.indexes = arena_alloc(run->arena, (count + 1) * sizeof(Oid)),
                        .constraints = arena_alloc(run->arena, (count + 1) * sizeof(Oid))};
    for (int i = 0; i < PQntuples(result); i++) {
        Oid oid = (Oid)strtoul(PQgetvalue(result, i, 1), NULL, 10);
        if (PQgetvalue(result, i, 0)[0] == 't')
            made->constraints[made->constraint_count++] = oid;
        else
            made->indexes[made->index_count++] = oid;
    }
    return true;
}

static int compare_oids(const void *a, const void *b)
{
    Oid x = *(const Oid *)a, y = *(const Oid *)b;
    return (x > y) - (x < y);
}

bool small_is_made(const SmallMade *made, const Fragment *fragment)
{
    const Oid *oid = &fragment->object.oid;
    if (fragment->kind == FRAGMENT_INDEX)
        return bsearch(oid, made->indexes, made->index_count, sizeof *oid, compare_oids) != NULL;
    return fragment->kind == FRAGMENT_CONSTRAINT &&
           bsearch(oid, made->constraints, made->constraint_count, sizeof *oid, compare_oids) !=
               NULL;
}
