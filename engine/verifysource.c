#include <ctype.h>
#include <string.h>

#include "base/str.h"
#include "engine/diff.h"
#include "engine/verify.h"
#include "schema/catalog.h"
#include "schema/difference.h"

/* How many findings of a sort are named. */
enum { NAMED_AT_MOST = 20 };

/* ---- reading ----------------------------------------------------------------------------- */

/* The shadow's schemas are given under the names that they will have. */
static bool read_aliases(Verify *verify, CatalogScope *scope, Error *err)
{
    Run *run = verify->run;
    size_t count = verify->schemas.count;
    SchemaAlias *aliases = arena_alloc(run->arena, (count + 1) * sizeof *aliases);
    for (size_t i = 0; i < count; i++) {
        const JournalSchema *schema = &verify->schemas.items[i];
        const char *const values[] = {schema->shadow, schema->live};
        AUTO(result_free) PGresult *result = NULL;
        if (!conn_query_row(run->dest, "SELECT quote_ident($1), quote_ident($2)", 2, values,
                            &result, err))
            return false;
        aliases[i] =
            (SchemaAlias){.name = schema->shadow,
                          .quoted = arena_strdup(run->arena, PQgetvalue(result, 0, 0)),
                          .shown = schema->live,
                          .quoted_shown = arena_strdup(run->arena, PQgetvalue(result, 0, 1))};
    }
    scope->aliases = aliases;
    scope->alias_count = count;
    return true;
}

/* Names of migrated objects are bare on both sides, and so are those of extensions and of types
 * that the new objects share with the live ones: these are found behind the shadow. */
static bool read_path(Verify *verify, const Conn *conn, Str *path, Error *err)
{
    AUTO(str_clear) Str extensions = STR_INIT;
    if (!diff_path(verify->run, &extensions, err))
        return false;
    for (int shadow = conn_side(conn) == CONN_DEST; shadow >= 0; shadow--)
        for (size_t i = 0; i < verify->schemas.count; i++) {
            const JournalSchema *schema = &verify->schemas.items[i];
            str_separate(path, ", ");
            conn_add_ident(conn, path, shadow ? schema->shadow : schema->live);
        }
    if (extensions.len > 0)
        str_separate(path, ", ");
    str_add(path, str_text(&extensions));
    return true;
}

/* Statements are made for the older one of both servers, so that none says more than the other
 * could. */
static bool read_side(Verify *verify, Conn *conn, const CatalogScope *scope, Model **model,
                      FragmentList *fragments, Error *err)
{
    Run *run = verify->run;
    int source = conn_version(run->source), dest = conn_version(run->dest);
    AUTO(str_clear) Str path = STR_INIT;
    bool ok = read_path(verify, conn, &path, err) &&
              conn_exec(conn, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", err) &&
              conn_execf(conn, err, "SET LOCAL lock_timeout = %lld",
                         (long long)run->settings->lock_wait_timeout_ms) &&
              set_path(conn, str_text(&path), true, err) &&
              catalog_read(conn, scope, run->arena, model, err);
    if (PQtransactionStatus(conn_pg(conn)) != PQTRANS_IDLE)
        conn_rollback(conn);
    if (!ok)
        return error_wrap(err, "reading the catalogs of the %s", conn_side_name(conn));
    (*model)->database = conn_database(run->dest); /* in statements about the database itself */
    return fragments_build(*model, source < dest ? source : dest, conn, run->arena, fragments, err);
}

/* ---- what is meant to differ ------------------------------------------------------------- */

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* "public.orders", "touch on public.orders": something in a migrated schema. What is in none waits
 * for the swap, and the schemas themselves stay what they are. */
static bool is_in_schema(const Verify *verify, const char *identity)
{
    const char *place = identity;
    for (const char *on; (on = strstr(place, " on ")) != NULL;)
        place = on + strlen(" on ");
    for (size_t i = 0; i < verify->schemas.count; i++) {
        const char *live = verify->schemas.items[i].live;
        if (begins(place, live) && place[strlen(live)] == '.')
            return true;
    }
    return false;
}

/* What the options of the migration decide, which nobody notes: owners, grants, comments, where
 * files are. */
static bool is_option(const char *operation)
{
    static const char *const operations[] = {"ALTER_OWNER", "GRANT", "REVOKE", "ALTER_COMMENT",
                                             "ALTER_TABLESPACE"};
    for (size_t i = 0; i < LENGTH(operations); i++)
        if (strcmp(operation, operations[i]) == 0)
            return true;
    return false;
}

/* In a result of one column. */
static bool has(const PGresult *list, const char *text)
{
    for (int i = 0; i < PQntuples(list); i++)
        if (strcmp(PQgetvalue(list, i, 0), text) == 0)
            return true;
    return false;
}

/* Of the shadow of a preserved table: its triggers, rules and row-level security are off until the
 * swap. */
static bool is_off(const Difference *difference, const PGresult *preserved)
{
    const char *on = strstr(difference->identity, " on ");
    if (!has(preserved, on != NULL ? on + strlen(" on ") : difference->identity))
        return false;
    if (strstr(difference->operation, "SECURITY") != NULL)
        return true;
    return (difference->source != NULL && begins(difference->source, "ALTER TABLE ")) ||
           (difference->dest != NULL && begins(difference->dest, "ALTER TABLE "));
}

/* What the journal says about it. */
typedef struct Expected {
    PGresult *waiting;   /* "foreign key x on y": added in the swap */
    PGresult *preserved; /* "public.users" */
    PGresult *types;     /* "public.color": live ones that may be shared */
} Expected;

static void expected_clear(Expected *expected)
{
    PQclear(expected->waiting);
    PQclear(expected->preserved);
    PQclear(expected->types);
}

static inline void auto_expected_clear(Expected *expected)
{
    expected_clear(expected);
}

static bool expected_read(const Verify *verify, Expected *expected, Error *err)
{
    Conn *dest = verify->run->dest;
    const char *const values[] = {verify->id};
    return (conn_query(dest,
                       "SELECT DISTINCT label FROM pgzm.step WHERE migration = $1::bigint"
                       " AND part IN ('after swap', 'settle')",
                       1, values, &expected->waiting, err) &&
            conn_query(dest,
                       "SELECT live || '.' || name FROM pgzm.preserved"
                       " WHERE migration = $1::bigint",
                       1, values, &expected->preserved, err) &&
            conn_query(dest,
                       "SELECT s.live || '.' || t.typname FROM pgzm.schema s"
                       " JOIN pg_namespace n ON n.nspname = s.live"
                       " JOIN pg_type t ON t.typnamespace = n.oid WHERE s.migration = $1::bigint",
                       1, values, &expected->types, err)) ||
           error_wrap(err, "reading the journal");
}

static bool is_expected(const Verify *verify, const Difference *difference,
                        const Expected *expected)
{
    if (difference->class != DIFFERENCE_CHANGE || is_option(difference->operation) ||
        begins(difference->kind, "publication") || /* changed in the swap alone */
        !is_in_schema(verify, difference->identity) || is_off(difference, expected->preserved))
        return true;
    if (difference->dest != NULL)
        return false;
    /* of a provider that the destination does not have */
    if (difference->source != NULL && begins(difference->source, "SECURITY LABEL "))
        return true;
    char *label = arena_printf(verify->run->arena, "%s %s", difference->kind, difference->identity);
    for (char *c = label; *c != '\0'; c++)
        if (iscntrl((unsigned char)*c))
            *c = ' '; /* as in the journal's labels */
    if (has(expected->waiting, label))
        return true;
    return strcmp(difference->operation, "CREATE_TYPE") == 0 &&
           has(expected->types, difference->identity);
}

/* ---- judging ----------------------------------------------------------------------------- */

/* Something of its own that the shadow has nothing of: filters may have left it out. */
static bool is_missing(const Difference *difference)
{
    return difference->dest == NULL && strcmp(difference->kind, "column") != 0 &&
           (begins(difference->operation, "CREATE_") || begins(difference->operation, "ADD_"));
}

static void say_missing(Verify *verify, const Difference *difference)
{
    check_warn(verify->run,
               arena_printf(verify->run->arena,
                            "It was made on the source since %s, or filters left it out.",
                            verify->source_as_of),
               "%s %s is on the source, but not in what was prepared", difference->kind,
               difference->identity);
}

static void say_different(Verify *verify, const Difference *difference)
{
    const char *how = difference->dest == NULL     ? "is missing in what was prepared"
                      : difference->source == NULL ? "is not so on the source"
                                                   : "is defined otherwise on the source";
    check_fail(verify->run,
               arena_printf(verify->run->arena,
                            "It was changed on the source since %s, or in the shadow schema.",
                            verify->source_as_of),
               "%s %s %s (%s)", difference->kind, difference->identity, how, difference->operation);
}

static void judge(Verify *verify, const DifferenceList *list, const Expected *expected)
{
    size_t missing = 0, different = 0;
    for (size_t i = 0; i < list->count; i++) {
        const Difference *difference = &list->items[i];
        if (is_expected(verify, difference, expected))
            continue;
        if (is_missing(difference)) {
            if (missing++ < NAMED_AT_MOST)
                say_missing(verify, difference);
        } else if (different++ < NAMED_AT_MOST) {
            say_different(verify, difference);
        }
    }
    if (missing > NAMED_AT_MOST)
        check_warn(verify->run, NULL, "and %zu more that are on the source",
                   missing - NAMED_AT_MOST);
    if (different > NAMED_AT_MOST)
        check_fail(verify->run, NULL, "and %zu more that differ", different - NAMED_AT_MOST);
}

/* ---- the whole --------------------------------------------------------------------------- */

static bool compare(Verify *verify, Error *err)
{
    Run *run = verify->run;
    CatalogScope live = {.schemas = journal_live_names(&verify->schemas, run->arena),
                         .schema_count = verify->schemas.count};
    CatalogScope shadow = {.schemas = journal_shadow_names(&verify->schemas, run->arena),
                           .schema_count = verify->schemas.count};
    Model *ours = NULL, *theirs = NULL;
    FragmentList our_fragments = {0}, their_fragments = {0};
    AUTO(expected_clear) Expected expected = {0};
    if (!read_aliases(verify, &shadow, err) ||
        !read_side(verify, run->source, &live, &theirs, &their_fragments, err) ||
        !read_side(verify, run->dest, &shadow, &ours, &our_fragments, err) ||
        !expected_read(verify, &expected, err))
        return false;
    DifferenceList list = {0};
    difference_find(&(DifferenceSide){theirs, &their_fragments},
                    &(DifferenceSide){ours, &our_fragments}, DIFFERENCE_ACL_DEST, run->arena,
                    &list);
    judge(verify, &list, &expected);
    return true;
}

bool verify_source(Verify *verify, Error *err)
{
    AUTO(error_clear) Error failure = ERROR_INIT;
    check_open(verify->run, "source schema");
    return compare(verify, err) &&
           check_close(verify->run, true, &failure, "the definitions are the source's", err);
}
