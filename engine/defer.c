#include "engine/defer.h"

#include <string.h>

#include "engine/latekey.h"
#include "engine/subset.h"

/* ---- which ----------------------------------------------------------------------------- */

static bool touches(const Constraint *constraint, const Plan *plan)
{
    return constraint != NULL &&
           (plan_preserved_shadow(plan, constraint->table) != NULL ||
            plan_preserved_shadow(plan, constraint->referenced_table) != NULL ||
            subset_doubts_shadow(plan, constraint));
}

bool defer_waits(const Plan *plan, const Fragment *fragment)
{
    switch (fragment->kind) {
    case FRAGMENT_FOREIGN_KEY:
        return touches(model_constraint(plan->shadow, fragment->object.oid), plan);
    case FRAGMENT_ROW_SECURITY:
    case FRAGMENT_ENABLE:
        return plan_preserved_shadow(plan, fragment->table) != NULL;
    case FRAGMENT_COMMENT:
        /* of a foreign key that is not there yet */
        return fragment->object.classid == CATALOG_CONSTRAINT &&
               touches(model_constraint(plan->shadow, fragment->object.oid), plan) &&
               model_constraint(plan->shadow, fragment->object.oid)->contype == 'f';
    default:
        return false;
    }
}

/* The same questions about the source's side. */
static bool is_preserved(const Plan *plan, Oid source_table)
{
    const Table *table = model_table(plan->source, source_table);
    return table != NULL && plan_preserved(plan, table) != NULL;
}

static const Constraint *deferred_key(const Plan *plan, const Fragment *fragment)
{
    if (fragment->object.classid != CATALOG_CONSTRAINT)
        return NULL;
    const Constraint *key = model_constraint(plan->source, fragment->object.oid);
    bool deferred = key != NULL && key->contype == 'f' &&
                    (is_preserved(plan, key->table) || is_preserved(plan, key->referenced_table) ||
                     subset_doubts(plan, key));
    return deferred ? key : NULL;
}

bool defer_asks(const Plan *plan, const Fragment *fragment)
{
    switch (fragment->kind) {
    case FRAGMENT_FOREIGN_KEY:
    case FRAGMENT_COMMENT: /* goes with its key */
        return deferred_key(plan, fragment) != NULL;
    case FRAGMENT_ROW_SECURITY:
        return is_preserved(plan, fragment->table);
    default:
        return false;
    }
}

/* ---- before the swap ------------------------------------------------------------------- */

static bool disable(Run *run, const Table *shadow, const char *what, const char *name, Error *err)
{
    AUTO(str_clear) Str statement = STR_INIT;
    str_add(&statement, "ALTER TABLE ");
    conn_add_name(run->dest, &statement, shadow->object.schema, shadow->object.name);
    str_addf(&statement, " DISABLE %s ", what);
    conn_add_ident(run->dest, &statement, name);
    return conn_exec(run->dest, str_text(&statement), err) ||
           error_wrap(err, "disabling %s %s until the swap", what, name);
}

bool defer_disable(Run *run, const Plan *plan, Error *err)
{
    const Model *shadow = plan->shadow;
    for (size_t i = 0; i < shadow->triggers.count; i++) {
        const Trigger *trigger = &shadow->triggers.items[i];
        if (plan_preserved_shadow(plan, trigger->table) != NULL &&
            !disable(run, model_table(shadow, trigger->table), "TRIGGER", trigger->object.name,
                     err))
            return false;
    }
    for (size_t i = 0; i < shadow->rules.count; i++) {
        const Rule *rule = &shadow->rules.items[i];
        if (plan_preserved_shadow(plan, rule->table) != NULL &&
            !disable(run, model_table(shadow, rule->table), "RULE", rule->object.name, err))
            return false;
    }
    return true;
}

/* ---- in the swap ----------------------------------------------------------------------- */

static bool record(Run *run, const char *part, int *ordinal, const char *label,
                   const char *statement, Error *err)
{
    return journal_step(run->dest, run->id, part, (*ordinal)++, label, statement, err);
}

static bool record_enable(Run *run, const char *part, const Table *table, const char *what,
                          const char *name, char state, int *ordinal, Error *err)
{
    if (state == 'D')
        return true;
    AUTO(str_clear) Str statement = STR_INIT;
    str_add(&statement, "ALTER TABLE ");
    conn_add_name(run->dest, &statement, table->object.schema, table->object.name);
    str_addf(&statement, " ENABLE %s%s ",
             state == 'A'   ? "ALWAYS "
             : state == 'R' ? "REPLICA "
                            : "",
             what);
    conn_add_ident(run->dest, &statement, name);
    return record(run, part, ordinal, name, str_text(&statement), err);
}

static bool record_enables(Run *run, const Plan *plan, int *ordinal, Error *err)
{
    const Model *source = plan->source;
    for (size_t i = 0; i < source->triggers.count; i++) {
        const Trigger *trigger = &source->triggers.items[i];
        if (is_preserved(plan, trigger->table) &&
            !record_enable(run, "after swap", model_table(source, trigger->table), "TRIGGER",
                           trigger->object.name, trigger->enabled, ordinal, err))
            return false;
    }
    for (size_t i = 0; i < source->rules.count; i++) {
        const Rule *rule = &source->rules.items[i];
        if (is_preserved(plan, rule->table) &&
            !record_enable(run, "after swap", model_table(source, rule->table), "RULE",
                           rule->object.name, rule->enabled, ordinal, err))
            return false;
    }
    return true;
}

/* ---- the old table while it is the backup ---------------------------------------------- */

/* Off in the swap, on again in the rollback, both under the live name. */
static bool record_pause(Run *run, const Table *table, const char *what, const char *name,
                         char state, int *ordinal, Error *err)
{
    if (state == 'D')
        return true;
    AUTO(str_clear) Str statement = STR_INIT;
    str_add(&statement, "ALTER TABLE ");
    conn_add_name(run->dest, &statement, table->object.schema, table->object.name);
    str_addf(&statement, " DISABLE %s ", what);
    conn_add_ident(run->dest, &statement, name);
    return record(run, "before swap", ordinal, name, str_text(&statement), err) &&
           record_enable(run, "after rollback", table, what, name, state, ordinal, err);
}

/* The sync of an earlier migration keeps that one's backup in step: it goes on. */
static bool is_sync(const Trigger *trigger)
{
    return strstr(trigger->def, " EXECUTE FUNCTION pgzm.sync_") != NULL;
}

/* Reverse triggers write to the old tables what the application did already, its triggers' work
 * included: fired again they would change rows and do what they do elsewhere a second time. */
static bool record_pauses(Run *run, const Plan *plan, int *ordinal, Error *err)
{
    const Model *live = plan->live;
    for (size_t i = 0; i < live->triggers.count; i++) {
        const Trigger *trigger = &live->triggers.items[i];
        if (plan_preserved_live(plan, trigger->table) != NULL && !is_sync(trigger) &&
            !record_pause(run, model_table(live, trigger->table), "TRIGGER", trigger->object.name,
                          trigger->enabled, ordinal, err))
            return false;
    }
    for (size_t i = 0; i < live->rules.count; i++) {
        const Rule *rule = &live->rules.items[i];
        if (plan_preserved_live(plan, rule->table) != NULL &&
            !record_pause(run, model_table(live, rule->table), "RULE", rule->object.name,
                          rule->enabled, ordinal, err))
            return false;
    }
    return true;
}

static const char *qualified(Run *run, const char *schema, const char *name)
{
    AUTO(str_clear) Str s = STR_INIT;
    conn_add_name(run->dest, &s, schema, name);
    return arena_strdup(run->arena, str_text(&s));
}

/* Where the rows of a table of the source are before the swap. */
static const char *shadow_name(Run *run, const Plan *plan, const Table *table)
{
    const JournalSchema *schema = plan_schema(plan, table->object.schema);
    return qualified(run, schema->shadow, table->object.name);
}

static const char *comment_on(const Plan *plan, Oid constraint)
{
    for (size_t i = 0; i < plan->source_fragments.count; i++) {
        const Fragment *fragment = &plan->source_fragments.items[i];
        if (fragment->kind == FRAGMENT_COMMENT && fragment->object.oid == constraint &&
            fragment->object.classid == CATALOG_CONSTRAINT)
            return fragment->sql;
    }
    return NULL;
}

static bool record_key(Run *run, const Plan *plan, const Fragment *fragment, const Constraint *key,
                       int *ordinal, Error *err)
{
    const Table *table = model_table(plan->source, key->table);
    const Table *referenced = model_table(plan->source, key->referenced_table);
    AUTO(str_clear) Str name = STR_INIT;
    conn_add_ident(run->dest, &name, key->object.name);
    const LateKey late = {.table = qualified(run, table->object.schema, table->object.name),
                          .name = arena_strdup(run->arena, str_text(&name)),
                          .def = key->def,
                          .label = fragment->label,
                          .comment = comment_on(plan, key->object.address.oid),
                          .partitioned = table->relkind == 'p'};
    const LateKeyPlace place = {.referencing = shadow_name(run, plan, table),
                                .referenced = shadow_name(run, plan, referenced)};
    return latekey_add(run, &late, "after swap", "settle", ordinal, err) &&
           (!key->validated ||
            latekey_record_orphans(run, run->source,
                                   arena_printf(run->arena, "%u", key->object.address.oid), &place,
                                   fragment->label, ordinal, err));
}

bool defer_record(Run *run, const Plan *plan, int *ordinal, Error *err)
{
    if (!record_enables(run, plan, ordinal, err) || !record_pauses(run, plan, ordinal, err))
        return false;
    for (size_t i = 0; i < plan->source_fragments.count; i++) {
        const Fragment *fragment = &plan->source_fragments.items[i];
        const Constraint *key = deferred_key(plan, fragment);
        bool ok = true;
        if (fragment->kind == FRAGMENT_FOREIGN_KEY && key != NULL)
            ok = record_key(run, plan, fragment, key, ordinal, err);
        else if (fragment->kind == FRAGMENT_ROW_SECURITY && is_preserved(plan, fragment->table))
            ok = record(run, "after swap", ordinal, fragment->label, fragment->sql, err);
        if (!ok)
            return false;
    }
    return true;
}
