#include "engine/small.h"

#include <stdlib.h>

#include "engine/array.h"
#include "schema/catalog.h"

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
}

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
