#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/conn.h"
#include "tests/harness/server.h"

static Conn *open_side(const TestDatabase *database, ConnSide side, Cancel *cancel)
{
    AUTO(error_clear) Error err = ERROR_INIT;
    Conn *conn = NULL;
    const ConnSpec spec = {.side = side, .conninfo = database->conninfo, .purpose = "test"};
    cr_assert(conn_open(&spec, cancel, &conn, &err), "%s", err.message);
    return conn;
}

static char *value(Conn *conn, const char *sql)
{
    AUTO(error_clear) Error err = ERROR_INIT;
    AUTO(result_free) PGresult *result = NULL;
    cr_assert(conn_query_row(conn, sql, 0, NULL, &result, &err), "%s: %s", sql, err.message);
    return mem_strdup(PQgetvalue(result, 0, 0));
}

static void expect(Conn *conn, const char *sql, const char *expected)
{
    AUTO(mem_free) char *got = value(conn, sql);
    cr_assert_str_eq(got, expected, "%s: %s", sql, got);
}

/* A database in which all that is pinned is set to something else. */
static TestDatabase twisted(void)
{
    TestDatabase database = test_database("conn");
    AUTO(str_clear) Str script = STR_INIT;
    static const char *const settings[] = {
        "search_path = public",
        "DateStyle = 'SQL, DMY'",
        "IntervalStyle = iso_8601",
        "TimeZone = 'Asia/Tokyo'",
        "extra_float_digits = -10",
        "bytea_output = 'escape'",
        "xmloption = document",
        "standard_conforming_strings = off",
        "quote_all_identifiers = on",
        "array_nulls = off",
        "statement_timeout = '9s'",
        "lock_timeout = '9s'",
        "idle_in_transaction_session_timeout = '9s'",
        "default_transaction_isolation = serializable",
        "default_transaction_read_only = on",
        "default_transaction_deferrable = on",
        "row_security = on",
        "check_function_bodies = on",
        "transform_null_equals = on",
        "synchronize_seqscans = on",
        "client_min_messages = debug1",
        "jit = on",
    };
    for (size_t i = 0; i < LENGTH(settings); i++)
        str_addf(&script, "ALTER DATABASE \"%s\" SET %s;\n", database.name, settings[i]);
    test_sql(&database, str_text(&script));
    return database;
}

typedef struct Pinned {
    const char *name, *source, *dest;
} Pinned;

Test(server_conn, pins_what_changes_text_on_both_sides)
{
    static const Pinned pinned[] = {
        {"search_path", "", ""},
        {"DateStyle", "ISO, YMD", "ISO, YMD"},
        {"IntervalStyle", "postgres", "postgres"},
        {"TimeZone", "UTC", "UTC"},
        {"extra_float_digits", "3", "3"},
        {"bytea_output", "hex", "hex"},
        {"xmloption", "content", "content"},
        {"standard_conforming_strings", "on", "on"},
        {"quote_all_identifiers", "off", "off"},
        {"array_nulls", "on", "on"},
        {"statement_timeout", "0", "0"},
        {"lock_timeout", "0", "0"},
        {"idle_in_transaction_session_timeout", "0", "0"},
        {"default_transaction_isolation", "read committed", "read committed"},
        {"default_transaction_read_only", "on", "off"},
        {"default_transaction_deferrable", "off", "off"},
        {"row_security", "off", "off"},
        {"check_function_bodies", "on", "off"},
        {"transform_null_equals", "on", "off"},
        {"synchronize_seqscans", "off", "on"},
        {"client_min_messages", "error", "error"},
        {"jit", "off", "off"},
        {"client_encoding", "UTF8", "UTF8"},
        {"application_name", "pgzm-copy test", "pgzm-copy test"},
    };
    TestDatabase database = twisted();
    AUTO(conn_free) Conn *source = open_side(&database, CONN_SOURCE, NULL);
    AUTO(conn_free) Conn *dest = open_side(&database, CONN_DEST, NULL);
    for (size_t i = 0; i < LENGTH(pinned); i++) {
        AUTO(mem_free) char *sql = mem_printf("SELECT current_setting('%s')", pinned[i].name);
        expect(source, sql, pinned[i].source);
        expect(dest, sql, pinned[i].dest);
    }
}

Test(server_conn, pins_for_an_ordinary_role_what_it_may_set)
{
    TestDatabase plain = test_database("conn");
    test_role(&plain, "pgzm_test_pinned");
    TestDatabase database = twisted();
    TestDatabase seen = test_as(&database, "pgzm_test_pinned");
    AUTO(conn_free) Conn *ordinary = open_side(&seen, CONN_DEST, NULL);
    AUTO(conn_free) Conn *super = open_side(&database, CONN_DEST, NULL);
    expect(ordinary, "SELECT current_setting('is_superuser')", "off");
    expect(ordinary, "SELECT current_setting('DateStyle')", "ISO, YMD");
    if (test_server_version() < 170000)
        return;
    expect(ordinary, "SELECT current_setting('event_triggers')", "on");
    expect(super, "SELECT current_setting('event_triggers')", "off");
}

Test(server_conn, says_which_database_it_is_and_never_writes_to_a_source)
{
    TestDatabase database = test_database("conn");
    AUTO(conn_free) Conn *source = open_side(&database, CONN_SOURCE, NULL);
    AUTO(error_clear) Error err = ERROR_INIT;
    cr_assert_not_null(strstr(conn_label(source), database.name));
    cr_assert_str_eq(conn_side_name(source), "source");
    cr_assert_eq(conn_version(source), test_server_version());
    cr_assert_not(conn_exec(source, "CREATE TABLE public.t ()", &err));
    cr_assert(error_is_state(&err, "25006"), "%s", err.message);
}

/* ---- statements sent ahead --------------------------------------------------------------- */

static bool ask(Conn *conn, const ConnQuestion *question, char **answer, Error *err)
{
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query(conn, question->sql, question->n, question->values, &result, err))
        return false;
    *answer = PQntuples(result) > 0 ? mem_strdup(PQgetvalue(result, 0, 0)) : NULL;
    return true;
}

Test(server_conn, statements_sent_ahead_are_answered_in_turn)
{
    static const char *const values[] = {"twice "};
    static const ConnQuestion questions[] = {
        {"SELECT repeat($1, 100000)", 1, values},
        {.sql = "SET search_path = public"},
        {.sql = "SELECT current_setting('search_path')"},
        {.sql = "SELECT txid_current()"},
        {.sql = "SELECT txid_current()"},
    };
    TestDatabase database = test_database("conn");
    AUTO(conn_free) Conn *conn = open_side(&database, CONN_DEST, NULL);
    AUTO(error_clear) Error err = ERROR_INIT;
    char *answers[LENGTH(questions)];
    cr_assert(conn_ahead_begin(conn, questions, LENGTH(questions), &err), "%s", err.message);
    for (size_t i = 0; i < LENGTH(questions); i++)
        cr_assert(ask(conn, &questions[i], &answers[i], &err), "%s", err.message);
    conn_ahead_end(conn);
    cr_assert_eq(strlen(answers[0]), 600000);
    cr_assert_null(answers[1]);
    cr_assert_str_eq(answers[2], "public");
    cr_assert_str_neq(answers[3], answers[4], "one transaction for both");
    for (size_t i = 0; i < LENGTH(questions); i++)
        mem_free(answers[i]);
    expect(conn, "SELECT 1", "1");
}

Test(server_conn, what_was_sent_ahead_and_fails_leaves_a_connection_of_use)
{
    static const ConnQuestion questions[] = {
        {.sql = "SELECT 1"}, {.sql = "SELECT 1/0"}, {.sql = "SELECT 3"}, {.sql = "SELECT 4"}};
    TestDatabase database = test_database("conn");
    AUTO(conn_free) Conn *conn = open_side(&database, CONN_SOURCE, NULL);
    for (int in_block = 0; in_block < 2; in_block++) {
        AUTO(error_clear) Error err = ERROR_INIT;
        AUTO(mem_free) char *first = NULL;
        AUTO(mem_free) char *none = NULL;
        if (in_block)
            cr_assert(conn_exec(conn, "BEGIN", &err));
        cr_assert(conn_ahead_begin(conn, questions, LENGTH(questions), &err), "%s", err.message);
        cr_assert(ask(conn, &questions[0], &first, &err), "%s", err.message);
        cr_assert_not(ask(conn, &questions[1], &none, &err));
        cr_assert(error_is_state(&err, "22012"), "%s", err.message);
        conn_ahead_end(conn);
        cr_assert_eq(conn_in_failed_transaction(conn), in_block == 1);
        conn_rollback(conn);
        expect(conn, "SELECT 2", "2");
    }
}

Test(server_conn, nothing_comes_between_statements_sent_ahead)
{
    static const ConnQuestion questions[] = {{.sql = "SELECT 1"}, {.sql = "SELECT 2"}};
    TestDatabase database = test_database("conn");
    AUTO(conn_free) Conn *conn = open_side(&database, CONN_SOURCE, NULL);
    AUTO(error_clear) Error err = ERROR_INIT;
    AUTO(mem_free) char *none = NULL;
    cr_assert(conn_ahead_begin(conn, questions, LENGTH(questions), &err), "%s", err.message);
    cr_assert_not(ask(conn, &questions[1], &none, &err));
    cr_assert_not_null(strstr(err.message, "sent ahead"), "%s", err.message);
    conn_ahead_end(conn);
    expect(conn, "SELECT 3", "3");
}

Test(server_conn, a_cancellation_ends_what_was_sent_ahead)
{
    static const ConnQuestion questions[] = {
        {.sql = "SELECT pg_sleep(30)"}, {.sql = "SELECT pg_sleep(30)"}, {.sql = "SELECT 3"}};
    TestDatabase database = test_database("conn");
    AUTO(cancel_free) Cancel *cancel = cancel_new(NULL);
    AUTO(conn_free) Conn *conn = open_side(&database, CONN_SOURCE, cancel);
    AUTO(error_clear) Error err = ERROR_INIT;
    AUTO(mem_free) char *none = NULL;
    int64_t start = clock_monotonic_ms();
    cr_assert(conn_ahead_begin(conn, questions, LENGTH(questions), &err), "%s", err.message);
    cancel_trigger(cancel, CANCEL_REQUESTED);
    cr_assert_not(ask(conn, &questions[0], &none, &err));
    cr_assert_eq(err.kind, ERROR_INTERRUPTED);
    conn_ahead_end(conn);
    cr_assert_lt(clock_monotonic_ms() - start, 20000);
    conn_shield_begin(conn);
    expect(conn, "SELECT 5", "5");
    conn_shield_end(conn);
}

Test(server_conn, refuses_two_commands_in_one_statement)
{
    TestDatabase database = test_database("conn");
    AUTO(conn_free) Conn *dest = open_side(&database, CONN_DEST, NULL);
    AUTO(error_clear) Error err = ERROR_INIT;
    cr_assert_not(conn_exec(dest, "SELECT 1; CREATE TABLE public.smuggled ()", &err));
    cr_assert(error_is_state(&err, "42601"), "%s", err.message);
    expect(dest, "SELECT to_regclass('public.smuggled') IS NULL", "t");
}

Test(server_conn, carries_parameters_as_they_are)
{
    TestDatabase database = test_database("conn");
    AUTO(conn_free) Conn *dest = open_side(&database, CONN_DEST, NULL);
    AUTO(error_clear) Error err = ERROR_INIT;
    const char *const values[] = {"it's \\ \"x\"; --", NULL};
    AUTO(result_free) PGresult *result = NULL;
    cr_assert(conn_query(dest, "SELECT $1::text, $2::text", 2, values, &result, &err));
    cr_assert_str_eq(PQgetvalue(result, 0, 0), values[0]);
    cr_assert(PQgetisnull(result, 0, 1));
}

Test(server_conn, wants_exactly_one_row_when_it_asks_for_one)
{
    TestDatabase database = test_database("conn");
    AUTO(conn_free) Conn *dest = open_side(&database, CONN_DEST, NULL);
    static const char *const queries[] = {"SELECT 1 WHERE false", "SELECT generate_series(1, 2)"};
    for (size_t i = 0; i < LENGTH(queries); i++) {
        AUTO(error_clear) Error err = ERROR_INIT;
        AUTO(result_free) PGresult *result = NULL;
        cr_assert_not(conn_query_row(dest, queries[i], 0, NULL, &result, &err));
        cr_assert_eq(err.kind, ERROR_OTHER);
    }
}

Test(server_conn, turns_sqlstates_into_kinds)
{
    TestDatabase database = test_database("conn");
    AUTO(conn_free) Conn *dest = open_side(&database, CONN_DEST, NULL);
    static const struct {
        const char *state;
        ErrorKind kind;
    } cases[] = {{"55P03", ERROR_LOCK},       {"40P01", ERROR_LOCK},  {"42501", ERROR_PREFLIGHT},
                 {"08006", ERROR_CONNECTION}, {"23505", ERROR_OTHER}, {"57014", ERROR_OTHER}};
    for (size_t i = 0; i < LENGTH(cases); i++) {
        AUTO(error_clear) Error err = ERROR_INIT;
        cr_assert_not(conn_execf(dest, &err,
                                 "DO $$ BEGIN RAISE EXCEPTION 'broken' USING ERRCODE = '%s',"
                                 " DETAIL = 'a detail', HINT = 'a hint'; END $$",
                                 cases[i].state));
        cr_assert_eq(err.kind, cases[i].kind, "%s: %s", cases[i].state, error_kind_name(err.kind));
        cr_assert_str_eq(err.sqlstate, cases[i].state);
        cr_assert_str_eq(err.message, "broken (a detail)");
        cr_assert_str_eq(err.hint, "a hint");
    }
    expect(dest, "SELECT 1", "1");
}

Test(server_conn, runs_many_statements_in_order)
{
    TestDatabase database = test_database("conn");
    AUTO(conn_free) Conn *dest = open_side(&database, CONN_DEST, NULL);
    AUTO(error_clear) Error err = ERROR_INIT;
    static const char *const statements[] = {"CREATE TABLE public.t (a int)",
                                             "INSERT INTO public.t VALUES (1)",
                                             "UPDATE public.t SET a = a + 1"};
    size_t failed = 77;
    cr_assert(conn_exec_many(dest, statements, LENGTH(statements), &failed, &err), "%s",
              err.message);
    cr_assert(conn_exec_many(dest, statements, 0, NULL, &err));
    cr_assert_eq(failed, 77);
    expect(dest, "SELECT a FROM public.t", "2");
}

Test(server_conn, names_the_one_of_many_that_failed_and_undoes_those_before)
{
    TestDatabase database = test_database("conn");
    AUTO(conn_free) Conn *dest = open_side(&database, CONN_DEST, NULL);
    for (size_t bad = 0; bad < 4; bad++) {
        AUTO(error_clear) Error err = ERROR_INIT;
        char texts[4][64];
        const char *statements[4];
        for (size_t i = 0; i < 4; i++) {
            snprintf(texts[i], sizeof texts[i], "CREATE TABLE public.t%zu ()", i);
            statements[i] = i == bad ? "SELECT 1/0" : texts[i];
        }
        size_t failed = 77;
        cr_assert_not(conn_exec_many(dest, statements, 4, &failed, &err));
        cr_assert_eq(failed, bad, "%zu instead of %zu", failed, bad);
        cr_assert(error_is_state(&err, "22012"), "%s", err.message);
        expect(dest, "SELECT count(*) FROM pg_class WHERE relname ~ '^t[0-9]$'", "0");
    }
}

/* More than are on their way at once. */
Test(server_conn, runs_thousands_of_statements_as_one)
{
    enum { COUNT = 1700 };
    TestDatabase database = test_database("conn");
    AUTO(conn_free) Conn *dest = open_side(&database, CONN_DEST, NULL);
    AUTO(error_clear) Error err = ERROR_INIT;
    cr_assert(conn_exec(dest, "CREATE TABLE public.t (a int)", &err), "%s", err.message);
    const char *statements[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        statements[i] = "INSERT INTO public.t VALUES (1)";
    cr_assert(conn_exec_many(dest, statements, COUNT, NULL, &err), "%s", err.message);
    expect(dest, "SELECT count(*) FROM public.t", "1700");
    static const size_t bad[] = {0, 499, 500, 1200, COUNT - 1};
    for (size_t i = 0; i < LENGTH(bad); i++) {
        AUTO(error_clear) Error failure = ERROR_INIT;
        size_t failed = COUNT;
        statements[bad[i]] = "SELECT 1/0";
        cr_assert_not(conn_exec_many(dest, statements, COUNT, &failed, &failure));
        cr_assert_eq(failed, bad[i], "%zu instead of %zu", failed, bad[i]);
        cr_assert(error_is_state(&failure, "22012"), "%s", failure.message);
        expect(dest, "SELECT count(*) FROM public.t", "1700");
        statements[bad[i]] = statements[bad[i] == 0 ? 1 : 0];
    }
}

typedef struct Trigger {
    Cancel *cancel;
    int64_t after_ms;
} Trigger;

static void *trigger_later(void *context)
{
    Trigger *trigger = context;
    cancel_sleep(NULL, trigger->after_ms);
    cancel_trigger(trigger->cancel, CANCEL_REQUESTED);
    return NULL;
}

Test(server_conn, ends_a_running_query_when_the_token_is_set)
{
    TestDatabase database = test_database("conn");
    AUTO(cancel_free) Cancel *cancel = cancel_new(NULL);
    AUTO(conn_free) Conn *dest = open_side(&database, CONN_DEST, cancel);
    AUTO(error_clear) Error err = ERROR_INIT;
    AUTO(error_clear) Error again = ERROR_INIT;
    Trigger trigger = {cancel, 100};
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, trigger_later, &trigger), 0);
    int64_t start = clock_monotonic_ms();
    cr_assert_not(conn_exec(dest, "SELECT pg_sleep(30)", &err));
    int64_t took = clock_monotonic_ms() - start;
    pthread_join(thread, NULL);
    cr_assert_eq(err.kind, ERROR_INTERRUPTED, "%s", err.message);
    cr_assert_lt(took, 1000, "%lld ms", (long long)took);
    cr_assert_not(conn_exec(dest, "SELECT 1", &again));
    cr_assert_eq(again.kind, ERROR_INTERRUPTED);
    /* the server has stopped too, and clean-up is still possible */
    conn_shield_begin(dest);
    expect(dest, "SELECT 1", "1");
    conn_shield_end(dest);
    AUTO(mem_free)
    char *sleeping = test_value(
        &database, "SELECT count(*) FROM pg_stat_activity WHERE datname ="
                   " current_database() AND state = 'active' AND query ~ '^SELECT pg_sle'");
    cr_assert_str_eq(sleeping, "0");
}

Test(server_conn, ends_a_running_query_at_the_deadline)
{
    TestDatabase database = test_database("conn");
    AUTO(cancel_free) Cancel *cancel = cancel_new(NULL);
    AUTO(conn_free) Conn *dest = open_side(&database, CONN_DEST, cancel);
    AUTO(error_clear) Error err = ERROR_INIT;
    int64_t start = clock_monotonic_ms();
    cancel_set_deadline(cancel, start + 150);
    cr_assert_not(conn_exec(dest, "SELECT pg_sleep(30)", &err));
    cr_assert_lt(clock_monotonic_ms() - start, 1500);
    cr_assert_eq(err.kind, ERROR_OTHER);
    cr_assert_not_null(strstr(err.message, "--timeout"));
}

Test(server_conn, rolls_back_also_when_the_token_is_set)
{
    TestDatabase database = test_database("conn");
    AUTO(cancel_free) Cancel *cancel = cancel_new(NULL);
    AUTO(conn_free) Conn *dest = open_side(&database, CONN_DEST, cancel);
    AUTO(error_clear) Error err = ERROR_INIT;
    cr_assert(conn_exec(dest, "BEGIN", &err));
    cr_assert(conn_exec(dest, "CREATE TABLE public.t ()", &err));
    cancel_trigger(cancel, CANCEL_REQUESTED);
    conn_rollback(dest);
    cr_assert_eq(PQtransactionStatus(conn_pg(dest)), PQTRANS_IDLE);
}

static void terminate(const TestDatabase *database, Conn *conn)
{
    char sql[64];
    snprintf(sql, sizeof sql, "SELECT pg_terminate_backend(%d)", PQbackendPID(conn_pg(conn)));
    AUTO(mem_free) char *done = test_value(database, sql);
    cr_assert_str_eq(done, "t");
}

Test(server_conn, notices_that_its_backend_is_gone)
{
    TestDatabase database = test_database("conn");
    AUTO(conn_free) Conn *dest = open_side(&database, CONN_DEST, NULL);
    AUTO(error_clear) Error err = ERROR_INIT;
    AUTO(error_clear) Error again = ERROR_INIT;
    terminate(&database, dest);
    cr_assert_not(conn_exec(dest, "SELECT 1", &err));
    cr_assert_eq(err.kind, ERROR_CONNECTION, "%s", err.message);
    cr_assert_not(conn_exec(dest, "SELECT 1", &again));
    cr_assert_eq(again.kind, ERROR_CONNECTION);
    cr_assert(conn_is_lost(dest));
    conn_rollback(dest);
}

Test(server_conn, notices_in_the_middle_of_many_statements_that_its_backend_is_gone)
{
    TestDatabase database = test_database("conn");
    AUTO(conn_free) Conn *dest = open_side(&database, CONN_DEST, NULL);
    AUTO(error_clear) Error err = ERROR_INIT;
    static const char *const statements[] = {
        "CREATE TABLE public.t ()", "SELECT pg_terminate_backend(pg_backend_pid())", "SELECT 1"};
    cr_assert_not(conn_exec_many(dest, statements, LENGTH(statements), NULL, &err));
    cr_assert_eq(err.kind, ERROR_CONNECTION, "%s", err.message);
    AUTO(mem_free) char *gone = test_value(&database, "SELECT to_regclass('public.t') IS NULL");
    cr_assert_str_eq(gone, "t");
}

Test(server_conn, counts_rows_of_a_copy_and_is_usable_when_one_fails)
{
    TestDatabase database = test_database("conn");
    AUTO(conn_free) Conn *dest = open_side(&database, CONN_DEST, NULL);
    AUTO(error_clear) Error err = ERROR_INIT;
    AUTO(error_clear) Error bad = ERROR_INIT;
    int64_t rows = -1;
    cr_assert(conn_exec(dest, "CREATE TABLE public.t (a int)", &err));
    cr_assert(conn_copy_begin(dest, "COPY public.t FROM STDIN", PGRES_COPY_IN, &err));
    cr_assert_eq(PQputCopyData(conn_pg(dest), "1\n2\n3\n", 6), 1);
    cr_assert_eq(PQputCopyEnd(conn_pg(dest), NULL), 1);
    cr_assert(conn_copy_end(dest, &rows, &err), "%s", err.message);
    cr_assert_eq(rows, 3);
    cr_assert_not(conn_copy_begin(dest, "COPY public.nothing FROM STDIN", PGRES_COPY_IN, &bad));
    cr_assert(error_is_state(&bad, "42P01"));
    error_clear(&bad);
    cr_assert(conn_copy_begin(dest, "COPY public.t FROM STDIN", PGRES_COPY_IN, &err));
    cr_assert_eq(PQputCopyData(conn_pg(dest), "x\n", 2), 1);
    cr_assert_eq(PQputCopyEnd(conn_pg(dest), NULL), 1);
    cr_assert_not(conn_copy_end(dest, &rows, &bad));
    cr_assert(error_is_state(&bad, "22P02"));
    expect(dest, "SELECT count(*) FROM public.t", "3");
}

Test(server_conn, quotes_hostile_names_so_that_they_come_back)
{
    TestDatabase database = test_database("conn");
    AUTO(conn_free) Conn *dest = open_side(&database, CONN_DEST, NULL);
    AUTO(conn_free) Conn *offline = conn_for_quoting();
    static const char *const names[] = {"plain", "Two Words",   "q\"uo\"te", "semi;colon",
                                        "it's",  "back\\slash", "größe",     "select"};
    for (size_t i = 0; i < LENGTH(names); i++) {
        AUTO(error_clear) Error err = ERROR_INIT;
        AUTO(str_clear) Str sql = STR_INIT, without = STR_INIT;
        for (int pass = 0; pass < 2; pass++) {
            Str *s = pass == 0 ? &sql : &without;
            str_add(s, "SELECT ");
            conn_add_literal(pass == 0 ? dest : offline, s, names[i]);
            str_add(s, " AS ");
            conn_add_ident(pass == 0 ? dest : offline, s, names[i]);
        }
        cr_assert_str_eq(str_text(&sql), str_text(&without));
        AUTO(result_free) PGresult *result = NULL;
        cr_assert(conn_query_row(dest, str_text(&sql), 0, NULL, &result, &err), "%s", err.message);
        cr_assert_str_eq(PQgetvalue(result, 0, 0), names[i]);
        cr_assert_str_eq(PQfname(result, 0), names[i]);
    }
}

Test(conn, cannot_query_when_it_is_only_for_quoting)
{
    AUTO(conn_free) Conn *conn = conn_for_quoting();
    AUTO(error_clear) Error err = ERROR_INIT;
    cr_assert(conn_is_lost(conn));
    cr_assert_not(conn_exec(conn, "SELECT 1", &err));
    cr_assert_eq(err.kind, ERROR_CONNECTION);
    conn_free(NULL);
}

static void expect_no_secret(const char *conninfo, ErrorKind kind)
{
    AUTO(error_clear) Error err = ERROR_INIT;
    AUTO(conn_free) Conn *conn = NULL;
    const ConnSpec spec = {.side = CONN_DEST, .conninfo = conninfo};
    cr_assert_not(conn_open(&spec, NULL, &conn, &err));
    cr_assert_null(conn);
    cr_assert_eq(err.kind, kind, "%s: %s", conninfo, err.message);
    cr_assert_null(strstr(err.message, "s3cr"), "%s", err.message);
    cr_assert(err.hint == NULL || strstr(err.hint, "s3cr") == NULL, "%s", err.hint);
}

Test(conn, never_shows_the_password)
{
    expect_no_secret("postgresql://me:s3cr%zzet@localhost/db", ERROR_USAGE);
    expect_no_secret("postgresql://me:s3cr:et@local host/db?x=1", ERROR_USAGE);
    expect_no_secret("password='s3cret host=localhost", ERROR_USAGE);
    expect_no_secret("password=s3cret nonsense=1", ERROR_USAGE);
    expect_no_secret("host=/nowhere/at/all password=s3cret user=me", ERROR_CONNECTION);
    expect_no_secret("postgresql://me:s3cret@127.0.0.1:1/db", ERROR_CONNECTION);
}

Test(conn, does_not_wait_for_a_server_when_the_token_is_set)
{
    AUTO(cancel_free) Cancel *cancel = cancel_new(NULL);
    AUTO(error_clear) Error err = ERROR_INIT;
    AUTO(conn_free) Conn *conn = NULL;
    const ConnSpec spec = {.side = CONN_DEST, .conninfo = "host=192.0.2.1 port=1"};
    int64_t start = clock_monotonic_ms();
    cancel_trigger(cancel, CANCEL_REQUESTED);
    cr_assert_not(conn_open(&spec, cancel, &conn, &err));
    cr_assert_lt(clock_monotonic_ms() - start, 2000);
}
