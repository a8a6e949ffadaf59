/* The library as a C program sees it: no command line between. */
#include "tests/engine/handle.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"

/* ---- without a server ------------------------------------------------------------------ */

Test(pgzm, is_harmless_before_anything_ran)
{
    AUTO(pgzm_free) Pgzm *pgzm = pgzm_new();
    cr_assert_str_eq(pgzm_result_json(pgzm), "{}");
    cr_assert_str_eq(pgzm_error_message(pgzm), "");
    cr_assert_null(pgzm_error_hint(pgzm));
    cr_assert_str_eq(pgzm_error_sqlstate(pgzm), "");
    int major, minor, patch;
    cr_assert_eq(sscanf(pgzm_version(), "%d.%d.%d", &major, &minor, &patch), 3);
    pgzm_free(NULL);
}

Test(pgzm, says_what_is_wrong_with_an_option_and_forgets_it)
{
    AUTO(pgzm_free) Pgzm *pgzm = pgzm_new();
    cr_assert_eq(pgzm_set(pgzm, PGZM_JOBS, "many"), PGZM_USAGE);
    cr_assert_not_null(strstr(pgzm_error_message(pgzm), "many"));
    cr_assert_not_null(pgzm_error_hint(pgzm));
    cr_assert_eq(pgzm_set(pgzm, PGZM_JOBS, "2"), PGZM_OK);
    cr_assert_str_eq(pgzm_error_message(pgzm), "");
    cr_assert_null(pgzm_error_hint(pgzm));
}

Test(pgzm, wants_to_know_the_databases)
{
    static const PgzmCommand commands[] = {PGZM_START, PGZM_PREPARE, PGZM_SWAP,
                                           PGZM_ABORT, PGZM_STATUS,  PGZM_LIST};
    for (size_t i = 0; i < LENGTH(commands); i++) {
        AUTO(pgzm_free) Pgzm *pgzm = pgzm_new();
        EXPECT_STATUS(pgzm, commands[i], PGZM_USAGE);
        cr_assert_not_null(strstr(pgzm_error_message(pgzm), "destination"));
    }
}

Test(pgzm, reports_a_server_that_is_not_there)
{
    AUTO(pgzm_free) Pgzm *pgzm = pgzm_new();
    pgzm_set(pgzm, PGZM_DEST, "host=/nowhere password=s3cret");
    EXPECT_STATUS(pgzm, PGZM_STATUS, PGZM_CONNECTION);
    cr_assert_null(strstr(pgzm_error_message(pgzm), "s3cret"));
    cr_assert_null(strstr(pgzm_result_json(pgzm), "s3cret"));
}

/* ---- the whole way --------------------------------------------------------------------- */

Test(server_pgzm, starts_and_rolls_back)
{
    Pair pair = pair_open();
    SEEN seen = {0};
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, &seen);
    pgzm_set(pgzm, PGZM_PRESERVED_TABLES, "account");
    EXPECT_STATUS(pgzm, PGZM_START, PGZM_OK);
    cr_assert_str_eq(str_text(&seen.phases),
                     "snapshot;preflight;schema;copy;preserve;verify;swap;settle;");
    cr_assert_eq(seen.tables_done, seen.tables_total);
    AUTO(json_decref) json_t *result = result_of(pgzm);
    cr_assert_str_eq(text_of(result, "command"), "start");
    cr_assert_str_eq(text_of(result, "state"), "SETTLED");
    cr_assert_eq(json_integer_value(json_object_get(result, "tables")), 3);
    cr_assert_eq(json_integer_value(json_object_get(result, "rows")), 1230);
    cr_assert_eq(json_array_size(json_object_get(result, "phases")), 8);
    static const char *const keys[] = {"source", "dest",      "source_as_of", "backup_schemas",
                                       "swap",   "preserved", "indexes",      "next"};
    for (size_t i = 0; i < LENGTH(keys); i++)
        cr_assert_not_null(json_object_get(result, keys[i]), "%s", keys[i]);
    EXPECT_VALUE(&pair.dest, "SELECT id FROM pgzm.migration", text_of(result, "timestamp"));
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM big", "100");
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM customer WHERE tag = 'tag'", "200");
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM account WHERE login ~ '^live' AND level = 3",
                 "30");

    EXPECT_STATUS(pgzm, PGZM_ROLLBACK, PGZM_USAGE);
    pgzm_set(pgzm, PGZM_LATEST, "on");
    EXPECT_STATUS(pgzm, PGZM_ROLLBACK, PGZM_OK);
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM customer WHERE name ~ '^old'", "20");
    EXPECT_VALUE(&pair.dest, "SELECT to_regclass('public.big') IS NULL", "t");
    EXPECT_VALUE(&pair.dest, "SELECT state FROM pgzm.migration", "ROLLED BACK");
    EXPECT_STATUS(pgzm, PGZM_ROLLBACK, PGZM_STATE);
}

Test(server_pgzm, prepares_reports_and_swaps)
{
    Pair pair = pair_open();
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    EXPECT_STATUS(pgzm, PGZM_STATUS, PGZM_OK);
    AUTO(json_decref) json_t *none = result_of(pgzm);
    cr_assert(json_is_null(json_object_get(none, "migration")));
    cr_assert(json_is_false(json_object_get(none, "readyForSwap")));
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_STATE);
    EXPECT_STATUS(pgzm, PGZM_PREPARE, PGZM_OK);
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM customer WHERE name ~ '^old'", "20");
    EXPECT_STATUS(pgzm, PGZM_STATUS, PGZM_OK);
    AUTO(json_decref) json_t *ready = result_of(pgzm);
    cr_assert(json_is_true(json_object_get(ready, "readyForSwap")), "%s", pgzm_result_json(pgzm));
    cr_assert(json_is_true(json_object_get(ready, "shadowSchemaExists")));
    cr_assert_eq(json_integer_value(json_object_get(ready, "shadowTableCount")), 3);
    cr_assert_str_eq(text_of(json_object_get(ready, "migration"), "state"), "PREPARED");
    EXPECT_STATUS(pgzm, PGZM_PREPARE, PGZM_STATE);
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_OK);
    EXPECT_STATUS(pgzm, PGZM_LIST, PGZM_OK);
    AUTO(json_decref) json_t *list = result_of(pgzm);
    json_t *backup = json_array_get(json_object_get(list, "backups"), 0);
    cr_assert_str_eq(text_of(backup, "state"), "SETTLED");
    cr_assert_eq(json_integer_value(json_object_get(backup, "tableCount")), 3);
    cr_assert_gt(json_integer_value(json_object_get(backup, "size")), 0);
    EXPECT_STATUS(pgzm, PGZM_ABORT, PGZM_STATE);
}

Test(server_pgzm, leaves_nothing_but_the_journal_after_abort)
{
    Pair pair = pair_open();
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    pgzm_set(pgzm, PGZM_PRESERVED_TABLES, "public.account");
    EXPECT_STATUS(pgzm, PGZM_ABORT, PGZM_STATE);
    EXPECT_STATUS(pgzm, PGZM_PREPARE, PGZM_OK);
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'pgzm%'", "4");
    EXPECT_STATUS(pgzm, PGZM_ABORT, PGZM_OK);
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'pgzm%'", "0");
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'pgzm\\_%'",
                 "0");
    EXPECT_VALUE(&pair.dest,
                 "SELECT count(*) FROM pg_proc WHERE pronamespace = 'pgzm'::regnamespace", "0");
    EXPECT_VALUE(&pair.dest, "SELECT state FROM pgzm.migration", "ABORTED");
    EXPECT_STATUS(pgzm, PGZM_START, PGZM_OK);
}

Test(server_pgzm, changes_nothing_on_either_side_in_a_dry_run)
{
    Pair pair = pair_open();
    SEEN seen = {0};
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, &seen);
    AUTO(mem_free) char *source = digest_of(&pair.source);
    AUTO(mem_free) char *dest = digest_of(&pair.dest);
    pgzm_set(pgzm, PGZM_DRY_RUN, "on");
    pgzm_set(pgzm, PGZM_PRESERVED_TABLES, "account");
    EXPECT_STATUS(pgzm, PGZM_START, PGZM_OK);
    AUTO(mem_free) char *source_after = digest_of(&pair.source);
    AUTO(mem_free) char *dest_after = digest_of(&pair.dest);
    cr_assert_str_eq(source, source_after);
    cr_assert_str_eq(dest, dest_after);
    cr_assert_not_null(strstr(str_text(&seen.plan), "customer"));
    AUTO(json_decref) json_t *result = result_of(pgzm);
    cr_assert_gt(json_array_size(json_object_get(result, "plan")), 5);
    cr_assert(json_is_true(json_object_get(result, "dry_run")));
    /* the digest must be able to tell */
    pgzm_set(pgzm, PGZM_DRY_RUN, "off");
    EXPECT_STATUS(pgzm, PGZM_PREPARE, PGZM_OK);
    AUTO(mem_free) char *changed = digest_of(&pair.dest);
    AUTO(mem_free) char *untouched = digest_of(&pair.source);
    cr_assert_str_neq(dest, changed);
    cr_assert_str_eq(source, untouched);
}

Test(server_pgzm, can_be_done_again_on_top_and_both_be_rolled_back)
{
    Pair pair = pair_open();
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    pgzm_set(pgzm, PGZM_PRESERVED_TABLES, "account");
    pgzm_set(pgzm, PGZM_LATEST, "on");
    EXPECT_STATUS(pgzm, PGZM_START, PGZM_OK);
    test_sql(&pair.source, "UPDATE customer SET name = 'second ' || id");
    test_sql(&pair.dest, "INSERT INTO account (login) VALUES ('between')");
    EXPECT_STATUS(pgzm, PGZM_START, PGZM_OK);
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM customer WHERE name ~ '^second'", "200");
    test_sql(&pair.dest, "INSERT INTO account (login) VALUES ('after')");
    EXPECT_STATUS(pgzm, PGZM_ROLLBACK, PGZM_OK);
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM customer WHERE name ~ '^new'", "200");
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM account", "32");
    EXPECT_STATUS(pgzm, PGZM_ROLLBACK, PGZM_OK);
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM customer WHERE name ~ '^old'", "20");
    EXPECT_VALUE(&pair.dest, "SELECT string_agg(login, ',' ORDER BY id) FROM account WHERE id > 30",
                 "between,after");
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'pgzm%'", "0");
    EXPECT_STATUS(pgzm, PGZM_ROLLBACK, PGZM_STATE);
}

/* ---- stopping -------------------------------------------------------------------------- */

static void slow_copy(Pair *pair)
{
    /* the destination takes its time for each row: the check becomes slow after it passed here */
    test_sql(&pair->source,
             "CREATE FUNCTION slow(int) RETURNS boolean LANGUAGE plpgsql AS"
             " $$ BEGIN RETURN true; END $$;"
             "CREATE TABLE slowly (a int CHECK (slow(a)));"
             "INSERT INTO slowly SELECT generate_series(1, 1000);"
             "CREATE OR REPLACE FUNCTION slow(int) RETURNS boolean LANGUAGE plpgsql AS"
             " $$ BEGIN PERFORM pg_catalog.pg_sleep(0.02); RETURN true; END $$;");
}

static void cancel_in_copy(void *context, const PgzmEvent *event)
{
    if (event->kind == PGZM_EVENT_PHASE && strcmp(event->message, "copy") == 0)
        atomic_store((atomic_bool *)context, true);
}

typedef struct Canceller {
    atomic_bool copying;
    Pgzm *pgzm;
    int64_t at;
} Canceller;

static void *cancel_when_copying(void *context)
{
    Canceller *canceller = context;
    while (!atomic_load(&canceller->copying))
        usleep(2000);
    usleep(150000);
    canceller->at = clock_monotonic_ms();
    pgzm_cancel(canceller->pgzm);
    return NULL;
}

Test(server_pgzm, can_be_cancelled_from_another_thread_during_the_copy)
{
    Pair pair = pair_open();
    slow_copy(&pair);
    SEEN seen = {.hook = cancel_in_copy};
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, &seen);
    Canceller canceller = {.pgzm = pgzm};
    seen.context = &canceller.copying;
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, cancel_when_copying, &canceller), 0);
    EXPECT_STATUS(pgzm, PGZM_START, PGZM_INTERRUPTED);
    int64_t took = clock_monotonic_ms() - canceller.at;
    pthread_join(thread, NULL);
    cr_assert_lt(took, 1500, "%lld ms", (long long)took);
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM customer WHERE name ~ '^old'", "20");
    EXPECT_VALUE(&pair.dest, "SELECT state FROM pgzm.migration", "PREPARING");
    /* a request to stop stays with the handle: the next command has one of its own */
    AUTO(pgzm_free) Pgzm *next = pair_handle(&pair, NULL);
    EXPECT_STATUS(next, PGZM_ABORT, PGZM_OK);
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'pgzm\\_%'",
                 "0");
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM customer WHERE name ~ '^old'", "20");
}

Test(server_pgzm, stops_when_its_time_is_over)
{
    Pair pair = pair_open();
    slow_copy(&pair);
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    pgzm_set(pgzm, PGZM_TIMEOUT, "4s"); /* enough to come to copying, which takes 20 s */
    int64_t start = clock_monotonic_ms();
    EXPECT_STATUS(pgzm, PGZM_START, PGZM_ERROR);
    cr_assert_lt(clock_monotonic_ms() - start, 10000);
    cr_assert_not_null(strstr(pgzm_error_message(pgzm), "--timeout"), "%s",
                       pgzm_error_message(pgzm));
    /* the deadline belonged to that command alone */
    pgzm_set(pgzm, PGZM_TIMEOUT, "1min");
    EXPECT_STATUS(pgzm, PGZM_ABORT, PGZM_OK);
}

static void run_status_meanwhile(void *context, const PgzmEvent *event)
{
    if (event->kind != PGZM_EVENT_PHASE || strcmp(event->message, "copy") != 0)
        return;
    const Pair *pair = context;
    AUTO(pgzm_free) Pgzm *other = pair_handle(pair, NULL);
    EXPECT_STATUS(other, PGZM_PREPARE, PGZM_STATE);
    EXPECT_STATUS(other, PGZM_ABORT, PGZM_STATE);
    EXPECT_STATUS(other, PGZM_STATUS, PGZM_OK);
}

Test(server_pgzm, lets_only_one_handle_work_on_a_destination)
{
    Pair pair = pair_open();
    SEEN seen = {.hook = run_status_meanwhile, .context = &pair};
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, &seen);
    EXPECT_STATUS(pgzm, PGZM_START, PGZM_OK);
    cr_assert_not_null(strstr(str_text(&seen.phases), "copy;"));
}

/* ---- the other ways to fail ------------------------------------------------------------ */

Test(server_pgzm, refuses_before_anything_is_written)
{
    Pair pair = pair_open();
    AUTO(mem_free) char *before = digest_of(&pair.dest);
    AUTO(pgzm_free) Pgzm *missing = pair_handle(&pair, NULL);
    pgzm_set(missing, PGZM_PRESERVED_TABLES, "no_such_table");
    EXPECT_STATUS(missing, PGZM_START, PGZM_PREFLIGHT);
    AUTO(pgzm_free) Pgzm *wrong = pair_handle(&pair, NULL);
    pgzm_set(wrong, PGZM_PRESERVED_TABLES, "a.b\"c");
    EXPECT_STATUS(wrong, PGZM_START, PGZM_USAGE);
    AUTO(pgzm_free) Pgzm *same = pair_handle(&pair, NULL);
    pgzm_set(same, PGZM_SOURCE, pair.dest.conninfo);
    EXPECT_STATUS(same, PGZM_START, PGZM_PREFLIGHT);
    AUTO(mem_free) char *after = digest_of(&pair.dest);
    cr_assert_str_eq(before, after);
}

Test(server_pgzm, fails_when_the_destination_refuses_a_row)
{
    Pair pair = pair_open();
    test_sql(&pair.source,
             "CREATE FUNCTION fits(text) RETURNS boolean LANGUAGE sql AS 'SELECT true';"
             "ALTER TABLE customer ADD CONSTRAINT short CHECK (fits(name));"
             "CREATE OR REPLACE FUNCTION fits(text) RETURNS boolean LANGUAGE sql"
             " AS 'SELECT pg_catalog.length($1) < 7'");
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    EXPECT_STATUS(pgzm, PGZM_START, PGZM_COPY_FAILED);
    cr_assert_not_null(strstr(pgzm_error_message(pgzm), "customer"), "%s",
                       pgzm_error_message(pgzm));
    cr_assert_str_eq(pgzm_error_sqlstate(pgzm), "23514");
    AUTO(json_decref) json_t *result = result_of(pgzm);
    cr_assert_str_eq(text_of(result, "state"), "PREPARING");
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM customer WHERE name ~ '^old'", "20");
    EXPECT_STATUS(pgzm, PGZM_ABORT, PGZM_OK);
}

Test(server_pgzm, gives_up_the_swap_when_a_table_is_never_free)
{
    Pair pair = pair_open();
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    pgzm_set(pgzm, PGZM_SWAP_TIMEOUT, "400ms");
    EXPECT_STATUS(pgzm, PGZM_PREPARE, PGZM_OK);
    PGconn *holder = PQconnectdb(pair.dest.conninfo);
    PQclear(PQexec(holder, "BEGIN; SELECT count(*) FROM customer"));
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_LOCK);
    EXPECT_VALUE(&pair.dest, "SELECT state FROM pgzm.migration", "PREPARED");
    PQfinish(holder);
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_OK);
}

Test(server_pgzm, is_unsettled_with_an_orphan_and_settles_when_it_is_corrected)
{
    Pair pair = pair_open();
    test_sql(&pair.source, "TRUNCATE orders; INSERT INTO account (id, login) VALUES (777, 'x');"
                           "INSERT INTO orders VALUES (1, 1, 777)");
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    pgzm_set(pgzm, PGZM_PRESERVED_TABLES, "account");
    pgzm_set(pgzm, PGZM_ORPHANS, "keep");
    EXPECT_STATUS(pgzm, PGZM_START, PGZM_UNSETTLED);
    EXPECT_VALUE(&pair.dest, "SELECT state FROM pgzm.migration", "SWAPPED");
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM customer WHERE tag = 'tag'", "200");
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_UNSETTLED);
    test_sql(&pair.dest, "UPDATE orders SET account = 1");
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_OK);
    EXPECT_VALUE(&pair.dest, "SELECT state FROM pgzm.migration", "SETTLED");
    EXPECT_VALUE(&pair.dest,
                 "SELECT count(*) FROM pg_constraint WHERE contype = 'f'"
                 " AND connamespace = 'public'::regnamespace AND NOT convalidated",
                 "0");
}

Test(server_pgzm, refuses_to_swap_when_the_live_schema_changed_meanwhile)
{
    Pair pair = pair_open();
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    EXPECT_STATUS(pgzm, PGZM_PREPARE, PGZM_OK);
    test_sql(&pair.dest, "ALTER TABLE customer ADD extra int");
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_STATE);
    test_sql(&pair.dest, "ALTER TABLE customer DROP extra");
    EXPECT_STATUS(pgzm, PGZM_ABORT, PGZM_OK);
}

Test(server_pgzm, keeps_the_password_out_of_journal_and_events)
{
    Pair pair = pair_open();
    SEEN seen = {0};
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, &seen);
    AUTO(mem_free) char *source = mem_printf("%s password=s3cr3t", pair.source.conninfo);
    AUTO(mem_free) char *dest = mem_printf("%s password=s3cr3t", pair.dest.conninfo);
    pgzm_set(pgzm, PGZM_SOURCE, source);
    pgzm_set(pgzm, PGZM_DEST, dest);
    pgzm_set(pgzm, PGZM_PRESERVED_TABLES, "account");
    /* a server that asks for another password is not what is tested here */
    if (getenv("TEST_PGPASSWORD") != NULL)
        cr_skip_test("the server asks for a password");
    EXPECT_STATUS(pgzm, PGZM_START, PGZM_OK);
    cr_assert_null(strstr(str_text(&seen.all), "s3cr3t"));
    cr_assert_null(strstr(pgzm_result_json(pgzm), "s3cr3t"));
    static const char *const tables[] = {"migration", "schema", "object",   "task",
                                         "step",      "event",  "preserved"};
    for (size_t i = 0; i < LENGTH(tables); i++) {
        AUTO(mem_free)
        char *query =
            mem_printf("SELECT count(*) FROM pgzm.%s t WHERE t::text ~ 's3cr3t'", tables[i]);
        EXPECT_VALUE(&pair.dest, query, "0");
    }
}
