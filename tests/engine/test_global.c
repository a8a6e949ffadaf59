/* Objects that are in no schema: made with the shadow or in the swap, and taken back. */
#include <libpq-fe.h>
#include <pthread.h>
#include <unistd.h>

#include "tests/engine/handle.h"

static const char wrapper[] =
    "CREATE FOREIGN DATA WRAPPER other;"
    "CREATE SERVER remote FOREIGN DATA WRAPPER other OPTIONS (host '%s');";

static void make_server(const TestDatabase *database, const char *host)
{
    AUTO(mem_free) char *script = mem_printf(wrapper, host);
    test_sql(database, script);
}

static const char remote_options[] =
    "SELECT srvoptions::text FROM pg_foreign_server WHERE srvname = 'remote'";

Test(server_global, makes_what_new_objects_need_with_the_shadow_and_abort_takes_it_back)
{
    Pair pair = pair_open();
    make_server(&pair.source, "a");
    test_sql(&pair.source, "CREATE FOREIGN TABLE far (id int) SERVER remote");
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    EXPECT_STATUS(pgzm, PGZM_PREPARE, PGZM_OK);
    EXPECT_VALUE(&pair.dest, remote_options, "{host=a}");
    EXPECT_VALUE(&pair.dest, "SELECT to_regclass('public.far') IS NULL", "t");
    EXPECT_STATUS(pgzm, PGZM_ABORT, PGZM_OK);
    EXPECT_VALUE(&pair.dest,
                 "SELECT (SELECT count(*) FROM pg_foreign_server)"
                 " + (SELECT count(*) FROM pg_foreign_data_wrapper)",
                 "0");
}

/* The new ones stand beside the live ones of the same names until the swap. */
Test(server_global, abort_takes_new_casts_and_languages_and_leaves_the_live_ones)
{
    static const char live[] = "CREATE TYPE mood AS ENUM (%s);"
                               "CREATE FUNCTION mood_int(mood) RETURNS int LANGUAGE sql IMMUTABLE"
                               " AS 'SELECT 1';"
                               "CREATE CAST (mood AS int) WITH FUNCTION mood_int(mood);";
    static const char casts[] =
        "SELECT string_agg(castsource::regtype || ' ' || castfunc::regproc, ',')"
        " FROM pg_cast WHERE oid >= 16384";
    AUTO(mem_free) char *ours = mem_printf(live, "'a', 'b'");
    AUTO(mem_free) char *theirs = mem_printf(live, "'a'");
    Pair pair = pair_open();
    test_sql(&pair.source, ours);
    test_sql(&pair.dest, theirs);
    test_sql(&pair.source, "CREATE FUNCTION handle() RETURNS language_handler LANGUAGE c"
                           " AS '$libdir/plpgsql', 'plpgsql_call_handler';"
                           "CREATE LANGUAGE tongue HANDLER handle;"
                           "CREATE FUNCTION pgfdw() RETURNS fdw_handler LANGUAGE c"
                           " AS '$libdir/postgres_fdw', 'postgres_fdw_handler';"
                           "CREATE FOREIGN DATA WRAPPER near HANDLER pgfdw;"
                           "CREATE SERVER remote FOREIGN DATA WRAPPER near;"
                           "CREATE USER MAPPING FOR PUBLIC SERVER remote;"
                           "CREATE FOREIGN TABLE far (id int) SERVER remote");
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    EXPECT_STATUS(pgzm, PGZM_PREPARE, PGZM_OK);
    EXPECT_STATUS(pgzm, PGZM_ABORT, PGZM_OK);
    EXPECT_VALUE(&pair.dest, casts, "mood mood_int");
    EXPECT_VALUE(&pair.dest,
                 "SELECT (SELECT count(*) FROM pg_language WHERE lanname = 'tongue')"
                 " + (SELECT count(*) FROM pg_foreign_data_wrapper)"
                 " + (SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'pgzm%shadow%')",
                 "0");
}

Test(server_global, changes_what_is_there_otherwise_only_in_the_swap_and_back)
{
    Pair pair = pair_open();
    make_server(&pair.source, "new");
    make_server(&pair.dest, "old");
    test_sql(&pair.dest, "ALTER SERVER remote OPTIONS (ADD port '1')");
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    pgzm_set(pgzm, PGZM_LATEST, "on");
    EXPECT_STATUS(pgzm, PGZM_PREPARE, PGZM_OK);
    EXPECT_VALUE(&pair.dest, remote_options, "{host=old,port=1}");
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_OK);
    EXPECT_VALUE(&pair.dest, remote_options, "{host=new,port=1}");
    EXPECT_STATUS(pgzm, PGZM_ROLLBACK, PGZM_OK);
    EXPECT_VALUE(&pair.dest, remote_options, "{host=old,port=1}");
}

Test(server_global, publishes_from_the_swap_on_and_no_longer_after_a_rollback)
{
    Pair pair = pair_open();
    test_sql(&pair.source, "CREATE PUBLICATION news FOR TABLE customer WITH (publish = 'insert');"
                           "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO"
                           " pg_monitor");
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    pgzm_set(pgzm, PGZM_LATEST, "on");
    static const char published[] =
        "SELECT count(*) || ' ' || (SELECT count(*) FROM pg_default_acl) FROM pg_publication_tables"
        " WHERE schemaname = 'public' AND tablename = 'customer'";
    EXPECT_STATUS(pgzm, PGZM_PREPARE, PGZM_OK);
    EXPECT_VALUE(&pair.dest, published, "0 0");
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_OK);
    EXPECT_VALUE(&pair.dest, published, "1 1");
    EXPECT_STATUS(pgzm, PGZM_ROLLBACK, PGZM_OK);
    EXPECT_VALUE(&pair.dest, published, "0 0");
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM pg_publication", "0");
}

Test(server_global, keeps_the_destinations_own_and_points_it_to_the_new_objects)
{
    Pair pair = pair_open();
    test_sql(&pair.source, "CREATE FUNCTION note() RETURNS event_trigger LANGUAGE plpgsql AS"
                           " 'BEGIN RAISE NOTICE ''new''; END'");
    test_sql(&pair.dest, "CREATE FUNCTION note() RETURNS event_trigger LANGUAGE plpgsql AS"
                         " 'BEGIN RAISE NOTICE ''old''; END';"
                         "CREATE EVENT TRIGGER noting ON sql_drop EXECUTE FUNCTION note();"
                         "ALTER EVENT TRIGGER noting DISABLE;"
                         "COMMENT ON EVENT TRIGGER noting IS 'ours';"
                         "CREATE PUBLICATION kept FOR TABLE customer, orders;"
                         "CREATE TABLE only_here (id int PRIMARY KEY);"
                         "ALTER PUBLICATION kept ADD TABLE only_here");
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    pgzm_set(pgzm, PGZM_LATEST, "on");
    static const char state[] =
        "SELECT (SELECT count(*) FROM pg_publication_tables WHERE schemaname = 'public')"
        " || ' ' || (SELECT evtenabled::text FROM pg_event_trigger WHERE evtname = 'noting' AND "
        "evtfoid ="
        " 'public.note'::regproc) || ' ' || (SELECT obj_description(oid) FROM pg_event_trigger)";
    EXPECT_VALUE(&pair.dest, state, "3 D ours");
    EXPECT_STATUS(pgzm, PGZM_START, PGZM_OK);
    EXPECT_VALUE(&pair.dest, state, "3 D ours");
    EXPECT_VALUE(&pair.dest, "SELECT prosrc ~ 'new' FROM pg_proc WHERE oid = 'note'::regproc", "t");
    EXPECT_STATUS(pgzm, PGZM_ROLLBACK, PGZM_OK);
    EXPECT_VALUE(&pair.dest, state, "3 D ours");
    EXPECT_VALUE(&pair.dest, "SELECT prosrc ~ 'old' FROM pg_proc WHERE oid = 'note'::regproc", "t");
}

/* What has a schema trades places, of whatever kind. */
Test(server_global, trades_operators_classes_and_text_search_by_oid)
{
    static const char kinds[] =
        "CREATE FUNCTION below(int, int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 < $2';"
        "CREATE OPERATOR <<< (LEFTARG = int, RIGHTARG = int, FUNCTION = below);"
        "CREATE FUNCTION turned(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS"
        " 'SELECT btint4cmp($2, $1)';"
        "CREATE OPERATOR CLASS turned_ops FOR TYPE int USING btree AS OPERATOR 1 >, OPERATOR 2 >=,"
        " OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <, FUNCTION 1 turned(int, int);"
        "CREATE INDEX customer_turned ON customer (id turned_ops);"
        "CREATE STATISTICS customer_stats ON id, name FROM customer;"
        "CREATE TEXT SEARCH CONFIGURATION words (COPY = pg_catalog.english)";
    static const char where[] =
        "SELECT string_agg(x, ',' ORDER BY x) FROM (SELECT oprnamespace::regnamespace || ' ' ||"
        " oprname FROM pg_operator WHERE oprname = '<<<' UNION ALL SELECT "
        "opcnamespace::regnamespace"
        " || ' ' || opcname FROM pg_opclass WHERE opcname = 'turned_ops' UNION ALL SELECT"
        " stxnamespace::regnamespace || ' ' || stxname FROM pg_statistic_ext UNION ALL SELECT"
        " cfgnamespace::regnamespace || ' ' || cfgname FROM pg_ts_config WHERE cfgname = 'words')"
        " AS t(x) WHERE x LIKE 'public %'";
    Pair pair = pair_open();
    test_sql(&pair.source, kinds);
    test_sql(&pair.dest, kinds);
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    pgzm_set(pgzm, PGZM_LATEST, "on");
    static const char all[] = "public <<<,public customer_stats,public turned_ops,public words";
    static const char old[] = "SELECT min(oid::bigint) = (SELECT oid FROM pg_operator WHERE oprname"
                              " = '<<<' AND oprnamespace = 'public'::regnamespace) FROM pg_operator"
                              " WHERE oprname = '<<<'";
    EXPECT_STATUS(pgzm, PGZM_START, PGZM_OK);
    EXPECT_VALUE(&pair.dest, where, all);
    EXPECT_VALUE(&pair.dest, old, "f");
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM pg_opclass WHERE opcname = 'turned_ops'", "2");
    EXPECT_STATUS(pgzm, PGZM_ROLLBACK, PGZM_OK);
    EXPECT_VALUE(&pair.dest, where, all);
    EXPECT_VALUE(&pair.dest, old, "t");
}

Test(server_global, rehearses_in_a_dry_run_and_leaves_nothing)
{
    Pair pair = pair_open();
    make_server(&pair.source, "a");
    test_sql(&pair.source, "CREATE EXTENSION citext; CREATE PUBLICATION news FOR TABLE customer");
    SEEN seen = {0};
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, &seen);
    pgzm_set(pgzm, PGZM_DRY_RUN, "on");
    pgzm_set(pgzm, PGZM_REHEARSE, "on");
    EXPECT_STATUS(pgzm, PGZM_PREPARE, PGZM_OK);
    cr_assert_not_null(strstr(str_text(&seen.all), "and rolled back;"), "%s", str_text(&seen.all));
    EXPECT_VALUE(&pair.dest,
                 "SELECT (SELECT count(*) FROM pg_extension WHERE extname = 'citext')"
                 " + (SELECT count(*) FROM pg_foreign_server) + (SELECT count(*) FROM"
                 " pg_publication) + (SELECT count(*) FROM pg_namespace WHERE nspname ~ 'pgzm')",
                 "0");
}

/* Functions in the language go on working: its handler is exchanged, not the language. */
Test(server_global, gives_a_language_the_new_handler_and_the_old_one_back)
{
    static const char language[] =
        "CREATE FUNCTION handle() RETURNS language_handler LANGUAGE c"
        " AS '$libdir/plpgsql', 'plpgsql_call_handler';"
        "CREATE LANGUAGE tongue HANDLER handle;"
        "CREATE FUNCTION four() RETURNS int LANGUAGE tongue AS 'begin return 4; end'";
    static const char handled[] =
        "SELECT four() || ' ' || (lanplcallfoid = 'public.handle'::regproc) FROM pg_language"
        " WHERE lanname = 'tongue'";
    Pair pair = pair_open();
    test_sql(&pair.source, language);
    test_sql(&pair.dest, language);
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    pgzm_set(pgzm, PGZM_LATEST, "on");
    EXPECT_STATUS(pgzm, PGZM_START, PGZM_OK);
    EXPECT_VALUE(&pair.dest, handled, "4 true");
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM pg_language WHERE lanname = 'tongue'", "1");
    EXPECT_STATUS(pgzm, PGZM_ROLLBACK, PGZM_OK);
    EXPECT_VALUE(&pair.dest, handled, "4 true");
}

/* Its function looks for its table where the rehearsal has given the schema another name. */
Test(server_global, names_the_event_trigger_that_may_be_to_blame)
{
    Pair pair = pair_open();
    test_sql(&pair.dest, "CREATE TABLE history (tag text);"
                         "CREATE FUNCTION note() RETURNS event_trigger LANGUAGE plpgsql AS"
                         " 'BEGIN INSERT INTO public.history VALUES (tg_tag); END';"
                         "CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION note()");
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    cr_assert_neq(pgzm_run(pgzm, PGZM_PREPARE), PGZM_OK);
    cr_assert_not_null(strstr(pgzm_error_hint(pgzm), "event trigger watch"), "%s",
                       pgzm_error_hint(pgzm));
    EXPECT_VALUE(&pair.dest, "SELECT count(*) FROM pg_namespace WHERE nspname ~ '^pgzm_'", "0");
    test_sql(&pair.dest, "ALTER EVENT TRIGGER watch DISABLE");
    EXPECT_STATUS(pgzm, PGZM_PREPARE, PGZM_OK);
}

/* ANALYZE or CREATE INDEX of another session holds the table of a publication for a moment. */
static void *hold_customer(void *conninfo)
{
    PGconn *conn = PQconnectdb(conninfo);
    PQclear(PQexec(conn, "BEGIN; LOCK TABLE customer IN SHARE UPDATE EXCLUSIVE MODE"));
    PQclear(PQexec(conn, "SELECT pg_sleep(2)"));
    PQfinish(conn);
    return NULL;
}

Test(server_global, a_dry_rehearsal_waits_for_locks_as_prepare_does)
{
    Pair pair = pair_open();
    test_sql(&pair.dest, "CREATE PUBLICATION news FOR TABLE customer, orders");
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    pgzm_set(pgzm, PGZM_DRY_RUN, "on");
    pgzm_set(pgzm, PGZM_REHEARSE, "on");
    pthread_t holder;
    cr_assert_eq(pthread_create(&holder, NULL, hold_customer, pair.dest.conninfo), 0);
    usleep(300000);
    EXPECT_STATUS(pgzm, PGZM_PREPARE, PGZM_OK);
    pthread_join(holder, NULL);
}

/* Its schema is in the path then: names of that schema are printed without it, on both sides. */
Test(server_global, finds_its_counterparts_when_one_side_has_an_extension_more)
{
    static const char mood[] = "CREATE TYPE mood AS ENUM (%s);"
                               "CREATE FUNCTION mood_int(mood) RETURNS int LANGUAGE sql IMMUTABLE"
                               " AS 'SELECT 1';"
                               "CREATE CAST (mood AS int) WITH FUNCTION mood_int(mood);";
    AUTO(mem_free) char *ours = mem_printf(mood, "'a', 'b'");
    AUTO(mem_free) char *theirs = mem_printf(mood, "'a'");
    for (int turn = 0; turn < 2; turn++) {
        Pair pair = pair_open();
        test_sql(&pair.source, ours);
        test_sql(&pair.dest, theirs);
        test_sql(turn == 0 ? &pair.source : &pair.dest, "CREATE EXTENSION citext");
        AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
        pgzm_set(pgzm, PGZM_LATEST, "on");
        EXPECT_STATUS(pgzm, PGZM_START, PGZM_OK);
        EXPECT_VALUE(&pair.dest, "SELECT 'b'::public.mood::int", "1");
        EXPECT_STATUS(pgzm, PGZM_ROLLBACK, PGZM_OK);
        EXPECT_VALUE(&pair.dest, "SELECT 'a'::public.mood::int", "1");
    }
}
