/* Backups go, and nothing else: what somebody made or uses is named and stays. */
#include "tests/engine/handle.h"

#include <libpq-fe.h>
#include <stdlib.h>

typedef struct Ran {
    PgzmStatus status;
    char *message, *warnings, *plan;
    json_t *result;
} Ran;

static void auto_ran(Ran *ran)
{
    mem_free(ran->message);
    mem_free(ran->warnings);
    mem_free(ran->plan);
    json_decref(ran->result);
}
#define RAN __attribute__((cleanup(auto_ran))) Ran

/* One command with a handle of its own; options and values in turns, up to PGZM_OPTION_COUNT. */
typedef struct Given {
    PgzmOption option;
    const char *value;
} Given;

static Ran run(const Pair *pair, PgzmCommand command, const Given *given)
{
    SEEN seen = {0};
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(pair, &seen);
    for (; given->value != NULL; given++)
        cr_assert_eq(pgzm_set(pgzm, given->option, given->value), PGZM_OK);
    PgzmStatus status = pgzm_run(pgzm, command);
    const char *hint = pgzm_error_hint(pgzm);
    return (Ran){.status = status,
                 .message =
                     mem_printf("%s HINT: %s", pgzm_error_message(pgzm), hint != NULL ? hint : ""),
                 .warnings = mem_strdup(str_text(&seen.warnings)),
                 .plan = mem_strdup(str_text(&seen.plan)),
                 .result = result_of(pgzm)};
}
#define RUN(pair, command, ...)                                                                    \
    run(pair, command, (const Given[]){__VA_ARGS__ __VA_OPT__(, ){PGZM_OPTION_COUNT, NULL}})

#define EXPECT_RAN(ran, expected)                                                                  \
    cr_assert_eq((ran).status, expected, "%d: %s", (int)(ran).status, (ran).message)
#define EXPECT_IN(text, part)                                                                      \
    cr_assert_not_null(strstr(text, part), "\"%s\" is not in: %s", part, text)

#define FOREVER                                                                                    \
    {                                                                                              \
        PGZM_BEFORE, "2099-01-01"                                                                  \
    }

static void start(const Pair *pair)
{
    RAN ran = RUN(pair, PGZM_START, {PGZM_PRESERVED_TABLES, "account"});
    EXPECT_RAN(ran, PGZM_OK);
}

/* One migration, gone live. */
static Pair migrated(void)
{
    Pair pair = pair_open();
    start(&pair);
    return pair;
}

static char *id_of(const Pair *pair, int number)
{
    AUTO(mem_free)
    char *query = mem_printf("SELECT id FROM pgzm.migration ORDER BY id OFFSET %d LIMIT 1", number);
    return test_value(&pair->dest, query);
}

/* A script in which @ is the backup schema of the first migration. */
static void sql_in_backup(const Pair *pair, const char *script)
{
    AUTO(mem_free) char *backup = test_value(&pair->dest, "SELECT min(backup) FROM pgzm.schema");
    AUTO(str_clear) Str s = STR_INIT;
    for (; *script != '\0'; script++)
        if (*script == '@')
            str_add(&s, backup);
        else
            str_add_bytes(&s, script, 1);
    test_sql(&pair->dest, str_text(&s));
}

static void expect_gone(const Pair *pair)
{
    EXPECT_VALUE(&pair->dest, "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'pgzm\\__%'",
                 "0");
    EXPECT_VALUE(&pair->dest,
                 "SELECT count(*) FROM pg_proc WHERE pronamespace = 'pgzm'::regnamespace", "0");
    EXPECT_VALUE(&pair->dest, "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal", "0");
    EXPECT_VALUE(&pair->dest, "SELECT count(*) FROM pgzm.redo", "0");
    EXPECT_VALUE(&pair->dest, "SELECT count(*) FROM customer", "200");
    test_sql(&pair->dest, "INSERT INTO account (login) VALUES ('after');"
                          "DELETE FROM account WHERE login = 'after'");
}

Test(server_cleanup, drops_the_backup_and_what_keeps_it_in_step)
{
    Pair pair = migrated();
    RAN ran = RUN(&pair, PGZM_CLEANUP, FOREVER);
    EXPECT_RAN(ran, PGZM_OK);
    json_t *cleaned = json_array_get(json_object_get(ran.result, "cleaned"), 0);
    AUTO(mem_free) char *id = id_of(&pair, 0);
    cr_expect_str_eq(text_of(cleaned, "timestamp"), id);
    cr_expect_eq(json_integer_value(json_object_get(cleaned, "tables")), 3);
    cr_expect_gt(json_integer_value(json_object_get(cleaned, "bytes")), 8192);
    cr_expect_eq(json_array_size(json_object_get(cleaned, "schemas")), 1);
    expect_gone(&pair);
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM pgzm.event WHERE what = 'cleanup'", "2");
    EXPECT_VALUE(&pair.dest, "SELECT cleaned_at IS NOT NULL FROM pgzm.migration", "t");

    RAN again = RUN(&pair, PGZM_CLEANUP, FOREVER);
    EXPECT_RAN(again, PGZM_OK);
    cr_expect_eq(json_array_size(json_object_get(again.result, "cleaned")), 0);
    RAN back = RUN(&pair, PGZM_ROLLBACK, {PGZM_TIMESTAMP, id});
    EXPECT_RAN(back, PGZM_STATE);
    EXPECT_IN(back.message, "dropped by cleanup");
}

Test(server_cleanup, changes_nothing_in_a_dry_run)
{
    Pair pair = migrated();
    AUTO(mem_free) char *before = digest_of(&pair.dest);
    AUTO(mem_free) char *events = test_rows(&pair.dest, "SELECT * FROM pgzm.event, pgzm.migration");
    RAN ran = RUN(&pair, PGZM_CLEANUP, FOREVER, {PGZM_DRY_RUN, "on"});
    EXPECT_RAN(ran, PGZM_OK);
    EXPECT_IN(ran.plan, "DROP TRIGGER");
    EXPECT_IN(ran.plan, "DROP FUNCTION");
    EXPECT_IN(ran.plan, "DROP TABLE");
    EXPECT_IN(ran.plan, "DROP SCHEMA");
    AUTO(mem_free) char *after = digest_of(&pair.dest);
    cr_assert_str_eq(after, before);
    AUTO(mem_free) char *now = test_rows(&pair.dest, "SELECT * FROM pgzm.event, pgzm.migration");
    cr_assert_str_eq(now, events);
    RAN really = RUN(&pair, PGZM_CLEANUP, FOREVER);
    EXPECT_RAN(really, PGZM_OK);
    expect_gone(&pair);
}

/* What somebody made outside, what it is called, and how it goes again. @: the backup schema. */
static const struct {
    const char *make, *named, *leans_on, *drop;
} outsiders[] = {
    {"CREATE VIEW old_names AS SELECT name FROM @.customer", "view public.old_names",
     "column name of table", "DROP VIEW old_names"},
    {"CREATE MATERIALIZED VIEW old_copy AS SELECT id FROM @.customer",
     "materialized view public.old_copy", "table", "DROP MATERIALIZED VIEW old_copy"},
    {"CREATE TABLE note (customer int REFERENCES @.customer)",
     "constraint note_customer_fkey on table public.note", "customer", "DROP TABLE note"},
    {"CREATE TABLE mood (is_now @.feeling)", "column is_now of table public.mood", "type",
     "DROP TABLE mood"},
    {"CREATE TABLE rows_of (c @.customer[])", "column c of table public.rows_of", "type",
     "DROP TABLE rows_of"},
    {"CREATE TABLE twice (n int, CHECK (@.twice(n) > 0))",
     "constraint twice_n_check on table public.twice", "function", "DROP TABLE twice"},
    {"CREATE TABLE heir () INHERITS (@.customer)", "table public.heir", "table", "DROP TABLE heir"},
    {"CREATE TABLE counted (n int DEFAULT nextval('@.account_id_seq'))",
     "default value for column n of table public.counted", "sequence", "DROP TABLE counted"},
    {"CREATE FUNCTION of_old(@.feeling) RETURNS int LANGUAGE sql AS 'SELECT 1'",
     "function public.of_old", "type", "DROP FUNCTION of_old"},
    {"CREATE POLICY p ON orders USING (id IN (SELECT id FROM @.orders))",
     "policy p on table public.orders", "orders", "DROP POLICY p ON orders"},
    {"CREATE PUBLICATION old_rows FOR TABLE @.customer", "publication", "customer",
     "DROP PUBLICATION old_rows"},
    {"CREATE TABLE part_2 PARTITION OF @.parted FOR VALUES IN (2)", "table public.part_2",
     "leans on", "DROP TABLE part_2"},
    {"CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION @.watch()",
     "event trigger watch", "function", "DROP EVENT TRIGGER watch"},
    {"CREATE TRIGGER stamp BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION @.stamp()",
     "trigger stamp on table public.orders", "function", "DROP TRIGGER stamp ON orders"},
};

static const char both_sides[] =
    "CREATE TYPE feeling AS ENUM ('good', 'bad');"
    "CREATE FUNCTION twice(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 2 * $1';"
    "CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
    "CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
    "CREATE TABLE parted (n int, f feeling) PARTITION BY LIST (n);"
    "CREATE TABLE part_1 PARTITION OF parted FOR VALUES IN (1);";

Test(server_cleanup, refuses_what_somebody_depends_on_and_names_it)
{
    Pair pair = pair_open();
    test_sql(&pair.source, both_sides);
    test_sql(&pair.source, "ALTER TYPE feeling ADD VALUE 'new'");
    test_sql(&pair.dest, both_sides);
    start(&pair);
    for (size_t i = 0; i < LENGTH(outsiders); i++) {
        sql_in_backup(&pair, outsiders[i].make);
        AUTO(mem_free) char *before = digest_of(&pair.dest);
        RAN ran = RUN(&pair, PGZM_CLEANUP, FOREVER);
        cr_assert_eq(ran.status, PGZM_STATE, "%s: %d: %s", outsiders[i].make, (int)ran.status,
                     ran.message);
        EXPECT_IN(ran.message, outsiders[i].named);
        EXPECT_IN(ran.message, outsiders[i].leans_on);
        AUTO(mem_free) char *after = digest_of(&pair.dest);
        cr_assert_str_eq(after, before, "%s", outsiders[i].make);
        test_sql(&pair.dest, outsiders[i].drop);
    }
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM pgzm.migration WHERE cleaned_at IS NOT NULL",
                 "0");
    RAN ran = RUN(&pair, PGZM_CLEANUP, FOREVER);
    EXPECT_RAN(ran, PGZM_OK);
    expect_gone(&pair);
}

Test(server_cleanup, drops_nothing_that_the_journal_does_not_own)
{
    static const struct {
        const char *make, *named, *drop;
    } foreign[] = {
        {"CREATE TABLE @.mine (n int)", "table", "DROP TABLE @.mine"},
        {"CREATE FUNCTION @.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'", "function",
         "DROP FUNCTION @.mine"},
        {"CREATE TYPE @.mine AS ENUM ()", "type", "DROP TYPE @.mine"},
        {"CREATE SEQUENCE @.mine", "sequence", "DROP SEQUENCE @.mine"},
        {"CREATE VIEW @.mine AS SELECT * FROM @.customer", "view", "DROP VIEW @.mine"},
    };
    Pair pair = migrated();
    test_sql(&pair.dest,
             "CREATE SCHEMA pgzm_backup_1_public; CREATE TABLE pgzm_backup_1_public.t ();"
             "CREATE SCHEMA backup_jobs; CREATE TABLE pgzm.notes (t text)");
    for (size_t i = 0; i < LENGTH(foreign); i++) {
        sql_in_backup(&pair, foreign[i].make);
        RAN ran = RUN(&pair, PGZM_CLEANUP, FOREVER);
        cr_assert_eq(ran.status, PGZM_STATE, "%s: %s", foreign[i].make, ran.message);
        EXPECT_IN(ran.message, foreign[i].named);
        EXPECT_IN(ran.message, "mine");
        EXPECT_IN(ran.message, "no part of the backup");
        sql_in_backup(&pair, foreign[i].drop);
    }
    /* taken out by hand: it is in use again */
    sql_in_backup(&pair, "ALTER TABLE @.customer RENAME TO saved;"
                         "ALTER INDEX @.customer_pkey RENAME TO saved_pkey;"
                         "ALTER TABLE @.orders DROP CONSTRAINT orders_customer_fkey;"
                         "ALTER TABLE @.saved SET SCHEMA public");
    RAN ran = RUN(&pair, PGZM_CLEANUP, FOREVER);
    EXPECT_RAN(ran, PGZM_OK);
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM saved", "20");
    EXPECT_VALUE(&pair.dest,
                 "SELECT string_agg(nspname, ' ' ORDER BY nspname) FROM pg_namespace"
                 " WHERE nspname ~ '^(pgzm_|backup_)'",
                 "backup_jobs pgzm_backup_1_public");
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM pgzm.notes", "0");
}

Test(server_cleanup, takes_older_backups_first)
{
    Pair pair = migrated();
    start(&pair);
    AUTO(mem_free) char *first = id_of(&pair, 0);
    AUTO(mem_free) char *second = id_of(&pair, 1);
    RAN younger = RUN(&pair, PGZM_CLEANUP, {PGZM_TIMESTAMP, second});
    EXPECT_RAN(younger, PGZM_STATE);
    EXPECT_IN(younger.message, first);
    EXPECT_IN(younger.message, "--before");
    /* only what began before: the id is the moment */
    RAN older = RUN(&pair, PGZM_CLEANUP, {PGZM_BEFORE, second});
    EXPECT_RAN(older, PGZM_OK);
    cr_expect_eq(json_array_size(json_object_get(older.result, "cleaned")), 1);
    EXPECT_VALUE(&pair.dest,
                 "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'pgzm\\_backup%'", "1");
    test_sql(&pair.dest, "UPDATE account SET login = 'kept' WHERE id = 3");
    RAN back = RUN(&pair, PGZM_ROLLBACK, {PGZM_TIMESTAMP, second});
    EXPECT_RAN(back, PGZM_OK);
    EXPECT_VALUE(&pair.dest, "SELECT login FROM account WHERE id = 3", "kept");
    test_sql(&pair.dest, "UPDATE account SET login = 'again' WHERE id = 3;"
                         "UPDATE customer SET name = 'x' WHERE id = 1");
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM pgzm.redo", "0");
    RAN rest = RUN(&pair, PGZM_CLEANUP, {PGZM_TIMESTAMP, second});
    EXPECT_RAN(rest, PGZM_OK);
    expect_gone(&pair);
}

Test(server_cleanup, of_several_takes_all_that_began_before)
{
    Pair pair = migrated();
    start(&pair);
    start(&pair);
    AUTO(mem_free) char *third = id_of(&pair, 2);
    RAN ran = RUN(&pair, PGZM_CLEANUP, {PGZM_BEFORE, third});
    EXPECT_RAN(ran, PGZM_OK);
    cr_expect_eq(json_array_size(json_object_get(ran.result, "cleaned")), 2);
    AUTO(mem_free)
    char *backups = test_value(&pair.dest, "SELECT string_agg(nspname, ' ') FROM pg_namespace"
                                           " WHERE nspname LIKE 'pgzm\\_%'");
    EXPECT_IN(backups, third);
    RAN back = RUN(&pair, PGZM_ROLLBACK, {PGZM_LATEST, "on"});
    EXPECT_RAN(back, PGZM_OK);
}

Test(server_cleanup, leaves_what_is_not_verified_unless_it_is_named)
{
    Pair pair = migrated();
    start(&pair);
    AUTO(mem_free) char *first = id_of(&pair, 0);
    test_sql(&pair.dest, "UPDATE pgzm.migration SET state = 'SWAPPED'"
                         " WHERE id = (SELECT min(id) FROM pgzm.migration)");
    RAN careful = RUN(&pair, PGZM_CLEANUP, FOREVER);
    EXPECT_RAN(careful, PGZM_OK);
    EXPECT_IN(careful.warnings, "not fully verified");
    EXPECT_IN(careful.warnings, "needs it");
    cr_expect_eq(json_array_size(json_object_get(careful.result, "cleaned")), 0);
    RAN named = RUN(&pair, PGZM_CLEANUP, {PGZM_TIMESTAMP, first});
    EXPECT_RAN(named, PGZM_OK);
    RAN rest = RUN(&pair, PGZM_CLEANUP, FOREVER);
    EXPECT_RAN(rest, PGZM_OK);
    expect_gone(&pair);
}

Test(server_cleanup, goes_on_where_an_earlier_one_was_cut_short)
{
    Pair pair = migrated();
    AUTO(mem_free) char *id = id_of(&pair, 0);
    test_sql(&pair.dest, "UPDATE pgzm.migration SET cleaned_at = now()");
    sql_in_backup(&pair, "DROP TABLE @.orders");
    RAN verify = RUN(&pair, PGZM_ROLLBACK, {PGZM_TIMESTAMP, id});
    EXPECT_RAN(verify, PGZM_STATE);
    RAN status = RUN(&pair, PGZM_STATUS);
    EXPECT_IN(json_string_value(json_array_get(json_object_get(status.result, "next"), 0)),
              "pgzm-copy cleanup --timestamp");
    RAN ran = RUN(&pair, PGZM_CLEANUP, FOREVER);
    EXPECT_RAN(ran, PGZM_OK);
    expect_gone(&pair);
}

Test(server_cleanup, of_a_rolled_back_migration_drops_what_was_set_aside)
{
    Pair pair = pair_open();
    test_sql(&pair.source, "CREATE SCHEMA tools; CREATE EXTENSION hstore SCHEMA tools;"
                           "CREATE TABLE tagged (tags tools.hstore); SELECT lo_create(4711)");
    RAN first = RUN(&pair, PGZM_START, {PGZM_LARGE_OBJECTS, "on"});
    EXPECT_RAN(first, PGZM_OK);
    RAN back = RUN(&pair, PGZM_ROLLBACK, {PGZM_LATEST, "on"});
    EXPECT_RAN(back, PGZM_OK);
    RAN ran = RUN(&pair, PGZM_CLEANUP, FOREVER);
    EXPECT_RAN(ran, PGZM_OK);
    EXPECT_IN(ran.warnings, "extension hstore stays");
    EXPECT_IN(ran.warnings, "large object 4711 stays");
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM pg_extension WHERE extname = 'hstore'", "1");
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM customer", "20");
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'pgzm\\__%'",
                 "0");
}

Test(server_cleanup, takes_what_a_rollback_that_kept_tables_set_aside)
{
    Pair pair = pair_open();
    RAN first = RUN(&pair, PGZM_START, {PGZM_PRESERVED_TABLES, "account"});
    EXPECT_RAN(first, PGZM_OK);
    test_sql(&pair.dest,
             "DELETE FROM orders WHERE customer > 20; INSERT INTO orders VALUES (5000, 1, 1)");
    RAN back = RUN(&pair, PGZM_ROLLBACK, {PGZM_LATEST, "on"}, {PGZM_KEEP_TABLES, "public.orders"});
    EXPECT_RAN(back, PGZM_OK);
    RAN ran = RUN(&pair, PGZM_CLEANUP, FOREVER);
    EXPECT_RAN(ran, PGZM_OK);
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM orders WHERE id = 5000", "1");
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'pgzm\\__%'",
                 "0");
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal", "0");
}

Test(server_cleanup, of_somebody_elses_tables_is_refused_before_anything_is_done)
{
    Pair pair = migrated();
    test_sql(&pair.dest,
             "DROP ROLE IF EXISTS pgzm_test_cleaner; CREATE ROLE pgzm_test_cleaner LOGIN;"
             "GRANT USAGE ON SCHEMA pgzm TO pgzm_test_cleaner;"
             "GRANT ALL ON ALL TABLES IN SCHEMA pgzm TO pgzm_test_cleaner");
    AUTO(mem_free) char *before = digest_of(&pair.dest);
    Pair weak = pair;
    AUTO(mem_free) char *conninfo = mem_printf("%s user=pgzm_test_cleaner", pair.dest.conninfo);
    cr_assert_lt(strlen(conninfo), sizeof weak.dest.conninfo);
    strcpy(weak.dest.conninfo, conninfo);
    RAN ran = RUN(&weak, PGZM_CLEANUP, FOREVER);
    EXPECT_RAN(ran, PGZM_PREFLIGHT);
    EXPECT_IN(ran.message, "belongs to");
    AUTO(mem_free) char *after = digest_of(&pair.dest);
    cr_assert_str_eq(after, before);
    EXPECT_VALUE(&pair.dest, "SELECT count(cleaned_at) FROM pgzm.migration", "0");
    test_sql(&pair.dest, "DROP OWNED BY pgzm_test_cleaner; DROP ROLE pgzm_test_cleaner");
}

Test(server_cleanup, does_not_disturb_a_migration_that_is_prepared)
{
    Pair pair = migrated();
    RAN prepare = RUN(&pair, PGZM_PREPARE, {PGZM_PRESERVED_TABLES, "account"});
    EXPECT_RAN(prepare, PGZM_OK);
    RAN unfinished = RUN(&pair, PGZM_CLEANUP, {PGZM_TIMESTAMP, "17"});
    EXPECT_RAN(unfinished, PGZM_STATE);
    AUTO(mem_free) char *second = id_of(&pair, 1);
    RAN prepared = RUN(&pair, PGZM_CLEANUP, {PGZM_TIMESTAMP, second});
    EXPECT_RAN(prepared, PGZM_STATE);
    EXPECT_IN(prepared.message, "abort");
    RAN ran = RUN(&pair, PGZM_CLEANUP, FOREVER);
    EXPECT_RAN(ran, PGZM_OK);
    test_sql(&pair.dest, "UPDATE account SET login = 'between' WHERE id = 2");
    RAN swap = RUN(&pair, PGZM_SWAP);
    EXPECT_RAN(swap, PGZM_OK);
    EXPECT_VALUE(&pair.dest, "SELECT login FROM account WHERE id = 2", "between");
    RAN back = RUN(&pair, PGZM_ROLLBACK, {PGZM_LATEST, "on"});
    EXPECT_RAN(back, PGZM_OK);
    test_sql(&pair.dest, "UPDATE account SET login = 'end' WHERE id = 2");
}

Test(server_cleanup, of_many_tables_and_circles_of_dependencies)
{
    static const char script[] =
        "DO $$ BEGIN FOR i IN 1..230 LOOP EXECUTE format("
        "'CREATE TABLE many_%s (id int PRIMARY KEY, up int REFERENCES customer)', i); END LOOP; "
        "END $$;"
        "CREATE TABLE ring (id int);"
        "CREATE FUNCTION of_ring(ring) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1';"
        "CREATE VIEW ring_view AS SELECT of_ring(r) FROM ring r;"
        "CREATE TABLE days (d date, PRIMARY KEY (d)) PARTITION BY RANGE (d);"
        "CREATE TABLE days_1 PARTITION OF days FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')"
        "  PARTITION BY RANGE (d);"
        "CREATE TABLE days_1_1 PARTITION OF days_1 DEFAULT;"
        "CREATE TABLE of_day (d date REFERENCES days);";
    Pair pair = pair_open();
    test_sql(&pair.source, script);
    test_sql(&pair.dest, script);
    start(&pair);
    RAN ran = RUN(&pair, PGZM_CLEANUP, FOREVER);
    EXPECT_RAN(ran, PGZM_OK);
    expect_gone(&pair);
}

Test(server_cleanup, waits_for_a_reader_of_the_backup_and_holds_nobody_up)
{
    Pair pair = migrated();
    AUTO(mem_free) char *backup = test_value(&pair.dest, "SELECT min(backup) FROM pgzm.schema");
    PGconn *reader = PQconnectdb(pair.dest.conninfo);
    AUTO(mem_free) char *lock = mem_printf("BEGIN; SELECT 1 FROM %s.customer", backup);
    PQclear(PQexec(reader, lock));
    SEEN seen = {0};
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, &seen);
    cr_assert_eq(pgzm_set(pgzm, PGZM_BEFORE, "2099-01-01"), PGZM_OK);
    cr_assert_eq(pgzm_set(pgzm, PGZM_TIMEOUT, "2s"), PGZM_OK);
    PgzmStatus status = pgzm_run(pgzm, PGZM_CLEANUP);
    cr_expect(status != PGZM_OK);
    AUTO(json_decref) json_t *result = result_of(pgzm);
    EXPECT_IN(json_string_value(json_array_get(json_object_get(result, "next"), 0)),
              "pgzm-copy cleanup --timestamp");
    PQfinish(reader);
    RAN ran = RUN(&pair, PGZM_CLEANUP, FOREVER);
    EXPECT_RAN(ran, PGZM_OK);
    expect_gone(&pair);
}
