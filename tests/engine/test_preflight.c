/* Each check, provoked: what it says, that the others still run, that nothing is changed. */
#include <libpq-fe.h>
#include <unistd.h>

#include "engine/run.h"
#include "tests/engine/handle.h"
#include "tests/harness/pooler.h"

static void auto_pq_finish(PGconn **conn)
{
    PQfinish(*conn);
}

/* ---- asking ------------------------------------------------------------------------------ */

/* The message of a finding whose message contains `part`; NULL when there is none. */
static const char *finding(json_t *result, const char *name, const char *status, const char *part)
{
    const json_t *checks = json_object_get(result, "checks");
    for (size_t i = 0; i < json_array_size(checks); i++) {
        json_t *check = json_array_get(checks, i);
        if (strcmp(text_of(check, "name"), name) == 0 &&
            strcmp(text_of(check, "status"), status) == 0 &&
            strstr(text_of(check, "message"), part) != NULL)
            return text_of(check, "message");
    }
    return NULL;
}

#define EXPECT_FINDING(result, name, status, part)                                                 \
    do {                                                                                           \
        AUTO(mem_free) char *shown_ = json_dumps(json_object_get(result, "checks"), 0);            \
        cr_assert(finding(result, name, status, part) != NULL, "no %s of %s says \"%s\":\n%s",     \
                  status, name, part, shown_);                                                     \
    } while (0)

static Pgzm *handle_of(const char *source, const char *dest)
{
    Pgzm *pgzm = pgzm_new();
    cr_assert_eq(pgzm_set(pgzm, PGZM_SOURCE, source), PGZM_OK);
    cr_assert_eq(pgzm_set(pgzm, PGZM_DEST, dest), PGZM_OK);
    cr_assert_eq(pgzm_set(pgzm, PGZM_JOBS, "2"), PGZM_OK);
    return pgzm;
}

/* Preflight of two connection strings. */
static json_t *preflight(const char *source, const char *dest, PgzmStatus expected)
{
    AUTO(pgzm_free) Pgzm *pgzm = handle_of(source, dest);
    EXPECT_STATUS(pgzm, PGZM_PREFLIGHT_CHECK, expected);
    return result_of(pgzm);
}

/* A session that keeps a transaction open after some statements. */
static PGconn *hold(const TestDatabase *database, const char *statements)
{
    PGconn *conn = PQconnectdb(database->conninfo);
    PGresult *result = PQexec(conn, statements);
    cr_assert_neq(PQresultStatus(result), PGRES_FATAL_ERROR, "%s: %s", statements,
                  PQerrorMessage(conn));
    PQclear(result);
    return conn;
}

/* ---- a user with few rights -------------------------------------------------------------- */

typedef struct Role {
    char name[64];
    TestDatabase database;
} Role;

static void statement(const TestDatabase *database, const char *fmt, const char *name)
{
    AUTO(str_clear) Str script = STR_INIT;
    for (const char *p = fmt; *p != '\0'; p++) {
        if (*p == '@')
            str_add(&script, name);
        else
            str_add_bytes(&script, p, 1);
    }
    test_sql(database, str_text(&script));
}

static Role role_new(const TestDatabase *database, const char *attributes)
{
    Role role = {.database = *database};
    snprintf(role.name, sizeof role.name, "pgzmtest_%d_%s", (int)getpid(), database->name + 9);
    AUTO(mem_free) char *script = mem_printf("CREATE ROLE @ LOGIN %s", attributes);
    statement(database, script, role.name);
    return role;
}

static char *conninfo_of(const Role *role, const TestDatabase *database)
{
    return mem_printf("%s user=%s", database->conninfo, role->name);
}

static void role_drop(Role *role)
{
    statement(&role->database,
              "REASSIGN OWNED BY @ TO CURRENT_USER; DROP OWNED BY @ CASCADE; DROP ROLE @",
              role->name);
}
#define ROLE __attribute__((cleanup(role_drop))) Role

/* ---- the list ---------------------------------------------------------------------------- */

Test(server_preflight, changes_nothing_and_keeps_no_lock)
{
    Pair pair = pair_open();
    AUTO(mem_free) char *source = digest_of(&pair.source);
    AUTO(mem_free) char *dest = digest_of(&pair.dest);
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    pgzm_set(pgzm, PGZM_PRESERVED_TABLES, "account");
    EXPECT_STATUS(pgzm, PGZM_PREFLIGHT_CHECK, PGZM_OK);
    AUTO(json_decref) json_t *result = result_of(pgzm);
    cr_assert_gt(json_array_size(json_object_get(result, "checks")), 30);
    EXPECT_FINDING(result, "versions", "pass", "PostgreSQL ");
    EXPECT_FINDING(result, "space", "pass", "are needed in the destination");
    AUTO(mem_free) char *source_after = digest_of(&pair.source);
    AUTO(mem_free) char *dest_after = digest_of(&pair.dest);
    cr_assert_str_eq(source, source_after);
    cr_assert_str_eq(dest, dest_after);
    EXPECT_VALUE(&pair.dest,
                 "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database ="
                 " (SELECT oid FROM pg_database WHERE datname = current_database())",
                 "0");
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'pgzm%'", "0");
    EXPECT_STATUS(pgzm, PGZM_START, PGZM_OK);
}

Test(server_preflight, goes_on_after_a_failure_and_counts_them)
{
    Pair pair = pair_open();
    test_sql(&pair.dest, "CREATE PUBLICATION everything FOR ALL TABLES;"
                         "CREATE SCHEMA pgzm_shadow_public");
    SEEN seen = {0};
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, &seen);
    EXPECT_STATUS(pgzm, PGZM_PREFLIGHT_CHECK, PGZM_PREFLIGHT);
    cr_assert_str_eq(pgzm_error_message(pgzm),
                     "2 checks failed; the first, publications: publication everything of the "
                     "destination publishes all tables");
    cr_assert_not_null(pgzm_error_hint(pgzm));
    AUTO(json_decref) json_t *result = result_of(pgzm);
    EXPECT_FINDING(result, "publications", "failure", "everything");
    EXPECT_FINDING(result, "leftovers", "failure", "pgzm_shadow_public");
    EXPECT_FINDING(result, "subscriptions", "pass", "");
    cr_assert_str_eq(str_text(&seen.warnings), "", "%s", str_text(&seen.warnings));
}

Test(server_preflight, ends_a_start_with_the_first_failure_and_names_the_others)
{
    Pair pair = pair_open();
    test_sql(&pair.dest, "CREATE PUBLICATION everything FOR ALL TABLES;"
                         "CREATE SCHEMA pgzm_shadow_public");
    static const PgzmCommand commands[] = {PGZM_START, PGZM_PREPARE};
    for (size_t i = 0; i < 4; i++) {
        SEEN seen = {0};
        AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, &seen);
        pgzm_set(pgzm, PGZM_DRY_RUN, i >= 2 ? "on" : "off");
        EXPECT_STATUS(pgzm, commands[i % 2], PGZM_PREFLIGHT);
        cr_assert_str_eq(pgzm_error_message(pgzm),
                         "publication everything of the destination publishes all tables");
        cr_assert_not_null(strstr(str_text(&seen.warnings),
                                  "schema pgzm_shadow_public is left over in the destination;"));
    }
    EXPECT_VALUE(&pair.dest, "SELECT to_regnamespace('pgzm') IS NULL", "t");
}

Test(server_preflight, names_an_unfinished_migration_and_a_command_at_work)
{
    Pair pair = pair_open();
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    EXPECT_STATUS(pgzm, PGZM_PREPARE, PGZM_OK);
    {
        AUTO(json_decref)
        json_t *result = preflight(pair.source.conninfo, pair.dest.conninfo, PGZM_STATE);
        EXPECT_FINDING(result, "migrations", "failure", "unfinished: PREPARED");
        EXPECT_FINDING(result, "leftovers", "pass", "");
    }
    EXPECT_STATUS(pgzm, PGZM_ABORT, PGZM_OK);
    AUTO(pq_finish) PGconn *other = hold(&pair.dest, "SELECT pg_advisory_lock(1885829741, 1)");
    AUTO(json_decref)
    json_t *result = preflight(pair.source.conninfo, pair.dest.conninfo, PGZM_STATE);
    EXPECT_FINDING(result, "migrations", "failure", "another pgzm-copy command is at work");
    cr_assert_eq(PQstatus(other), CONNECTION_OK);
}

Test(server_preflight, names_preserved_tables_that_cannot_be)
{
    Pair pair = pair_open();
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    pgzm_set(pgzm, PGZM_PRESERVED_TABLES, "nowhere");
    EXPECT_STATUS(pgzm, PGZM_PREFLIGHT_CHECK, PGZM_PREFLIGHT);
    AUTO(json_decref) json_t *result = result_of(pgzm);
    EXPECT_FINDING(result, "preserved tables", "failure", "nowhere");
    EXPECT_FINDING(result, "shapes", "warning", "public.customer changes its shape");
}

/* ---- rights ------------------------------------------------------------------------------ */

Test(server_preflight, names_all_that_may_not_be_read)
{
    Pair pair = pair_open();
    ROLE role = role_new(&pair.source, "");
    test_sql(&pair.source,
             "CREATE SCHEMA hidden; CREATE TABLE hidden.secret (id int);"
             "CREATE TABLE filtered (id int); ALTER TABLE filtered ENABLE ROW LEVEL SECURITY;"
             "CREATE POLICY few ON filtered USING (id > 3)");
    statement(&pair.source, "GRANT SELECT ON filtered, orders TO @", role.name);
    AUTO(mem_free) char *source = conninfo_of(&role, &pair.source);
    AUTO(json_decref) json_t *result = preflight(source, pair.dest.conninfo, PGZM_PREFLIGHT);
    EXPECT_FINDING(result, "read access", "failure",
                   "may not read tables of the source: hidden.secret, public.account, "
                   "public.customer");
    EXPECT_FINDING(result, "read access", "failure",
                   "no USAGE on schemas of the source: "
                   "hidden");
    EXPECT_FINDING(result, "read access", "failure",
                   "sequences of the source: "
                   "public.account_id_seq");
    EXPECT_FINDING(result, "read access", "failure",
                   "row-level security hides rows of the source from");
    EXPECT_FINDING(result, "subscriptions", "pass", "");
}

Test(server_preflight, is_content_with_a_reader_who_may_read_all)
{
    Pair pair = pair_open();
    ROLE role = role_new(&pair.source, "BYPASSRLS");
    test_sql(&pair.source, "ALTER TABLE orders ENABLE ROW LEVEL SECURITY");
    statement(&pair.source,
              "GRANT SELECT ON ALL TABLES IN SCHEMA public TO @;"
              "GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO @",
              role.name);
    AUTO(mem_free) char *source = conninfo_of(&role, &pair.source);
    AUTO(json_decref) json_t *result = preflight(source, pair.dest.conninfo, PGZM_OK);
    EXPECT_FINDING(result, "read access", "pass", "may read");
}

Test(server_preflight, names_what_the_user_may_not_do_in_the_destination)
{
    Pair pair = pair_open();
    ROLE role = role_new(&pair.dest, "");
    AUTO(mem_free) char *dest = conninfo_of(&role, &pair.dest);
    AUTO(json_decref) json_t *result = preflight(pair.source.conninfo, dest, PGZM_PREFLIGHT);
    EXPECT_FINDING(result, "write access", "failure", "may not create schemas");
    EXPECT_FINDING(result, "write access", "failure", "does not own schema public");
    EXPECT_FINDING(result, "write access", "failure", "does not own table public.orders");
    EXPECT_FINDING(result, "rights", "warning", "pg_read_all_stats");
    EXPECT_FINDING(result, "rights", "warning", "may not cancel autovacuum");
}

/* ---- between us and the servers ---------------------------------------------------------- */

Test(server_preflight, notices_a_pooler_and_refuses_one_that_changes_sessions)
{
    Pair pair = pair_open();
    if (getenv("TEST_PGHOST")[0] != '/')
        cr_skip_test("the pooler speaks to a local socket");
    AUTO(pooler_free) Pooler *keeps = pooler_new(false);
    AUTO(json_decref)
    json_t *kept = preflight(pooler_conninfo(keeps, pair.source.name), pair.dest.conninfo, PGZM_OK);
    EXPECT_FINDING(kept, "pooler", "warning", "the source is reached through a pooler");

    AUTO(pooler_free) Pooler *changes = pooler_new(true);
    const char *through = pooler_conninfo(changes, pair.dest.name);
    AUTO(json_decref) json_t *changed = preflight(pair.source.conninfo, through, PGZM_PREFLIGHT);
    EXPECT_FINDING(changed, "pooler", "failure", "changes sessions between queries");
    AUTO(pgzm_free) Pgzm *pgzm = handle_of(pair.source.conninfo, through);
    EXPECT_STATUS(pgzm, PGZM_START, PGZM_PREFLIGHT);
    /* nobody would ever give back a lock of such a session */
    EXPECT_VALUE(&pair.dest,
                 "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database ="
                 " (SELECT oid FROM pg_database WHERE datname = current_database())",
                 "0");
}

Test(server_preflight, counts_the_connections_that_are_free)
{
    Pair pair = pair_open();
    ROLE role = role_new(&pair.source, "SUPERUSER");
    statement(&pair.source,
              "ALTER ROLE @ NOSUPERUSER; GRANT pg_read_all_stats TO @;"
              "GRANT SELECT ON ALL TABLES IN SCHEMA public TO @;"
              "GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO @",
              role.name);
    AUTO(mem_free) char *source = conninfo_of(&role, &pair.source);
    statement(&pair.source, "ALTER ROLE @ CONNECTION LIMIT 3", role.name);
    AUTO(json_decref) json_t *few = preflight(source, pair.dest.conninfo, PGZM_PREFLIGHT);
    EXPECT_FINDING(few, "connections", "failure", "2 connections of the source are free for role");
    statement(&pair.source, "ALTER ROLE @ CONNECTION LIMIT 5", role.name);
    AUTO(json_decref) json_t *enough = preflight(source, pair.dest.conninfo, PGZM_OK);
    EXPECT_FINDING(enough, "connections", "warning",
                   "4 connections of the source are free for role");
    statement(&pair.source, "ALTER ROLE @ CONNECTION LIMIT -1", role.name);
    AUTO(mem_free)
    char *limit = mem_printf("ALTER DATABASE %s CONNECTION LIMIT 2", pair.source.name);
    test_sql(&pair.source, limit);
    AUTO(json_decref) json_t *none = preflight(source, pair.dest.conninfo, PGZM_PREFLIGHT);
    EXPECT_FINDING(none, "connections", "failure", "free for database");
    /* a superuser is not bound by either */
    AUTO(json_decref)
    json_t *super = preflight(pair.source.conninfo, pair.dest.conninfo, PGZM_OK);
    EXPECT_FINDING(super, "connections", "pass",
                   "connections of the source are free, 3 are needed");
}

/* ---- both databases ---------------------------------------------------------------------- */

static char *database_in(const Pair *pair, const char *options, char *name)
{
    snprintf(name, 64, "%.50s_text", pair->dest.name);
    AUTO(mem_free)
    char *script = mem_printf("CREATE DATABASE %s TEMPLATE template0 %s", name, options);
    test_sql(&pair->source, script);
    return mem_printf("%s dbname=%s", pair->dest.conninfo, name);
}

static void database_drop(const Pair *pair, const char *name)
{
    AUTO(mem_free) char *script = mem_printf("DROP DATABASE %s", name);
    test_sql(&pair->source, script);
}

Test(server_preflight, compares_encodings)
{
    Pair pair = pair_open();
    char name[64];
    AUTO(mem_free)
    char *latin = database_in(&pair, "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'", name);
    AUTO(json_decref) json_t *into = preflight(pair.source.conninfo, latin, PGZM_OK);
    EXPECT_FINDING(into, "encodings", "warning", "the first character that LATIN1 lacks");
    AUTO(json_decref) json_t *from = preflight(latin, pair.dest.conninfo, PGZM_OK);
    EXPECT_FINDING(from, "encodings", "pass", "from LATIN1 to UTF8");
    database_drop(&pair, name);
    AUTO(mem_free)
    char *ascii = database_in(&pair, "ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'", name);
    AUTO(json_decref) json_t *any = preflight(ascii, pair.dest.conninfo, PGZM_OK);
    EXPECT_FINDING(any, "encodings", "warning", "the source is in SQL_ASCII");
    AUTO(json_decref) json_t *none = preflight(pair.source.conninfo, ascii, PGZM_OK);
    EXPECT_FINDING(none, "encodings", "warning", "the destination is in SQL_ASCII");
    database_drop(&pair, name);
    AUTO(json_decref) json_t *same = preflight(pair.source.conninfo, pair.dest.conninfo, PGZM_OK);
    EXPECT_FINDING(same, "encodings", "pass", "both databases are in UTF8");
    EXPECT_FINDING(same, "collations", "pass", "");
}

Test(server_preflight, compares_collations_and_their_versions)
{
    Pair pair = pair_open();
    char name[64];
    AUTO(mem_free)
    char *locale = test_value(&pair.dest, "SELECT collcollate FROM pg_collation WHERE collprovider"
                                          " = 'c' AND collencoding = 6 AND collcollate NOT IN"
                                          " ('C', 'POSIX', '') ORDER BY 1 LIMIT 1");
    if (locale != NULL) {
        AUTO(mem_free)
        char *options = mem_printf("ENCODING 'UTF8' LC_COLLATE '%s' LC_CTYPE 'C'", locale);
        AUTO(mem_free) char *dest = database_in(&pair, options, name);
        AUTO(json_decref) json_t *other = preflight(pair.source.conninfo, dest, PGZM_OK);
        EXPECT_FINDING(other, "collations", "warning", "text is compared otherwise");
        database_drop(&pair, name);
    }
    test_sql(&pair.source, "CREATE COLLATION old (LOCALE = 'C');"
                           "CREATE TABLE words (word text COLLATE old);"
                           "UPDATE pg_collation SET collversion = '0.1' WHERE collname = 'old'");
    AUTO(json_decref)
    json_t *old = preflight(pair.source.conninfo, pair.dest.conninfo, PGZM_OK);
    EXPECT_FINDING(old, "collations", "warning",
                   "collation public.old of the source was made with version 0.1");
    if (test_server_version() < 150000)
        return;
    test_sql(&pair.dest, "UPDATE pg_database SET datcollversion = '0.2'"
                         " WHERE datname = current_database()");
    AUTO(json_decref)
    json_t *moved = preflight(pair.source.conninfo, pair.dest.conninfo, PGZM_OK);
    EXPECT_FINDING(moved, "collations", "warning", "the destination was made with version 0.2");
}

static bool has_extension(const TestDatabase *database, const char *name)
{
    AUTO(mem_free)
    char *query =
        mem_printf("SELECT count(*) FROM pg_available_extensions WHERE name = '%s'", name);
    AUTO(mem_free) char *count = test_value(database, query);
    return strcmp(count, "1") == 0;
}

Test(server_preflight, compares_extensions)
{
    Pair pair = pair_open();
    if (!has_extension(&pair.dest, "citext") || !has_extension(&pair.dest, "pageinspect"))
        cr_skip_test("citext or pageinspect is not installed");
    test_sql(&pair.source, "CREATE EXTENSION citext VERSION '1.4'; CREATE EXTENSION pageinspect");
    test_sql(&pair.dest, "CREATE SCHEMA ext; CREATE EXTENSION citext SCHEMA ext");
    AUTO(json_decref)
    json_t *result = preflight(pair.source.conninfo, pair.dest.conninfo, PGZM_OK);
    EXPECT_FINDING(result, "extensions", "warning",
                   "extension citext has version 1.4 on the "
                   "source");
    EXPECT_FINDING(result, "extensions", "warning",
                   "extension citext is in schema public on the "
                   "source and in ext");
    ROLE role = role_new(&pair.dest, "");
    AUTO(mem_free) char *dest = conninfo_of(&role, &pair.dest);
    AUTO(json_decref) json_t *poor = preflight(pair.source.conninfo, dest, PGZM_PREFLIGHT);
    EXPECT_FINDING(poor, "extensions", "failure",
                   "extension pageinspect is not installed in the "
                   "destination, and only a superuser can");
}

/* ---- who takes part ---------------------------------------------------------------------- */

Test(server_preflight, lets_publications_take_part_only_when_told)
{
    Pair pair = pair_open();
    test_sql(&pair.dest, "CREATE PUBLICATION everything FOR ALL TABLES");
    test_sql(&pair.source, "CREATE PUBLICATION ours FOR ALL TABLES");
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    EXPECT_STATUS(pgzm, PGZM_PREFLIGHT_CHECK, PGZM_PREFLIGHT);
    AUTO(json_decref) json_t *refused = result_of(pgzm);
    EXPECT_FINDING(refused, "publications", "failure", "publication everything");
    EXPECT_FINDING(refused, "publications", "warning", "publication ours of the source");
    pgzm_set(pgzm, PGZM_ALLOW_PUBLISH, "on");
    EXPECT_STATUS(pgzm, PGZM_PREFLIGHT_CHECK, PGZM_OK);
    AUTO(json_decref) json_t *allowed = result_of(pgzm);
    EXPECT_FINDING(allowed, "publications", "warning", "publication everything");
}

Test(server_preflight, knows_publications_of_schemas)
{
    Pair pair = pair_open();
    if (test_server_version() < 150000)
        cr_skip_test("PostgreSQL 15 and later");
    test_sql(&pair.dest, "CREATE SCHEMA mine; CREATE PUBLICATION other FOR TABLES IN SCHEMA mine;"
                         "CREATE PUBLICATION shop FOR TABLES IN SCHEMA public");
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    EXPECT_STATUS(pgzm, PGZM_PREFLIGHT_CHECK, PGZM_PREFLIGHT);
    AUTO(json_decref) json_t *result = result_of(pgzm);
    EXPECT_FINDING(result, "publications", "failure",
                   "publication shop of the destination publishes all tables of schema public");
    cr_assert_null(finding(result, "publications", "failure", "publication other"));
    pgzm_set(pgzm, PGZM_ALLOW_PUBLISH, "on");
    EXPECT_STATUS(pgzm, PGZM_START, PGZM_OK);
}

Test(server_preflight, names_subscriptions_that_write_into_replaced_tables)
{
    Pair pair = pair_open();
    test_sql(&pair.dest, "CREATE SUBSCRIPTION feed CONNECTION 'dbname=nowhere' PUBLICATION p"
                         " WITH (connect = false);");
    /* as ALTER SUBSCRIPTION ... REFRESH would, which asks the publisher */
    test_sql(&pair.dest, "INSERT INTO pg_subscription_rel (srsubid, srrelid, srsubstate, srsublsn)"
                         " SELECT oid, 'orders'::regclass, 'r', '0/1' FROM pg_subscription"
                         " WHERE subname = 'feed'");
    AUTO(json_decref)
    json_t *result = preflight(pair.source.conninfo, pair.dest.conninfo, PGZM_OK);
    test_sql(&pair.dest, "ALTER SUBSCRIPTION feed SET (slot_name = NONE)");
    test_sql(&pair.dest, "DROP SUBSCRIPTION feed");
    EXPECT_FINDING(result, "subscriptions", "warning",
                   "subscription feed of the destination writes into public.orders");
}

Test(server_preflight, names_event_triggers)
{
    Pair pair = pair_open();
    test_sql(&pair.dest, "CREATE FUNCTION look() RETURNS event_trigger LANGUAGE plpgsql AS"
                         " 'BEGIN END'; CREATE EVENT TRIGGER watch ON ddl_command_end"
                         " EXECUTE FUNCTION look()");
    AUTO(json_decref)
    json_t *result = preflight(pair.source.conninfo, pair.dest.conninfo, PGZM_OK);
    EXPECT_FINDING(result, "event triggers", test_server_version() < 170000 ? "warning" : "pass",
                   test_server_version() < 170000 ? "event trigger watch" : "");
}

Test(server_preflight, names_a_replication_slot_that_nobody_uses)
{
    Pair pair = pair_open();
    AUTO(mem_free) char *slot = mem_printf("pgzmtest_%d", (int)getpid());
    statement(&pair.dest, "SELECT pg_create_physical_replication_slot('@', true)", slot);
    AUTO(json_decref)
    json_t *result = preflight(pair.source.conninfo, pair.dest.conninfo, PGZM_OK);
    statement(&pair.dest, "SELECT pg_drop_replication_slot('@')", slot);
    AUTO(mem_free)
    char *part = mem_printf("replication slot %s of the destination is not in use", slot);
    EXPECT_FINDING(result, "replication", "warning", part);
}

Test(server_preflight, names_transactions_that_the_swap_would_wait_for)
{
    Pair pair = pair_open();
    AUTO(pq_finish) PGconn *reader = hold(&pair.dest, "BEGIN; SELECT count(*) FROM customer");
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    EXPECT_STATUS(pgzm, PGZM_PREFLIGHT_CHECK, PGZM_OK);
    AUTO(json_decref) json_t *young = result_of(pgzm);
    EXPECT_FINDING(young, "transactions", "pass", "");
    pgzm_set(pgzm, PGZM_SWAP_TIMEOUT, "1ms");
    EXPECT_STATUS(pgzm, PGZM_PREFLIGHT_CHECK, PGZM_OK);
    AUTO(json_decref) json_t *old = result_of(pgzm);
    AUTO(mem_free)
    char *who =
        mem_printf("backend %d of the destination (user %s)", PQbackendPID(reader), PQuser(reader));
    EXPECT_FINDING(old, "transactions", "warning", who);
    EXPECT_FINDING(old, "transactions", "warning", "holds locks on public.customer");
}

Test(server_preflight, names_prepared_transactions)
{
    Pair pair = pair_open();
    AUTO(mem_free) char *most = test_value(&pair.dest, "SHOW max_prepared_transactions");
    if (strcmp(most, "0") == 0)
        cr_skip_test("max_prepared_transactions is 0");
    AUTO(mem_free) char *gid = mem_printf("pgzmtest_%d", (int)getpid());
    statement(&pair.dest, "BEGIN; UPDATE customer SET name = name; PREPARE TRANSACTION '@'", gid);
    AUTO(json_decref)
    json_t *result = preflight(pair.source.conninfo, pair.dest.conninfo, PGZM_OK);
    statement(&pair.dest, "ROLLBACK PREPARED '@'", gid);
    EXPECT_FINDING(result, "transactions", "warning", gid);
}

Test(server_preflight, names_who_has_a_table_of_the_source_for_himself)
{
    Pair pair = pair_open();
    AUTO(pq_finish) PGconn *owner = hold(&pair.source, "BEGIN; LOCK TABLE orders");
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    pgzm_set(pgzm, PGZM_LOCK_WAIT_TIMEOUT, "300ms");
    pgzm_run(pgzm, PGZM_PREFLIGHT_CHECK);
    AUTO(json_decref) json_t *result = result_of(pgzm);
    AUTO(mem_free)
    char *who = mem_printf("public.orders of the source is locked exclusively by "
                           "backend %d",
                           PQbackendPID(owner));
    EXPECT_FINDING(result, "source locks", "warning", who);
}

/* ---- settings ---------------------------------------------------------------------------- */

static void set_for_database(const TestDatabase *database, const char *setting)
{
    AUTO(mem_free) char *script = mem_printf("ALTER DATABASE %s SET %s", database->name, setting);
    test_sql(database, script);
}

Test(server_preflight, names_settings_that_do_not_suit_a_load)
{
    Pair pair = pair_open();
    set_for_database(&pair.dest, "temp_file_limit = 1");
    set_for_database(&pair.dest, "default_transaction_read_only = on");
    AUTO(json_decref)
    json_t *result = preflight(pair.source.conninfo, pair.dest.conninfo, PGZM_OK);
    EXPECT_FINDING(result, "settings", "warning", "temp_file_limit is 1024 bytes");
    EXPECT_FINDING(result, "settings", "warning", "read-only by default");
    AUTO(mem_free) char *fsync = test_value(&pair.dest, "SHOW fsync");
    cr_assert_eq(finding(result, "settings", "warning", "fsync is off") != NULL,
                 strcmp(fsync, "off") == 0);
}

/* Whether a file of checks says `part` when about so many bytes are to be loaded: nobody has as
 * many rows at hand. */
static bool says(const TestDatabase *database, const char *file, int parameters, const char *bytes,
                 const char *part)
{
    AUTO(pq_finish) PGconn *conn = PQconnectdb(database->conninfo);
    const char *const values[] = {bytes, bytes};
    PGresult *result = PQexecParams(conn, run_sql(file, PQserverVersion(conn)), parameters, NULL,
                                    values, NULL, NULL, 0);
    cr_assert_eq(PQresultStatus(result), PGRES_TUPLES_OK, "%s", PQerrorMessage(conn));
    bool found = false;
    for (int i = 0; i < PQntuples(result); i++)
        found = found || strstr(PQgetvalue(result, i, 1), part) != NULL;
    PQclear(result);
    return found;
}

#define PETABYTE "1125899906842624"

Test(server_preflight, compares_max_wal_size_with_what_is_loaded)
{
    TestDatabase database = test_database("settings");
    cr_assert(says(&database, "check_settings", 2, PETABYTE, "max_wal_size"));
    cr_assert_not(says(&database, "check_settings", 2, "1000", "max_wal_size"));
}

Test(server_preflight, names_logical_slots_that_decode_what_is_loaded)
{
    TestDatabase database = test_database("slots");
    AUTO(mem_free) char *level = test_value(&database, "SHOW wal_level");
    if (strcmp(level, "logical") != 0)
        cr_skip_test("wal_level is %s", level);
    AUTO(mem_free) char *slot = mem_printf("pgzmtest_%d_logical", (int)getpid());
    statement(&database, "SELECT pg_create_logical_replication_slot('@', 'pgoutput')", slot);
    AUTO(mem_free) char *part = mem_printf("logical replication slot %s", slot);
    bool much = says(&database, "check_replication", 1, PETABYTE, part);
    bool little = says(&database, "check_replication", 1, "1000", part);
    statement(&database, "SELECT pg_drop_replication_slot('@')", slot);
    cr_assert(much);
    cr_assert_not(little);
}

/* What roles and databases set for sessions does not reach ours. */
Test(server_preflight, is_not_ended_by_timeouts_of_the_database)
{
    Pair pair = pair_open();
    const TestDatabase *const sides[] = {&pair.source, &pair.dest};
    for (size_t i = 0; i < LENGTH(sides); i++) {
        set_for_database(sides[i], "lock_timeout = '1ms'");
        set_for_database(sides[i], "idle_in_transaction_session_timeout = '1ms'");
    }
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    EXPECT_STATUS(pgzm, PGZM_PREFLIGHT_CHECK, PGZM_OK);
}
