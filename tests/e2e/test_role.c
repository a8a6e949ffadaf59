/* --roles: from the main server to the one that asks for passwords, which has other roles. */
#include <libpq-fe.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/e2e/shop.h"

typedef struct Far {
    char *maintenance, *dest, *name; /* of the server that asks for passwords */
    char *owner, *reader;            /* roles of the source */
} Far;

/* The first value, or the error. */
static char *far_value(const char *conninfo, const char *sql)
{
    PGconn *conn = PQconnectdb(conninfo);
    PGresult *result = PQexec(conn, sql);
    char *value =
        mem_printf("%s", PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) > 0
                             ? PQgetvalue(result, 0, 0)
                             : PQerrorMessage(conn));
    PQclear(result);
    PQfinish(conn);
    return value;
}

static void far_run(const char *conninfo, const char *sql)
{
    AUTO(mem_free) char *value = far_value(conninfo, sql);
    cr_assert_str_eq(value, "", "%s: %s", sql, value);
}

static Far far_open(void)
{
    Far far = {.name = mem_printf("pgzmtest_role_%d", (int)getpid()),
               .owner = mem_printf("pgzmtest_Owner_%d", (int)getpid()),
               .reader = mem_printf("pgzmtest_reader_%d", (int)getpid())};
    AUTO(mem_free)
    char *server =
        mem_printf("host=%s port=%s", getenv("TEST_SCRAM_PGHOST"), getenv("TEST_SCRAM_PGPORT"));
    far.maintenance = mem_printf("%s user=%s password=%s dbname=postgres", server,
                                 getenv("TEST_SCRAM_PGUSER"), getenv("TEST_SCRAM_PGPASSWORD"));
    far.dest = mem_printf("%s user=%s password=%s dbname=%s", server, getenv("TEST_SCRAM_PGUSER"),
                          getenv("TEST_SCRAM_PGPASSWORD"), far.name);
    AUTO(mem_free) char *create = mem_printf("CREATE DATABASE %s TEMPLATE template0", far.name);
    far_run(far.maintenance, create);
    return far;
}

static void far_close(Far *far, TestDatabase *source)
{
    AUTO(mem_free) char *drop = mem_printf("DROP DATABASE %s WITH (FORCE)", far->name);
    AUTO(mem_free)
    char *roles = mem_printf("DROP ROLE IF EXISTS \"%s\", %s", far->owner, far->reader);
    if (test_server_version() < 130000)
        drop[strlen(drop) - strlen(" WITH (FORCE)")] = '\0';
    far_run(far->maintenance, drop);
    far_run(far->maintenance, roles);
    test_database_drop(source);
    AUTO(mem_free) char *main_server = mem_printf("%s dbname=postgres", source->conninfo);
    far_run(main_server, roles);
    char *const owned[] = {far->maintenance, far->dest, far->name, far->owner, far->reader};
    for (size_t i = 0; i < LENGTH(owned); i++)
        mem_free(owned[i]);
}

#define SKIP_WITHOUT_SERVER()                                                                      \
    if (getenv("TEST_SCRAM_PGHOST") == NULL)                                                       \
    cr_skip_test("TEST_SCRAM_PGHOST is not set: tests/run.sh starts a second server")

Test(server_role, comes_with_password_settings_and_memberships_and_abort_drops_it)
{
    SKIP_WITHOUT_SERVER();
    TestDatabase source = test_database("role");
    Far far = far_open();
    AUTO(mem_free)
    char *script = mem_printf(
        "CREATE ROLE \"%s\" LOGIN PASSWORD 'old one' CREATEDB CONNECTION LIMIT 7"
        " VALID UNTIL '2099-01-01 00:00:00+00'; CREATE ROLE %s NOINHERIT;"
        "GRANT %s TO \"%s\" WITH ADMIN OPTION; ALTER ROLE \"%s\" SET work_mem = '7MB';"
        "CREATE TABLE t (id int PRIMARY KEY); ALTER TABLE t OWNER TO \"%s\"; GRANT SELECT ON t"
        " TO %s",
        far.owner, far.reader, far.reader, far.owner, far.owner, far.owner, far.reader);
    test_sql(&source, script);
    AUTO(mem_free)
    char *check = mem_printf(
        "SELECT concat_ws(' ', o.rolcreatedb, o.rolconnlimit, o.rolcanlogin, o.rolsuper,"
        " o.rolvaliduntil AT TIME ZONE 'UTC', o.rolconfig::text, r.rolinherit, m.admin_option)"
        " FROM pg_roles o, pg_roles r, pg_auth_members m WHERE o.rolname = '%s'"
        " AND r.rolname = '%s' AND m.roleid = r.oid AND m.member = o.oid",
        far.owner, far.reader);
    AUTO(mem_free)
    char *count = mem_printf("SELECT count(*) FROM pg_roles WHERE rolname IN ('%s', '%s')",
                             far.owner, far.reader);

    AUTO(launch_clear)
    Launch hint = LAUNCH("start", "--source", source.conninfo, "--dest", far.dest);
    EXPECT_EXIT(&hint, 4);
    cr_assert_not_null(strstr(hint.err, "--roles"), "%s", hint.err);

    AUTO(launch_clear)
    Launch made = LAUNCH("prepare", "--source", source.conninfo, "--dest", far.dest, "--roles");
    EXPECT_EXIT(&made, 0);
    AUTO(mem_free) char *found = far_value(far.dest, check);
    cr_assert_str_eq(found, "t 7 t f 2099-01-01 00:00:00 {work_mem=7MB} f t");
    AUTO(mem_free)
    char *login =
        mem_printf("host=%s port=%s dbname=%s user=%s password='old one'",
                   getenv("TEST_SCRAM_PGHOST"), getenv("TEST_SCRAM_PGPORT"), far.name, far.owner);
    AUTO(mem_free) char *who = far_value(login, "SELECT session_user");
    cr_assert_str_eq(who, far.owner);

    AUTO(launch_clear) Launch aborted = LAUNCH("abort", "--dest", far.dest);
    EXPECT_EXIT(&aborted, 0);
    AUTO(mem_free) char *left = far_value(far.dest, count);
    cr_assert_str_eq(left, "0");
    far_close(&far, &source);
}
