/* What status, list, history and unlock tell, and that the journal knows who did what. */
#include "tests/engine/handle.h"

#include <libpq-fe.h>
#include <stdlib.h>

typedef struct Given {
    PgzmOption option;
    const char *value;
} Given;

/* One command with a handle of its own; what it left. */
static json_t *run(const Pair *pair, PgzmCommand command, PgzmStatus expected, const Given *given)
{
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(pair, NULL);
    for (; given->value != NULL; given++)
        cr_assert_eq(pgzm_set(pgzm, given->option, given->value), PGZM_OK);
    EXPECT_STATUS(pgzm, command, expected);
    json_t *result = result_of(pgzm);
    json_object_set_new(result, "message", json_string(pgzm_error_message(pgzm)));
    json_object_set_new(result, "hint", json_string(pgzm_error_hint(pgzm)));
    return result;
}
#define RUN(pair, command, expected, ...)                                                          \
    run(pair, command, expected,                                                                   \
        (const Given[]){__VA_ARGS__ __VA_OPT__(, ){PGZM_OPTION_COUNT, NULL}})
#define JSON __attribute__((unused)) AUTO(json_decref) json_t *

#define EXPECT_IN(text, part)                                                                      \
    cr_assert_not_null(strstr(text, part), "\"%s\" is not in: %s", part, text)

static char *dump(const json_t *json)
{
    return json_dumps(json, JSON_ENCODE_ANY | JSON_COMPACT);
}

static void auto_dump(char **text)
{
    free(*text);
}
#define DUMP __attribute__((cleanup(auto_dump))) char *

static void expect_reason(const Pair *pair, const char *state, const char *reason)
{
    JSON status = RUN(pair, PGZM_STATUS, PGZM_OK);
    cr_assert_str_eq(text_of(json_object_get(status, "migration"), "state"), state);
    cr_assert(json_is_false(json_object_get(status, "readyForSwap")));
    DUMP reasons = dump(json_object_get(status, "reasons"));
    EXPECT_IN(reasons, reason);
}

/* A session that holds the journal's lock, as a command does. */
static PGconn *hold_lock(const Pair *pair)
{
    PGconn *conn = PQconnectdb(pair->dest.conninfo);
    PQclear(PQexec(conn, "SELECT pg_advisory_lock(1885829741, 1)"));
    cr_assert_eq(PQstatus(conn), CONNECTION_OK, "%s", PQerrorMessage(conn));
    return conn;
}

static Pair prepared(void)
{
    Pair pair = pair_open();
    JSON result = RUN(&pair, PGZM_PREPARE, PGZM_OK, {PGZM_PRESERVED_TABLES, "account"});
    return pair;
}

/* ---- status ---------------------------------------------------------------------------- */

Test(server_inspect, status_tells_what_is_ready)
{
    Pair pair = prepared();
    JSON status = RUN(&pair, PGZM_STATUS, PGZM_OK);
    cr_expect(json_is_true(json_object_get(status, "readyForSwap")));
    json_t *migration = json_object_get(status, "migration");
    cr_expect_eq(json_integer_value(json_object_get(migration, "rows")), 1200);
    cr_expect_gt(json_integer_value(json_object_get(migration, "bytes")), 8192);
    cr_expect(json_is_null(json_object_get(status, "lock")));
    DUMP next = dump(json_object_get(status, "next"));
    cr_expect_str_eq(next, "[\"pgzm-copy swap\",\"pgzm-copy abort\"]");
}

Test(server_inspect, status_names_what_a_swap_would_refuse)
{
    Pair pair = prepared();
    test_sql(&pair.dest, "CREATE TABLE since (n int)");
    expect_reason(&pair, "PREPARED", "changed since it was prepared");
    test_sql(&pair.dest, "DROP TABLE since; DROP TABLE pgzm_shadow_public.orders");
    expect_reason(&pair, "PREPARED", "orders is gone");
    test_sql(&pair.dest, "ALTER TABLE account DISABLE TRIGGER ALL");
    expect_reason(&pair, "PREPARED", "account");
}

Test(server_inspect, status_names_who_a_swap_would_wait_for_and_is_ready)
{
    Pair pair = prepared();
    PGconn *writer = PQconnectdb(pair.dest.conninfo);
    PQclear(PQexec(writer, "BEGIN; UPDATE customer SET name = 'x'; SELECT pg_sleep(1.2)"));
    JSON status = RUN(&pair, PGZM_STATUS, PGZM_OK);
    DUMP remarks = dump(json_object_get(status, "remarks"));
    PQfinish(writer);
    EXPECT_IN(remarks, "customer");
    cr_expect(json_is_true(json_object_get(status, "readyForSwap")));
}

Test(server_inspect, status_tells_a_prepare_that_runs_from_one_that_died)
{
    Pair pair = prepared();
    test_sql(&pair.dest, "UPDATE pgzm.migration SET state = 'PREPARING'");
    expect_reason(&pair, "PREPARING", "prepare was interrupted");
    JSON died = RUN(&pair, PGZM_STATUS, PGZM_OK);
    DUMP next = dump(json_object_get(died, "next"));
    cr_expect_str_eq(next, "[\"pgzm-copy prepare --resume\",\"pgzm-copy abort\"]");
    PGconn *holder = hold_lock(&pair);
    expect_reason(&pair, "PREPARING", "at work");
    PQfinish(holder);
    JSON aborted = RUN(&pair, PGZM_ABORT, PGZM_OK);
    expect_reason(&pair, "ABORTED", "the latest migration is ABORTED");
}

Test(server_inspect, status_tells_the_last_error_of_a_sync)
{
    Pair pair = prepared();
    test_sql(&pair.dest, "ALTER TABLE pgzm_shadow_public.account ADD CHECK (login <> 'bad')");
    test_sql(&pair.dest, "UPDATE account SET login = 'bad' WHERE id = 1");
    JSON status = RUN(&pair, PGZM_STATUS, PGZM_OK);
    json_t *account =
        json_array_get(json_object_get(json_object_get(status, "migration"), "preserved"), 0);
    cr_expect_gt(json_integer_value(json_object_get(account, "errors")), 0);
    EXPECT_IN(text_of(account, "last_error"), "account_login_check");
}

Test(server_inspect, status_of_another_migration_than_the_latest)
{
    Pair pair = prepared();
    JSON swap = RUN(&pair, PGZM_SWAP, PGZM_OK);
    JSON start = RUN(&pair, PGZM_START, PGZM_OK);
    AUTO(mem_free) char *first = test_value(&pair.dest, "SELECT min(id) FROM pgzm.migration");
    JSON status = RUN(&pair, PGZM_STATUS, PGZM_OK, {PGZM_TIMESTAMP, first});
    cr_expect_str_eq(text_of(json_object_get(status, "migration"), "timestamp"), first);
    cr_expect_eq(json_array_size(json_object_get(status, "next")), 0);
    JSON unknown = RUN(&pair, PGZM_STATUS, PGZM_STATE, {PGZM_TIMESTAMP, "17"});
    EXPECT_IN(text_of(unknown, "message"), "17");
}

/* ---- abort ----------------------------------------------------------------------------- */

Test(server_inspect, abort_is_about_the_migration_that_is_meant_and_can_go_on)
{
    Pair pair = prepared();
    AUTO(mem_free) char *id = test_value(&pair.dest, "SELECT id FROM pgzm.migration");
    JSON other = RUN(&pair, PGZM_ABORT, PGZM_STATE, {PGZM_TIMESTAMP, "17"});
    EXPECT_IN(text_of(other, "message"), id);
    /* as if it had been cut short */
    test_sql(&pair.dest, "UPDATE pgzm.migration SET state = 'PREPARING';"
                         "INSERT INTO pgzm.event (migration, what, detail)"
                         " SELECT id, 'state', 'PREPARING' FROM pgzm.migration;"
                         "DROP TABLE pgzm_shadow_public.customer CASCADE");
    expect_reason(&pair, "PREPARING", "abort was interrupted");
    JSON again = RUN(&pair, PGZM_ABORT, PGZM_OK, {PGZM_TIMESTAMP, id});
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'pgzm\\__%'",
                 "0");
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal", "0");
}

Test(server_inspect, a_refused_abort_leaves_a_migration_that_can_be_swapped)
{
    Pair pair = prepared();
    test_sql(&pair.dest, "CREATE VIEW peek AS SELECT * FROM pgzm_shadow_public.customer");
    JSON refused = RUN(&pair, PGZM_ABORT, PGZM_STATE);
    EXPECT_IN(text_of(refused, "message"), "peek");
    test_sql(&pair.dest, "DROP VIEW peek; UPDATE account SET login = 'synced' WHERE id = 2");
    JSON swap = RUN(&pair, PGZM_SWAP, PGZM_OK);
    EXPECT_VALUE(&pair.dest, "SELECT login FROM account WHERE id = 2", "synced");
}

Test(server_inspect, a_dry_abort_prints_what_it_would_run_and_changes_nothing)
{
    Pair pair = pair_open();
    test_sql(&pair.source, "CREATE EXTENSION hstore; CREATE TABLE tagged (tags hstore)");
    JSON prepare = RUN(&pair, PGZM_PREPARE, PGZM_OK, {PGZM_PRESERVED_TABLES, "account"});
    AUTO(mem_free) char *before = digest_of(&pair.dest);
    AUTO(mem_free) char *source = digest_of(&pair.source);
    AUTO(mem_free)
    char *journal = test_rows(&pair.dest, "SELECT * FROM pgzm.event, pgzm.migration");
    JSON dry = RUN(&pair, PGZM_ABORT, PGZM_OK, {PGZM_DRY_RUN, "on"});
    DUMP plan = dump(json_object_get(dry, "plan"));
    EXPECT_IN(plan, "DROP TRIGGER");
    EXPECT_IN(plan, "DROP SCHEMA IF EXISTS pgzm_shadow_public CASCADE");
    EXPECT_IN(plan, "DROP EXTENSION");
    AUTO(mem_free) char *after = digest_of(&pair.dest);
    cr_assert_str_eq(after, before);
    AUTO(mem_free) char *source_after = digest_of(&pair.source);
    cr_assert_str_eq(source_after, source);
    AUTO(mem_free) char *now = test_rows(&pair.dest, "SELECT * FROM pgzm.event, pgzm.migration");
    cr_assert_str_eq(now, journal);
}

/* ---- list ------------------------------------------------------------------------------ */

Test(server_inspect, list_tells_what_can_be_rolled_back)
{
    Pair pair = prepared();
    JSON swap = RUN(&pair, PGZM_SWAP, PGZM_OK);
    JSON start = RUN(&pair, PGZM_START, PGZM_OK);
    AUTO(mem_free) char *second = test_value(&pair.dest, "SELECT max(id) FROM pgzm.migration");
    JSON both = RUN(&pair, PGZM_LIST, PGZM_OK);
    json_t *backups = json_object_get(both, "backups");
    for (size_t i = 0; i < 2; i++) {
        cr_expect(json_is_true(json_object_get(json_array_get(backups, i), "rollback")));
        cr_expect_geq(json_integer_value(json_object_get(json_array_get(backups, i), "age")), 0);
    }
    JSON cleanup = RUN(&pair, PGZM_CLEANUP, PGZM_OK, {PGZM_BEFORE, second});
    JSON one = RUN(&pair, PGZM_LIST, PGZM_OK);
    backups = json_object_get(one, "backups");
    cr_expect(json_is_false(json_object_get(json_array_get(backups, 0), "rollback")));
    cr_expect(json_is_string(json_object_get(json_array_get(backups, 0), "cleaned")));
    cr_expect_eq(json_integer_value(json_object_get(json_array_get(backups, 0), "size")), 0);
    cr_expect(json_is_true(json_object_get(json_array_get(backups, 1), "rollback")));
}

/* ---- history --------------------------------------------------------------------------- */

static char *whats(const TestDatabase *dest)
{
    return test_value(dest, "SELECT string_agg(what || CASE WHEN what = 'state' THEN ' ' || detail"
                            " ELSE '' END, ';' ORDER BY id) FROM pgzm.event"
                            " WHERE what ~ ' |state|cleanup'");
}

Test(server_inspect, history_has_the_begin_and_the_end_of_every_command)
{
    Pair pair = prepared();
    JSON none = RUN(&pair, PGZM_ROLLBACK, PGZM_STATE, {PGZM_LATEST, "on"});
    JSON swap = RUN(&pair, PGZM_SWAP, PGZM_OK, {PGZM_SWAP_TIMEOUT, "30s"});
    JSON back = RUN(&pair, PGZM_ROLLBACK, PGZM_OK, {PGZM_LATEST, "on"});
    JSON cleanup = RUN(&pair, PGZM_CLEANUP, PGZM_OK, {PGZM_BEFORE, "2099-01-01"});
    JSON prepare = RUN(&pair, PGZM_PREPARE, PGZM_OK);
    JSON abort = RUN(&pair, PGZM_ABORT, PGZM_OK);
    AUTO(mem_free) char *events = whats(&pair.dest);
    cr_assert_str_eq(events,
                     "prepare begins;state PREPARED;prepare done;rollback begins;rollback failed;"
                     "swap begins;state SWAPPED;state SETTLED;swap done;"
                     "rollback begins;state ROLLED BACK;rollback done;"
                     "cleanup begins;cleanup;cleanup;cleanup done;"
                     "prepare begins;state PREPARED;prepare done;"
                     "abort begins;state PREPARING;state ABORTED;abort done");
    /* dry runs and questions leave nothing */
    JSON dry = RUN(&pair, PGZM_START, PGZM_OK, {PGZM_DRY_RUN, "on"});
    JSON history = RUN(&pair, PGZM_HISTORY, PGZM_OK);
    AUTO(mem_free) char *after = whats(&pair.dest);
    cr_assert_str_eq(after, events);

    json_t *first = json_array_get(json_object_get(history, "events"), 0);
    cr_expect_str_eq(text_of(first, "what"), "prepare begins");
    EXPECT_IN(text_of(first, "detail"), "--preserved-tables account");
    EXPECT_IN(text_of(first, "detail"), pgzm_version());
    cr_expect_gt(strlen(text_of(first, "host")), 0);
    cr_expect_str_eq(text_of(first, "at") + strlen(text_of(first, "at")) - 1, "Z");
    EXPECT_VALUE(&pair.dest,
                 "SELECT count(*) FROM pgzm.event WHERE detail LIKE '%swap-timeout 30%'", "1");
    EXPECT_VALUE(&pair.dest,
                 "SELECT count(*) FROM pgzm.event WHERE what = 'rollback failed'"
                 " AND detail LIKE '%no swapped migration%'",
                 "1");
    AUTO(mem_free) char *id = test_value(&pair.dest, "SELECT max(id) FROM pgzm.migration");
    JSON one = RUN(&pair, PGZM_HISTORY, PGZM_OK, {PGZM_TIMESTAMP, id});
    size_t i;
    json_t *event;
    json_array_foreach(json_object_get(one, "events"), i, event)
        cr_expect_str_eq(text_of(event, "migration"), id);
    cr_expect_geq(i, 6);
    JSON unknown = RUN(&pair, PGZM_HISTORY, PGZM_STATE, {PGZM_TIMESTAMP, "17"});
    EXPECT_IN(text_of(unknown, "message"), "17");
}

Test(server_inspect, nothing_is_known_where_there_is_no_journal)
{
    Pair pair = pair_open();
    JSON history = RUN(&pair, PGZM_HISTORY, PGZM_OK);
    cr_expect_eq(json_array_size(json_object_get(history, "events")), 0);
    JSON unlock = RUN(&pair, PGZM_UNLOCK, PGZM_OK);
    cr_expect(json_is_null(json_object_get(unlock, "holder")));
    JSON cleanup = RUN(&pair, PGZM_CLEANUP, PGZM_OK, {PGZM_BEFORE, "2099-01-01"});
    cr_expect_eq(json_array_size(json_object_get(cleanup, "cleaned")), 0);
    EXPECT_VALUE(&pair.dest, "SELECT to_regnamespace('pgzm') IS NULL", "t");
}

/* ---- unlock ---------------------------------------------------------------------------- */

Test(server_inspect, unlock_shows_the_holder_and_ends_it_when_forced)
{
    Pair pair = prepared();
    PGconn *holder = hold_lock(&pair);
    JSON shown = RUN(&pair, PGZM_UNLOCK, PGZM_STATE);
    json_t *found = json_object_get(shown, "holder");
    cr_expect_eq(json_integer_value(json_object_get(found, "backend")), PQbackendPID(holder));
    cr_expect_str_eq(text_of(found, "state"), "idle");
    EXPECT_IN(text_of(found, "query"), "pg_advisory_lock");
    EXPECT_IN(text_of(shown, "hint"), "--force");
    JSON status = RUN(&pair, PGZM_STATUS, PGZM_OK);
    cr_expect(json_is_object(json_object_get(status, "lock")));
    JSON busy = RUN(&pair, PGZM_SWAP, PGZM_STATE);
    EXPECT_IN(text_of(busy, "message"), "at work");

    JSON forced = RUN(&pair, PGZM_UNLOCK, PGZM_OK, {PGZM_FORCE, "on"});
    cr_expect(json_is_true(json_object_get(forced, "ended")));
    PQclear(PQexec(holder, "SELECT 1"));
    cr_expect_eq(PQstatus(holder), CONNECTION_BAD);
    PQfinish(holder);
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM pgzm.event WHERE what = 'unlock'", "1");
    JSON nobody = RUN(&pair, PGZM_UNLOCK, PGZM_OK, {PGZM_FORCE, "on"});
    cr_expect(json_is_null(json_object_get(nobody, "holder")));
    JSON swap = RUN(&pair, PGZM_SWAP, PGZM_OK);
}

Test(server_inspect, unlock_needs_the_right_to_end_a_session)
{
    Pair pair = prepared();
    test_sql(&pair.dest, "DROP ROLE IF EXISTS pgzm_test_weak; CREATE ROLE pgzm_test_weak LOGIN;"
                         "GRANT USAGE ON SCHEMA pgzm TO pgzm_test_weak;"
                         "GRANT ALL ON ALL TABLES IN SCHEMA pgzm TO pgzm_test_weak");
    PGconn *holder = hold_lock(&pair);
    Pair weak = pair;
    AUTO(mem_free) char *conninfo = mem_printf("%s user=pgzm_test_weak", pair.dest.conninfo);
    cr_assert_lt(strlen(conninfo), sizeof weak.dest.conninfo);
    strcpy(weak.dest.conninfo, conninfo);
    JSON shown = RUN(&weak, PGZM_UNLOCK, PGZM_STATE);
    JSON refused = RUN(&weak, PGZM_UNLOCK, PGZM_PREFLIGHT, {PGZM_FORCE, "on"});
    EXPECT_IN(text_of(refused, "hint"), "pg_signal_backend");
    cr_expect_eq(PQstatus(holder), CONNECTION_OK);
    PQfinish(holder);
    test_sql(&pair.dest, "DROP OWNED BY pgzm_test_weak; DROP ROLE pgzm_test_weak");
}

Test(server_inspect, the_lock_is_one_for_each_database)
{
    Pair pair = prepared();
    Pair other = prepared();
    PGconn *holder = hold_lock(&pair);
    JSON free = RUN(&other, PGZM_UNLOCK, PGZM_OK);
    cr_expect(json_is_null(json_object_get(free, "holder")));
    JSON abort = RUN(&other, PGZM_ABORT, PGZM_OK);
    PQfinish(holder);
}
