#include "engine/attached.h"

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

bool attached_record(Run *run, const Plan *plan, const Fragment *part, int *ordinal, Error *err)
{
    const FragmentList *list = &plan->live_fragments;
    bool ok = lock_table(run, part->table, err) && add_drop(run, plan, part, ordinal, err);
    /* what is said about it (state, comment) comes after it in the list */
    for (size_t i = 0; ok && i < list->count; i++)
        if (list->items[i].object.classid == part->object.classid &&
            list->items[i].object.oid == part->object.oid)
            ok = add_step(run, &list->items[i], list->items[i].sql, ordinal, err);
    return ok || error_wrap(err, "recording %s", part->label);
}
