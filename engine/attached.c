#include "engine/attached.h"

#include <stdlib.h>

/* A trigger of a partitioned table has copies with a state each: not done. */
static bool is_plain_trigger(const Model *live, Oid oid)
{
    const Trigger *trigger = model_trigger(live, oid);
    return trigger != NULL && !trigger->is_clone && !trigger->has_clones;
}

bool attached_is_part(const Plan *plan, const Fragment *fragment)
{
    if (model_table(plan->live, fragment->table) == NULL)
        return false;
    switch (fragment->kind) {
    case FRAGMENT_DEFAULT:
    case FRAGMENT_POLICY:
        return true;
    case FRAGMENT_TRIGGER:
        return is_plain_trigger(plan->live, fragment->object.oid);
    default:
        return false;
    }
}

static const char *name_of(const Plan *plan, const Fragment *part)
{
    const Model *live = plan->live;
    if (part->kind == FRAGMENT_TRIGGER)
        return model_trigger(live, part->object.oid)->object.name;
    for (size_t i = 0; i < live->policies.count; i++)
        if (live->policies.items[i].object.address.oid == part->object.oid)
            return live->policies.items[i].object.name;
    return ""; /* a fragment's object is in its model */
}

static bool add_step(Run *run, const Fragment *part, const char *statement, int *ordinal,
                     Error *err)
{
    static const char *const parts[] = {"after swap", "after rollback"};
    for (size_t i = 0; i < LENGTH(parts); i++)
        if (!journal_step(run->dest, run->id, parts[i], (*ordinal)++, part->label, statement, err))
            return false;
    return true;
}

/* A default is set again; the others cannot be changed in all their parts, so they are dropped. */
static bool add_drop(Run *run, const Plan *plan, const Fragment *part, int *ordinal, Error *err)
{
    if (part->kind == FRAGMENT_DEFAULT)
        return true;
    const Table *table = model_table(plan->live, part->table);
    AUTO(str_clear) Str drop = STR_INIT;
    str_add(&drop, part->kind == FRAGMENT_TRIGGER ? "DROP TRIGGER " : "DROP POLICY ");
    conn_add_ident(run->dest, &drop, name_of(plan, part));
    str_add(&drop, " ON ");
    conn_add_name(run->dest, &drop, table->object.schema, table->object.name);
    return add_step(run, part, str_text(&drop), ordinal, err);
}

static bool lock_table(Run *run, Oid table, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id),
                                  arena_printf(run->arena, "%u", table)};
    AUTO(result_free) PGresult *result = NULL;
    return conn_query(run->dest,
                      "INSERT INTO pgzm.object (migration, side, classid, oid, kind, live, name,"
                      " lockable) SELECT $1::bigint, 'stays', 'pg_class'::regclass, c.oid, 'TABLE',"
                      " n.nspname, c.relname, true FROM pg_class c"
                      " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $2::oid"
                      " ON CONFLICT DO NOTHING",
                      2, values, &result, err);
}

/* A fragment of the live side about such a part; sorted by the part, then as in their list. */
typedef struct Said {
    const Fragment *fragment;
} Said;

static int by_object(const void *a, const void *b)
{
    const Address *x = &((const Said *)a)->fragment->object;
    const Address *y = &((const Said *)b)->fragment->object;
    if (x->classid != y->classid)
        return x->classid < y->classid ? -1 : 1;
    return (x->oid > y->oid) - (x->oid < y->oid);
}

static int by_object_and_position(const void *a, const void *b)
{
    const Fragment *x = ((const Said *)a)->fragment, *y = ((const Said *)b)->fragment;
    int order = by_object(a, b);
    return order != 0 ? order : (x > y) - (x < y); /* both are of one array */
}

static size_t list_said(const FragmentList *list, Said *said)
{
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        Oid classid = list->items[i].object.classid;
        if (classid == CATALOG_TRIGGER || classid == CATALOG_POLICY || classid == CATALOG_ATTRDEF)
            said[count++].fragment = &list->items[i];
    }
    qsort(said, count, sizeof *said, by_object_and_position);
    return count;
}

/* The part and what is said about it: state, comment. */
static bool record_part(Run *run, const Plan *plan, const Fragment *part, const Said *said,
                        size_t count, int *ordinal, Error *err)
{
    const Said key = {part};
    const Said *found = bsearch(&key, said, count, sizeof key, by_object);
    bool ok = lock_table(run, part->table, err) && add_drop(run, plan, part, ordinal, err);
    while (found > said && by_object(&key, found - 1) == 0)
        found--;
    for (; ok && found < said + count && by_object(&key, found) == 0; found++)
        ok = add_step(run, found->fragment, found->fragment->sql, ordinal, err);
    return ok || error_wrap(err, "recording %s", part->label);
}

bool attached_record(Run *run, const Plan *plan, int *ordinal, Error *err)
{
    const FragmentList *list = &plan->live_fragments;
    Said *said = mem_alloc((list->count + 1) * sizeof *said);
    size_t count = list_said(list, said);
    bool ok = true;
    for (size_t i = 0; ok && i < plan->repointed_count; i++) {
        const Fragment *part = &list->items[plan->repointed[i]];
        if (attached_is_part(plan, part))
            ok = record_part(run, plan, part, said, count, ordinal, err);
    }
    mem_free(said);
    return ok;
}
