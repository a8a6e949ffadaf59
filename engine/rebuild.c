#include "engine/rebuild.h"

#include <string.h>

/* ---- views and functions --------------------------------------------------------------- */

static bool has_relation(const Model *model, const char *schema, const char *name)
{
    if (model_table_named(model, schema, name) != NULL ||
        model_sequence_named(model, schema, name) != NULL)
        return true;
    for (size_t i = 0; i < model->views.count; i++)
        if (strcmp(model->views.items[i].object.name, name) == 0 &&
            strcmp(model->views.items[i].object.schema, schema) == 0)
            return true;
    return false;
}

static bool has_type(const Model *model, const char *schema, const char *name)
{
    for (size_t i = 0; i < model->types.count; i++)
        if (strcmp(model->types.items[i].object.name, name) == 0 &&
            strcmp(model->types.items[i].object.schema, schema) == 0)
            return true;
    return false;
}

/* Overloads are told apart by the head of their definition, arguments included. */
static bool has_function(const Model *model, const Function *function)
{
    for (size_t i = 0; i < model->functions.count; i++) {
        const Function *other = &model->functions.items[i];
        if (strcmp(other->object.name, function->object.name) == 0 &&
            strcmp(other->object.schema, function->object.schema) == 0 &&
            strcmp(other->identity_args, function->identity_args) == 0)
            return true;
    }
    return false;
}

static bool stays_in_place(const Plan *plan, Oid live_type)
{
    for (size_t i = 0; i < plan->same_count; i++)
        if (plan->same[i].theirs == live_type)
            return true;
    return false;
}

/* True when the source has an object of that name, which takes the live one's place. */
static bool is_replaced(const Plan *plan, const Address *address)
{
    const Model *live = plan->live;
#define FIND(list, test)                                                                           \
    for (size_t i = 0; i < live->list.count; i++)                                                  \
        if (live->list.items[i].object.address.oid == address->oid)                                \
            return test;
    if (address->classid == CATALOG_CLASS) {
        FIND(tables, has_relation(plan->source, live->tables.items[i].object.schema,
                                  live->tables.items[i].object.name))
        FIND(views, has_relation(plan->source, live->views.items[i].object.schema,
                                 live->views.items[i].object.name))
        FIND(sequences, has_relation(plan->source, live->sequences.items[i].object.schema,
                                     live->sequences.items[i].object.name))
    } else if (address->classid == CATALOG_TYPE) {
        FIND(types, !stays_in_place(plan, address->oid) &&
                        has_type(plan->source, live->types.items[i].object.schema,
                                 live->types.items[i].object.name))
    } else if (address->classid == CATALOG_PROC) {
        FIND(functions, has_function(plan->source, &live->functions.items[i]))
    }
#undef FIND
    return false;
}

static bool can_rebuild(FragmentKind kind)
{
    return kind == FRAGMENT_VIEW || kind == FRAGMENT_MATVIEW || kind == FRAGMENT_FUNCTION;
}

static bool creates_object(FragmentKind kind)
{
    return can_rebuild(kind) || kind == FRAGMENT_TABLE || kind == FRAGMENT_TYPE ||
           kind == FRAGMENT_SEQUENCE;
}

/* The position of the fragment that makes what the others are about. */
static bool is_about(const Fragment *fragment, const Fragment *maker)
{
    return (fragment->object.classid == maker->object.classid &&
            fragment->object.oid == maker->object.oid) ||
           (maker->object.classid == CATALOG_CLASS && fragment->table == maker->object.oid);
}

const bool *rebuild_select(const Plan *plan, Arena *arena)
{
    const FragmentList *list = &plan->live_fragments;
    bool *leans = arena_alloc(arena, list->count + 1);
    bool *selected = arena_alloc(arena, list->count + 1);
    size_t *makers = arena_alloc(arena, (list->count + 1) * sizeof *makers);
    size_t maker_count = 0;
    for (size_t i = 0; i < list->count; i++) {
        const Fragment *fragment = &list->items[i];
        bool replaced = creates_object(fragment->kind) && is_replaced(plan, &fragment->object);
        leans[i] = replaced;
        for (size_t k = 0; k < fragment->need_count; k++)
            leans[i] = leans[i] || leans[fragment->needs[k]];
        if (leans[i] && !replaced && can_rebuild(fragment->kind))
            makers[maker_count++] = i;
    }
    for (size_t m = 0; m < maker_count; m++)
        for (size_t i = 0; i < list->count; i++)
            selected[i] = selected[i] || is_about(&list->items[i], &list->items[makers[m]]);
    return selected;
}

/* ---- foreign keys ---------------------------------------------------------------------- */

static bool step(Run *run, const char *part, int *ordinal, const char *statement, Error *err)
{
    return journal_step(run->dest, run->id, part, (*ordinal)++, "foreign key", statement, err);
}

/* Drops a key where it would point to what is not live, and makes it anew where names are right.
 * NOT VALID asks for no scan under the locks; partitioned tables cannot do that before 18. */
static bool record_key(Run *run, const PGresult *keys, int row, int *ordinal, Error *err)
{
    const char *table = PQgetvalue(keys, row, 1), *name = PQgetvalue(keys, row, 2);
    const char *def = PQgetvalue(keys, row, 3);
    bool partitioned = PQgetvalue(keys, row, 4)[0] == 't' && conn_version(run->dest) < 180000;
    bool outgoing = PQgetvalue(keys, row, 5)[0] == 't';
    bool not_valid = strstr(def, " NOT VALID") != NULL;
    const char *drop = arena_printf(run->arena, "ALTER TABLE %s DROP CONSTRAINT %s", table, name);
    const char *add = arena_printf(run->arena, "ALTER TABLE %s ADD CONSTRAINT %s %s%s", table, name,
                                   def, partitioned || not_valid ? "" : " NOT VALID");
    const char *validate =
        arena_printf(run->arena, "ALTER TABLE %s VALIDATE CONSTRAINT %s", table, name);
    bool validated = !partitioned && !not_valid;
    /* An outgoing key would let rows of the backup forbid changes of a live table. */
    if (outgoing)
        return step(run, "before swap", ordinal, drop, err) &&
               step(run, "after rollback", ordinal, add, err) &&
               (!validated || step(run, "settle rollback", ordinal, validate, err));
    return step(run, "after swap", ordinal, drop, err) &&
           step(run, "after swap", ordinal, add, err) &&
           step(run, "after rollback", ordinal, drop, err) &&
           step(run, "after rollback", ordinal, add, err) &&
           (!validated || (step(run, "settle", ordinal, validate, err) &&
                           step(run, "settle rollback", ordinal, validate, err)));
}

bool rebuild_keys(Run *run, int *ordinal, Error *err)
{
    const char *id = journal_id_text(run->arena, run->id);
    const char *const values[] = {id};
    AUTO(result_free) PGresult *keys = NULL;
    if (!conn_query(run->dest, run_sql("crossing_keys", conn_version(run->dest)), 1, values, &keys,
                    err))
        return error_wrap(err, "reading the destination's foreign keys");
    for (int i = 0; i < PQntuples(keys); i++) {
        const char *const pair[] = {id, PQgetvalue(keys, i, 0)};
        AUTO(result_free) PGresult *added = NULL;
        if (!conn_query(run->dest,
                        "INSERT INTO pgzm.object (migration, side, class, oid, kind, live, name,"
                        " lockable) SELECT $1::bigint, 'stays', 'relation', c.oid, 'TABLE',"
                        " n.nspname, c.relname, true FROM pg_class c"
                        " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $2::oid"
                        " ON CONFLICT DO NOTHING",
                        2, pair, &added, err) ||
            !record_key(run, keys, i, ordinal, err))
            return error_wrap(err, "recording foreign key %s", PQgetvalue(keys, i, 2));
    }
    return true;
}
