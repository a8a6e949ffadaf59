#include "engine/shape.h"

#include "engine/check.h"

enum { NAMED_AT_MOST = 20 }; /* the rest is counted */

bool shape_check(Run *run, const Plan *plan, Error *err)
{
    (void)err;
    size_t named = 0, more = 0;
    for (size_t i = 0; i < plan->source->tables.count; i++) {
        const Table *after = &plan->source->tables.items[i];
        const Table *before =
            model_table_named(plan->live, after->object.schema, after->object.name);
        const char *change = before != NULL ? compare_shape(before, after, run->arena) : NULL;
        if (change == NULL)
            continue;
        if (named++ < NAMED_AT_MOST)
            check_warn(run, NULL,
                       "table %s.%s changes its shape (%s): sessions that prepared SELECT * on it "
                       "must prepare again after the swap",
                       after->object.schema, after->object.name, change);
        else
            more++;
    }
    if (more > 0)
        check_warn(run, NULL, "%zu more tables change their shape", more);
    return true;
}
