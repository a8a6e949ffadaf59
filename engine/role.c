#include "engine/role.h"

#include <stdlib.h>
#include <string.h>

#include "engine/membergrant.h"

/* What is done for the roles, in order; `shown` is what people may see of it. */
typedef struct RoleStatements {
    const char **sql, **shown;
    size_t count, capacity;
    bool quiet; /* the warnings were given when the plan was shown */
} RoleStatements;

/* What the destination's user may give to others. */
typedef struct Power {
    bool super, createrole, createdb, replication, bypassrls;
} Power;

/* ---- which are needed ------------------------------------------------------------------ */

static void collect(json_t *roles, const char *role)
{
    if (role != NULL)
        json_object_set_new_nocheck(roles, role, json_true());
}

static void collect_object(const Settings *settings, json_t *roles, const Object *object)
{
    if (!settings->no_owner)
        collect(roles, object->owner);
    for (size_t i = 0; i < object->grant_count && !settings->no_privileges; i++)
        collect(roles, object->grants[i].grantee);
}

static void collect_listed(const Settings *settings, json_t *roles, const Object *object)
{
    Oid classid = object->address.classid;
    if (classid == CATALOG_NAMESPACE)
        return;
    collect_object(settings, roles, object);
    /* Not owners: the statements are about the role. */
    if (classid == CATALOG_DB_ROLE_SETTING ||
        (classid == CATALOG_DEFAULT_ACL && !settings->no_privileges))
        collect(roles, object->owner);
    /* No role can be called public. */
    if (classid == CATALOG_USER_MAPPING && strcmp(object->name, "public") != 0)
        collect(roles, object->name);
}

static json_t *needed_roles(const Settings *settings, const Model *model)
{
    json_t *roles = json_object();
    for (size_t i = 0; i < model->list_count; i++)
        for (size_t k = 0; k < model->lists[i].count; k++)
            collect_listed(settings, roles, model_object(&model->lists[i], k));
    /* Owned as a new database's public is, by a role that 13 and older do not have: left as it is.
     */
    for (size_t i = 0; i < model->schemas.count; i++) {
        Object object = model->schemas.items[i].object;
        if (model->schemas.items[i].default_owner)
            object.owner = NULL;
        collect_object(settings, roles, &object);
    }
    for (size_t i = 0; i < model->policies.count; i++)
        for (size_t k = 0; k < model->policies.items[i].role_count; k++)
            collect(roles, model->policies.items[i].roles[k]);
    return roles;
}

/* Large objects are in no model. */
static bool collect_large_objects(Run *run, json_t *roles, Error *err)
{
    AUTO(result_free) PGresult *result = NULL;
    if (!run->settings->large_objects)
        return true;
    if (!conn_query(run->source,
                    "SELECT DISTINCT r.rolname, m.lomowner = r.oid"
                    " FROM pg_catalog.pg_largeobject_metadata m, pg_catalog.pg_roles r"
                    " WHERE r.oid = m.lomowner OR EXISTS (SELECT"
                    " FROM pg_catalog.aclexplode(m.lomacl) x WHERE x.grantee = r.oid)",
                    0, NULL, &result, err))
        return error_wrap(err, "reading the roles of large objects");
    for (int i = 0; i < PQntuples(result); i++)
        if (PQgetvalue(result, i, 1)[0] == 't' ? !run->settings->no_owner
                                               : !run->settings->no_privileges)
            collect(roles, PQgetvalue(result, i, 0));
    return true;
}

/* A JSON array of the names, and the names for people; both NULL when none is missing. */
static bool find_missing(Run *run, const Plan *plan, const char **names, const char **shown,
                         Error *err)
{
    json_t *roles = needed_roles(run->settings, plan->source);
    bool collected =
        collect_large_objects(run, roles, err) && membergrants_collect(run, roles, err);
    json_t *list = json_array();
    const char *name;
    json_t *value;
    json_object_foreach(roles, name, value) json_array_append_new(list, json_string(name));
    char *text = json_dumps(list, JSON_COMPACT);
    json_decref(list);
    json_decref(roles);
    const char *const values[] = {text};
    AUTO(result_free) PGresult *result = NULL;
    bool ok = collected && text != NULL &&
              conn_query_row(run->dest,
                             "SELECT pg_catalog.json_agg(r ORDER BY r),"
                             " pg_catalog.string_agg(pg_catalog.quote_ident(r), ', ' ORDER BY r),"
                             " pg_catalog.string_agg(pg_catalog.quote_ident(r), ', ' ORDER BY r)"
                             " FILTER (WHERE r LIKE 'pg\\_%')"
                             " FROM pg_catalog.json_array_elements_text($1::json) AS t(r)"
                             " WHERE r NOT IN (SELECT rolname FROM pg_catalog.pg_roles)",
                             1, values, &result, err);
    free(text);
    *names = *shown = NULL;
    if (!ok || PQgetisnull(result, 0, 0))
        return ok;
    if (!PQgetisnull(result, 0, 2)) {
        error_set(err, ERROR_PREFLIGHT, "the destination's PostgreSQL lacks predefined roles: %s",
                  PQgetvalue(result, 0, 2));
        return error_hint(err, "Nobody can create them. On the source give other roles what they "
                               "own or have policies for.");
    }
    *names = arena_strdup(run->arena, PQgetvalue(result, 0, 0));
    *shown = arena_strdup(run->arena, PQgetvalue(result, 0, 1));
    return true;
}

bool roles_tell(Run *run, const Plan *plan, Error *err)
{
    json_t *roles = needed_roles(run->settings, plan->source);
    AUTO(str_clear) Str names = STR_INIT;
    bool ok = membergrants_collect(run, roles, err);
    const char *name;
    json_t *value;
    json_object_foreach(roles, name, value)
    {
        str_separate(&names, ", ");
        str_add(&names, name);
    }
    if (ok && names.len > 0)
        log_info(&run->log, "a dump holds no roles; what is in this one needs: %s",
                 str_text(&names));
    json_decref(roles);
    return ok;
}

/* ---- statements ------------------------------------------------------------------------ */

static void add(Run *run, RoleStatements *list, const char *sql, const char *shown)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity * 2 + 16;
        const char **grown = arena_alloc(run->arena, 2 * capacity * sizeof *grown);
        for (size_t i = 0; i < list->count; i++) {
            grown[i] = list->sql[i];
            grown[capacity + i] = list->shown[i];
        }
        list->sql = grown;
        list->shown = grown + capacity;
        list->capacity = capacity;
    }
    list->sql[list->count] = arena_strdup(run->arena, sql);
    list->shown[list->count++] = arena_strdup(run->arena, shown != NULL ? shown : sql);
}

static bool read_power(Run *run, Power *power, Error *err)
{
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query_row(run->dest,
                        "SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls"
                        " FROM pg_catalog.pg_roles WHERE rolname = CURRENT_USER",
                        0, NULL, &result, err))
        return false;
    bool has[5];
    for (int i = 0; i < 5; i++)
        has[i] = PQgetvalue(result, 0, i)[0] == 't';
    /* Before 16 CREATEROLE is enough for CREATEDB, and the others are the superuser's alone. */
    bool own = conn_version(run->dest) >= 160000;
    *power = (Power){.super = has[0],
                     .createrole = has[0] || has[1],
                     .createdb = has[0] || !own || has[2],
                     .replication = has[0] || (own && has[3]),
                     .bypassrls = has[0] || (own && has[4])};
    return true;
}

static void add_role(Run *run, const Power *power, const PGresult *roles, int row,
                     RoleStatements *list)
{
    const struct {
        int column;
        const char *word;
        bool may;
    } attributes[] = {{1, "SUPERUSER", power->super},         {3, "CREATEROLE", power->createrole},
                      {4, "CREATEDB", power->createdb},       {5, "LOGIN", true},
                      {6, "REPLICATION", power->replication}, {7, "BYPASSRLS", power->bypassrls}};
    const char *raw = PQgetvalue(roles, row, 0);
    AUTO(str_clear) Str name = STR_INIT;
    AUTO(str_clear) Str sql = STR_INIT;
    conn_add_ident(run->dest, &name, raw);
    str_addf(&sql, "CREATE ROLE %s", str_text(&name));
    for (size_t i = 0; i < LENGTH(attributes); i++) {
        if (PQgetvalue(roles, row, attributes[i].column)[0] != 't')
            continue;
        if (attributes[i].may)
            str_addf(&sql, " %s", attributes[i].word);
        else if (!list->quiet)
            run_warning(run,
                        "role %s is created without %s: the destination's user may not give it",
                        raw, attributes[i].word);
    }
    str_add(&sql, PQgetvalue(roles, row, 2)[0] == 't' ? " INHERIT" : " NOINHERIT");
    str_addf(&sql, " CONNECTION LIMIT %s", PQgetvalue(roles, row, 8));
    if (!PQgetisnull(roles, row, 9)) {
        str_add(&sql, " VALID UNTIL ");
        conn_add_literal(run->dest, &sql, PQgetvalue(roles, row, 9));
    }
    add(run, list, str_text(&sql), NULL);
    if (!power->super) { /* what it will own must be given to it by the user */
        str_clear(&sql);
        str_addf(&sql, "GRANT %s TO CURRENT_USER", str_text(&name));
        add(run, list, str_text(&sql), NULL);
    }
    if (PQgetisnull(roles, row, 10))
        return;
    str_clear(&sql);
    str_addf(&sql, "COMMENT ON ROLE %s IS ", str_text(&name));
    conn_add_literal(run->dest, &sql, PQgetvalue(roles, row, 10));
    if (!run->settings->no_comments)
        add(run, list, str_text(&sql), NULL);
}

static bool add_passwords(Run *run, const char *names, bool readable, RoleStatements *list,
                          Error *err)
{
    const char *const values[] = {names};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query(run->source,
                    readable ? "SELECT rolname, rolpassword FROM pg_catalog.pg_authid"
                               " WHERE rolname IN (SELECT n.name FROM"
                               " pg_catalog.json_array_elements_text($1::json) n(name))"
                               " AND rolpassword IS NOT NULL ORDER BY 1"
                             : "SELECT rolname, NULL FROM pg_catalog.pg_roles"
                               " WHERE rolname IN (SELECT n.name FROM"
                               " pg_catalog.json_array_elements_text($1::json) n(name))"
                               " AND rolcanlogin ORDER BY 1",
                    1, values, &result, err))
        return error_wrap(err, "reading the roles' passwords");
    for (int i = 0; i < PQntuples(result); i++) {
        if (PQgetisnull(result, i, 1)) {
            if (!list->quiet)
                run_warning(
                    run, "role %s is created without a password: the source's user cannot read it",
                    PQgetvalue(result, i, 0));
            continue;
        }
        AUTO(str_clear) Str sql = STR_INIT;
        str_add(&sql, "ALTER ROLE ");
        conn_add_ident(run->dest, &sql, PQgetvalue(result, i, 0));
        str_add(&sql, " PASSWORD ");
        const char *shown = arena_printf(run->arena, "%s'...'", str_text(&sql));
        conn_add_literal(run->dest, &sql, PQgetvalue(result, i, 1));
        add(run, list, str_text(&sql), shown);
    }
    return true;
}

static bool add_settings(Run *run, const char *names, RoleStatements *list, Error *err)
{
    const char *const values[] = {names};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query(run->source, run_sql("role_settings", conn_version(run->source)), 1, values,
                    &result, err))
        return error_wrap(err, "reading the roles' settings");
    int count = PQntuples(result);
    for (int i = 0; i < count;) {
        const char *role = PQgetvalue(result, i, 0), *name = PQgetvalue(result, i, 1);
        AUTO(str_clear) Str sql = STR_INIT;
        str_add(&sql, "ALTER ROLE ");
        conn_add_ident(run->dest, &sql, role);
        str_add(&sql, " SET ");
        conn_add_ident(run->dest, &sql, name);
        for (int first = i; i < count && strcmp(PQgetvalue(result, i, 0), role) == 0 &&
                            strcmp(PQgetvalue(result, i, 1), name) == 0;
             i++) {
            str_add(&sql, i == first ? " TO " : ", ");
            conn_add_literal(run->dest, &sql, PQgetvalue(result, i, 2));
        }
        add(run, list, str_text(&sql), NULL);
    }
    return true;
}

static const char *truth(const PGresult *result, int row, int column)
{
    return PQgetvalue(result, row, column)[0] == 't' ? "TRUE" : "FALSE";
}

/* Only a superuser may say without more ado who granted it. */
static void add_grantor(Run *run, const Power *power, const PGresult *members, int row,
                        const RoleStatements *list, Str *sql)
{
    const char *grantor = PQgetvalue(members, row, 6);
    if (PQgetisnull(members, row, 6))
        return;
    if (power->super) {
        str_add(sql, " GRANTED BY ");
        conn_add_ident(run->dest, sql, grantor);
    } else if (!list->quiet) {
        run_warning(run,
                    "membership of role %s in role %s is granted by the destination's user, not "
                    "by %s",
                    PQgetvalue(members, row, 1), PQgetvalue(members, row, 0), grantor);
    }
}

static bool add_memberships(Run *run, const char *names, const Power *power, RoleStatements *list,
                            Error *err)
{
    const char *const values[] = {names};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query(run->source, run_sql("role_members", conn_version(run->source)), 1, values,
                    &result, err))
        return error_wrap(err, "reading the roles' memberships");
    bool options = conn_version(run->dest) >= 160000;
    for (int i = 0; i < PQntuples(result); i++) {
        if (PQgetvalue(result, i, 2)[0] != 't') {
            if (!list->quiet)
                run_warning(run, "not carried over: membership of role %s in role %s",
                            PQgetvalue(result, i, 1), PQgetvalue(result, i, 0));
            continue;
        }
        AUTO(str_clear) Str sql = STR_INIT;
        str_add(&sql, "GRANT ");
        conn_add_ident(run->dest, &sql, PQgetvalue(result, i, 0));
        str_add(&sql, " TO ");
        conn_add_ident(run->dest, &sql, PQgetvalue(result, i, 1));
        if (options && !PQgetisnull(result, i, 4)) {
            str_addf(&sql, " WITH ADMIN %s, INHERIT %s, SET %s", truth(result, i, 3),
                     truth(result, i, 4), truth(result, i, 5));
            add_grantor(run, power, result, i, list, &sql);
        } else if (PQgetvalue(result, i, 3)[0] == 't') {
            str_add(&sql, " WITH ADMIN OPTION");
        }
        add(run, list, str_text(&sql), NULL);
    }
    return true;
}

static bool make_statements(Run *run, const char *names, const Power *power, RoleStatements *list,
                            Error *err)
{
    const char *const values[] = {names};
    AUTO(result_free) PGresult *roles = NULL;
    if (!conn_query(run->source, run_sql("roles", conn_version(run->source)), 1, values, &roles,
                    err))
        return error_wrap(err, "reading the source's roles");
    for (int i = 0; i < PQntuples(roles); i++)
        add_role(run, power, roles, i, list);
    bool readable = PQntuples(roles) > 0 && PQgetvalue(roles, 0, 11)[0] == 't';
    return add_passwords(run, names, readable, list, err) && add_settings(run, names, list, err) &&
           add_memberships(run, names, power, list, err);
}

/* ---- the calls ------------------------------------------------------------------------- */

bool roles_check(Run *run, const Plan *plan, Error *err)
{
    const char *names = NULL, *shown = NULL;
    if (!find_missing(run, plan, &names, &shown, err))
        return false;
    if (names == NULL)
        return true;
    if (!run->settings->roles) {
        error_set(err, ERROR_PREFLIGHT, "roles of the source are missing in the destination: %s",
                  shown);
        return error_hint(err,
                          "Create them in the destination (CREATE ROLE)%s: they own objects of the "
                          "source or have grants on them.",
                          conn_is_tape(run->source) ? "; a dump holds no roles"
                                                    : ", or give --roles");
    }
    Power power = {0};
    if (!read_power(run, &power, err))
        return false;
    if (!power.createrole) {
        error_set(err, ERROR_PREFLIGHT, "the destination's user may not create roles: %s", shown);
        return error_hint(err, "Connect as a user with CREATEROLE, or create them beforehand.");
    }
    RoleStatements list = {0};
    if (!run->settings->dry_run)
        return true;
    if (!make_statements(run, names, &power, &list, err))
        return false;
    for (size_t i = 0; i < list.count; i++)
        run_plan(run, list.shown[i]);
    return true;
}

static bool create_all(Run *run, const char *names, Error *err)
{
    Power power = {0};
    RoleStatements list = {.quiet = run->settings->dry_run};
    if (!read_power(run, &power, err) || !make_statements(run, names, &power, &list, err))
        return false;
    for (size_t i = 0; i < list.count; i++)
        if (!conn_exec(run->dest, list.sql[i], err)) {
            error_kind(err, ERROR_PREFLIGHT);
            return error_wrap(err, "the destination refuses %s", list.shown[i]);
        }
    return true;
}

/* One transaction with the journal: abort must never drop a role that somebody else created. */
static bool create_recorded(Run *run, const char *names, Error *err)
{
    AUTO(mem_free) char *id = mem_printf("%lld", (long long)run->id);
    const char *const values[] = {id, names};
    AUTO(result_free) PGresult *result = NULL;
    return conn_exec(run->dest, "BEGIN", err) && create_all(run, names, err) &&
           conn_query(run->dest,
                      "INSERT INTO pgzm.event (migration, what, detail)"
                      " SELECT $1::bigint, 'role', n.name"
                      " FROM pg_catalog.json_array_elements_text($2::json) n(name)",
                      2, values, &result, err) &&
           conn_exec(run->dest, "COMMIT", err);
}

bool roles_create(Run *run, const Plan *plan, Error *err)
{
    const char *names = NULL, *shown = NULL;
    if (!run->settings->roles || !find_missing(run, plan, &names, &shown, err) || names == NULL)
        return !error_is_set(err);
    if (create_recorded(run, names, err)) {
        log_info(&run->log, "created roles: %s", shown);
        return true;
    }
    conn_rollback(run->dest);
    return error_wrap(err, "creating roles");
}

bool roles_rehearse(Run *run, const Plan *plan, Error *err)
{
    const char *names = NULL, *shown = NULL;
    if (!run->settings->roles || !find_missing(run, plan, &names, &shown, err) || names == NULL)
        return !error_is_set(err);
    return create_all(run, names, err);
}
