/* The swap's transaction: what it reports, what keeps it from happening, and what it leaves then.
 */
#include "tests/engine/handle.h"

#include <libpq-fe.h>
#include <stdlib.h>

#include "tests/harness/proxy.h"

/* A session of somebody else in a transaction of its own. */
typedef struct Other {
    PGconn *conn;
} Other;

static void other_close(Other *other)
{
    PQfinish(other->conn);
}
#define OTHER __attribute__((cleanup(other_close))) Other

static Other other_open(const TestDatabase *database, const char *statement)
{
    Other other = {PQconnectdb(database->conninfo)};
    cr_assert_eq(PQstatus(other.conn), CONNECTION_OK);
    const char *const statements[] = {"SET application_name = 'till 7'", "BEGIN", statement};
    for (size_t i = 0; i < LENGTH(statements); i++) {
        PGresult *result = PQexec(other.conn, statements[i]);
        cr_assert(PQresultStatus(result) == PGRES_COMMAND_OK ||
                      PQresultStatus(result) == PGRES_TUPLES_OK,
                  "%s", PQresultErrorMessage(result));
        PQclear(result);
    }
    return other;
}

static const char state[] = "SELECT state FROM pgzm.migration";

Test(server_trade, reports_how_long_its_locks_were_held)
{
    Pair pair = pair_open();
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    EXPECT_STATUS(pgzm, PGZM_START, PGZM_OK);
    AUTO(json_decref) json_t *result = result_of(pgzm);
    json_t *swap = json_object_get(result, "swap");
    cr_assert_eq(json_integer_value(json_object_get(swap, "attempts")), 1);
    cr_assert_eq(json_integer_value(json_object_get(swap, "tables")), 3);
    double locked = json_number_value(json_object_get(swap, "locked_ms"));
    double transaction = json_number_value(json_object_get(swap, "transaction_ms"));
    cr_assert(locked > 0 && locked <= transaction, "%g of %g ms", locked, transaction);
    cr_assert(json_is_integer(json_object_get(swap, "waited_ms")));
    EXPECT_VALUE(&pair.dest,
                 "SELECT count(*) FROM pgzm.event WHERE what = 'swap'"
                 " AND detail LIKE '3 tables, locks held for % ms%attempt 1 %'",
                 "1");
}

Test(server_trade, gives_up_in_time_and_names_who_is_in_the_way)
{
    Pair pair = pair_open();
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    EXPECT_STATUS(pgzm, PGZM_PREPARE, PGZM_OK);
    AUTO(mem_free) char *before = digest_of(&pair.dest);
    OTHER other = other_open(&pair.dest, "SELECT count(*) FROM customer");
    (void)other;
    pgzm_set(pgzm, PGZM_SWAP_TIMEOUT, "700ms");
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_LOCK);
    cr_assert_not_null(strstr(pgzm_error_message(pgzm), "nothing changed"));
    static const char *const told[] = {"till 7",          "customer",
                                       "AccessShareLock", "idle in transaction",
                                       "SELECT count(*)", "--swap-timeout"};
    for (size_t i = 0; i < LENGTH(told); i++)
        cr_assert_not_null(strstr(pgzm_error_hint(pgzm), told[i]), "%s: %s", told[i],
                           pgzm_error_hint(pgzm));
    EXPECT_VALUE(&pair.dest, state, "PREPARED");
    AUTO(mem_free) char *after = digest_of(&pair.dest);
    cr_assert_str_eq(before, after);
    PQclear(PQexec(other.conn, "COMMIT"));
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_OK);
}

Test(server_trade, waits_for_a_sequence_that_goes_with_its_table)
{
    Pair pair = pair_open();
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    EXPECT_STATUS(pgzm, PGZM_PREPARE, PGZM_OK);
    OTHER other = other_open(&pair.dest, "SELECT nextval('account_id_seq')");
    (void)other;
    pgzm_set(pgzm, PGZM_SWAP_TIMEOUT, "700ms");
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_LOCK);
    cr_assert_not_null(strstr(pgzm_error_hint(pgzm), "account_id_seq"), "%s",
                       pgzm_error_hint(pgzm));
    EXPECT_VALUE(&pair.dest, state, "PREPARED");
}

Test(server_trade, of_another_migration_than_the_prepared_one_is_refused)
{
    Pair pair = pair_open();
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    EXPECT_STATUS(pgzm, PGZM_PREPARE, PGZM_OK);
    AUTO(mem_free) char *id = test_value(&pair.dest, "SELECT id FROM pgzm.migration");
    pgzm_set(pgzm, PGZM_TIMESTAMP, "1234567890123");
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_STATE);
    cr_assert_not_null(strstr(pgzm_error_message(pgzm), id), "%s", pgzm_error_message(pgzm));
    pgzm_set(pgzm, PGZM_TIMESTAMP, id);
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_OK);
}

/* ---- what others do in the last moments ------------------------------------------------ */

typedef struct LastMoment {
    const TestDatabase *dest;
    const char *script;
} LastMoment;

/* When the swap begins, all that is looked at before its locks was looked at. */
static void in_the_last_moment(void *context, const PgzmEvent *event)
{
    const LastMoment *moment = context;
    if (event->kind == PGZM_EVENT_PHASE && strcmp(event->message, "swap") == 0)
        test_sql(moment->dest, moment->script);
}

Test(server_trade, is_refused_when_something_new_leans_on_what_goes_out)
{
    static const struct {
        const char *make, *drop, *named;
    } late[] = {
        {"CREATE SCHEMA own; CREATE VIEW own.late AS SELECT id FROM public.customer",
         "DROP SCHEMA own CASCADE", "late"},
        {"CREATE TABLE public.late (customer int REFERENCES public.customer)",
         "DROP TABLE public.late", "late_customer_fkey"},
        {"CREATE FUNCTION public.late(public.orders) RETURNS int LANGUAGE sql AS 'SELECT 1'",
         "DROP FUNCTION public.late", "late"},
    };
    Pair pair = pair_open();
    SEEN seen = {0};
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, &seen);
    EXPECT_STATUS(pgzm, PGZM_PREPARE, PGZM_OK);
    for (size_t i = 0; i < LENGTH(late); i++) {
        LastMoment moment = {&pair.dest, late[i].make};
        seen.hook = in_the_last_moment;
        seen.context = &moment;
        EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_STATE);
        cr_assert_not_null(strstr(pgzm_error_message(pgzm), late[i].named), "%s",
                           pgzm_error_message(pgzm));
        EXPECT_VALUE(&pair.dest, state, "PREPARED");
        seen.hook = NULL;
        test_sql(&pair.dest, late[i].drop);
    }
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_OK);
}

/* ---- which tables come last ------------------------------------------------------------ */

static const char thirty_tables[] =
    "DO $$ BEGIN FOR i IN 1..30 LOOP EXECUTE format("
    "'CREATE TABLE t_%s (id serial PRIMARY KEY, a int); CREATE INDEX ON t_%s (a)', i, i);"
    " END LOOP; END $$; CREATE VIEW over_7 AS SELECT id FROM t_7;"
    "CREATE VIEW over_8 AS SELECT id FROM t_8;";

static void refuses_late_change(const char *tables, const char *change, const char *named)
{
    Pair pair = {test_database("altered_source"), test_database("altered_dest")};
    test_sql(&pair.source, tables);
    test_sql(&pair.dest, tables);
    SEEN seen = {0};
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, &seen);
    EXPECT_STATUS(pgzm, PGZM_PREPARE, PGZM_OK);
    LastMoment moment = {&pair.dest, change};
    seen.hook = in_the_last_moment;
    seen.context = &moment;
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_STATE);
    cr_assert_not_null(strstr(pgzm_error_message(pgzm), named), "%s", pgzm_error_message(pgzm));
    EXPECT_VALUE(&pair.dest, state, "PREPARED");
}

Test(server_trade, is_refused_when_the_columns_of_a_table_were_changed_just_now)
{
    refuses_late_change(thirty_tables, "ALTER TABLE t_9 ALTER a TYPE bigint",
                        "columns of public.t_9 were changed");
    refuses_late_change("CREATE TABLE \"T\" (id int PRIMARY KEY)", "ALTER TABLE \"T\" ADD late int",
                        "columns of public.T were changed");
}

static size_t place_of(const Seen *seen, const char *statement)
{
    const char *found = strstr(str_text(&seen->plan), statement);
    cr_assert_not_null(found, "%s is not in %s", statement, str_text(&seen->plan));
    return (size_t)(found - str_text(&seen->plan));
}

Test(server_trade, moves_tables_that_are_in_use_and_views_over_them_last)
{
    Pair pair = {test_database("trade_source"), test_database("trade_dest")};
    test_sql(&pair.source, thirty_tables);
    test_sql(&pair.dest, thirty_tables);
    SEEN seen = {0};
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, &seen);
    EXPECT_STATUS(pgzm, PGZM_PREPARE, PGZM_OK);
    OTHER other = other_open(&pair.dest, "SELECT count(*) FROM t_7");
    (void)other;
    pgzm_set(pgzm, PGZM_DRY_RUN, "on");
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_OK);
    size_t cold = place_of(&seen, "ALTER TABLE pgzm_shadow_public.t_30 SET SCHEMA public");
    size_t lock = place_of(&seen, "LOCK TABLE ONLY public.t_7 IN");
    size_t view = place_of(&seen, "ALTER VIEW public.over_7 ");
    size_t hot = place_of(&seen, "ALTER TABLE public.t_7 ");
    cr_assert_lt(cold, lock);
    cr_assert_lt(lock, view);
    cr_assert_lt(view, hot);
    cr_assert_lt(place_of(&seen, "ALTER VIEW public.over_8 "), lock);
    PQclear(PQexec(other.conn, "COMMIT"));
    pgzm_set(pgzm, PGZM_DRY_RUN, "off");
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_OK);
    pgzm_set(pgzm, PGZM_LATEST, "on");
    EXPECT_STATUS(pgzm, PGZM_ROLLBACK, PGZM_OK);
    EXPECT_VALUE(&pair.dest,
                 "SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'v')"
                 " AND relnamespace = 'public'::regnamespace",
                 "32");
}

/* Two objects whose names change hands: an index of a table in use has the name that one of a table
 * needs that nobody uses. */
Test(server_trade, frees_a_name_before_another_object_takes_it)
{
    Pair pair = {test_database("trade_source"), test_database("trade_dest")};
    test_sql(&pair.source, thirty_tables);
    test_sql(&pair.dest, thirty_tables);
    test_sql(&pair.source, "CREATE INDEX handed ON t_9 (a);");
    test_sql(&pair.dest, "CREATE INDEX handed ON t_7 (a);");
    SEEN seen = {0};
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, &seen);
    EXPECT_STATUS(pgzm, PGZM_PREPARE, PGZM_OK);
    OTHER other = other_open(&pair.dest, "SELECT count(*) FROM t_7");
    (void)other;
    pgzm_set(pgzm, PGZM_DRY_RUN, "on");
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_OK);
    cr_assert_lt(place_of(&seen, "ALTER TABLE public.t_7 "),
                 place_of(&seen, "ALTER TABLE pgzm_shadow_public.t_9 "));
}

/* ---- a reply that is lost -------------------------------------------------------------- */

Test(server_trade, settles_a_commit_whose_reply_is_lost)
{
    Pair pair = pair_open();
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    EXPECT_STATUS(pgzm, PGZM_PREPARE, PGZM_OK);
    AUTO(mem_free)
    char *server = mem_printf("host=%s port=%s user=%s", getenv("TEST_PGHOST"),
                              getenv("TEST_PGPORT"), getenv("TEST_PGUSER"));
    const char *const servers[PROXY_SIDES] = {server, server};
    __attribute__((cleanup(auto_proxy_free))) Proxy *proxy = proxy_new(servers);
    AUTO(mem_free) char *conninfo = proxy_conninfo(proxy, PROXY_DEST, pair.dest.name);
    pgzm_set(pgzm, PGZM_DEST, conninfo);

    proxy_arm(proxy, &(ProxyStrike){.text = "COMMIT",
                                    .from = "pgzm.hot_locks', '{",
                                    .action = PROXY_CUT,
                                    .moment = PROXY_AFTER});
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_OK);
    cr_assert_gt(proxy_struck(proxy), 0);
    EXPECT_VALUE(&pair.dest, state, "SETTLED");

    pgzm_set(pgzm, PGZM_LATEST, "on");
    proxy_arm(proxy, &(ProxyStrike){.text = "COMMIT",
                                    .from = "pgzm.hot_locks', '{",
                                    .action = PROXY_CUT,
                                    .moment = PROXY_BEFORE});
    EXPECT_STATUS(pgzm, PGZM_ROLLBACK, PGZM_CONNECTION);
    cr_assert_not_null(strstr(pgzm_error_message(pgzm), "nothing changed"), "%s",
                       pgzm_error_message(pgzm));
    EXPECT_VALUE(&pair.dest, state, "SETTLED");
    EXPECT_STATUS(pgzm, PGZM_ROLLBACK, PGZM_OK);
}
