#include "engine/membergrant.h"

#include <string.h>

#include "engine/journal.h"
#include "engine/selection.h"

enum { TYPE, IDENTITY, COLUMN, GRANTEE, PRIVILEGE, HAS, GRANTABLE, GIVEN, MINE };

static bool truth(const PGresult *list, int row, int column)
{
    return PQgetvalue(list, row, column)[0] == 't';
}

static bool read_list(Conn *conn, bool all, PGresult **list, Error *err)
{
    const char *const values[] = {all ? "t" : "f"};
    return conn_query(conn, run_sql("member_grants", conn_version(conn)), 1, values, list, err) ||
           error_wrap(err, "reading the privileges on members of extensions");
}

/* Where only some objects are wanted nobody asked for these. */
static bool is_wanted(const Run *run)
{
    return run->settings->acl != ACL_DEST && !run->settings->no_privileges &&
           !selection_scope(run).only_kept;
}

static bool is_equal(const PGresult *list, int row, const PGresult *other, int other_row,
                     int column)
{
    return PQgetisnull(list, row, column) == PQgetisnull(other, other_row, column) &&
           strcmp(PQgetvalue(list, row, column), PQgetvalue(other, other_row, column)) == 0;
}

/* The first row of the same object whose columns up to `last` are the same; -1 for none. */
static int find(const PGresult *ours, int row, const PGresult *theirs, int last)
{
    for (int i = 0; i < PQntuples(theirs); i++) {
        bool equal = true;
        for (int column = TYPE; column <= last && equal; column++)
            equal = is_equal(ours, row, theirs, i, column);
        if (equal)
            return i;
    }
    return -1;
}

/* "SELECT (column) ON TABLE x TO role": what `word` (TO, FROM) stands for. */
static void add_privilege(Run *run, Str *sql, const PGresult *list, int row, const char *word)
{
    str_add(sql, PQgetvalue(list, row, PRIVILEGE));
    if (!PQgetisnull(list, row, COLUMN)) {
        str_add(sql, " (");
        conn_add_ident(run->dest, sql, PQgetvalue(list, row, COLUMN));
        str_add(sql, ")");
    }
    str_addf(sql, " ON %s %s %s ", PQgetvalue(list, row, TYPE), PQgetvalue(list, row, IDENTITY),
             word);
    if (PQgetisnull(list, row, GRANTEE))
        str_add(sql, "PUBLIC");
    else
        conn_add_ident(run->dest, sql, PQgetvalue(list, row, GRANTEE));
}

static bool record(Run *run, const PGresult *ours, int row, bool give, bool option_only,
                   bool grantable, int *ordinal, Error *err)
{
    AUTO(str_clear) Str grant = STR_INIT;
    AUTO(str_clear) Str revoke = STR_INIT;
    str_add(&grant, "GRANT ");
    add_privilege(run, &grant, ours, row, "TO");
    str_add(&grant, grantable ? " WITH GRANT OPTION" : "");
    str_add(&revoke, option_only ? "REVOKE GRANT OPTION FOR " : "REVOKE ");
    add_privilege(run, &revoke, ours, row, "FROM");
    AUTO(mem_free)
    char *label =
        mem_printf("%s on %s", give ? "grant" : "revoke", PQgetvalue(ours, row, IDENTITY));
    const Str *after = give ? &grant : &revoke, *back = give ? &revoke : &grant;
    return journal_step(run->dest, run->id, "after swap", (*ordinal)++, label, str_text(after),
                        err) &&
           journal_step(run->dest, run->id, "after rollback", (*ordinal)++, label, str_text(back),
                        err);
}

/* A role that nobody can create. */
static bool is_predefined(const PGresult *list, int row)
{
    return strncmp(PQgetvalue(list, row, GRANTEE), "pg_", 3) == 0;
}

static bool has_role(Run *run, const PGresult *list, int row, bool *has, Error *err)
{
    *has = true;
    if (!is_predefined(list, row))
        return true; /* roles_check saw to it */
    const char *const values[] = {PQgetvalue(list, row, GRANTEE)};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query_row(run->dest,
                        "SELECT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = $1)", 1,
                        values, &result, err))
        return false;
    *has = PQgetvalue(result, 0, 0)[0] == 't';
    return true;
}

static bool record_one(Run *run, const PGresult *ours, int row, const PGresult *theirs,
                       int *ordinal, Error *err)
{
    int object = find(ours, row, theirs, IDENTITY);
    /* A name that the destination's server does not know stands for nothing that it would run. */
    if (object < 0 || !truth(theirs, object, MINE)) {
        run_warning(run, "not carried over: privileges on an extension's %s (%s)",
                    PQgetvalue(ours, row, IDENTITY),
                    object < 0 ? "the destination's extension has no such member"
                               : "the destination's user does not own it");
        return true;
    }
    bool known = true;
    if (!has_role(run, ours, row, &known, err))
        return false;
    if (!known) {
        run_warning(run, "not carried over: privileges on an extension's %s for role %s",
                    PQgetvalue(ours, row, IDENTITY), PQgetvalue(ours, row, GRANTEE));
        return true;
    }
    int other = find(ours, row, theirs, PRIVILEGE);
    bool has = other >= 0 && truth(theirs, other, HAS);
    bool grantable = other >= 0 && truth(theirs, other, GRANTABLE);
    if (truth(ours, row, HAS))
        return (has && (grantable || !truth(ours, row, GRANTABLE))) ||
               record(run, ours, row, true, has, truth(ours, row, GRANTABLE), ordinal, err);
    /* what the destination itself granted stays */
    return !has || !truth(theirs, other, GIVEN) ||
           record(run, ours, row, false, false, grantable, ordinal, err);
}

bool membergrants_collect(Run *run, json_t *roles, Error *err)
{
    AUTO(result_free) PGresult *list = NULL;
    if (!is_wanted(run))
        return true;
    if (!read_list(run->source, false, &list, err))
        return false;
    for (int i = 0; i < PQntuples(list); i++)
        if (!PQgetisnull(list, i, GRANTEE) && truth(list, i, HAS) && !is_predefined(list, i))
            json_object_set_new_nocheck(roles, PQgetvalue(list, i, GRANTEE), json_true());
    return true;
}

/* A role of that name may be missing for what is only taken away: nothing to take there. */
bool membergrants_record(Run *run, int *ordinal, Error *err)
{
    AUTO(result_free) PGresult *ours = NULL;
    AUTO(result_free) PGresult *theirs = NULL;
    if (!is_wanted(run))
        return true;
    if (!read_list(run->source, false, &ours, err) || PQntuples(ours) == 0)
        return !error_is_set(err);
    if (!read_list(run->dest, true, &theirs, err))
        return false;
    for (int i = 0; i < PQntuples(ours); i++)
        if (!record_one(run, ours, i, theirs, ordinal, err))
            return false;
    return true;
}
