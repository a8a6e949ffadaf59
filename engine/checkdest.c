#include "engine/checkdest.h"

#include <stdlib.h>
#include <string.h>

#include "engine/array.h"
#include "engine/selection.h"

static const char *live_schemas(Run *run, const Plan *plan)
{
    const char **names = journal_live_names(&plan->schemas, run->arena);
    return array_literal(run->arena, names, plan->schemas.count);
}

/* ---- text on both sides ------------------------------------------------------------------ */

typedef struct Database {
    const char *encoding, *provider, *collate, *ctype, *locale, *version, *actual_version;
} Database;

static const char *cell(const PGresult *result, int column, Arena *arena)
{
    return PQgetisnull(result, 0, column) ? NULL
                                          : arena_strdup(arena, PQgetvalue(result, 0, column));
}

static bool read_database(Run *run, Conn *conn, Database *database, Error *err)
{
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query_row(conn, run_sql("check_database", conn_version(conn)), 0, NULL, &result, err))
        return error_wrap(err, "looking at the %s", conn_side_name(conn));
    *database = (Database){
        .encoding = cell(result, 0, run->arena),
        .provider = cell(result, 1, run->arena),
        .collate = cell(result, 2, run->arena),
        .ctype = cell(result, 3, run->arena),
        .locale = cell(result, 4, run->arena),
        .version = cell(result, 5, run->arena),
        .actual_version = cell(result, 6, run->arena),
    };
    return true;
}

static bool encodings(Run *run, const Plan *plan, Error *err)
{
    (void)plan;
    Database source = {0}, dest = {0};
    if (!read_database(run, run->source, &source, err) ||
        !read_database(run, run->dest, &dest, err))
        return false;
    bool bytes_in = strcmp(source.encoding, "SQL_ASCII") == 0;
    bool bytes_out = strcmp(dest.encoding, "SQL_ASCII") == 0;
    if (strcmp(source.encoding, dest.encoding) == 0)
        check_note(run, "both databases are in %s", source.encoding);
    else if (bytes_in)
        check_warn(run,
                   "Look for bytes above 127 on the source: the first that is no UTF-8 ends "
                   "the copy.",
                   "the source is in SQL_ASCII, which is any bytes, the destination in %s",
                   dest.encoding);
    else if (bytes_out)
        check_warn(run, "Migrate into a database in UTF8.",
                   "the destination is in SQL_ASCII: it takes text of the source (%s) as UTF-8, "
                   "but knows no characters beyond ASCII",
                   source.encoding);
    else if (strcmp(dest.encoding, "UTF8") == 0)
        check_note(run, "text is converted from %s to UTF8, which holds all of it",
                   source.encoding);
    else
        check_warn(run,
                   "Migrate into a database in UTF8, or make sure that there is no such "
                   "character.",
                   "the source is in %s, the destination in %s: the first character that %s lacks "
                   "ends the copy",
                   source.encoding, dest.encoding, dest.encoding);
    return true;
}

static const char *described(const Database *database, Arena *arena)
{
    const char *locale = database->locale;
    return arena_printf(arena, "%s, LC_COLLATE %s, LC_CTYPE %s%s%s", database->provider,
                        database->collate, database->ctype, locale != NULL ? ", locale " : "",
                        locale != NULL ? locale : "");
}

static void compare_version(Run *run, const Conn *conn, const Database *database)
{
    const char *made = database->version, *now = database->actual_version;
    if (made == NULL || (now != NULL && strcmp(made, now) == 0))
        return;
    check_warn(run,
               "Rebuild its indexes on text and run ALTER DATABASE ... REFRESH COLLATION "
               "VERSION.",
               "the %s was made with version %s of its collation, and the system has %s now: "
               "indexes may be in the wrong order",
               conn_side_name(conn), made, now != NULL ? now : "none");
}

/* The old indexes do not matter, they are built again; rows in the order of the source do not
 * either. What a comparison decides may: partitions, checks, results of ORDER BY. */
static bool collations(Run *run, const Plan *plan, Error *err)
{
    (void)plan;
    Database source = {0}, dest = {0};
    if (!read_database(run, run->source, &source, err) ||
        !read_database(run, run->dest, &dest, err))
        return false;
    const char *ours = described(&source, run->arena), *theirs = described(&dest, run->arena);
    if (strcmp(ours, theirs) != 0)
        check_warn(run,
                   "Compare ORDER BY, range partitions and CHECK constraints on text; or "
                   "make the destination's database with the source's locale.",
                   "text is compared otherwise: the source has %s, the destination %s", ours,
                   theirs);
    compare_version(run, run->source, &source);
    compare_version(run, run->dest, &dest);
    const char *const sides[] = {conn_side_name(run->source), conn_side_name(run->dest)};
    return check_query(run, run->source, "check_collations", 1, &sides[0], err) &&
           check_query(run, run->dest, "check_collations", 1, &sides[1], err);
}

/* ---- extensions -------------------------------------------------------------------------- */

static const Extension *extension_named(const Model *model, const char *name)
{
    for (size_t i = 0; i < model->extensions.count; i++)
        if (strcmp(model->extensions.items[i].object.name, name) == 0)
            return &model->extensions.items[i];
    return NULL;
}

static bool is_superuser(const Conn *conn)
{
    const char *value = conn_parameter(conn, "is_superuser");
    return value != NULL && strcmp(value, "on") == 0;
}

/* One row of check_extensions.sql. */
static void judge_extension(Run *run, const Extension *ours, const PGresult *theirs, int row)
{
    const char *name = ours->object.name, *version = ours->version;
    bool available = !PQgetisnull(theirs, row, 1), installed = !PQgetisnull(theirs, row, 2);
    const char *there = PQgetvalue(theirs, row, installed ? 2 : 1);
    if (!available && !installed) {
        check_fail(run, "Install its package on the destination's host.",
                   "extension %s of the source is not available in the destination", name);
        return;
    }
    if (!installed && PQgetvalue(theirs, row, 4)[0] == 't' && !is_superuser(run->dest))
        check_fail(run, "Let a superuser run CREATE EXTENSION in the destination beforehand.",
                   "extension %s is not installed in the destination, and only a superuser can",
                   name);
    if (version != NULL && strcmp(version, there) != 0)
        check_warn(run, NULL, "extension %s has version %s on the source and %s in the destination",
                   name, version, there);
    if (installed && strcmp(PQgetvalue(theirs, row, 3), ours->object.schema) != 0)
        check_warn(run, "Functions whose bodies name the schema will not find it.",
                   "extension %s is in schema %s on the source and in %s in the destination", name,
                   ours->object.schema, PQgetvalue(theirs, row, 3));
}

static bool extensions(Run *run, const Plan *plan, Error *err)
{
    size_t count = plan->source->extensions.count;
    const char **names = arena_alloc(run->arena, (count + 1) * sizeof *names);
    for (size_t i = 0; i < count; i++)
        names[i] = plan->source->extensions.items[i].object.name;
    const char *const values[] = {array_literal(run->arena, names, count)};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query(run->dest, run_sql("check_extensions", conn_version(run->dest)), 1, values,
                    &result, err))
        return error_wrap(err, "looking for extensions");
    for (int i = 0; i < PQntuples(result); i++) {
        const Extension *ours = extension_named(plan->source, PQgetvalue(result, i, 0));
        if (ours != NULL)
            judge_extension(run, ours, result, i);
    }
    return true;
}

/* ---- who takes part ---------------------------------------------------------------------- */

static bool rights(Run *run, const Plan *plan, Error *err)
{
    (void)plan;
    return check_query(run, run->dest, "check_rights", 0, NULL, err);
}

static bool publications(Run *run, const Plan *plan, Error *err)
{
    const char *const values[] = {live_schemas(run, plan),
                                  run->settings->allow_publish ? "t" : "f"};
    return check_query(run, run->dest, "check_publications", 2, values, err) &&
           check_query(run, run->source, "check_source_publications", 0, NULL, err);
}

static bool subscriptions(Run *run, const Plan *plan, Error *err)
{
    const char *const values[] = {live_schemas(run, plan)};
    return check_query(run, run->dest, "check_subscriptions", 1, values, err);
}

static bool event_triggers(Run *run, const Plan *plan, Error *err)
{
    (void)plan;
    return check_query(run, run->dest, "check_event_triggers", 0, NULL, err);
}

/* A migration that is unfinished is in the way as such; what it made is not left over. */
static bool leftovers(Run *run, const Plan *plan, Error *err)
{
    (void)plan;
    const JournalMigration *found = NULL;
    JournalSchemas made = {0};
    if (!journal_find(run->dest, STATE_PREPARING "," STATE_PREPARED, run->arena, &found, err) ||
        (found != NULL && !journal_schemas(run->dest, found->id, run->arena, &made, err)))
        return false;
    const char **names = journal_shadow_names(&made, run->arena);
    const char *const values[] = {array_literal(run->arena, names, made.count)};
    return check_query(run, run->dest, "check_leftovers", 1, values, err);
}

static bool transactions(Run *run, const Plan *plan, Error *err)
{
    AUTO(mem_free) char *patience = mem_printf("%lld", (long long)run->settings->swap_timeout_ms);
    const char *const values[] = {live_schemas(run, plan), patience};
    return check_query(run, run->dest, "check_transactions", 2, values, err);
}

/* ---- how much ---------------------------------------------------------------------------- */

/* As the source has them. */
static bool index_bytes(Run *run, int64_t *bytes, Error *err)
{
    const char *const values[] = {selection_left_out(run)};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query_row(run->source, run_sql("check_space", conn_version(run->source)), 1, values,
                        &result, err))
        return error_wrap(err, "measuring the source's indexes");
    *bytes = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    return true;
}

/* What is written, about: rows, and as much for indexes as the source has. Measured once: each
 * index costs the server a look at its file. */
static bool sizes(Run *run, const Plan *plan, int64_t *total, int64_t *largest, Error *err)
{
    const json_t *known = json_object_get(run->result, "bytes_needed");
    int64_t rows = 0, indexes = 0;
    *largest = 0;
    for (size_t i = 0; i < plan->source->tables.count; i++) {
        int64_t bytes = plan->source->tables.items[i].total_bytes;
        rows += bytes;
        if (bytes > *largest)
            *largest = bytes;
    }
    if (known != NULL) {
        *total = json_integer_value(known);
        return true;
    }
    if (!index_bytes(run, &indexes, err))
        return false;
    *total = rows + indexes;
    json_object_set_new(run->result, "bytes_needed", json_integer(*total));
    return true;
}

static bool space(Run *run, const Plan *plan, Error *err)
{
    int64_t total = 0, largest = 0;
    if (!sizes(run, plan, &total, &largest, err))
        return false;
    AUTO(mem_free) char *bytes = mem_printf("%lld", (long long)total);
    const char *const values[] = {bytes};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query_row(run->dest,
                        "SELECT pg_catalog.pg_size_pretty($1::bigint), pg_catalog.pg_size_pretty("
                        "pg_catalog.pg_database_size(pg_catalog.current_database()))",
                        1, values, &result, err))
        return error_wrap(err, "measuring the destination");
    check_note(run,
               "about %s are needed in the destination, which has %s now, and as much of WAL "
               "meanwhile; how much is free cannot be seen from here",
               PQgetvalue(result, 0, 0), PQgetvalue(result, 0, 1));
    return true;
}

static bool check_sized(Run *run, const Plan *plan, const char *name, int n, Error *err)
{
    int64_t total = 0, largest = 0;
    if (!sizes(run, plan, &total, &largest, err))
        return false;
    AUTO(mem_free) char *all = mem_printf("%lld", (long long)total);
    AUTO(mem_free) char *one = mem_printf("%lld", (long long)largest);
    const char *const values[] = {all, one};
    return check_query(run, run->dest, name, n, values, err);
}

static bool replication(Run *run, const Plan *plan, Error *err)
{
    return check_sized(run, plan, "check_replication", 1, err);
}

static bool settings(Run *run, const Plan *plan, Error *err)
{
    return check_sized(run, plan, "check_settings", 2, err);
}

bool checkdest_all(Run *run, const Plan *plan, Error *err)
{
    static const Check checks[] = {
        {"encodings", encodings, ""},
        {"collations", collations, "both databases compare text alike"},
        {"extensions", extensions, "the destination has the source's extensions"},
        {"rights", rights, "the user sees others' transactions and may cancel autovacuum"},
        {"publications", publications, "no publication takes more than it should"},
        {"subscriptions", subscriptions, "no subscription writes into tables that are replaced"},
        {"event triggers", event_triggers, "no event trigger sees the making of the new objects"},
        {"leftovers", leftovers, "nothing of another migration is left over"},
        {"transactions", transactions, "no transaction is open for long in the destination"},
        {"space", space, ""},
        {"replication", replication, "no replication slot or standby holds back WAL"},
        {"settings", settings, "the destination's settings are fit for a load"},
    };
    return checks_run(run, checks, LENGTH(checks), plan, err);
}
