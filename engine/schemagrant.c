#include "engine/schemagrant.h"

#include <string.h>

/* The live schema's grant of the same privilege to the same role, or NULL. */
static const Grant *same_grant(const Schema *schema, const Grant *grant)
{
    for (size_t i = 0; i < schema->object.grant_count; i++) {
        const Grant *other = &schema->object.grants[i];
        bool same_role = grant->grantee == NULL || other->grantee == NULL
                             ? grant->grantee == other->grantee
                             : strcmp(grant->grantee, other->grantee) == 0;
        if (!other->revoked && same_role && strcmp(other->privilege, grant->privilege) == 0)
            return other;
    }
    return NULL;
}

/* Before 15 everybody could create objects in public unless somebody had taken that away: no reason
 * to open a live schema to everybody. */
static bool is_old_default(const Plan *plan, const Schema *schema, const Grant *grant)
{
    return plan->source->server_version < 150000 && strcmp(schema->object.name, "public") == 0 &&
           grant->grantee == NULL && strcmp(grant->privilege, "CREATE") == 0;
}

/* `live` is what the live schema grants of it already: the privilege without its grant option. */
static bool record_grant(Run *run, const Schema *schema, const Grant *grant, const Grant *live,
                         int *ordinal, Error *err)
{
    AUTO(str_clear) Str name = STR_INIT;
    AUTO(str_clear) Str role = STR_INIT;
    conn_add_ident(run->dest, &name, schema->object.name);
    if (grant->grantee != NULL)
        conn_add_ident(run->dest, &role, grant->grantee);
    else
        str_add(&role, "PUBLIC");
    const char *label = arena_printf(run->arena, "grant on schema %s", schema->object.name);
    const char *give =
        arena_printf(run->arena, "GRANT %s ON SCHEMA %s TO %s%s", grant->privilege, str_text(&name),
                     str_text(&role), grant->grantable ? " WITH GRANT OPTION" : "");
    const char *take = arena_printf(run->arena, "REVOKE %s%s ON SCHEMA %s FROM %s",
                                    live != NULL ? "GRANT OPTION FOR " : "", grant->privilege,
                                    str_text(&name), str_text(&role));
    return journal_step(run->dest, run->id, "after swap", (*ordinal)++, label, give, err) &&
           journal_step(run->dest, run->id, "after rollback", (*ordinal)++, label, take, err);
}

static bool record_schema(Run *run, const Plan *plan, const Schema *schema, int *ordinal,
                          Error *err)
{
    const Schema *live = model_schema(plan->live, schema->object.name);
    for (size_t i = 0; i < schema->object.grant_count; i++) {
        const Grant *grant = &schema->object.grants[i];
        const Grant *has = live != NULL ? same_grant(live, grant) : NULL;
        if (grant->revoked || (has != NULL && (has->grantable || !grant->grantable)))
            continue;
        if (is_old_default(plan, schema, grant))
            run_warning(run, "not carried over: CREATE on schema public for PUBLIC, the default "
                             "before PostgreSQL 15");
        else if (!record_grant(run, schema, grant, has, ordinal, err))
            return false;
    }
    return true;
}

bool schemagrant_record(Run *run, const Plan *plan, int *ordinal, Error *err)
{
    if (run->settings->acl == ACL_DEST || run->settings->no_privileges)
        return true;
    for (size_t i = 0; i < plan->source->schemas.count; i++) {
        const Schema *schema = &plan->source->schemas.items[i];
        const JournalSchema *names = plan_schema(plan, schema->object.name);
        if (names != NULL && !names->created && !record_schema(run, plan, schema, ordinal, err))
            return false;
    }
    return true;
}
