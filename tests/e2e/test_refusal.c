/* Every exit code, and that live objects are untouched by what was refused or failed. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/e2e/shop.h"
#include "tests/harness/fakeserver.h"
#include "tests/harness/session.h"

/* One line "pgzm-copy: error: ..." and a "HINT: ..." line. */
static void expect_one_line_and_a_hint(const Launch *launch)
{
    const char *error = strstr(launch->err, "pgzm-copy: error: ");
    cr_assert_not_null(error, "%s", launch->err);
    cr_assert_null(strstr(error + strlen("pgzm-copy: error: "), "error: "), "%s", launch->err);
    const char *end = strchr(error, '\n');
    cr_assert(end != NULL && strncmp(end + 1, "HINT: ", 6) == 0, "no hint:\n%s", launch->err);
}

static Shop small_shop(void)
{
    Shop shop = {test_source_database("source"), test_database("dest")};
    test_sql(&shop.source, "CREATE TABLE t (id int PRIMARY KEY, a text);"
                           "INSERT INTO t SELECT i, 'new' FROM generate_series(1, 100) i;"
                           "CREATE TABLE users (id int PRIMARY KEY, name text)");
    test_sql(&shop.dest,
             "CREATE TABLE t (id int PRIMARY KEY, a text); INSERT INTO t VALUES (1, 'old');"
             "CREATE TABLE users (id int PRIMARY KEY, name text);"
             "INSERT INTO users VALUES (1, 'kept')");
    return shop;
}

static const char our_schemas[] =
    "SELECT coalesce(string_agg(nspname, ' ' ORDER BY nspname), '') FROM pg_namespace"
    " WHERE nspname LIKE 'pgzm%'";

/* After a refusal before the first row: live objects as they were, at most the journal is there. */
static void expect_untouched(const TestDatabase *dest, const char *before)
{
    AUTO(mem_free) char *after = compare_fingerprint(dest, NULL, false);
    EXPECT_SAME(compare_fingerprints(before, after));
    AUTO(mem_free) char *schemas = test_value(dest, our_schemas);
    cr_assert(strcmp(schemas, "") == 0 || strcmp(schemas, "pgzm") == 0, "left behind: %s", schemas);
}

Test(server_refusal, of_an_unknown_option_is_2)
{
    AUTO(launch_clear) Launch launch = LAUNCH("start", "--sauce", "x", "--dest", "y");
    EXPECT_EXIT(&launch, 2);
    expect_one_line_and_a_hint(&launch);
}

Test(server_refusal, of_a_rollback_that_does_not_say_which_is_2)
{
    Shop shop = small_shop();
    AUTO(launch_clear) Launch launch = LAUNCH("rollback", "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&launch, 2);
    expect_one_line_and_a_hint(&launch);
}

Test(server_refusal, of_an_unreachable_server_is_3)
{
    Shop shop = small_shop();
    AUTO(launch_clear)
    Launch source = LAUNCH("start", "--source", "host=/nonexistent", "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&source, 3);
    expect_one_line_and_a_hint(&source);
    EXPECT_CONTAINS(source.err, "source");
    AUTO(launch_clear)
    Launch dest = LAUNCH("start", "--source", shop.source.conninfo, "--dest", "host=/nonexistent");
    EXPECT_EXIT(&dest, 3);
    expect_one_line_and_a_hint(&dest);
    EXPECT_CONTAINS(dest.err, "destination");
    EXPECT_VALUE(&shop.dest, our_schemas, "");
}

Test(server_refusal, of_a_wrong_password_is_3_and_does_not_show_it)
{
    if (getenv("TEST_SCRAM_PGHOST") == NULL)
        cr_skip_test(
            "TEST_SCRAM_PGHOST is not set: tests/run.sh starts a server that asks for passwords");
    Shop shop = small_shop();
    AUTO(mem_free)
    char *source = mem_printf("host=%s port=%s user=%s password=wrong-secret dbname=postgres",
                              getenv("TEST_SCRAM_PGHOST"), getenv("TEST_SCRAM_PGPORT"),
                              getenv("TEST_SCRAM_PGUSER"));
    AUTO(launch_clear)
    Launch launch = LAUNCH("start", "--source", source, "--dest", shop.dest.conninfo, "--verbose");
    EXPECT_EXIT(&launch, 3);
    expect_one_line_and_a_hint(&launch);
    cr_assert_null(strstr(launch.err, "wrong-secret"), "%s", launch.err);
    cr_assert_null(strstr(launch.out, "wrong-secret"), "%s", launch.out);
}

Test(server_refusal, of_the_same_database_on_both_sides_is_4)
{
    Shop shop = small_shop();
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, false);
    AUTO(launch_clear)
    Launch launch = LAUNCH("start", "--source", shop.dest.conninfo, "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&launch, 4);
    expect_one_line_and_a_hint(&launch);
    expect_untouched(&shop.dest, before);
}

Test(server_refusal, of_a_server_that_is_too_old_or_too_new_is_4)
{
    Shop shop = small_shop();
    static const char *const versions[] = {"11.5", "9.6.24", "19.0", "20beta1"};
    for (size_t i = 0; i < LENGTH(versions); i++) {
        AUTO(fakeserver_free) FakeServer *fake = fakeserver_new(versions[i]);
        AUTO(launch_clear)
        Launch launch =
            LAUNCH("start", "--source", fakeserver_conninfo(fake), "--dest", shop.dest.conninfo);
        EXPECT_EXIT(&launch, 4);
        expect_one_line_and_a_hint(&launch);
        EXPECT_CONTAINS(launch.err, versions[i]);
    }
}

Test(server_refusal, of_an_unknown_preserved_table_is_4)
{
    Shop shop = small_shop();
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, false);
    AUTO(launch_clear) Launch launch = SHOP_LAUNCH(&shop, "start", "--preserved-tables", "userz");
    EXPECT_EXIT(&launch, 4);
    expect_one_line_and_a_hint(&launch);
    EXPECT_CONTAINS(launch.err, "userz");
    expect_untouched(&shop.dest, before);
}

Test(server_refusal, of_a_preserved_table_without_a_key_is_4)
{
    Shop shop = small_shop();
    test_sql(&shop.source, "CREATE TABLE bare (a int)");
    test_sql(&shop.dest, "CREATE TABLE bare (a int)");
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, false);
    AUTO(launch_clear)
    Launch bare = SHOP_LAUNCH(&shop, "start", "--preserved-tables", "public.bare");
    EXPECT_EXIT(&bare, 4);
    expect_one_line_and_a_hint(&bare);
    EXPECT_CONTAINS(bare.err, "bare");
    expect_untouched(&shop.dest, before);
}

Test(server_refusal, of_a_role_that_may_not_is_4)
{
    Shop shop = small_shop();
    test_sql(&shop.dest,
             "DO $$ BEGIN PERFORM pg_advisory_xact_lock(20261121); CREATE ROLE pgzmtest_poor LOGIN;"
             " EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$");
    test_sql(&shop.source,
             "DO $$ BEGIN PERFORM pg_advisory_xact_lock(20261121); CREATE ROLE pgzmtest_poor LOGIN;"
             " EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$");
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, false);
    AUTO(mem_free) char *poor_source = mem_printf("%s user=pgzmtest_poor", shop.source.conninfo);
    AUTO(mem_free) char *poor_dest = mem_printf("%s user=pgzmtest_poor", shop.dest.conninfo);
    AUTO(launch_clear)
    Launch reads = LAUNCH("start", "--source", poor_source, "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&reads, 4);
    expect_one_line_and_a_hint(&reads);
    expect_untouched(&shop.dest, before);
    AUTO(launch_clear)
    Launch writes = LAUNCH("start", "--source", shop.source.conninfo, "--dest", poor_dest);
    EXPECT_EXIT(&writes, 4);
    expect_one_line_and_a_hint(&writes);
    expect_untouched(&shop.dest, before);
}

/* preflight itself, through the command: what it says, what it leaves. */
Test(server_refusal, by_preflight_has_the_exit_code_of_what_it_found)
{
    Shop shop = small_shop();
    AUTO(mem_free) char *source = compare_fingerprint(&shop.source, NULL, true);
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, true);
    AUTO(launch_clear) Launch well = SHOP_LAUNCH(&shop, "preflight", "--preserved-tables", "users");
    EXPECT_EXIT(&well, 0);
    EXPECT_CONTAINS(well.out, "migrations");
    EXPECT_CONTAINS(well.out, "no migration is unfinished");
    AUTO(launch_clear) Launch unknown = SHOP_LAUNCH(&shop, "preflight", "--table", "nowhere");
    EXPECT_EXIT(&unknown, 2);
    AUTO(launch_clear)
    Launch gone =
        LAUNCH("preflight", "--source", "host=/nonexistent", "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&gone, 3);
    AUTO(launch_clear)
    Launch same = LAUNCH("preflight", "--source", shop.dest.conninfo, "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&same, 4);
    expect_one_line_and_a_hint(&same);
    AUTO(mem_free) char *source_now = compare_fingerprint(&shop.source, NULL, true);
    AUTO(mem_free) char *now = compare_fingerprint(&shop.dest, NULL, true);
    EXPECT_SAME(compare_fingerprints(source, source_now));
    EXPECT_SAME(compare_fingerprints(before, now));

    test_sql(&shop.dest, "CREATE PUBLICATION everything FOR ALL TABLES;"
                         "CREATE SCHEMA pgzm_shadow_left");
    AUTO(launch_clear) Launch failed = SHOP_LAUNCH(&shop, "preflight");
    EXPECT_EXIT(&failed, 4);
    expect_one_line_and_a_hint(&failed);
    EXPECT_CONTAINS(failed.err, "2 checks failed");
    EXPECT_CONTAINS(failed.out, "publication everything");
    EXPECT_CONTAINS(failed.out, "pgzm_shadow_left");
    AUTO(launch_clear) Launch start = SHOP_LAUNCH(&shop, "start", "--dry-run");
    EXPECT_EXIT(&start, 4);
    EXPECT_CONTAINS(start.err, "error: publication everything");
    EXPECT_CONTAINS(start.err, "warning: schema pgzm_shadow_left is left over");
    test_sql(&shop.dest, "DROP SCHEMA pgzm_shadow_left");
    AUTO(launch_clear) Launch allowed = SHOP_LAUNCH(&shop, "start", "--allow-publish");
    EXPECT_EXIT(&allowed, 0);
    EXPECT_CONTAINS(allowed.err, "warning: publication everything");
}

Test(server_refusal, of_a_swap_without_anything_prepared_is_5)
{
    Shop shop = small_shop();
    AUTO(launch_clear) Launch swap = LAUNCH("swap", "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&swap, 5);
    expect_one_line_and_a_hint(&swap);
    AUTO(launch_clear) Launch back = LAUNCH("rollback", "--latest", "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&back, 5);
    expect_one_line_and_a_hint(&back);
    AUTO(launch_clear) Launch abort = LAUNCH("abort", "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&abort, 5);
    EXPECT_VALUE(&shop.dest, our_schemas, "");
}

Test(server_refusal, of_a_second_migration_beside_an_unfinished_one_is_5)
{
    Shop shop = small_shop();
    AUTO(launch_clear) Launch prepare = SHOP_LAUNCH(&shop, "prepare");
    EXPECT_EXIT(&prepare, 0);
    AUTO(launch_clear) Launch again = SHOP_LAUNCH(&shop, "prepare");
    EXPECT_EXIT(&again, 5);
    expect_one_line_and_a_hint(&again);
    AUTO(launch_clear) Launch start = SHOP_LAUNCH(&shop, "start");
    EXPECT_EXIT(&start, 5);
    AUTO(launch_clear) Launch swap = LAUNCH("swap", "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&swap, 0);
}

/* A start that waits for a lock on a source table that somebody else has. */
static Launch start_that_waits(const Shop *shop, const char *const *more)
{
    const char *arguments[16] = {"start", "--source", shop->source.conninfo, "--dest",
                                 shop->dest.conninfo};
    size_t n = 5;
    for (; *more != NULL; more++)
        arguments[n++] = *more;
    Launch launch = launch_start(&(LaunchOptions){0}, arguments);
    session_await_waiting(&shop->source);
    return launch;
}

Test(server_refusal, of_a_second_command_at_the_same_time_is_5)
{
    Shop shop = small_shop();
    AUTO(session_close) PGconn *lock = session_open(&shop.source, "BEGIN; LOCK TABLE t");
    AUTO(launch_clear) Launch first = start_that_waits(&shop, (const char *const[]){NULL});
    AUTO(launch_clear) Launch second = SHOP_LAUNCH(&shop, "start");
    EXPECT_EXIT(&second, 5);
    expect_one_line_and_a_hint(&second);
    session_run(lock, "COMMIT");
    launch_wait(&first);
    EXPECT_EXIT(&first, 0);
}

Test(server_refusal, when_a_live_table_is_never_free_is_6_and_it_stays_prepared)
{
    Shop shop = small_shop();
    AUTO(session_close) PGconn *reader = session_open(&shop.dest, "BEGIN; SELECT * FROM t");
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, false);
    AUTO(launch_clear) Launch launch = SHOP_LAUNCH(&shop, "start", "--swap-timeout", "1500ms");
    EXPECT_EXIT(&launch, 6);
    expect_one_line_and_a_hint(&launch);
    AUTO(mem_free) char *after = compare_fingerprint(&shop.dest, NULL, false);
    EXPECT_SAME(compare_fingerprints(before, after));
    EXPECT_VALUE(&shop.dest, "SELECT a FROM t", "old");
    AUTO(launch_clear) Launch status = LAUNCH("status", "--dest", shop.dest.conninfo);
    EXPECT_CONTAINS(status.out, "PREPARED");
    session_run(reader, "COMMIT");
    AUTO(launch_clear) Launch swap = LAUNCH("swap", "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&swap, 0);
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM t", "100");
}

Test(server_refusal, when_a_source_table_is_locked_is_6)
{
    Shop shop = small_shop();
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, false);
    AUTO(session_close) PGconn *lock = session_open(&shop.source, "BEGIN; LOCK TABLE t");
    AUTO(launch_clear) Launch launch = SHOP_LAUNCH(&shop, "start", "--lock-wait-timeout", "500ms");
    cr_assert_eq(PQtransactionStatus(lock), PQTRANS_INTRANS);
    EXPECT_EXIT(&launch, 6);
    expect_one_line_and_a_hint(&launch);
    expect_untouched(&shop.dest, before);
}

/* A function that works in the source only. */
#define ONLY_IN_SOURCE                                                                             \
    "CREATE FUNCTION only_in_source(a int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN"     \
    " IF current_database() NOT LIKE '%source%' THEN RAISE EXCEPTION 'not here: %', a; END IF;"    \
    " RETURN a; END $$;"

Test(server_refusal, of_a_row_by_the_destination_is_7_and_abort_cleans_up)
{
    Shop shop = small_shop();
    test_sql(&shop.source, ONLY_IN_SOURCE "ALTER TABLE t ADD CHECK (only_in_source(id) > 0)");
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, false);
    AUTO(launch_clear) Launch launch = SHOP_LAUNCH(&shop, "start", "--preserved-tables", "users");
    EXPECT_EXIT(&launch, 7);
    EXPECT_CONTAINS(launch.err, "not here");
    EXPECT_CONTAINS(launch.err, "public.t");
    EXPECT_CONTAINS(launch.err, "pgzm-copy abort");
    EXPECT_VALUE(&shop.dest, "SELECT a FROM t", "old");
    EXPECT_VALUE(&shop.dest,
                 "SELECT count(*) > 0 FROM pg_namespace WHERE nspname LIKE 'pgzm\\_shadow%'", "t");
    AUTO(launch_clear) Launch abort = LAUNCH("abort", "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&abort, 0);
    expect_untouched(&shop.dest, before);
}

Test(server_refusal, of_an_index_by_the_destination_is_7)
{
    Shop shop = small_shop();
    test_sql(&shop.source, ONLY_IN_SOURCE "CREATE INDEX broken_there ON t (only_in_source(id))");
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, false);
    AUTO(launch_clear) Launch launch = SHOP_LAUNCH(&shop, "start");
    EXPECT_EXIT(&launch, 7);
    EXPECT_CONTAINS(launch.err, "broken_there");
    AUTO(launch_clear) Launch abort = LAUNCH("abort", "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&abort, 0);
    expect_untouched(&shop.dest, before);
}

Test(server_refusal, of_an_object_that_cannot_be_created_is_7_before_a_row_moves)
{
    Shop shop = small_shop();
    /* From 17 on event triggers are off in the session. */
    if (test_server_version() >= 170000)
        cr_skip_test("nothing stands in the way of a table that both servers know");
    test_sql(&shop.source, "CREATE TABLE mine (a text)");
    test_sql(&shop.dest, "CREATE SCHEMA law;"
                         "CREATE FUNCTION law.forbid() RETURNS event_trigger LANGUAGE plpgsql AS $$"
                         " BEGIN IF current_query() ~ 'mine' THEN RAISE 'no table mine here';"
                         " END IF; END $$;"
                         "CREATE EVENT TRIGGER law ON ddl_command_start WHEN TAG IN"
                         " ('CREATE TABLE') EXECUTE FUNCTION law.forbid()");
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, false);
    AUTO(launch_clear) Launch launch = SHOP_LAUNCH(&shop, "start");
    EXPECT_EXIT(&launch, 7);
    EXPECT_CONTAINS(launch.err, "mine");
    expect_one_line_and_a_hint(&launch);
    expect_untouched(&shop.dest, before);
}

/* The destination loses a row of what it is sent: an event trigger of its own puts a trigger on
 * each new table t. */
#define ROW_LOSER                                                                                  \
    "CREATE SCHEMA tricks;"                                                                        \
    "CREATE FUNCTION tricks.lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"                   \
    " IF NEW.id = 50 THEN RETURN NULL; END IF; RETURN NEW; END $$;"                                \
    "CREATE FUNCTION tricks.infest() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN"           \
    " IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() WHERE object_identity = 'public.t')"  \
    " THEN CREATE TRIGGER lose BEFORE INSERT ON public.t FOR EACH ROW"                             \
    " EXECUTE FUNCTION tricks.lose(); END IF; END $$;"                                             \
    "CREATE EVENT TRIGGER infest ON ddl_command_end WHEN TAG IN ('CREATE TABLE')"                  \
    " EXECUTE FUNCTION tricks.infest()"

Test(server_refusal, of_a_lost_row_is_8)
{
    if (test_server_version() >= 170000)
        cr_skip_test("from 17 on a superuser's session runs without event triggers");
    Shop shop = small_shop();
    test_sql(&shop.dest, ROW_LOSER);
    AUTO(launch_clear) Launch launch = SHOP_LAUNCH(&shop, "start");
    EXPECT_EXIT(&launch, 8);
    EXPECT_CONTAINS(launch.err, "public.t: the source sent 100 rows, the destination stored 99");
    EXPECT_VALUE(&shop.dest, "SELECT a FROM t", "old");
    AUTO(launch_clear) Launch abort = LAUNCH("abort", "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&abort, 0);
}

Test(server_refusal, of_an_orphan_is_8_and_of_one_that_is_kept_9)
{
    Shop shop = small_shop();
    test_sql(&shop.source, "INSERT INTO users VALUES (1, 'a'), (2, 'gone in the destination');"
                           "CREATE TABLE posts (id int PRIMARY KEY, user_id int REFERENCES users);"
                           "INSERT INTO posts VALUES (1, 1), (2, 2)");
    AUTO(launch_clear) Launch launch = SHOP_LAUNCH(&shop, "start", "--preserved-tables", "users");
    EXPECT_EXIT(&launch, 8);
    EXPECT_CONTAINS(launch.err, "1 row violates");
    EXPECT_CONTAINS(launch.err, "--orphans keep");
    EXPECT_VALUE(&shop.dest, "SELECT a FROM t", "old");
    EXPECT_VALUE(&shop.dest, "SELECT state FROM pgzm.migration", "PREPARED");
    AUTO(launch_clear)
    Launch swap = LAUNCH("swap", "--orphans", "keep", "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&swap, 9);
    EXPECT_CONTAINS(swap.err, "posts");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM posts", "2");
    EXPECT_VALUE(&shop.dest, "SELECT string_agg(name, ',') FROM users", "kept");
    EXPECT_VALUE(&shop.dest,
                 "SELECT convalidated FROM pg_constraint WHERE conname = 'posts_user_id_fkey'",
                 "f");
    AUTO(launch_clear) Launch back = LAUNCH("rollback", "--latest", "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&back, 0);
    EXPECT_VALUE(&shop.dest, "SELECT a FROM t", "old");
}

Test(server_refusal, when_time_is_up_is_1)
{
    Shop shop = small_shop();
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, false);
    AUTO(session_close) PGconn *lock = session_open(&shop.source, "BEGIN; LOCK TABLE t");
    AUTO(launch_clear) Launch launch = SHOP_LAUNCH(&shop, "start", "--timeout", "2s");
    cr_assert_eq(PQtransactionStatus(lock), PQTRANS_INTRANS);
    EXPECT_EXIT(&launch, 1);
    expect_one_line_and_a_hint(&launch);
    EXPECT_CONTAINS(launch.err, "--timeout");
    expect_untouched(&shop.dest, before);
}

static void interrupted(int number)
{
    Shop shop = small_shop();
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, false);
    AUTO(session_close) PGconn *lock = session_open(&shop.source, "BEGIN; LOCK TABLE t");
    AUTO(launch_clear) Launch launch = start_that_waits(&shop, (const char *const[]){NULL});
    kill(launch.pid, number);
    cr_assert(launch_ended(&launch, 10000), "still running 10 s after signal %d", number);
    EXPECT_EXIT(&launch, 128 + number);
    session_run(lock, "COMMIT");
    expect_untouched(&shop.dest, before);
    /* Whatever state it left, the next command goes on from there. */
    AUTO(launch_clear) Launch again = SHOP_LAUNCH(&shop, "start");
    if (again.exit_code == 5) {
        AUTO(launch_clear) Launch abort = LAUNCH("abort", "--dest", shop.dest.conninfo);
        EXPECT_EXIT(&abort, 0);
        AUTO(launch_clear) Launch last = SHOP_LAUNCH(&shop, "start");
        EXPECT_EXIT(&last, 0);
    } else {
        EXPECT_EXIT(&again, 0);
    }
}

Test(server_refusal, by_an_interrupt_is_130)
{
    interrupted(SIGINT);
}

Test(server_refusal, by_a_termination_is_143)
{
    interrupted(SIGTERM);
}
