#include "engine/unfit.h"

#include <string.h>

static bool refuse(Run *run, const char *what, Error *err)
{
    if (!run->settings->require_complete) {
        run_warning(run, "not carried over: %s", what);
        return true;
    }
    error_set(err, ERROR_PREFLIGHT, "not carried over: %s", what);
    return error_hint(err, "Leave --require-complete out to go on without.");
}

/* ---- predefined roles ------------------------------------------------------------------ */

static bool knows_role(Run *run, json_t *known, const char *role, bool *knows, Error *err)
{
    json_t *seen = json_object_get(known, role);
    *knows = seen == NULL || json_is_true(seen);
    if (seen != NULL || strncmp(role, "pg_", 3) != 0)
        return true;
    const char *const values[] = {role};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query_row(run->dest,
                        "SELECT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = $1)", 1,
                        values, &result, err))
        return false;
    *knows = PQgetvalue(result, 0, 0)[0] == 't';
    json_object_set_new_nocheck(known, role, json_boolean(*knows));
    return *knows || refuse(run,
                            arena_printf(run->arena,
                                         "grants to role %s, which the destination's version does "
                                         "not have",
                                         role),
                            err);
}

static bool trim_grants(Run *run, json_t *known, Object *object, Error *err)
{
    Grant *kept = NULL;
    size_t count = 0;
    for (size_t i = 0; i < object->grant_count; i++) {
        bool knows = true;
        const char *grantee = object->grants[i].grantee;
        if (grantee != NULL && !knows_role(run, known, grantee, &knows, err))
            return false;
        if (!knows && kept == NULL) {
            kept = arena_alloc(run->arena, object->grant_count * sizeof *kept);
            for (; count < i; count++)
                kept[count] = object->grants[count];
        }
        if (knows && kept != NULL)
            kept[count++] = object->grants[i];
    }
    if (kept != NULL) {
        object->grants = kept;
        object->grant_count = (uint32_t)count;
    }
    return true;
}

/* ---- labels ---------------------------------------------------------------------------- */

/* The provider is looked up before anything else: 22023 when it is not loaded. */
static bool knows_provider(Run *run, json_t *known, const char *provider, bool *knows, Error *err)
{
    json_t *seen = json_object_get(known, provider);
    *knows = json_is_true(seen);
    if (seen != NULL)
        return true;
    AUTO(str_clear) Str probe = STR_INIT;
    AUTO(error_clear) Error failure = ERROR_INIT;
    str_add(&probe, "SECURITY LABEL FOR ");
    conn_add_ident(run->dest, &probe, provider);
    str_add(&probe, " ON SCHEMA pg_catalog IS NULL");
    if (!conn_exec(run->dest, "BEGIN", err))
        return false;
    *knows = conn_exec(run->dest, str_text(&probe), &failure) || !error_is_state(&failure, "22023");
    conn_rollback(run->dest);
    if (failure.kind == ERROR_CONNECTION || failure.kind == ERROR_INTERRUPTED)
        return error_move(err, &failure);
    json_object_set_new_nocheck(known, provider, json_boolean(*knows));
    return *knows || refuse(run,
                            arena_printf(run->arena,
                                         "security labels of provider %s, which is not loaded in "
                                         "the destination",
                                         provider),
                            err);
}

static bool trim_labels(Run *run, json_t *known, ObjectList *list, Error *err)
{
    char *items = list->items;
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        bool knows = true;
        if (!knows_provider(run, known, model_object(list, i)->name, &knows, err))
            return false;
        if (knows && count++ != i)
            memcpy(items + (count - 1) * list->size, items + i * list->size, list->size);
    }
    list->count = count;
    return true;
}

/* ---- the whole ------------------------------------------------------------------------- */

bool unfit_trim(Run *run, Model *model, Error *err)
{
    json_t *roles = json_object(), *providers = json_object();
    bool ok = true;
    for (size_t i = 0; i < model->list_count && ok; i++) {
        ObjectList *list = &model->lists[i];
        char *items = list->items;
        bool grants = !run->settings->no_privileges;
        for (size_t k = 0; k < list->count && ok && grants; k++) {
            void *item = items + k * list->size;
            ok = trim_grants(run, roles, item, err);
        }
        if (ok && list->count > 0 &&
            model_object(list, 0)->address.classid == CATALOG_SECURITY_LABEL)
            ok = trim_labels(run, providers, list, err);
    }
    json_decref(roles);
    json_decref(providers);
    return ok;
}
