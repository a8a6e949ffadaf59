/*
 * The scenarios from the ninth on (test_scenario.c has the others): what a migration meets. Sides
 * that drifted apart, failures, rights, settings, encodings, load.
 */
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/e2e/bakery.h"
#include "tests/harness/clients.h"
#include "tests/harness/proxy.h"

static const CompareScope live_may_have_more = {.second_may_have_more = true};

/* ---- 9: drift ---------------------------------------------------------------------------- */

Test(server_scenario, schemas_that_drifted_apart_in_both_directions)
{
    static const char both[] =
        "CREATE TABLE items (id int PRIMARY KEY, name text, old_only text, amount int);"
        "CREATE TABLE stays (id int PRIMARY KEY); CREATE TABLE dropped_there (id int PRIMARY KEY);"
        "CREATE TYPE mood AS ENUM ('good', 'bad'); CREATE TYPE level AS ENUM ('low', 'high');"
        "CREATE FUNCTION changed() RETURNS int LANGUAGE sql AS 'SELECT 1';"
        "CREATE FUNCTION dropped_there(a int) RETURNS int LANGUAGE sql AS 'SELECT a';"
        "CREATE VIEW seen AS SELECT id, name FROM items; CREATE VIEW dropped_view AS SELECT 1 AS a;"
        "ALTER TABLE items ENABLE ROW LEVEL SECURITY;"
        "CREATE POLICY changed ON items USING (amount > 0);"
        "CREATE POLICY dropped ON items FOR DELETE USING (false);"
        "CREATE INDEX items_amount ON items (amount);";
    static const char in_source[] =
        "DROP POLICY changed ON items; ALTER TABLE items DROP COLUMN old_only; ALTER TABLE items "
        "ADD COLUMN added date DEFAULT"
        " '2026-01-01'; ALTER TABLE items ALTER amount TYPE bigint USING amount;"
        "DROP TABLE dropped_there; DROP FUNCTION dropped_there(int); DROP VIEW dropped_view;"
        "ALTER TYPE mood ADD VALUE 'fine' BEFORE 'bad'; CREATE TYPE added AS ENUM ('x');"
        "CREATE OR REPLACE FUNCTION changed() RETURNS int LANGUAGE sql AS 'SELECT 2';"
        "CREATE OR REPLACE VIEW seen AS SELECT id, name, added FROM items;"
        "DROP POLICY dropped ON items;"
        "CREATE POLICY changed ON items USING (amount > 1);"
        "CREATE POLICY added ON items FOR INSERT WITH CHECK (true);"
        "CREATE TABLE added_table (id int PRIMARY KEY, kind added, mood mood);"
        "CREATE VIEW added_view AS SELECT kind FROM added_table;"
        "CREATE FUNCTION added(a int) RETURNS added_table LANGUAGE sql STABLE"
        " AS 'SELECT * FROM added_table WHERE id = a';";
    static const char in_dest[] =
        "CREATE TABLE own (id int PRIMARY KEY, level level); CREATE TYPE own_kind AS ENUM ('o');"
        "ALTER TABLE items ADD COLUMN own_column text; ALTER TABLE items DROP COLUMN name CASCADE;"
        "CREATE VIEW own_view AS SELECT id, amount FROM items WHERE amount > 5;"
        "CREATE FUNCTION own_function() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM "
        "items';"
        "CREATE INDEX own_index ON items (old_only); DROP INDEX items_amount;"
        "CREATE POLICY own_policy ON items FOR UPDATE USING (true);"
        "CREATE POLICY own_policy ON own USING (EXISTS (SELECT FROM items i WHERE i.id = own.id));"
        "INSERT INTO items VALUES (1, 'gone', 4, 'own'); INSERT INTO own VALUES (1, 'high');";
    Shop shop = {test_source_database("source"), test_database("dest")};
    test_sql(&shop.source, both);
    test_sql(&shop.dest, both);
    test_sql(&shop.source, in_source);
    test_sql(&shop.source, "INSERT INTO items VALUES (1, 'new', 9), (2, 'new', 3);"
                           "INSERT INTO added_table VALUES (1, 'x', 'fine')");
    test_sql(&shop.dest, in_dest);
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, false);
    AUTO(launch_clear) Launch diff = SHOP_LAUNCH(&shop, "diff");
    EXPECT_EXIT(&diff, 8);
    SHOP_RUN(&shop, "start");
    EXPECT_SAME(compare_databases(&shop.source, &shop.dest, &live_may_have_more));
    AUTO(launch_clear) Launch same = SHOP_LAUNCH(&shop, "diff");
    EXPECT_EXIT(&same, 0);
    EXPECT_VALUE(&shop.dest, "SELECT id || ' ' || amount FROM own_view", "1 9");
    EXPECT_VALUE(&shop.dest, "SELECT own_function() || ' ' || (SELECT level FROM own)", "2 high");
    EXPECT_VALUE(&shop.dest, "SELECT 'dropped_there'::regclass || ' ' || dropped_there(3)",
                 "dropped_there 3");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM pg_policies WHERE schemaname = 'public'", "3");
    DEST_RUN(&shop, "rollback", "--latest");
    EXPECT_LIVE(&shop, before);
}

/* ---- 10: what only the destination has --------------------------------------------------- */

Test(server_scenario, what_only_the_destination_has_survives_and_points_to_the_new_objects)
{
    static const char own[] =
        "CREATE TABLE reviews (id int PRIMARY KEY, order_id bigint REFERENCES orders ON DELETE"
        " CASCADE, stars int); INSERT INTO reviews VALUES (1, 1, 5);"
        "CREATE VIEW order_count AS SELECT count(*) AS n FROM orders;"
        "CREATE VIEW over_view AS SELECT n, (SELECT count(*) FROM cheap) AS c FROM order_count;"
        "CREATE MATERIALIZED VIEW own_prices AS SELECT note, id FROM notes;"
        "CREATE FUNCTION bread_names() RETURNS SETOF breads LANGUAGE sql STABLE AS"
        " 'SELECT * FROM breads ORDER BY id';"
        "CREATE FUNCTION priced(b breads) RETURNS text LANGUAGE sql IMMUTABLE AS"
        " 'SELECT b.name || b.price';"
        "ALTER TABLE notes ENABLE ROW LEVEL SECURITY;"
        "CREATE POLICY known ON notes USING (EXISTS (SELECT FROM breads b WHERE b.id = bread_id));"
        "CREATE FUNCTION note_price() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " NEW.note := NEW.note || price_of(NEW.bread_id); RETURN NEW; END $$;"
        "CREATE FUNCTION price_of(int) RETURNS numeric LANGUAGE sql STABLE AS"
        " 'SELECT price FROM breads WHERE id = $1';"
        "CREATE TRIGGER note_price BEFORE INSERT ON notes FOR EACH ROW"
        " EXECUTE FUNCTION note_price();"
        "CREATE PUBLICATION own_publication FOR TABLE breads, notes;";
    Shop shop = bakery_with("ALTER TABLE breads ALTER since SET NOT NULL", own);
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, false);
    SHOP_RUN(&shop, "start", KEEPING);
    EXPECT_VALUE(&shop.dest, "SELECT n || ' ' || c FROM over_view", "200 5");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM bread_names() WHERE since IS NOT NULL", "30");
    EXPECT_VALUE(&shop.dest, "SELECT priced(b) FROM breads b WHERE id = 3", "new bread 33.00");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM own_prices", "10");
    EXPECT_VALUE(&shop.dest,
                 "SELECT string_agg(prrelid::regclass::text, ',' ORDER BY prrelid::regclass::text)"
                 " FROM pg_publication_rel",
                 "breads,notes");
    EXPECT_VALUE(&shop.dest,
                 "SELECT string_agg(conrelid::regclass || '>' || confrelid::regclass ||"
                 " convalidated, ',' ORDER BY conrelid::regclass::text) FROM pg_constraint"
                 " WHERE contype = 'f' AND conrelid IN ('notes'::regclass, 'reviews'::regclass)",
                 "notes>breadstrue,reviews>orderstrue");
    EXPECT_VALUE(&shop.dest, "INSERT INTO notes (bread_id, note) VALUES (30, 'x') RETURNING note",
                 "x30.00");
    EXPECT_VALUE(&shop.dest,
                 "SELECT count(*) FROM pg_policies WHERE qual LIKE '%pgzm%' OR with_check LIKE"
                 " '%pgzm%'",
                 "0");
    EXPECT_VALUE(&shop.dest,
                 "SELECT count(*) FROM pg_views WHERE schemaname = 'public' AND definition LIKE"
                 " '%pgzm%'",
                 "0");
    test_sql(&shop.dest, "DELETE FROM orders WHERE id = 1; DELETE FROM notes WHERE bread_id = 30;"
                         "SELECT setval('notes_id_seq', 10)");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM reviews", "0");
    DEST_RUN(&shop, "verify");
    test_sql(&shop.dest, "INSERT INTO reviews VALUES (1, NULL, 5)");
    DEST_RUN(&shop, "rollback", "--latest");
    test_sql(&shop.dest, "UPDATE reviews SET order_id = 1");
    EXPECT_LIVE(&shop, before);
}

/* ---- 11: sequences ----------------------------------------------------------------------- */

Test(server_scenario, sequences_of_every_sort_have_the_right_value)
{
    static const char both[] =
        "CREATE TABLE s (id serial PRIMARY KEY, a int);"
        "CREATE TABLE always (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a int);"
        "CREATE TABLE by_default (id bigint GENERATED BY DEFAULT AS IDENTITY (START 100 INCREMENT"
        " 5) PRIMARY KEY, a int);"
        "CREATE SEQUENCE shared; CREATE TABLE one (id int DEFAULT nextval('shared') PRIMARY KEY);"
        "CREATE TABLE two (id int DEFAULT nextval('shared') PRIMARY KEY);"
        "CREATE SEQUENCE down INCREMENT -3 MINVALUE -100 MAXVALUE 100 START 50;"
        "CREATE SEQUENCE round AS smallint MAXVALUE 5 CYCLE; CREATE SEQUENCE never START 42;"
        "CREATE SEQUENCE cached CACHE 20;"
        "CREATE TABLE kept (id serial PRIMARY KEY, a text);"
        "CREATE TABLE kept_always (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a text);";
    static const char calls[] =
        "INSERT INTO s (a) SELECT i FROM generate_series(1, 30) i; DELETE FROM s WHERE id > 20;"
        "INSERT INTO always (a) VALUES (1), (2); INSERT INTO by_default (a) VALUES (1), (2), (3);"
        "INSERT INTO one DEFAULT VALUES; INSERT INTO two DEFAULT VALUES;"
        "SELECT nextval('down'), nextval('down');"
        "SELECT nextval('round') FROM generate_series(1, 7); SELECT nextval('cached');"
        "INSERT INTO kept (a) SELECT 'staging' FROM generate_series(1, 3);"
        "INSERT INTO kept_always (a) SELECT 'staging' FROM generate_series(1, 3);";
    Shop shop = {test_source_database("source"), test_database("dest")};
    test_sql(&shop.source, both);
    test_sql(&shop.dest, both);
    test_sql(&shop.source, calls);
    test_sql(&shop.dest, "INSERT INTO kept (a) SELECT 'live' FROM generate_series(1, 500);"
                         "INSERT INTO kept_always (a) SELECT 'live' FROM generate_series(1, 700);"
                         "SELECT nextval('never'), nextval('down'); INSERT INTO s VALUES (9000)");
    SHOP_RUN(&shop, "prepare", "--preserved-tables", "kept,kept_always");
    test_sql(&shop.dest, "INSERT INTO kept (a) VALUES ('between'); SELECT nextval('kept_id_seq');"
                         "DELETE FROM kept_always WHERE id > 600");
    DEST_RUN(&shop, "swap");
    static const char *const kept[] = {"public.kept", "public.kept_id_seq", "public.kept_always",
                                       "public.kept_always_id_seq", NULL};
    const CompareScope scope = {.ignored_rows = kept, .second_may_have_more = true};
    EXPECT_SAME(compare_databases(&shop.source, &shop.dest, &scope));
    EXPECT_VALUE(&shop.dest, "INSERT INTO kept (a) VALUES ('n') RETURNING id", "503");
    EXPECT_VALUE(&shop.dest, "INSERT INTO kept_always (a) VALUES ('n') RETURNING id", "701");
    static const char next[] =
        "SELECT concat_ws(' ', nextval('s_id_seq'), nextval('always_id_seq'),"
        " nextval('by_default_id_seq'), nextval('shared'), nextval('down'), nextval('round'),"
        " nextval('never'), nextval('cached'))";
    EXPECT_VALUE(&shop.dest, next, "31 3 115 3 44 3 42 21");
    EXPECT_VALUE(&shop.dest, "INSERT INTO one DEFAULT VALUES RETURNING id", "4");
    DEST_RUN(&shop, "rollback", "--latest");
    EXPECT_VALUE(&shop.dest, "INSERT INTO kept (a) VALUES ('n') RETURNING id", "504");
    EXPECT_VALUE(&shop.dest, "INSERT INTO kept_always (a) VALUES ('n') RETURNING id", "702");
    EXPECT_VALUE(&shop.dest, "SELECT nextval('never') || ' ' || nextval('down')", "43 47");
}

/* ALTER DATABASE with each of the settings, up to NULL. */
static void alter_database(const TestDatabase *database, const char *verb,
                           const char *const *settings)
{
    for (; *settings != NULL; settings++) {
        AUTO(mem_free)
        char *script = mem_printf("ALTER DATABASE %s %s %s", database->name, verb, *settings);
        test_sql(database, script);
    }
}

/* ---- 12: failures ------------------------------------------------------------------------ */

/* Whatever failed: what is live is as it was, and after abort the whole way can be gone. */
static void expect_good_end(const Shop *shop, const char *before)
{
    EXPECT_LIVE(shop, before);
    DEST_RUN(shop, "abort");
    EXPECT_LIVE(shop, before);
    SHOP_RUN(shop, "start", KEEPING);
    EXPECT_VALUE(&shop->dest, "SELECT count(*) FROM breads WHERE name LIKE 'new%'", "30");
    EXPECT_VALUE(&shop->dest, LATEST_STATE, "SETTLED");
}

Test(server_scenario, no_space_for_an_index_fails_and_can_be_done_again)
{
    Shop shop =
        bakery_with("CREATE TABLE big (id int, word text);"
                    "INSERT INTO big SELECT i, md5(i::text) FROM generate_series(1, 60000) i;"
                    "CREATE INDEX big_word ON big (word, id)",
                    NULL);
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, false);
    static const char *const little[] = {"temp_file_limit = 64", "maintenance_work_mem = 1024",
                                         NULL};
    alter_database(&shop.dest, "SET", little);
    AUTO(launch_clear) Launch launch = SHOP_LAUNCH(&shop, "start", KEEPING);
    EXPECT_ERROR(&launch, 7, "making index ");
    EXPECT_CONTAINS(launch.err, "temp_file_limit");
    alter_database(&shop.dest, "RESET", (const char *const[]){"ALL", NULL});
    expect_good_end(&shop, before);
}

static char folder[] = "/tmp/pgzmtest-space.XXXXXX";

/* Also after a failure. */
static void remove_space(void)
{
    umount2(folder, MNT_DETACH);
    rmdir(folder);
}

/* A file system of `size` that the server of the tests may write to, as a tablespace; NULL where
 * that needs rights which nobody here has. */
static char *small_space(const TestDatabase *any, const char *size)
{
    AUTO(mem_free) char *data = test_value(any, "SHOW data_directory");
    struct stat of_server;
    if (getuid() != 0 || mkdtemp(folder) == NULL)
        return NULL;
    AUTO(mem_free) char *options = mem_printf("size=%s", size);
    AUTO(mem_free) char *name = mem_printf("pgzmtest_space_%d", (int)getpid());
    AUTO(mem_free) char *create = mem_printf("CREATE TABLESPACE %s LOCATION '%s'", name, folder);
    if (stat(data, &of_server) != 0 || mount("tmpfs", folder, "tmpfs", 0, options) != 0) {
        rmdir(folder);
        return NULL;
    }
    if (chown(folder, of_server.st_uid, of_server.st_gid) != 0 || chmod(folder, 0700) != 0)
        cr_assert_fail("%s cannot be given to the server", folder);
    test_sql(any, create);
    return TAKE(name);
}

Test(server_scenario, a_full_disk_fails_and_can_be_done_again, .fini = remove_space)
{
    TestDatabase any = test_database("any");
    AUTO(mem_free) char *space = small_space(&any, "40m");
    if (space == NULL)
        cr_skip_test("mounting a small file system needs root and its capabilities");
    AUTO(mem_free)
    char *options = mem_printf("TEMPLATE template0 TABLESPACE %s", space);
    Shop shop = {.source = test_source_database("source"),
                 .dest = test_database_with("dest", options)};
    test_sql_file(&shop.source, "tests/fixture/bakery_source.sql");
    test_sql_file(&shop.dest, "tests/fixture/bakery_dest.sql");
    test_sql(&shop.source, "CREATE TABLE big (id int, words text); ALTER TABLE big ALTER words"
                           " SET STORAGE PLAIN; INSERT INTO big SELECT i, repeat('word ', 500)"
                           " FROM generate_series(1, 20000) i");
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, false);
    AUTO(launch_clear) Launch launch = SHOP_LAUNCH(&shop, "start", KEEPING);
    EXPECT_ERROR(&launch, 7, "copying public.big");
    EXPECT_CONTAINS(launch.err, "could not extend file"); /* no space, or for a part of it */
    cr_assert_eq(mount("tmpfs", folder, "tmpfs", MS_REMOUNT, "size=200m"), 0);
    expect_good_end(&shop, before);

    test_database_drop(&shop.dest);
    AUTO(mem_free) char *drop = mem_printf("DROP TABLESPACE %s", space);
    test_sql(&any, drop);
}

Test(server_scenario, a_table_that_is_never_free_leaves_it_prepared_and_the_swap_can_be_done_again)
{
    Shop shop = bakery_open();
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, false);
    AUTO(session_close)
    PGconn *reader = session_open(&shop.dest, "BEGIN; SELECT * FROM customers");
    AUTO(launch_clear)
    Launch launch = SHOP_LAUNCH(&shop, "start", KEEPING, "--swap-timeout", "1s");
    EXPECT_EXIT(&launch, 6);
    session_run(reader, "COMMIT; BEGIN; LOCK TABLE breads IN ROW EXCLUSIVE MODE");
    AUTO(launch_clear) Launch swap = DEST_LAUNCH(&shop, "swap", "--swap-timeout", "1s");
    EXPECT_ERROR(&swap, 6, "the swap did not get its locks in 1000 ms");
    EXPECT_VALUE(&shop.dest, LATEST_STATE, "PREPARED");
    static const char *const sync[] = {"after:  trigger public.customers: pgzm_", NULL};
    AUTO(mem_free) char *between = compare_fingerprint(&shop.dest, NULL, false);
    EXPECT_SAME(compare_fingerprints_but(before, between, sync));
    session_run(reader, "COMMIT");
    DEST_RUN(&shop, "swap");
    session_run(reader, "BEGIN; SELECT * FROM breads");
    AUTO(launch_clear)
    Launch back = DEST_LAUNCH(&shop, "rollback", "--latest", "--swap-timeout", "1s");
    EXPECT_ERROR(&back, 6, "the rollback did not get its locks in 1000 ms");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM breads", "30");
    session_run(reader, "COMMIT");
    DEST_RUN(&shop, "rollback", "--latest");
    EXPECT_LIVE(&shop, before);
}

Test(server_scenario, a_network_that_goes_away_leaves_what_is_live)
{
    static const struct Cut {
        const char *at;
        int exit_code;
        bool of_swap;
    } cuts[] = {{"pg_export_snapshot", 3, false},
                {"TO STDOUT", 3, false},
                {"FROM STDIN", 3, false},
                {"CREATE TRIGGER", 3, false},
                {"The swap, or its inverse", 3, true}};
    Shop shop = bakery_open();
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, false);
    const char *const servers[PROXY_SIDES] = {shop.dest.conninfo, shop.source.conninfo};
    for (size_t i = 0; i < LENGTH(cuts); i++) {
        AUTO(proxy_free) Proxy *proxy = proxy_new(servers);
        AUTO(mem_free) char *source = proxy_conninfo(proxy, PROXY_SOURCE, shop.source.name);
        AUTO(mem_free) char *dest = proxy_conninfo(proxy, PROXY_DEST, shop.dest.name);
        proxy_arm(proxy, &(ProxyStrike){.text = cuts[i].at,
                                        .action = PROXY_CUT_FOR_GOOD,
                                        .moment = PROXY_BEFORE});
        AUTO(launch_clear)
        Launch launch = LAUNCH("start", "--source", source, "--dest", dest, KEEPING);
        cr_assert_neq(proxy_struck(proxy), 0, "%s was never said", cuts[i].at);
        EXPECT_EXIT(&launch, cuts[i].exit_code);
        EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM breads WHERE name LIKE 'old%'", "10");
        AUTO(launch_clear) Launch next = DEST_LAUNCH(&shop, cuts[i].of_swap ? "swap" : "abort");
        if (next.exit_code != 5 || cuts[i].of_swap) /* 5: nothing had begun */
            EXPECT_EXIT(&next, 0);
        if (!cuts[i].of_swap)
            EXPECT_LIVE(&shop, before);
    }
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM breads WHERE name LIKE 'new%'", "30");
    EXPECT_VALUE(&shop.dest, LATEST_STATE, "SETTLED");
}

/* ---- 13: rights, settings, encodings ----------------------------------------------------- */

Test(server_scenario, a_role_that_is_no_superuser_with_row_security_and_other_settings)
{
    static const char tables[] =
        "CREATE TABLE secrets (id int PRIMARY KEY, owner text, note text);"
        "ALTER TABLE secrets ENABLE ROW LEVEL SECURITY;"
        "CREATE POLICY own ON secrets USING (owner = current_user);"
        "GRANT SELECT, UPDATE ON secrets TO pgzmtest_poor;"
        "CREATE TABLE kept (id serial PRIMARY KEY, at timestamptz, long interval, x float8,"
        " bytes bytea); ALTER TABLE kept ENABLE ROW LEVEL SECURITY;"
        "CREATE POLICY odd ON kept USING (id % 2 = 1); GRANT SELECT ON kept TO pgzmtest_poor;"
        "CREATE TABLE stamps (id int PRIMARY KEY, d date, at timestamptz, ts timestamp,"
        " long interval, x float8, y real, bytes bytea, days date[], span tstzrange);"
        "CREATE TABLE as_text (LIKE stamps, reg regtype);";
    static const char rows[] =
        "INSERT INTO stamps SELECT i, '2026-02-01'::date + i, '2026-03-04 05:06:07.891+00'::"
        "timestamptz + i * interval '1 hour', '2026-04-05 06:07:08', i * interval '1 day -2 hours"
        " 3 months', i / 7.0, i / 3.0, decode('00ff27', 'hex'), ARRAY['2026-05-06'::date],"
        " tstzrange('2026-01-02 00:00+00', NULL) FROM generate_series(1, 50) i;"
        "INSERT INTO as_text SELECT *, 'int4' FROM stamps;"
        "INSERT INTO secrets VALUES (1, 'pgzmtest_poor', 'new'), (2, 'somebody', 'new');";
    static const char kept_rows[] =
        "INSERT INTO kept (at, long, x, bytes) SELECT '2026-12-11 10:09:08+00',"
        " i * interval '1 year -1 day', i / 7.0, '\\x5c27' FROM generate_series(1, 40) i;"
        "INSERT INTO secrets VALUES (1, 'pgzmtest_poor', 'old'); ALTER TABLE secrets FORCE ROW "
        "LEVEL"
        " SECURITY";
    static const char *const here[] = {"DateStyle = 'SQL, DMY'",    "IntervalStyle = sql_standard",
                                       "TimeZone = 'Asia/Kolkata'", "extra_float_digits = -9",
                                       "bytea_output = escape",     "client_encoding = 'LATIN1'",
                                       "search_path = 'nowhere'",   NULL};
    static const char *const there[] = {"DateStyle = 'German, MDY'",
                                        "IntervalStyle = iso_8601",
                                        "TimeZone = 'America/Caracas'",
                                        "extra_float_digits = 0",
                                        "row_security = on",
                                        "standard_conforming_strings = off",
                                        "default_transaction_isolation = serializable",
                                        NULL};
    Shop shop = {test_source_database("source"), test_database("dest")};
    test_role(&shop.dest, "pgzmtest_clerk");
    test_role(&shop.dest, "pgzmtest_reader");
    test_role(&shop.dest, "pgzmtest_poor");
    AUTO(mem_free)
    char *owners = mem_printf("ALTER DATABASE %s OWNER TO pgzmtest_clerk; CREATE SCHEMA app"
                              " AUTHORIZATION pgzmtest_clerk",
                              shop.dest.name);
    test_sql(&shop.dest, owners);
    test_sql(&shop.source, "CREATE SCHEMA app AUTHORIZATION pgzmtest_reader");
    TestDatabase clerk = test_as(&shop.dest, "pgzmtest_clerk");
    TestDatabase reader = test_as(&shop.source, "pgzmtest_reader");
    TestDatabase poor = test_as(&shop.dest, "pgzmtest_poor");
    AUTO(mem_free) char *in_source = mem_printf("SET search_path = app; %s %s", tables, rows);
    AUTO(mem_free) char *in_dest = mem_printf("SET search_path = app; %s %s", tables, kept_rows);
    test_sql(&reader, in_source);
    test_sql(&clerk, in_dest);
    test_sql(&clerk, "GRANT USAGE ON SCHEMA app TO pgzmtest_poor");
    alter_database(&shop.source, "SET", here);
    alter_database(&shop.dest, "SET", there);
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, false);

    const char *const start[] = {"start",
                                 "--source",
                                 reader.conninfo,
                                 "--dest",
                                 clerk.conninfo,
                                 "--schema",
                                 "app",
                                 "--no-owner",
                                 "--preserved-tables",
                                 "app.kept",
                                 NULL};

    /* Who is not shown all rows copies none. */
    test_sql(&reader, "ALTER TABLE app.secrets FORCE ROW LEVEL SECURITY");
    AUTO(launch_clear) Launch hidden = launch_now(start);
    EXPECT_ERROR(
        &hidden, 4,
        "row-level security hides rows of the source from user pgzmtest_reader: app.secrets");
    EXPECT_LIVE(&shop, before);
    test_sql(&reader, "ALTER TABLE app.secrets NO FORCE ROW LEVEL SECURITY");
    AUTO(launch_clear) Launch launch = launch_now(start);
    EXPECT_EXIT(&launch, 0);
    static const char *const kept[] = {"app.kept", "app.kept_id_seq", NULL};
    static const char *const kinds[] = {"owner", "grant", "setting", "schema", "default_privilege",
                                        NULL};
    const CompareScope scope = {
        .ignored_rows = kept, .ignored_kinds = kinds, .second_may_have_more = true};
    EXPECT_SAME(compare_databases(&shop.source, &shop.dest, &scope));
    EXPECT_VALUE(&shop.dest, "SELECT count(*) || ' ' || sum(x)::numeric(10, 4) FROM app.kept",
                 "40 117.1429");
    /* Row-level security holds for the others. */
    EXPECT_VALUE(&poor, "SELECT string_agg(note, ',') FROM app.secrets", "new");
    EXPECT_VALUE(&poor, "SELECT count(*) FROM app.kept", "20");
    AUTO(launch_clear) Launch back = LAUNCH("rollback", "--latest", "--dest", clerk.conninfo);
    EXPECT_EXIT(&back, 0);
    EXPECT_LIVE(&shop, before);
    EXPECT_VALUE(&poor, "SELECT string_agg(note, ',') FROM app.secrets", "old");
}

/* The same database, told that the test speaks UTF8. */
static TestDatabase in_utf8(const TestDatabase *database)
{
    TestDatabase utf8 = *database;
    strncat(utf8.conninfo, " client_encoding=UTF8",
            sizeof utf8.conninfo - strlen(utf8.conninfo) - 1);
    return utf8;
}

Test(server_scenario, databases_of_different_encodings_and_collations)
{
    static const char latin1[] = "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'";
    static const char latin9[] = "ENCODING 'LATIN9' LC_COLLATE 'C' LC_CTYPE 'C'";
    static const char utf8[] = "ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'";
    static const char other[] = "ENCODING 'UTF8' LC_COLLATE 'C.utf8' LC_CTYPE 'C.utf8'";
    static const char *const pairs[][2] = {
        {utf8, latin1}, {latin1, utf8}, {latin9, utf8}, {utf8, latin9}, {utf8, other}};
    for (size_t i = 0; i < LENGTH(pairs); i++) {
        AUTO(mem_free) char *from = mem_printf("TEMPLATE template0 %s", pairs[i][0]);
        AUTO(mem_free) char *to = mem_printf("TEMPLATE template0 %s", pairs[i][1]);
        Shop shop = {.source = test_database_with("source", from),
                     .dest = test_database_with("dest", to)};
        TestDatabase source = in_utf8(&shop.source), dest = in_utf8(&shop.dest);
        const char *sign =
            pairs[i][0] == latin1 || pairs[i][1] == latin1 ? "\xc2\xa7" : "\xe2\x82\xac";
        AUTO(mem_free)
        char *script = mem_printf(
            "CREATE TABLE \"Stra\xc3\x9f"
            "en\" (id int PRIMARY KEY, \"\xc3\xb6rtlich\" text,"
            " sort \"char\", kind \"char\"); CREATE TABLE kept (id serial PRIMARY KEY, word text);"
            "CREATE TYPE f\xc3\xa4lle AS ENUM ('gr\xc3\xbcn', 'wei\xc3\x9f');"
            "CREATE INDEX \"\xc3\x84ste\" ON \"Stra\xc3\x9f"
            "en\" (\"\xc3\xb6rtlich\");"
            "CREATE TABLE typed (a f\xc3\xa4lle DEFAULT 'gr\xc3\xbcn', b text CHECK (b <> '%s%s'));"
            "COMMENT ON TABLE typed IS '\xc3\xbc"
            "ber %s';",
            sign, sign, sign);
        AUTO(mem_free)
        char *rows = mem_printf(
            "INSERT INTO \"Stra\xc3\x9f"
            "en\" SELECT i, chr(97 + i %% 26) || '%s \xc3\xa4\xc3\xb6'"
            " || i, 'x' FROM generate_series(1, 300) i; INSERT INTO typed VALUES ('wei\xc3\x9f',"
            " '%s')",
            sign, sign);
        test_sql(&source, script);
        test_sql(&source, rows);
        test_sql(&dest, script);
        AUTO(mem_free) char *kept = mem_printf("INSERT INTO kept (word) VALUES ('live %s')", sign);
        test_sql(&dest, kept);
        SHOP_RUN(&shop, "prepare", "--preserved-tables", "kept");
        test_sql(&dest, kept);
        DEST_RUN(&shop, "swap");

        static const char words[] = "SELECT s.*, t.* FROM \"Stra\xc3\x9f"
                                    "en\" s, typed t"
                                    " ORDER BY s.id";
        AUTO(mem_free) char *old = test_rows(&source, words);
        AUTO(mem_free) char *new = test_rows(&dest, words);
        cr_assert_str_eq(old, new, "pair %zu", i);
        AUTO(mem_free) char *live = mem_printf("live %s,live %s", sign, sign);
        EXPECT_VALUE(&dest, "SELECT string_agg(word, ',') FROM kept", live);
        /* The index is in the destination's order. */
        EXPECT_VALUE(
            &dest,
            "SET enable_seqscan = off; SET enable_sort = off; SELECT (SELECT array_agg(w)"
            " FROM (SELECT \"\xc3\xb6rtlich\" AS w FROM \"Stra\xc3\x9f"
            "en\" ORDER BY 1) a)"
            " = array_agg(\"\xc3\xb6rtlich\" ORDER BY \"\xc3\xb6rtlich\") FROM \"Stra\xc3\x9f"
            "en\"",
            "t");
        DEST_RUN(&shop, "rollback", "--latest");
        EXPECT_VALUE(&dest, "SELECT string_agg(word, ',') FROM kept", live);
        test_database_drop(&shop.source);
        test_database_drop(&shop.dest);
    }
}

/* ---- 14: load ---------------------------------------------------------------------------- */

Test(server_scenario, applications_notice_nothing_from_before_prepare_to_after_rollback)
{
    static const char *const statements[] = {
        "SELECT id, email, name FROM customers WHERE id = 1 + $1::int % 60",
        "INSERT INTO customers (email, name) VALUES ('w' || $1::int, 'Client')",
        "UPDATE customers SET name = 'Seen' WHERE id = 1 + $1::int % 60",
        "UPDATE breads SET price = price + 1 WHERE id = 1 + $1::int % 10",
        "SELECT count(*) FROM orders o JOIN customers c ON c.id = o.customer_id WHERE c.id ="
        " $1::int % 60",
        "DELETE FROM customers WHERE email = 'w' || ($1::int - 160)",
        "SELECT n.note, c.name FROM notes n JOIN cheap c ON c.id = n.bread_id WHERE n.id ="
        " 1 + $1::int % 10",
        NULL};
    Shop shop = bakery_open();
    Clients *clients = clients_start(&shop.dest, 8, 60, statements);
    AUTO(launch_clear) Launch prepare = SHOP_LAUNCH(&shop, "prepare", KEEPING);
    clients_await(clients, 300);
    AUTO(launch_clear) Launch swap = DEST_LAUNCH(&shop, "swap");
    clients_await(clients, 300);
    AUTO(launch_clear) Launch back = DEST_LAUNCH(&shop, "rollback", "--latest");
    clients_await(clients, 300);
    ClientsReport report = clients_stop(clients);
    EXPECT_EXIT(&prepare, 0);
    EXPECT_EXIT(&swap, 0);
    EXPECT_EXIT(&back, 0);
    cr_assert_eq(report.failures, 0, "%ld of %ld statements failed: %s", report.failures,
                 report.statements, report.first_failure);
    cr_assert_lt(report.longest_ms, 2000, "one statement took %.0f ms", report.longest_ms);
}
