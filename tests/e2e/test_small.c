/*
 * Hundreds of small tables: many to a transaction, their indexes made once; each table is in once
 * or not at all, and what fails is named.
 */
#include <stdlib.h>
#include <sys/resource.h>

#include "tests/e2e/shop.h"

/* 150 tables alike, one of each kind that a load treats otherwise. */
static const char many[] =
    "CREATE SCHEMA app;"
    "SET search_path = app;"
    "CREATE FUNCTION app.stamp() RETURNS trigger LANGUAGE plpgsql AS"
    " 'BEGIN NEW.note := coalesce(NEW.note, '''') || ''!''; RETURN NEW; END';"
    "DO $$ BEGIN FOR i IN 1..150 LOOP"
    " EXECUTE format('CREATE TABLE t%s (id integer PRIMARY KEY, a integer, b text)', i);"
    " EXECUTE format('INSERT INTO t%s SELECT g, g %% 7, repeat(''x'', g) FROM generate_series(1, "
    "%s)"
    " AS g', i, i % 40);"
    " EXECUTE format('CREATE INDEX ON t%s (a, b)', i);"
    " EXECUTE format('CREATE INDEX ON t%s (lower(b)) WHERE a > 3', i);"
    " EXECUTE format('COMMENT ON INDEX t%s_pkey IS ''key''', i);"
    " END LOOP; END $$;"
    "CREATE TABLE numbered (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
    " a integer, twice integer GENERATED ALWAYS AS (a * 2) STORED UNIQUE);"
    "INSERT INTO numbered (a) SELECT generate_series(1, 30);"
    "CREATE TABLE stamped (id integer PRIMARY KEY, note text);"
    "INSERT INTO stamped VALUES (1, 'one'), (2, NULL);"
    "CREATE TRIGGER stamp BEFORE INSERT ON stamped FOR EACH ROW EXECUTE FUNCTION app.stamp();"
    "ALTER TABLE stamped ENABLE ALWAYS TRIGGER stamp;"
    "CREATE TABLE child (id integer PRIMARY KEY REFERENCES t7, up integer REFERENCES numbered);"
    "INSERT INTO child SELECT g, g FROM generate_series(1, 7) g;"
    "CREATE TYPE mood AS ENUM ('fine', 'not');"
    "CREATE TABLE moods (m mood UNIQUE DEFERRABLE INITIALLY DEFERRED, r regclass);"
    "INSERT INTO moods VALUES ('not', 'app.t3'), ('fine', NULL);"
    "CREATE TABLE part (id integer, k integer, PRIMARY KEY (id, k)) PARTITION BY LIST (k);"
    "CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);"
    "CREATE TABLE part_2 (k integer NOT NULL, id integer NOT NULL, UNIQUE (k, id));"
    "ALTER TABLE part ATTACH PARTITION part_2 FOR VALUES IN (2);"
    "CREATE INDEX ON part_2 (id);"
    "INSERT INTO part SELECT g, 1 + g % 2 FROM generate_series(1, 50) g;"
    "CREATE TABLE parent (id integer PRIMARY KEY); CREATE TABLE heir (x text) INHERITS (parent);"
    "CREATE INDEX ON heir (x); INSERT INTO parent VALUES (1); INSERT INTO heir VALUES (2, 'h');"
    "CREATE TABLE replicated (id integer NOT NULL, x text);"
    "CREATE UNIQUE INDEX replicated_id ON replicated (id) INCLUDE (x);"
    "ALTER TABLE replicated REPLICA IDENTITY USING INDEX replicated_id, CLUSTER ON replicated_id;"
    "INSERT INTO replicated VALUES (2, 'b'), (1, 'a');"
    "CREATE STATISTICS s ON a, b FROM t9;"
    "CREATE TABLE nothing ();"
    "INSERT INTO nothing DEFAULT VALUES;";

static Shop open_many(const char *more)
{
    Shop shop = {test_source_database("source"), test_database("dest")};
    test_sql(&shop.source, many);
    test_sql(&shop.source, more);
    return shop;
}

Test(server_small, tables_travel_many_to_a_transaction_and_arrive_as_they_were)
{
    Shop shop = open_many("");
    AUTO(launch_clear) Launch launch = SHOP_LAUNCH(&shop, "start", "--jobs", "2", "--json");
    EXPECT_EXIT(&launch, 0);
    EXPECT_SAME(compare_databases(&shop.source, &shop.dest, &(CompareScope){0}));
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM pgzm.task WHERE NOT done", "0");
    /* each table's rows are in the journal, whoever it shared a transaction with */
    EXPECT_VALUE(&shop.dest,
                 "SELECT sum(rows) = (SELECT count(*) FROM app.t39) FROM pgzm.task"
                 " WHERE kind = 'copy' AND relation = 'app.t39'::regclass",
                 "t");
    /* rows of one transaction have one xmin */
    EXPECT_VALUE(&shop.dest,
                 "SELECT count(DISTINCT xmin::text) < count(*) / 4 FROM pgzm.task"
                 " WHERE kind = 'copy'",
                 "t");
    EXPECT_VALUE(&shop.dest,
                 "SELECT count(DISTINCT xmin::text) < count(*) / 2 FROM pgzm.task"
                 " WHERE kind = 'analyze'",
                 "t");
    /* What nothing else needs came with the rows; a commented key was there before. */
    EXPECT_VALUE(&shop.dest,
                 "SELECT chunk->'makes' FROM pgzm.task"
                 " WHERE label = 'rows of app.t7, part 1 of 1'",
                 "[\"index pgzm_shadow_app.t7_a_b_idx\"]");
    EXPECT_VALUE(&shop.dest,
                 "SELECT string_agg(done || label, ',' ORDER BY id) FROM pgzm.task"
                 " WHERE label ~ 't7_pkey' AND kind = 'index'",
                 "trueindex pgzm_shadow_app.t7_pkey");
    EXPECT_VALUE(&shop.dest,
                 "SELECT chunk->>'then' FROM pgzm.task"
                 " WHERE label = 'rows of app.moods, part 1 of 1'",
                 "[\"ALTER TABLE ONLY \\\"pgzm_shadow_app\\\".\\\"moods\\\" ADD CONSTRAINT"
                 " \\\"moods_m_key\\\" UNIQUE (m) DEFERRABLE INITIALLY DEFERRED\","
                 "\"ANALYZE \\\"pgzm_shadow_app\\\".\\\"moods\\\"\"]");
}

Test(server_small, an_index_that_was_made_with_the_rows_is_missed_when_it_is_gone)
{
    Shop shop = {test_source_database("source"), test_database("dest")};
    test_sql(&shop.source, "CREATE TABLE few (id integer PRIMARY KEY, a integer);"
                           "CREATE INDEX few_a ON few (a DESC NULLS LAST) INCLUDE (id)");
    AUTO(launch_clear) Launch prepare = SHOP_LAUNCH(&shop, "prepare");
    EXPECT_EXIT(&prepare, 0);
    AUTO(launch_clear) Launch verify = LAUNCH("verify", "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&verify, 0);
    test_sql(&shop.dest, "DROP INDEX pgzm_shadow_public.few_a;"
                         "ALTER TABLE pgzm_shadow_public.few DROP CONSTRAINT few_pkey");
    AUTO(launch_clear) Launch missing = LAUNCH("verify", "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&missing, 8);
    EXPECT_CONTAINS(missing.out, "index pgzm_shadow_public.few_a is gone");
    EXPECT_CONTAINS(missing.out, "constraint few_pkey on pgzm_shadow_public.few is gone");
}

/* A table in whose COPY something happens in the destination, where schema aid says what. */
#define GUARDED                                                                                    \
    "CREATE FUNCTION app.guard(integer) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN"              \
    " IF to_regclass('aid.refuse') IS NOT NULL THEN RAISE EXCEPTION 'guard says no'; END IF;"      \
    " IF nextval(to_regclass('aid.die')) = 1 THEN"                                                 \
    " PERFORM pg_terminate_backend(pg_backend_pid()); END IF; RETURN true; END $$;"                \
    "CREATE TABLE app.guarded (id integer PRIMARY KEY CHECK (app.guard(id)));"                     \
    "INSERT INTO app.guarded SELECT generate_series(1, 3);"

Test(server_small, a_table_that_fails_is_named_and_takes_no_other_along)
{
    Shop shop = open_many(GUARDED);
    test_sql(&shop.dest, "CREATE SCHEMA aid; CREATE TABLE aid.refuse ()");
    AUTO(launch_clear) Launch launch = SHOP_LAUNCH(&shop, "start", "--jobs", "1");
    EXPECT_ERROR(&launch, 7, "copying app.guarded: guard says no");
    EXPECT_VALUE(&shop.dest,
                 "SELECT done::text || coalesce(rows, -1) FROM pgzm.task"
                 " WHERE label = 'rows of app.guarded, part 1 of 1'",
                 "false-1");
    /* what the journal says is done is there, and nothing else */
    EXPECT_VALUE(&shop.dest,
                 "SELECT bool_and(coalesce(t.rows, 0) = (xpath('//n/text()', query_to_xml("
                 "format('SELECT count(*) AS n FROM ONLY %s', t.relation::regclass), false, true,"
                 " '')))[1]::text::bigint) FROM pgzm.task t WHERE t.kind = 'copy'",
                 "t");
    AUTO(launch_clear) Launch abort_it = LAUNCH("abort", "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&abort_it, 0);
}

Test(server_small, a_lost_connection_loses_and_doubles_nothing)
{
    Shop shop = open_many(GUARDED);
    test_sql(&shop.dest, "CREATE SCHEMA aid; CREATE SEQUENCE aid.die");
    AUTO(launch_clear) Launch launch = SHOP_LAUNCH(&shop, "start", "--jobs", "2");
    EXPECT_EXIT(&launch, 0);
    EXPECT_VALUE(&shop.dest, "SELECT last_value > 1 FROM aid.die", "t");
    test_sql(&shop.dest, "DROP SCHEMA aid CASCADE");
    EXPECT_SAME(compare_databases(&shop.source, &shop.dest, &(CompareScope){0}));
}

Test(server_small, indexes_of_a_dry_run_are_rehearsed_as_well)
{
    Shop shop = open_many("");
    AUTO(launch_clear)
    Launch launch = SHOP_LAUNCH(&shop, "prepare", "--dry-run", "--rehearse", "--json");
    EXPECT_EXIT(&launch, 0);
    EXPECT_CONTAINS(launch.out, "CREATE UNIQUE INDEX t5_pkey ON app.t5");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM pg_namespace WHERE nspname ~ '^(app|pgzm)'",
                 "0");
}

/* As after a crash: neither the rows nor the note that they are there were on disk. */
Test(server_small, what_the_destination_lost_is_done_again)
{
    Shop shop = open_many("CREATE FUNCTION app.lose() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN"
                          " IF nextval(to_regclass('aid.lose')) = 1 THEN"
                          " DELETE FROM pgzm_shadow_app.t5;"
                          " DROP INDEX pgzm_shadow_app.t5_a_b_idx;"
                          " UPDATE pgzm.task SET done = false, rows = NULL"
                          " WHERE label = 'rows of app.t5, part 1 of 1'; END IF;"
                          " RETURN 1; END $$;"
                          "CREATE MATERIALIZED VIEW app.last AS SELECT app.lose() AS one;");
    test_sql(&shop.dest, "CREATE SCHEMA aid; CREATE SEQUENCE aid.lose");
    AUTO(launch_clear) Launch launch = SHOP_LAUNCH(&shop, "start", "--jobs", "2");
    EXPECT_EXIT(&launch, 0);
    EXPECT_CONTAINS(launch.err, "lost 1 tasks that were done");
    test_sql(&shop.dest, "DROP SCHEMA aid CASCADE");
    EXPECT_SAME(compare_databases(&shop.source, &shop.dest, &(CompareScope){0}));
}

/* Enough for jobs to share them out: bare ones, and all that has to come before or after. */
static const char hundreds[] =
    "CREATE SCHEMA app; CREATE TYPE app.mood AS ENUM ('fine', 'not');"
    "DO $$ BEGIN FOR i IN 1..210 LOOP"
    " EXECUTE format('CREATE TABLE public.t%s (id serial PRIMARY KEY, a integer CHECK (a < 1000),"
    " b text DEFAULT ''b'')', i);"
    " EXECUTE format('COMMENT ON COLUMN public.t%s.b IS ''no %s''', i, i);"
    " EXECUTE format('INSERT INTO public.t%s (a) VALUES (%s)', i, i); END LOOP; END $$;"
    "CREATE TABLE app.t1 (m app.mood, \"b \"\"c\" integer); INSERT INTO app.t1 VALUES ('not', 1);"
    "CREATE TABLE app.\"t \"\"2\" (id integer); CREATE UNLOGGED TABLE app.u (id integer);"
    "CREATE TABLE heir () INHERITS (public.t3); INSERT INTO heir VALUES (1000, 1, 'h');"
    "CREATE TABLE typed (r public.t4, rs public.t4[]); INSERT INTO typed VALUES ((1, 2, 'b'), "
    "NULL);"
    "CREATE FUNCTION public.f(public.t5) RETURNS integer LANGUAGE sql AS 'SELECT $1.a';"
    "CREATE VIEW app.v AS SELECT id, b, public.f(t5) FROM t5 GROUP BY id;"
    "CREATE TABLE kids (up integer REFERENCES public.t6, g integer GENERATED ALWAYS AS (up + 1)"
    " STORED); INSERT INTO kids VALUES (1);"
    "CREATE TABLE part (k integer) PARTITION BY LIST (k);"
    "CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1); INSERT INTO part VALUES (1);"
    "CREATE INDEX ON public.t7 (a); ALTER TABLE public.t7 CLUSTER ON t7_a_idx;";

Test(server_small, hundreds_of_tables_are_made_side_by_side)
{
    Shop shop = {test_source_database("source"), test_database("dest")};
    test_sql(&shop.source, hundreds);
    test_sql(&shop.dest, "CREATE TABLE public.t1 (old integer); INSERT INTO public.t1 VALUES (1)");
    AUTO(launch_clear) Launch launch = SHOP_LAUNCH(&shop, "start", "--jobs", "2", "--verbose");
    EXPECT_EXIT(&launch, 0);
    EXPECT_CONTAINS(launch.err, "making 212 tables with 2 connections"); /* all t..., u */
    EXPECT_SAME(compare_databases(&shop.source, &shop.dest, &(CompareScope){0}));
}

Test(server_small, a_table_that_is_refused_is_named_whoever_made_it)
{
    Shop shop = {test_source_database("source"), test_database("dest")};
    test_sql(&shop.source, hundreds);
    test_sql(&shop.dest,
             "CREATE SCHEMA aid; CREATE FUNCTION aid.no() RETURNS event_trigger LANGUAGE plpgsql AS"
             " $$ BEGIN IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands()"
             " WHERE object_identity ~ '[.]t77$') THEN RAISE EXCEPTION 'no t77'; END IF; END $$;"
             "CREATE EVENT TRIGGER no ON ddl_command_end EXECUTE FUNCTION aid.no()");
    AUTO(launch_clear) Launch launch = SHOP_LAUNCH(&shop, "prepare", "--jobs", "2");
    if (test_server_version() >=
        170000) { /* superusers switch event triggers off: nobody refuses */
        EXPECT_EXIT(&launch, 0);
        return;
    }
    EXPECT_ERROR(&launch, 7, "the destination refuses table public.t77: no t77");
    EXPECT_CONTAINS(launch.err, "comes from event trigger no of the destination, disable that");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM pg_namespace WHERE nspname ~ '^pgzm_'", "0");
}

/* The most memory that a prepare of so many tables with two indexes each takes, in kB. Greater ones
 * come later: what is asked for is the greatest of all children. */
static long peak_of_prepare(int tables)
{
    Shop shop = {test_source_database("source"), test_database("dest")};
    AUTO(mem_free)
    char *make = mem_printf("DO $$ BEGIN FOR i IN 1..%d LOOP EXECUTE format('CREATE TABLE"
                            " many_%%s (id integer PRIMARY KEY, label text UNIQUE, day date)', i);"
                            " END LOOP; END $$",
                            tables);
    test_sql(&shop.source, make);
    AUTO(launch_clear)
    Launch launch =
        launch_start(&(LaunchOptions){.program = getenv("TEST_COMMAND_PLAIN")},
                     (const char *const[]){"prepare", "--source", shop.source.conninfo, "--dest",
                                           shop.dest.conninfo, "--jobs", "2", NULL});
    launch_wait(&launch);
    EXPECT_EXIT(&launch, 0);
    struct rusage usage;
    cr_assert_eq(getrusage(RUSAGE_CHILDREN, &usage), 0);
    return usage.ru_maxrss;
}

Test(server_small, a_table_takes_a_few_kilobytes_of_the_client)
{
    enum { FEW = 100, MANY = 1000, KB_A_TABLE = 8 };
    if (getenv("TEST_COMMAND_PLAIN") == NULL)
        cr_skip_test("TEST_COMMAND_PLAIN is not set: a sanitized command takes more");
    long before = peak_of_prepare(FEW), after = peak_of_prepare(MANY);
    cr_assert_lt(after - before, (MANY - FEW) * KB_A_TABLE, "%ld kB for %d tables, %ld kB for %d",
                 before, FEW, after, MANY);
}
