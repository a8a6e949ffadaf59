#include "engine/rebuild.h"

#include <stdlib.h>
#include <string.h>

#include "engine/attached.h"
#include "engine/latekey.h"

/* ---- views and functions --------------------------------------------------------------- */

/* What can be made a second time beside itself. Classes of operators and the like included: their
 * namesakes then trade places too. */
static bool can_rebuild(const Fragment *fragment)
{
    return fragment->place == PLACE_SCHEMA &&
           (fragment->kind == FRAGMENT_VIEW || fragment->kind == FRAGMENT_MATVIEW ||
            fragment->kind == FRAGMENT_FUNCTION || fragment->kind == FRAGMENT_OBJECT);
}

/* Views and functions can be given another definition where they are. */
static bool can_repoint(const Fragment *fragment)
{
    return fragment->kind == FRAGMENT_VIEW || fragment->kind == FRAGMENT_FUNCTION;
}

static uint64_t address_key(Oid classid, Oid oid)
{
    return (uint64_t)classid << 32 | oid;
}

static int compare_keys(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* What the fragments of the live side are to the swap. */
typedef struct Roles {
    bool *replaced; /* makes an object whose place is taken */
    bool *leans;    /* is replaced or needs something that is */
    bool *anew;     /* makes an object that is made anew in the shadow */
    uint64_t *keys; /* addresses of those; sorted at the end */
    size_t key_count;
} Roles;

/* True when it needs an object of the migrated schemas that stays: in a rehearsal that one is not
 * to be found under its name. */
static bool needs_staying(const FragmentList *list, const Roles *roles, const Fragment *fragment)
{
    for (size_t k = 0; k < fragment->need_count; k++) {
        size_t need = fragment->needs[k];
        const Fragment *needed = &list->items[need];
        if (needed->place == PLACE_SCHEMA && counterpart_is_maker(needed) &&
            !roles->replaced[need] && !roles->anew[need])
            return true;
    }
    return false;
}

/* Reused types are moved along in a rehearsal: needing them is no obstacle. */
static bool is_reused(const Plan *plan, const Fragment *fragment)
{
    return fragment->object.classid == CATALOG_TYPE &&
           plan_stays_in_place(plan, fragment->object.oid);
}

/* Fragments about what is made anew go with it. */
static void mark_rebuilt(const FragmentList *list, Roles *roles, bool *rebuilt)
{
    qsort(roles->keys, roles->key_count, sizeof *roles->keys, compare_keys);
    for (size_t i = 0; i < list->count && roles->key_count > 0; i++) {
        const Fragment *fragment = &list->items[i];
        uint64_t own = address_key(fragment->object.classid, fragment->object.oid);
        uint64_t table = address_key(CATALOG_CLASS, fragment->table);
#define HAS(key) bsearch(&(key), roles->keys, roles->key_count, sizeof(key), compare_keys)
        rebuilt[i] = fragment->place == PLACE_SCHEMA && (HAS(own) != NULL || HAS(table) != NULL);
#undef HAS
    }
}

/* True when the table that the fragment is a part of stays as it is. */
static bool is_on_staying_table(const FragmentList *list, const Roles *roles,
                                const Fragment *fragment)
{
    for (size_t k = 0; k < fragment->need_count; k++) {
        const Fragment *needed = &list->items[fragment->needs[k]];
        if (counterpart_is_maker(needed) && needed->object.classid == CATALOG_CLASS &&
            needed->object.oid == fragment->table)
            return !roles->replaced[fragment->needs[k]] && !roles->anew[fragment->needs[k]];
    }
    return false;
}

void rebuild_plan(Plan *plan, const Counterparts *source, Arena *arena)
{
    const FragmentList *list = &plan->live_fragments;
    Roles roles = {.replaced = arena_alloc(arena, list->count + 1),
                   .leans = arena_alloc(arena, list->count + 1),
                   .anew = arena_alloc(arena, list->count + 1),
                   .keys = arena_alloc(arena, (list->count + 1) * sizeof(uint64_t))};
    bool *rebuilt = arena_alloc(arena, list->count + 1);
    size_t *repointed = arena_alloc(arena, (list->count + 1) * sizeof *repointed);
    size_t repointed_count = 0;
    for (size_t i = 0; i < list->count; i++) {
        const Fragment *fragment = &list->items[i];
        roles.anew[i] = is_reused(plan, fragment);
        roles.replaced[i] = !roles.anew[i] && fragment->place == PLACE_SCHEMA &&
                            counterpart_is_maker(fragment) &&
                            counterparts_object(source, fragment) != COUNTERPART_NONE;
        roles.leans[i] = roles.replaced[i];
        for (size_t k = 0; k < fragment->need_count; k++)
            roles.leans[i] = roles.leans[i] || roles.leans[fragment->needs[k]];
        if (!roles.leans[i] || roles.replaced[i])
            continue;
        if (attached_is_part(plan, fragment) && is_on_staying_table(list, &roles, fragment))
            repointed[repointed_count++] = i;
        if (!can_rebuild(fragment))
            continue;
        roles.anew[i] = !needs_staying(list, &roles, fragment);
        if (roles.anew[i])
            roles.keys[roles.key_count++] =
                address_key(fragment->object.classid, fragment->object.oid);
        else if (can_repoint(fragment))
            repointed[repointed_count++] = i;
    }
    mark_rebuilt(list, &roles, rebuilt);
    plan->live_leans = roles.leans;
    plan->rebuilt = rebuilt;
    plan->repointed = repointed;
    plan->repointed_count = repointed_count;
}

bool rebuild_mark(Run *run, const Plan *plan, Error *err)
{
    for (size_t i = 0; i < plan->repointed_count; i++) {
        const Fragment *fragment = &plan->live_fragments.items[plan->repointed[i]];
        const char *kind = fragment->object.classid == CATALOG_CLASS  ? "VIEW"
                           : fragment->object.classid == CATALOG_PROC ? "ROUTINE"
                                                                      : "PART";
        const char *const values[] = {journal_id_text(run->arena, run->id),
                                      arena_printf(run->arena, "%u", fragment->object.classid),
                                      arena_printf(run->arena, "%u", fragment->object.oid),
                                      kind,
                                      fragment->schema,
                                      fragment->label};
        AUTO(result_free) PGresult *result = NULL;
        if (!conn_query(
                run->dest,
                "INSERT INTO pgzm.object (migration, side, classid, oid, kind, live, name,"
                " lockable) VALUES ($1::bigint, 'stays', $2::oid, $3::oid, $4, $5, $6, false)"
                " ON CONFLICT DO NOTHING",
                6, values, &result, err))
            return error_wrap(err, "recording what stays");
    }
    return true;
}

static const char *define_again(const Fragment *fragment, Arena *arena)
{
    static const char create[] = "CREATE VIEW ";
    if (strncmp(fragment->sql, create, strlen(create)) != 0)
        return fragment->sql; /* functions are printed with OR REPLACE */
    return arena_printf(arena, "CREATE OR REPLACE VIEW %s", fragment->sql + strlen(create));
}

bool rebuild_definitions(Run *run, const Plan *plan, int *ordinal, Error *err)
{
    static const char *const parts[] = {"after swap", "after rollback"};
    for (size_t i = 0; i < plan->repointed_count; i++) {
        const Fragment *fragment = &plan->live_fragments.items[plan->repointed[i]];
        if (attached_is_part(plan, fragment))
            continue;
        const char *statement = define_again(fragment, run->arena);
        for (size_t k = 0; k < LENGTH(parts); k++)
            if (!journal_step(run->dest, run->id, parts[k], (*ordinal)++, fragment->label,
                              statement, err))
                return false;
    }
    return attached_record(run, plan, ordinal, err);
}

/* ---- foreign keys ---------------------------------------------------------------------- */

/* A comment goes with the key that it is on: NULL for none. */
static const char *comment_statement(Run *run, const PGresult *keys, int row)
{
    if (PQgetisnull(keys, row, 6))
        return NULL;
    AUTO(str_clear) Str s = STR_INIT;
    str_addf(&s, "COMMENT ON CONSTRAINT %s ON %s IS ", PQgetvalue(keys, row, 2),
             PQgetvalue(keys, row, 1));
    conn_add_literal(run->dest, &s, PQgetvalue(keys, row, 6));
    return arena_strdup(run->arena, str_text(&s));
}

/* The rows that refer stay; those that are referred to are the shadow of the same name. */
static bool record_orphans(Run *run, const PGresult *keys, int row, const LateKey *key,
                           int *ordinal, Error *err)
{
    const LateKeyPlace place = {.referencing = key->table, .referenced = PQgetvalue(keys, row, 8)};
    return PQgetisnull(keys, row, 8) || strstr(key->def, " NOT VALID") != NULL ||
           strstr(key->def, " NOT ENFORCED") != NULL ||
           latekey_record_orphans(run, run->dest, PQgetvalue(keys, row, 7), &place, key->label,
                                  ordinal, err);
}

/* Drops a key where it would point to what is not live, and makes it anew where names are right. */
static bool record_key(Run *run, const PGresult *keys, int row, int *ordinal, Error *err)
{
    const char *table = PQgetvalue(keys, row, 1), *name = PQgetvalue(keys, row, 2);
    const LateKey key = {.table = table,
                         .name = name,
                         .def = PQgetvalue(keys, row, 3),
                         .label = arena_printf(run->arena, "foreign key %s on %s", name, table),
                         .comment = comment_statement(run, keys, row),
                         .partitioned = PQgetvalue(keys, row, 4)[0] == 't'};
    /* An outgoing key would let rows of the backup forbid changes of a live table, or keep the rows
     * of a preserved table out of the backup. */
    if (PQgetvalue(keys, row, 5)[0] == 't')
        return latekey_drop(run, &key, "before swap", ordinal, err) &&
               latekey_add(run, &key, "after rollback", "settle rollback", ordinal, err);
    return latekey_drop(run, &key, "after swap", ordinal, err) &&
           latekey_add(run, &key, "after swap", "settle", ordinal, err) &&
           latekey_drop(run, &key, "after rollback", ordinal, err) &&
           latekey_add(run, &key, "after rollback", "settle rollback", ordinal, err) &&
           record_orphans(run, keys, row, &key, ordinal, err);
}

/* Names the key for the swap's last look at keys that were made since, and the table that stays, to
 * be locked. None stays where both ends move. */
static bool record_staying(Run *run, const char *id, const PGresult *keys, int row, Error *err)
{
    const char *const values[] = {id, PQgetisnull(keys, row, 0) ? NULL : PQgetvalue(keys, row, 0),
                                  PQgetvalue(keys, row, 7)};
    AUTO(result_free) PGresult *added = NULL;
    return conn_query(
        run->dest,
        "INSERT INTO pgzm.object (migration, side, classid, oid, kind, live, name, lockable)"
        " SELECT $1::bigint, 'stays', 'pg_class'::regclass, c.oid, 'TABLE',"
        " n.nspname, c.relname, true FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $2::oid"
        " UNION ALL SELECT $1::bigint, 'stays', 'pg_constraint'::regclass, k.oid, 'CONSTRAINT',"
        " n.nspname, k.conname, false FROM pg_constraint k"
        " JOIN pg_namespace n ON n.oid = k.connamespace WHERE k.oid = $3::oid"
        " ON CONFLICT DO NOTHING",
        3, values, &added, err);
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
        if (!record_staying(run, id, keys, i, err) || !record_key(run, keys, i, ordinal, err))
            return error_wrap(err, "recording foreign key %s", PQgetvalue(keys, i, 2));
    }
    return true;
}
