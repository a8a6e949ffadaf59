#include "engine/defaultgrant.h"

#include <string.h>

/* The role whose default privilege it is; NULL when it is something else. */
static const char *role_of(const Model *model, const Fragment *fragment)
{
    if (fragment->object.classid != CATALOG_DEFAULT_ACL || fragment->undo == NULL)
        return NULL;
    for (size_t i = 0; i < model->list_count; i++) {
        const ObjectList *list = &model->lists[i];
        if (list->count == 0 || model_object(list, 0)->address.classid != CATALOG_DEFAULT_ACL)
            continue;
        for (size_t k = 0; k < list->count; k++)
            if (model_object(list, k)->address.oid == fragment->object.oid)
                return model_object(list, k)->owner;
    }
    return NULL;
}

bool defaultgrants_find(Run *run, const Plan *plan, PlanStatements *lift, PlanStatements *restore,
                        Error *err)
{
    const FragmentList *live = &plan->live_fragments;
    AUTO(result_free) PGresult *result = NULL;
    *lift = *restore = (PlanStatements){0};
    if (!conn_query_row(run->dest, "SELECT CURRENT_USER", 0, NULL, &result, err))
        return false;
    AUTO(mem_free) size_t *found = mem_alloc((live->count + 1) * sizeof *found);
    size_t count = 0;
    for (size_t i = 0; i < live->count; i++) {
        const char *role = role_of(plan->live, &live->items[i]);
        if (role != NULL && strcmp(role, PQgetvalue(result, 0, 0)) == 0)
            found[count++] = i;
    }
    PlanStatements *const lists[] = {lift, restore};
    for (size_t l = 0; l < LENGTH(lists); l++) {
        lists[l]->sql = arena_alloc(run->arena, (count + 1) * sizeof *lists[l]->sql);
        lists[l]->labels = arena_alloc(run->arena, (count + 1) * sizeof *lists[l]->labels);
        lists[l]->count = count;
    }
    for (size_t i = 0; i < count; i++) {
        const Fragment *fragment = &live->items[found[i]];
        size_t back = count - 1 - i;
        lift->sql[back] = fragment->undo;
        restore->sql[i] = fragment->sql;
        lift->labels[back] = restore->labels[i] = fragment->label;
    }
    return true;
}
