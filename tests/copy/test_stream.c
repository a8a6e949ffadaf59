#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "tests/copy/pair.h"

enum { MB = 1024 * 1024 };

/* ---- something happens in the middle --------------------------------------------------------- */

/* A table of 40 MB, and a destination that takes half a minute for it: long enough for things to
 * happen in between, and a test that took that long would have missed its point. */
static Pair *slow_pair(void)
{
    Pair *pair = pair_new("CREATE TABLE t (id int, pad text)");
    test_sql(&pair->source_db, "INSERT INTO t SELECT i, repeat('x', 1000) FROM "
                               "generate_series(1, 40000) i");
    test_sql(&pair->dest_db,
             "CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
             "IF NEW.id % 100 = 0 THEN PERFORM pg_catalog.pg_sleep(0.075); END IF; "
             "RETURN NEW; END $$;"
             "CREATE TRIGGER slowly BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION slowly();"
             "INSERT INTO t VALUES (-5, 'was here')");
    pair_begin(pair);
    return pair;
}

/* What happens, in a thread of its own, when the first rows are on their way. */
typedef struct Event {
    Pair *pair;
    void (*happen)(Pair *pair);
    int64_t happened_ms;
} Event;

static void *event_thread(void *context)
{
    Event *event = context;
    while (atomic_load(&event->pair->counters.wire_bytes) == 0)
        cancel_sleep(NULL, 2);
    cancel_sleep(NULL, 100);
    event->happened_ms = clock_monotonic_ms();
    event->happen(event->pair);
    return NULL;
}

/* Copies the table, which must fail that soon after the event; the destination is as before. */
static void must_fail_within(Pair *pair, int64_t ms, void (*happen)(Pair *pair))
{
    Event event = {.pair = pair, .happen = happen};
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, event_thread, &event), 0);
    CopyTable *table = pair_table(pair, "t");
    table->may_freeze = true;
    CopyChunk chunk = pair_whole(table);
    bool copied = pair_copy(pair, &chunk, NULL);
    int64_t end = clock_monotonic_ms();
    pthread_join(thread, NULL);
    cr_assert_not(copied);
    cr_assert(end - event.happened_ms < ms, "%ld ms", (long)(end - event.happened_ms));
    cr_assert_eq(pair->rows, -1);
    cr_assert_not_null(strstr(pair->err.message, "copying public.t: "), "%s", pair->err.message);
    cr_assert(atomic_load(&pair->counters.wire_bytes) < 20 * MB);
    cr_assert_eq(atomic_load(&pair->counters.rows), 0);
    AUTO(mem_free) char *rows = test_rows(&pair->dest_db, "SELECT id, pad FROM t");
    cr_assert_str_eq(rows, "-5|was here\n");
}

static void must_fail_soon(Pair *pair, void (*happen)(Pair *pair))
{
    must_fail_within(pair, 1000, happen);
}

static void terminate(const Conn *conn, const TestDatabase *database)
{
    AUTO(mem_free)
    char *query = mem_printf("SELECT pg_terminate_backend(%d)", PQbackendPID(conn_pg(conn)));
    AUTO(mem_free) char *done = test_value(database, query);
    cr_assert_str_eq(done, "t");
}

static void kill_source(Pair *pair)
{
    terminate(pair->source, &pair->source_db);
}

static void kill_dest(Pair *pair)
{
    terminate(pair->dest, &pair->dest_db);
}

static void trigger_cancel(Pair *pair)
{
    cancel_trigger(pair->cancel, CANCEL_REQUESTED);
}

static void trigger_failure_elsewhere(Pair *pair)
{
    cancel_trigger(pair->cancel, CANCEL_FAILURE);
}

/* The statement is cancelled, by an administrator, say: an error with the connection intact. */
static void cancel_statement(const Conn *conn, const TestDatabase *database)
{
    AUTO(mem_free)
    char *query = mem_printf("SELECT pg_cancel_backend(%d)", PQbackendPID(conn_pg(conn)));
    AUTO(mem_free) char *done = test_value(database, query);
    cr_assert_str_eq(done, "t");
}

static void cancel_source_statement(Pair *pair)
{
    cancel_statement(pair->source, &pair->source_db);
}

static void cancel_dest_statement(Pair *pair)
{
    cancel_statement(pair->dest, &pair->dest_db);
}

Test(server_stream, a_source_that_dies_in_the_middle_changes_nothing)
{
    AUTO(pair_free) Pair *pair = slow_pair();
    /* what it sent before, megabytes over TCP, is read first */
    must_fail_within(pair, 15000, kill_source);
    cr_assert_eq(pair->err.kind, ERROR_CONNECTION, "%s", pair->err.message);
    cr_assert_not_null(strstr(pair->err.message, "to the source"), "%s", pair->err.message);
    cr_assert_eq(PQtransactionStatus(conn_pg(pair->dest)), PQTRANS_IDLE);
}

Test(server_stream, a_source_error_in_the_middle_is_told_and_changes_nothing)
{
    AUTO(pair_free) Pair *pair = slow_pair();
    must_fail_within(pair, 15000, cancel_source_statement);
    cr_assert_eq(pair->err.kind, ERROR_COPY, "%s", pair->err.message);
    cr_assert(error_is_state(&pair->err, "57014"), "%s", pair->err.message);
    cr_assert_eq(PQtransactionStatus(conn_pg(pair->dest)), PQTRANS_IDLE);
    cr_assert_eq(PQtransactionStatus(conn_pg(pair->source)), PQTRANS_INERROR);
}

Test(server_stream, a_destination_that_dies_in_the_middle_stops_the_source)
{
    AUTO(pair_free) Pair *pair = slow_pair();
    must_fail_soon(pair, kill_dest);
    cr_assert_eq(pair->err.kind, ERROR_CONNECTION, "%s", pair->err.message);
    cr_assert(conn_is_lost(pair->dest));
    cr_assert_eq(PQtransactionStatus(conn_pg(pair->source)), PQTRANS_INERROR);
}

Test(server_stream, a_cancellation_ends_the_copy_within_a_second)
{
    AUTO(pair_free) Pair *pair = slow_pair();
    must_fail_soon(pair, trigger_cancel);
    cr_assert_eq(pair->err.kind, ERROR_INTERRUPTED, "%s", pair->err.message);
    cr_assert_eq(PQtransactionStatus(conn_pg(pair->dest)), PQTRANS_IDLE);
    cr_assert_eq(PQtransactionStatus(conn_pg(pair->source)), PQTRANS_INERROR);
}

Test(server_stream, the_failure_of_another_worker_ends_the_copy)
{
    AUTO(pair_free) Pair *pair = slow_pair();
    must_fail_soon(pair, trigger_failure_elsewhere);
    cr_assert_eq(pair->err.kind, ERROR_INTERRUPTED, "%s", pair->err.message);
}

Test(server_stream, a_cancellation_reaches_a_destination_that_sleeps)
{
    AUTO(pair_free) Pair *pair = slow_pair();
    test_sql(&pair->dest_db, "CREATE OR REPLACE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql "
                             "AS $$ BEGIN PERFORM pg_catalog.pg_sleep(30); RETURN NEW; END $$");
    must_fail_soon(pair, trigger_cancel);
    cr_assert_eq(PQtransactionStatus(conn_pg(pair->dest)), PQTRANS_IDLE);
}

Test(server_stream, a_destination_error_in_the_middle_is_told_and_stops_the_source)
{
    if (test_server_version() < 140000)
        return; /* there it is told at the end of the chunk: see stream.c */
    AUTO(pair_free) Pair *pair = slow_pair();
    must_fail_soon(pair, cancel_dest_statement);
    cr_assert_eq(pair->err.kind, ERROR_COPY);
    cr_assert(error_is_state(&pair->err, "57014"), "%s", pair->err.message);
    cr_assert_eq(PQtransactionStatus(conn_pg(pair->dest)), PQTRANS_IDLE);
    cr_assert_eq(PQtransactionStatus(conn_pg(pair->source)), PQTRANS_INERROR);
}

Test(server_stream, a_copy_that_still_runs_cannot_be_ended_by_waiting)
{
    AUTO(pair_free) Pair *pair = pair_new("CREATE TABLE t (id int)");
    pair_begin(pair);
    AUTO(error_clear) Error err = ERROR_INIT;
    cr_assert(conn_copy_begin(pair->dest, "COPY public.t FROM STDIN", PGRES_COPY_IN, &err));
    cr_assert_not(conn_copy_end(pair->dest, NULL, &err));
    cr_assert_eq(err.kind, ERROR_OTHER);
}

/* ---- the destination refuses a row ----------------------------------------------------------- */

/* A table of 40 MB of which row `bad` is refused. */
static Pair *refusing_pair(int bad)
{
    Pair *pair = pair_new("CREATE TABLE t (id int, pad text)");
    test_sql(&pair->source_db, "INSERT INTO t SELECT i, repeat('x', 1000) FROM "
                               "generate_series(1, 40000) i");
    AUTO(mem_free)
    char *check = mem_printf("ALTER TABLE t ADD CONSTRAINT no_such_id CHECK (id <> %d);"
                             "INSERT INTO t VALUES (-5, 'was here')",
                             bad);
    test_sql(&pair->dest_db, check);
    pair_begin(pair);
    return pair;
}

static void refuses(Pair *pair)
{
    CopyTable *table = pair_table(pair, "t");
    table->may_freeze = true;
    CopyChunk chunk = pair_whole(table);
    cr_assert_not(pair_copy(pair, &chunk, NULL));
    cr_assert_eq(pair->err.kind, ERROR_COPY);
    cr_assert(error_is_state(&pair->err, "23514"), "%s", pair->err.message);
    cr_assert_not_null(strstr(pair->err.message, "copying public.t: "), "%s", pair->err.message);
    cr_assert_not_null(strstr(pair->err.message, "no_such_id"), "%s", pair->err.message);
    cr_assert_eq(pair_number(&pair->dest_db, "SELECT sum(id) FROM t"), -5);
    cr_assert_eq(PQtransactionStatus(conn_pg(pair->dest)), PQTRANS_IDLE);
}

Test(server_stream, a_refused_first_row_stops_the_source_at_once)
{
    AUTO(pair_free) Pair *pair = refusing_pair(1);
    refuses(pair);
    cr_assert(atomic_load(&pair->counters.wire_bytes) < 4 * MB || test_server_version() < 140000,
              "%ld bytes were sent", (long)atomic_load(&pair->counters.wire_bytes));
}

Test(server_stream, a_refused_row_in_the_middle_leaves_the_destination_unchanged)
{
    AUTO(pair_free) Pair *pair = refusing_pair(20000);
    refuses(pair);
}

Test(server_stream, a_refused_last_row_leaves_the_destination_unchanged)
{
    AUTO(pair_free) Pair *pair = refusing_pair(40000);
    refuses(pair);
    cr_assert(atomic_load(&pair->counters.wire_bytes) > 40 * 1000 * 1000);
}

Test(server_stream, an_error_is_never_missed_whenever_it_comes)
{
    AUTO(pair_free) Pair *pair = refusing_pair(1);
    for (int bad = 1; bad < 2000; bad += 97) {
        AUTO(mem_free)
        char *check = mem_printf("ALTER TABLE t DROP CONSTRAINT no_such_id;"
                                 "ALTER TABLE t ADD CONSTRAINT no_such_id CHECK (id <> %d)",
                                 bad);
        test_sql(&pair->dest_db, check);
        atomic_store(&pair->counters.wire_bytes, 0);
        refuses(pair);
        int64_t bytes = atomic_load(&pair->counters.wire_bytes);
        cr_assert(bytes < 8 * MB || test_server_version() < 140000,
                  "row %d was refused, and %ld bytes were sent", bad, (long)bytes);
        AUTO(error_clear) Error err = ERROR_INIT;
        cr_assert(conn_exec(pair->source, "ROLLBACK", &err));
        cr_assert(conn_exec(pair->source, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", &err));
    }
}

/* ---- what a destination may say besides ------------------------------------------------------ */

Test(server_stream, messages_of_the_destination_are_not_taken_for_errors)
{
    AUTO(pair_free) Pair *pair = pair_new("CREATE TABLE t (id int, pad text)");
    test_sql(&pair->source_db, "INSERT INTO t SELECT i, repeat('x', 1000) FROM "
                               "generate_series(1, 5000) i");
    /* INFO is sent whatever client_min_messages says; a long one does not arrive in one piece. The
     * changed setting is one that servers report to their clients. */
    test_sql(&pair->dest_db,
             "CREATE FUNCTION talk() RETURNS trigger LANGUAGE plpgsql SET IntervalStyle = "
             "'iso_8601' AS $$ BEGIN "
             "IF NEW.id % 10 = 0 THEN RAISE INFO 'row % %', NEW.id, repeat('y', NEW.id * 20); "
             "END IF; RETURN NEW; END $$;"
             "CREATE TRIGGER talk BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION talk()");
    pair_begin(pair);
    pair_must_copy(pair, pair_table(pair, "t"), 5000);
    pair_must_be_equal(pair, "t");
    cr_assert_eq(conn_notice_count(pair->dest), 500);
}

Test(server_stream, a_row_that_the_destination_drops_is_noticed)
{
    AUTO(pair_free) Pair *pair = pair_new("CREATE TABLE t (id int)");
    test_sql(&pair->source_db, "INSERT INTO t SELECT generate_series(1, 100)");
    test_sql(&pair->dest_db, "CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                             "IF NEW.id = 50 THEN RETURN NULL; END IF; RETURN NEW; END $$;"
                             "CREATE TRIGGER lose BEFORE INSERT ON t FOR EACH ROW "
                             "EXECUTE FUNCTION lose()");
    pair_begin(pair);
    CopyChunk chunk = pair_whole(pair_table(pair, "t"));
    cr_assert_not(pair_copy(pair, &chunk, NULL));
    cr_assert_eq(pair->err.kind, ERROR_DIFFERENCE);
    cr_assert_str_eq(pair->err.message, "copying public.t: the source sent 100 rows, the "
                                        "destination stored 99");
    cr_assert_eq(pair_number(&pair->dest_db, "SELECT count(*) FROM t"), 0);
    cr_assert_eq(PQtransactionStatus(conn_pg(pair->source)), PQTRANS_INTRANS);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static int64_t peak_kb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

Test(server_stream, a_row_of_100_mb_is_held_once)
{
    AUTO(pair_free) Pair *pair = pair_new("CREATE TABLE t (id int, doc text)");
    test_sql(&pair->source_db, "INSERT INTO t SELECT i, repeat('0123456789', 10485760) FROM "
                               "generate_series(1, 1) i; INSERT INTO t VALUES (2, 'small')");
    pair_begin(pair);
    int64_t before = peak_kb();
    pair_must_copy(pair, pair_table(pair, "t"), 2);
    int64_t grown = peak_kb() - before;
    cr_assert(grown < 150 * 1024, "%ld kB", (long)grown);
    AUTO(mem_free)
    char *sums = test_rows(&pair->dest_db, "SELECT id, length(doc), md5(doc) FROM t ORDER BY id");
    AUTO(mem_free)
    char *expected =
        test_rows(&pair->source_db, "SELECT id, length(doc), md5(doc) FROM t ORDER BY id");
    cr_assert_str_eq(sums, expected);
}

Test(server_stream, memory_does_not_grow_with_the_rows)
{
    AUTO(pair_free) Pair *pair = pair_new("CREATE TABLE t (id int, pad text)");
    test_sql(&pair->source_db, "INSERT INTO t SELECT i, repeat('x', 3000) FROM "
                               "generate_series(1, 25000) i");
    /* the source is faster, so that everything that can pile up does */
    test_sql(&pair->dest_db, "ALTER TABLE t ADD CHECK (length(md5(pad || pad || pad)) = 32)");
    pair_begin(pair);
    CopyTable *table = pair_table(pair, "t");
    int64_t before = peak_kb();
    pair_must_copy(pair, table, 25000);
    int64_t grown = peak_kb() - before;
    cr_assert(atomic_load(&pair->counters.wire_bytes) > 75000000);
    cr_assert(grown < 8 * 1024, "%ld kB", (long)grown);
}

Test(server_stream, a_socket_that_takes_little_at_a_time_gets_everything)
{
    AUTO(pair_free) Pair *pair = pair_new("CREATE TABLE t (id int, pad text)");
    test_sql(&pair->source_db, "INSERT INTO t SELECT i, md5(i::text) || repeat('x', 1000) FROM "
                               "generate_series(1, 20000) i");
    pair_begin(pair);
    int little = 4096; /* the kernel makes of it what it needs at least */
    cr_assert_eq(
        setsockopt(PQsocket(conn_pg(pair->dest)), SOL_SOCKET, SO_SNDBUF, &little, sizeof little),
        0);
    int64_t before = peak_kb();
    pair_must_copy(pair, pair_table(pair, "t"), 20000);
    int64_t grown = peak_kb() - before;
    cr_assert(grown < 8 * 1024, "%ld kB", (long)grown); /* nothing piles up on the way */
    pair_must_be_equal(pair, "t");
}
