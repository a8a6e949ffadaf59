/* Passwords appear nowhere: not in what is printed, not in the log file, not in the journal, not in
 * the process list. */
#include <libpq-fe.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "tests/e2e/shop.h"

#define SECRET "hunter2-is-secret"

static char *read_file(const char *path)
{
    AUTO(str_clear) Str text = STR_INIT;
    FILE *file = fopen(path, "rb");
    int c;
    while (file != NULL && (c = fgetc(file)) != EOF)
        str_add_bytes(&text, c == '\0' ? " " : (const char[]){(char)c}, 1);
    if (file != NULL)
        fclose(file);
    return str_take(&text);
}

static void expect_no_secret(const char *where, const char *text)
{
    cr_assert_null(strstr(text, SECRET), "the password is in %s:\n%s", where, text);
}

/* Every row of every table of the journal as text. */
static char *journal_text(const TestDatabase *dest)
{
    return test_rows(
        dest, "SELECT query_to_xml(format('SELECT * FROM pgzm.%I', tablename), true, true, '')"
              " FROM pg_tables WHERE schemaname = 'pgzm'");
}

static void expect_secret_kept(const char *source_form, const char *dest_form, int exit_code)
{
    Shop shop = {test_source_database("source"), test_database("dest")};
    test_sql(&shop.source, "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)");
    test_sql(&shop.dest, "CREATE TABLE t (id int PRIMARY KEY)");
    AUTO(mem_free) char *source = mem_printf(source_form, shop.source.conninfo);
    AUTO(mem_free) char *dest = mem_printf(dest_form, shop.dest.conninfo);
    char log_path[] = "/tmp/pgzmtest-log.XXXXXX";
    close(mkstemp(log_path));

    /* Held up, so that there is time to look at the process list. */
    PGconn *lock = PQconnectdb(shop.source.conninfo);
    PQclear(PQexec(lock, "BEGIN; LOCK TABLE t"));
    AUTO(launch_clear)
    Launch launch = launch_start(&(LaunchOptions){0},
                                 (const char *const[]){"start", "--source", source, "--dest", dest,
                                                       "--verbose", "--log-file", log_path, NULL});
    nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
    AUTO(mem_free) char *proc = mem_printf("/proc/%d/cmdline", (int)launch.pid);
    AUTO(mem_free) char *cmdline = read_file(proc);
    AUTO(mem_free)
    char *activity = test_rows(&shop.dest, "SELECT application_name, query FROM pg_stat_activity");
    PQclear(PQexec(lock, "COMMIT"));
    PQfinish(lock);
    launch_wait(&launch);
    AUTO(mem_free) char *log = read_file(log_path);
    unlink(log_path);

    EXPECT_EXIT(&launch, exit_code);
    expect_no_secret("standard output", launch.out);
    expect_no_secret("standard error", launch.err);
    expect_no_secret("the log file", log);
    expect_no_secret("the process list", cmdline);
    expect_no_secret("pg_stat_activity", activity);
    cr_assert_gt(strlen(log), 100, "no log was written: %s", log);
    if (exit_code == 0) {
        cr_assert_gt(strlen(cmdline), 10, "the process list was not read: %s", cmdline);
        AUTO(mem_free) char *journal = journal_text(&shop.dest);
        cr_assert_gt(strlen(journal), 100, "the journal was not read");
        expect_no_secret("the journal", journal);
    }
}

Test(server_secret, does_not_leave_the_connection_strings)
{
    expect_secret_kept("%s password=" SECRET, "%s password='" SECRET "'", 0);
}

Test(server_secret, does_not_show_when_a_connection_string_is_wrong)
{
    expect_secret_kept("%s password=" SECRET " nonsense=1", "%s", 2);
    expect_secret_kept("%s", "postgresql://u:" SECRET "@[bad/%s", 2);
}

Test(server_secret, does_not_show_when_the_server_is_not_there)
{
    expect_secret_kept("%s", "%s password=" SECRET " host=/nonexistent", 3);
}

Test(server_secret, works_where_a_server_asks_for_it)
{
    if (getenv("TEST_SCRAM_PGHOST") == NULL)
        cr_skip_test(
            "TEST_SCRAM_PGHOST is not set: tests/run.sh starts a server that asks for passwords");
    TestDatabase source = test_source_database("source");
    test_sql(&source, "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1), (2)");
    AUTO(mem_free)
    char *maintenance = mem_printf(
        "host=%s port=%s user=%s password=%s dbname=", getenv("TEST_SCRAM_PGHOST"),
        getenv("TEST_SCRAM_PGPORT"), getenv("TEST_SCRAM_PGUSER"), getenv("TEST_SCRAM_PGPASSWORD"));
    AUTO(mem_free) char *to_postgres = mem_printf("%spostgres", maintenance);
    PGconn *conn = PQconnectdb(to_postgres);
    cr_assert_eq(PQstatus(conn), CONNECTION_OK, "%s", PQerrorMessage(conn));
    AUTO(mem_free) char *name = mem_printf("pgzmtest_scram_%d", (int)getpid());
    AUTO(mem_free) char *create = mem_printf("CREATE DATABASE %s TEMPLATE template0", name);
    AUTO(mem_free) char *drop = mem_printf("DROP DATABASE %s", name);
    PQclear(PQexec(conn, create));
    AUTO(mem_free) char *dest = mem_printf("%s%s", maintenance, name);
    AUTO(launch_clear) Launch launch = LAUNCH("start", "--source", source.conninfo, "--dest", dest);
    PQclear(PQexec(conn, drop));
    PQfinish(conn);
    EXPECT_EXIT(&launch, 0);
}
