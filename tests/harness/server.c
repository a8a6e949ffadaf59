#include "tests/harness/server.h"

#include <criterion/criterion.h>
#include <criterion/hooks.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

/*
 * Each test runs in a process of its own, a child of the test program. Database names carry the
 * program's process id, so that the program can drop at its end what a crashed test left behind.
 */
#define PREFIX "pgzmtest_"

static void auto_pq_finish(PGconn **conn)
{
    PQfinish(*conn);
}

static void auto_pq_clear(PGresult **result)
{
    PQclear(*result);
}

static void drop_quietly(void *context, const PGresult *result)
{
    (void)context;
    (void)result;
}

/* Says on standard error what went wrong, then fails the running test. */
static void fail(const char *what, const char *detail)
{
    fprintf(stderr, "%s: %s\n", what, detail);
    cr_assert_fail("%s: %s", what, detail);
}

/* A value of a connection string, quoted. */
static void add_setting(Str *s, const char *name, const char *value)
{
    if (value == NULL || value[0] == '\0')
        return;
    str_separate(s, " ");
    str_addf(s, "%s='", name);
    for (const char *c = value; *c != '\0'; c++) {
        if (*c == '\'' || *c == '\\')
            str_add(s, "\\");
        str_add_bytes(s, c, 1);
    }
    str_add(s, "'");
}

/* The test server, and the one for source databases, which may be the same. */
typedef enum Server { SERVER_MAIN, SERVER_SOURCE, SERVER_COUNT } Server;

static bool source_is_apart(void)
{
    return getenv("TEST_SOURCE_PGHOST") != NULL;
}

static void make_conninfo(char *out, size_t size, Server server, const char *database)
{
    bool apart = server == SERVER_SOURCE && source_is_apart();
    AUTO(str_clear) Str s = STR_INIT;
    add_setting(&s, "host", getenv(apart ? "TEST_SOURCE_PGHOST" : "TEST_PGHOST"));
    add_setting(&s, "port", getenv(apart ? "TEST_SOURCE_PGPORT" : "TEST_PGPORT"));
    add_setting(&s, "user", getenv("TEST_PGUSER"));
    add_setting(&s, "password", getenv("TEST_PGPASSWORD"));
    add_setting(&s, "dbname", database);
    if (snprintf(out, size, "%s", str_text(&s)) >= (int)size)
        fail("test server", "TEST_PGHOST and its neighbours are too long");
}

static PGconn *connect_to(const char *conninfo)
{
    PGconn *conn = PQconnectdb(conninfo);
    PQsetNoticeReceiver(conn, drop_quietly, NULL);
    return conn;
}

/* The server's maintenance database; fails the test with words when that cannot be. */
static PGconn *connect_maintenance(Server server)
{
    if (getenv("TEST_PGHOST") == NULL)
        fail("test server", "TEST_PGHOST is not set: run the tests with `sh tests/run.sh`, which "
                            "starts servers, or set TEST_PGHOST, TEST_PGPORT and TEST_PGUSER (a "
                            "superuser) to one of your own");
    char conninfo[512];
    make_conninfo(conninfo, sizeof conninfo, server, "postgres");
    PGconn *conn = connect_to(conninfo);
    if (PQstatus(conn) != CONNECTION_OK)
        fail("test server", PQerrorMessage(conn));
    return conn;
}

static PGconn *connect_database(const TestDatabase *database)
{
    PGconn *conn = connect_to(database->conninfo);
    if (PQstatus(conn) != CONNECTION_OK)
        fail(database->name, PQerrorMessage(conn));
    return conn;
}

static void drop_named(PGconn *conn, const char *name)
{
    char *ident = PQescapeIdentifier(conn, name, strlen(name));
    AUTO(str_clear) Str sql = STR_INIT;
    str_addf(&sql, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '%s'",
             name); /* before 13 there is no FORCE; the name is one of ours and needs no quoting */
    PQclear(PQexec(conn, str_text(&sql)));
    str_clear(&sql);
    str_addf(&sql, "DROP DATABASE IF EXISTS %s%s", ident,
             PQserverVersion(conn) >= 130000 ? " WITH (FORCE)" : "");
    PQclear(PQexec(conn, str_text(&sql)));
    PQfreemem(ident);
}

/* The databases of this test process that are still there; what does not fit is dropped by the test
 * program at its end. */
#define NAMES_MAX 64
typedef struct Noted {
    char name[64];
    Server server;
} Noted;
static Noted noted[NAMES_MAX];
static pid_t noted_by;

static void drop_own(void)
{
    if (noted_by != getpid())
        return;
    for (Server server = 0; server < SERVER_COUNT; server++) {
        char conninfo[512];
        make_conninfo(conninfo, sizeof conninfo, server, "postgres");
        AUTO(pq_finish) PGconn *conn = connect_to(conninfo);
        if (PQstatus(conn) != CONNECTION_OK)
            continue;
        for (size_t i = 0; i < NAMES_MAX; i++)
            if (noted[i].name[0] != '\0' && noted[i].server == server)
                drop_named(conn, noted[i].name);
    }
}

static void note(Server server, const char *name)
{
    if (noted_by != getpid()) {
        noted_by = getpid();
        memset(noted, 0, sizeof noted);
        atexit(drop_own);
    }
    for (size_t i = 0; i < NAMES_MAX; i++)
        if (noted[i].name[0] == '\0') {
            snprintf(noted[i].name, sizeof noted[i].name, "%s", name);
            noted[i].server = server;
            return;
        }
}

/* In the test program, after its last test. */
ReportHook(POST_ALL)(struct criterion_global_stats *stats)
{
    (void)stats;
    if (getenv("TEST_PGHOST") == NULL)
        return;
    for (Server server = 0; server < (source_is_apart() ? SERVER_COUNT : SERVER_SOURCE); server++) {
        char conninfo[512];
        make_conninfo(conninfo, sizeof conninfo, server, "postgres");
        AUTO(pq_finish) PGconn *conn = connect_to(conninfo);
        if (PQstatus(conn) != CONNECTION_OK)
            return;
        AUTO(mem_free)
        char *query = mem_printf("SELECT datname FROM pg_database"
                                 " WHERE datname LIKE '" PREFIX "%d\\_%%'",
                                 (int)getpid());
        AUTO(pq_clear) PGresult *result = PQexec(conn, query);
        for (int i = 0; i < PQntuples(result); i++)
            drop_named(conn, PQgetvalue(result, i, 0));
    }
}

static TestDatabase create(Server server, const char *label, const char *options)
{
    static int count;
    TestDatabase database;
    snprintf(database.name, sizeof database.name, PREFIX "%d_%d_%d_%.20s", (int)getppid(),
             (int)getpid(), ++count, label);
    AUTO(pq_finish) PGconn *conn = connect_maintenance(server);
    AUTO(str_clear) Str sql = STR_INIT;
    char *ident = PQescapeIdentifier(conn, database.name, strlen(database.name));
    str_addf(&sql, "CREATE DATABASE %s %s", ident, options);
    /* Copied as files, a database costs less where these are in memory; before 15 always so. */
    const char *strategy = getenv("TEST_DATABASE_STRATEGY");
    if (strategy != NULL && PQserverVersion(conn) >= 150000)
        str_addf(&sql, " STRATEGY %s", strategy);
    PQfreemem(ident);
    note(server, database.name);
    AUTO(pq_clear) PGresult *result = PQexec(conn, str_text(&sql));
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        fail(database.name, PQerrorMessage(conn));
    make_conninfo(database.conninfo, sizeof database.conninfo, server, database.name);
    return database;
}

#define PLAIN "TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"

TestDatabase test_database(const char *label)
{
    return create(SERVER_MAIN, label, PLAIN);
}

TestDatabase test_database_with(const char *label, const char *options)
{
    return create(SERVER_MAIN, label, options);
}

TestDatabase test_as(const TestDatabase *database, const char *role)
{
    TestDatabase as = *database;
    size_t len = strlen(as.conninfo);
    if (snprintf(as.conninfo + len, sizeof as.conninfo - len, " user='%s'", role) >=
        (int)(sizeof as.conninfo - len))
        fail("test server", "TEST_PGHOST and its neighbours are too long");
    return as;
}

TestDatabase test_source_database(const char *label)
{
    return create(SERVER_SOURCE, label, PLAIN);
}

/* Roles first, so that all are there before they become members. */
static const char role_statements[] =
    "SELECT format('CREATE ROLE %I %s', rolname,"
    "              CASE WHEN rolsuper THEN 'SUPERUSER' ELSE '' END), 1 AS step, rolname"
    " FROM pg_roles WHERE rolname !~ '^pg_' AND oid >= 16384"
    " UNION ALL"
    " SELECT format('GRANT %I TO %I%s', m.roleid::regrole, m.member::regrole,"
    "               CASE WHEN m.admin_option THEN ' WITH ADMIN OPTION' ELSE '' END), 2, r.rolname"
    " FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member WHERE m.member >= 16384"
    " ORDER BY 2, 3";

void test_share_roles(void)
{
    if (!source_is_apart())
        return;
    AUTO(pq_finish) PGconn *source = connect_maintenance(SERVER_SOURCE);
    AUTO(pq_finish) PGconn *dest = connect_maintenance(SERVER_MAIN);
    AUTO(pq_clear) PGresult *roles = PQexec(source, role_statements);
    if (PQresultStatus(roles) != PGRES_TUPLES_OK)
        fail("reading roles", PQerrorMessage(source));
    /* Most are there already; two test programs may do this at once. */
    for (int i = 0; i < PQntuples(roles); i++)
        PQclear(PQexec(dest, PQgetvalue(roles, i, 0)));
}

void test_database_drop(TestDatabase *database)
{
    for (size_t i = 0; i < NAMES_MAX; i++)
        if (strcmp(noted[i].name, database->name) == 0) {
            AUTO(pq_finish) PGconn *conn = connect_maintenance(noted[i].server);
            drop_named(conn, database->name);
            noted[i].name[0] = '\0';
        }
    database->name[0] = '\0';
}

void test_role(const TestDatabase *database, const char *name)
{
    /* Other tests may make it at the same time; test_share_roles makes roles without LOGIN. */
    AUTO(mem_free)
    char *script =
        mem_printf("DO $$ BEGIN CREATE ROLE %1$s LOGIN; EXCEPTION WHEN duplicate_object"
                   " OR unique_violation THEN NULL; END $$;"
                   "DO $$ BEGIN IF (SELECT NOT rolcanlogin FROM pg_roles WHERE rolname = '%1$s')"
                   " THEN ALTER ROLE %1$s LOGIN; END IF; END $$",
                   name);
    test_sql(database, script);
}

/* The line of `script` in which byte `position` (from 1, in characters) stands. */
static int line_of(const char *script, const char *position)
{
    int line = 1;
    long left = position == NULL ? 0 : atol(position);
    for (const char *c = script; *c != '\0' && left > 1; c++) {
        if (*c == '\n')
            line++;
        if (((unsigned char)*c & 0xC0) != 0x80)
            left--;
    }
    return line;
}

static void run_script(const TestDatabase *database, const char *label, const char *script)
{
    AUTO(pq_finish) PGconn *conn = connect_database(database);
    AUTO(pq_clear) PGresult *result = PQexec(conn, script);
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY)
        return;
    AUTO(mem_free)
    char *where = mem_printf(
        "%s, line %d", label,
        line_of(script,
                result == NULL ? NULL : PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION)));
    fail(where, PQerrorMessage(conn));
}

void test_sql(const TestDatabase *database, const char *script)
{
    run_script(database, "script", script);
}

/* The top of the sources: PGZM_TOP, set by the build, or the working directory. */
#ifndef PGZM_TOP
#define PGZM_TOP "."
#endif

void test_sql_file(const TestDatabase *database, const char *path_from_top)
{
    AUTO(mem_free) char *path = mem_printf("%s/%s", PGZM_TOP, path_from_top);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail(path, "cannot be opened");
    AUTO(str_clear) Str script = STR_INIT;
    char buffer[8192];
    size_t got;
    while ((got = fread(buffer, 1, sizeof buffer, file)) > 0)
        str_add_bytes(&script, buffer, got);
    fclose(file);
    run_script(database, path_from_top, str_text(&script));
}

static PGresult *run_query(const TestDatabase *database, const char *query)
{
    AUTO(pq_finish) PGconn *conn = connect_database(database);
    PGresult *result = PQexec(conn, query);
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        fail(query, PQerrorMessage(conn));
    return result;
}

char *test_value(const TestDatabase *database, const char *query)
{
    AUTO(pq_clear) PGresult *result = run_query(database, query);
    if (PQntuples(result) == 0 || PQgetisnull(result, 0, 0))
        return NULL;
    return mem_strdup(PQgetvalue(result, 0, 0));
}

char *test_rows(const TestDatabase *database, const char *query)
{
    AUTO(pq_clear) PGresult *result = run_query(database, query);
    AUTO(str_clear) Str rows = STR_INIT;
    for (int row = 0; row < PQntuples(result); row++) {
        for (int column = 0; column < PQnfields(result); column++) {
            if (column > 0)
                str_add(&rows, "|");
            str_add(&rows, PQgetvalue(result, row, column));
        }
        str_add(&rows, "\n");
    }
    return str_take(&rows);
}

int test_server_version(void)
{
    AUTO(pq_finish) PGconn *conn = connect_maintenance(SERVER_MAIN);
    return PQserverVersion(conn);
}
