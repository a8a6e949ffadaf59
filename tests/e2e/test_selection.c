/* Filters and switches of the built command: what is taken, what stays, what is said. */
#include <libpq-fe.h>
#include <unistd.h>

#include "tests/e2e/shop.h"

static void auto_pq_finish(PGconn **conn)
{
    PQfinish(*conn);
}

static const char tables[] =
    "CREATE TABLE customers (id int PRIMARY KEY, name text);"
    "CREATE TABLE logs (id int PRIMARY KEY, line text);"
    "CREATE TABLE orders (id int PRIMARY KEY, customer int REFERENCES customers,"
    "  log int REFERENCES logs);"
    "CREATE VIEW log_view AS SELECT * FROM logs;"
    "CREATE TABLE days (id int, day date) PARTITION BY RANGE (day);"
    "CREATE TABLE days_20 PARTITION OF days FOR VALUES FROM ('2020-1-1') TO ('2021-1-1');"
    "CREATE TABLE days_21 PARTITION OF days FOR VALUES FROM ('2021-1-1') TO ('2022-1-1');";

/* The same tables on both sides; their rows say where they come from. */
static Shop pair(const char *more)
{
    Shop shop = {test_source_database("source"), test_database("dest")};
    test_sql(&shop.source, tables);
    test_sql(&shop.dest, tables);
    test_sql(&shop.source, "INSERT INTO customers VALUES (1, 'new'); INSERT INTO logs VALUES (1, "
                           "'new'); INSERT INTO orders VALUES (1, 1, 1);"
                           "INSERT INTO days VALUES (1, '2020-5-5'), (2, '2021-5-5')");
    test_sql(&shop.dest, "INSERT INTO customers VALUES (1, 'old'); INSERT INTO logs VALUES (1, "
                         "'old'); INSERT INTO orders VALUES (1, 1, 1)");
    test_sql(&shop.source, more);
    return shop;
}

Test(server_selection, an_excluded_table_stays_and_what_is_cut_off_is_named)
{
    Shop shop = pair("");
    AUTO(launch_clear) Launch start = SHOP_LAUNCH(&shop, "start", "--json", "-T", "logs");
    EXPECT_EXIT(&start, 0);
    EXPECT_CONTAINS(start.err, "left out: foreign key orders_log_fkey on public.orders needs table "
                               "public.logs, which is excluded");
    EXPECT_CONTAINS(start.err, "left out: view public.log_view needs table public.logs");
    AUTO(json_decref) json_t *result = shop_json(start.out);
    cr_expect_eq(json_integer_value(json_object_get(result, "left_out")), 2);
    EXPECT_VALUE(&shop.dest, "SELECT line FROM logs", "old");
    EXPECT_VALUE(&shop.dest, "SELECT line FROM log_view", "old");
    EXPECT_VALUE(&shop.dest, "SELECT name FROM customers", "new");
    EXPECT_VALUE(&shop.dest,
                 "SELECT string_agg(conname, ' ' ORDER BY conname) FROM pg_constraint"
                 " WHERE conrelid = 'orders'::regclass AND contype = 'f'",
                 "orders_customer_fkey");
    AUTO(launch_clear)
    Launch back = LAUNCH("rollback", "--latest", "--dest", shop.dest.conninfo);
    EXPECT_EXIT(&back, 0);
    EXPECT_VALUE(&shop.dest, "SELECT name FROM customers", "old");
    EXPECT_VALUE(&shop.dest,
                 "SELECT confrelid::regclass FROM pg_constraint"
                 " WHERE conrelid = 'orders'::regclass AND conname = 'orders_log_fkey'",
                 "logs");
}

Test(server_selection, a_lock_on_an_excluded_table_is_not_waited_for)
{
    Shop shop = pair("");
    __attribute__((cleanup(auto_pq_finish))) PGconn *holder = PQconnectdb(shop.source.conninfo);
    PQclear(PQexec(holder, "BEGIN"));
    PQclear(PQexec(holder, "LOCK TABLE logs"));
    AUTO(launch_clear)
    Launch waits = SHOP_LAUNCH(&shop, "start", "--lock-wait-timeout", "500ms");
    EXPECT_EXIT(&waits, 6);
    AUTO(launch_clear)
    Launch start = SHOP_LAUNCH(&shop, "start", "--lock-wait-timeout", "500ms", "-T", "logs");
    EXPECT_EXIT(&start, 0);
    AUTO(launch_clear)
    Launch again =
        SHOP_LAUNCH(&shop, "start", "--lock-wait-timeout", "500ms", "-t", "customers", "-t", "d*");
    EXPECT_EXIT(&again, 0);
}

Test(server_selection, only_what_is_asked_for_trades_places)
{
    Shop shop = pair("CREATE SCHEMA other; CREATE TABLE other.t (id int)");
    AUTO(launch_clear) Launch start = SHOP_LAUNCH(&shop, "start", "-t", "customers");
    EXPECT_EXIT(&start, 0);
    EXPECT_VALUE(&shop.dest, "SELECT name FROM customers", "new");
    EXPECT_VALUE(&shop.dest, "SELECT line FROM logs", "old");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM pg_namespace WHERE nspname = 'other'", "0");
    /* the live key points to the new table */
    EXPECT_VALUE(&shop.dest,
                 "SELECT confrelid = 'customers'::regclass FROM pg_constraint"
                 " WHERE conrelid = 'orders'::regclass AND conname = 'orders_customer_fkey'",
                 "t");
}

Test(server_selection, tables_may_come_without_their_rows)
{
    Shop shop = pair("");
    AUTO(launch_clear)
    Launch start = SHOP_LAUNCH(&shop, "start", "--exclude-table-data", "orders",
                               "--exclude-table-data", "days");
    EXPECT_EXIT(&start, 0);
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM orders", "0");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM days", "0");
    cr_assert_null(strstr(start.err, "comes without rows"));
    AUTO(launch_clear)
    Launch warned = SHOP_LAUNCH(&shop, "start", "--dry-run", "--exclude-table-data", "logs");
    EXPECT_EXIT(&warned, 0);
    EXPECT_CONTAINS(warned.err,
                    "foreign key orders_log_fkey on public.orders points to a table that "
                    "comes without rows");
    EXPECT_VALUE(&shop.dest, "SELECT line FROM logs", "new");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM pg_inherits WHERE inhparent = 'days'::regclass",
                 "2");
}

Test(server_selection, patterns_are_read_from_a_file_and_from_standard_input)
{
    Shop shop = pair("");
    char path[] = "/tmp/pgzmtest-selection.XXXXXX";
    int fd = mkstemp(path);
    static const char file[] = "include table customers # this\nexclude table logs\n";
    cr_assert(fd >= 0 && write(fd, file, sizeof file - 1) == sizeof file - 1 && close(fd) == 0);
    AUTO(launch_clear) Launch start = SHOP_LAUNCH(&shop, "start", "--filter", path);
    unlink(path);
    EXPECT_EXIT(&start, 0);
    EXPECT_VALUE(&shop.dest, "SELECT name || line FROM customers, logs", "newold");

    AUTO(mem_free)
    char *line = mem_printf("echo 'include tables x' | '%s' start --source '%s' --dest '%s' "
                            "--filter -",
                            launch_command(), shop.source.conninfo, shop.dest.conninfo);
    const LaunchOptions shell = {.program = "/bin/sh"};
    AUTO(launch_clear)
    Launch input = launch_start(&shell, (const char *const[]){"-c", line, NULL});
    launch_wait(&input);
    EXPECT_EXIT(&input, 2);
    EXPECT_CONTAINS(input.err, "line 1 of standard input");
}

Test(server_selection, what_matches_nothing_is_an_error_before_anything_starts)
{
    Shop shop = pair("");
    static const char *const wrong[][3] = {
        {"-T", "order", "pattern order matches no table of the source"},
        {"-n", "Public", NULL}, /* folded: matches */
        {"-n", "\"Public\"", "matches no schema"},
        {"-t", "x'); DROP TABLE logs; --", "parentheses"},
        {"-t", "*.*.*.*", "too many dots"},
        {"--filter", "/nowhere", "cannot be opened"},
        {"--acl", "both", "merge, source or dest"},
        {"--max-risk", "none", "low, medium or high"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        AUTO(launch_clear)
        Launch start = SHOP_LAUNCH(&shop, "start", "--dry-run", wrong[i][0], wrong[i][1]);
        EXPECT_EXIT(&start, wrong[i][2] == NULL ? 0 : 2);
        if (wrong[i][2] != NULL)
            EXPECT_CONTAINS(start.err, wrong[i][2]);
    }
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'pgzm%'", "0");
}

Test(server_selection, what_cannot_stay_is_refused)
{
    Shop shop = pair("");
    AUTO(launch_clear) Launch part = SHOP_LAUNCH(&shop, "start", "-T", "days_21");
    EXPECT_EXIT(&part, 4);
    EXPECT_CONTAINS(part.err, "partition public.days_21 is excluded, but cannot stay");
    AUTO(launch_clear) Launch none = SHOP_LAUNCH(&shop, "start", "-t", "log_view");
    EXPECT_EXIT(&none, 4);
    EXPECT_CONTAINS(none.err, "the filters leave nothing");
    AUTO(launch_clear)
    Launch kept = SHOP_LAUNCH(&shop, "start", "-T", "logs", "--preserved-tables", "logs");
    EXPECT_EXIT(&kept, 4);
    EXPECT_CONTAINS(kept.err, "among those that the filters take");
    EXPECT_VALUE(&shop.dest, "SELECT name FROM customers", "old");
}

Test(server_selection, require_complete_makes_an_error_of_what_is_left_out)
{
    Shop shop = pair("");
    AUTO(launch_clear)
    Launch refused = SHOP_LAUNCH(&shop, "start", "-T", "logs", "--require-complete");
    EXPECT_EXIT(&refused, 4);
    EXPECT_CONTAINS(refused.err, "2 objects would not be carried over");
    EXPECT_VALUE(&shop.dest, "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'pgzm%'", "0");
    AUTO(launch_clear) Launch whole = SHOP_LAUNCH(&shop, "start", "--require-complete");
    EXPECT_EXIT(&whole, 0);
    /* who asks for a table does not ask for what the whole database has */
    test_sql(&shop.source, "SELECT lo_create(0)");
    AUTO(launch_clear) Launch large = SHOP_LAUNCH(&shop, "start", "--require-complete");
    EXPECT_EXIT(&large, 4);
    EXPECT_CONTAINS(large.err, "large objects");
    AUTO(launch_clear)
    Launch table = SHOP_LAUNCH(&shop, "start", "--require-complete", "-t", "customers");
    EXPECT_EXIT(&table, 0);
}

Test(server_selection, comments_are_left_behind_when_asked)
{
    Shop shop =
        pair("COMMENT ON TABLE logs IS 'a table'; COMMENT ON COLUMN logs.line IS 'a column';"
             "COMMENT ON VIEW log_view IS 'a view';"
             "COMMENT ON CONSTRAINT logs_pkey ON logs IS 'a key'");
    AUTO(launch_clear) Launch start = SHOP_LAUNCH(&shop, "start", "--no-comments");
    EXPECT_EXIT(&start, 0);
    EXPECT_VALUE(&shop.dest,
                 "SELECT count(*) FROM pg_description d JOIN pg_class c ON c.oid = d.objoid"
                 " WHERE c.relnamespace = 'public'::regnamespace",
                 "0");
    AUTO(launch_clear) Launch with = SHOP_LAUNCH(&shop, "start");
    EXPECT_EXIT(&with, 0);
    EXPECT_VALUE(&shop.dest,
                 "SELECT count(*) FROM pg_description d JOIN pg_class c ON c.oid = d.objoid"
                 " WHERE c.relnamespace = 'public'::regnamespace",
                 "3");
}

/* ---- owners and grants --------------------------------------------------------------------- */

#define ROLE(name)                                                                                 \
    "DO $$BEGIN CREATE ROLE " name "; EXCEPTION WHEN duplicate_object THEN NULL; END$$;"
static const char roles[] = ROLE("pgzm_t_sel_a") ROLE("pgzm_t_sel_b") ROLE("pgzm_t_sel_c");

/* logs belongs to a on the source and to b in the destination; only_new is the source's alone. */
static Shop owned(void)
{
    Shop shop = pair("");
    test_sql(&shop.dest, roles);
    test_sql(&shop.source, roles);
    test_sql(&shop.source,
             "ALTER TABLE logs OWNER TO pgzm_t_sel_a; GRANT SELECT ON logs TO pgzm_t_sel_c;"
             "CREATE TABLE only_new (id int); ALTER TABLE only_new OWNER TO pgzm_t_sel_a;"
             "GRANT SELECT ON only_new TO pgzm_t_sel_c;"
             "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'");
    test_sql(&shop.dest,
             "ALTER TABLE logs OWNER TO pgzm_t_sel_b; GRANT INSERT ON logs TO pgzm_t_sel_c;"
             "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 2';"
             "REVOKE EXECUTE ON FUNCTION f() FROM PUBLIC");
    return shop;
}

static const char state[] =
    "SELECT pg_get_userbyid(l.relowner) || ' ' || has_table_privilege('pgzm_t_sel_c', l.oid,"
    " 'SELECT') || has_table_privilege('pgzm_t_sel_c', l.oid, 'INSERT') || ' '"
    " || CASE WHEN n.relowner = 10 THEN 'maker' ELSE pg_get_userbyid(n.relowner) END || ' '"
    " || has_table_privilege('pgzm_t_sel_c', n.oid, 'SELECT') || ' '"
    " || has_function_privilege('pgzm_t_sel_c', 'f()', 'EXECUTE') || f()"
    " FROM pg_class l, pg_class n"
    " WHERE l.oid = 'logs'::regclass AND n.oid = 'only_new'::regclass";

static void expect_state(const char *expected, const char *one, const char *two, const char *three)
{
    Shop shop = owned();
    AUTO(launch_clear) Launch start = SHOP_LAUNCH(&shop, "start", one, two, three);
    EXPECT_EXIT(&start, 0);
    AUTO(mem_free) char *found = test_value(&shop.dest, state);
    cr_expect_str_eq(found, expected, "%s %s %s: %s, expected %s", one != NULL ? one : "",
                     two != NULL ? two : "", three != NULL ? three : "", found, expected);
}

/* owner of logs, SELECT and INSERT of c on it; owner of only_new, SELECT of c; EXECUTE of c on f */
Test(server_selection, owners_and_grants_are_merged_by_default)
{
    expect_state("pgzm_t_sel_b truetrue pgzm_t_sel_a true true1", NULL, NULL, NULL);
}

Test(server_selection, owners_and_grants_can_be_the_sources_alone)
{
    expect_state("pgzm_t_sel_a truefalse pgzm_t_sel_a true true1", "--acl", "source", NULL);
}

Test(server_selection, owners_and_grants_can_be_the_destinations_alone)
{
    expect_state("pgzm_t_sel_b falsetrue pgzm_t_sel_a true false1", "--acl", "dest", NULL);
}

Test(server_selection, without_owners_the_live_ones_stay)
{
    expect_state("pgzm_t_sel_b truetrue maker true true1", "--no-owner", NULL, NULL);
}

Test(server_selection, without_privileges_the_live_ones_stay)
{
    expect_state("pgzm_t_sel_b falsetrue pgzm_t_sel_a false false1", "-x", NULL, NULL);
}

Test(server_selection, with_nothing_of_either_side_all_is_the_makers)
{
    Shop shop = owned();
    AUTO(launch_clear) Launch start = SHOP_LAUNCH(&shop, "start", "-Ox", "--acl=source");
    EXPECT_EXIT(&start, 0);
    EXPECT_VALUE(&shop.dest,
                 "SELECT (relowner = 10)::text || coalesce(relacl::text, ' none') FROM pg_class"
                 " WHERE oid = 'logs'::regclass",
                 "true none");
}

Test(server_selection, everything_can_go_into_the_default_tablespace)
{
    if (test_server_version() < 150000 || getenv("TEST_SOURCE_PGPORT") != NULL)
        return; /* before, a tablespace needs a folder of the server's */
    AUTO(mem_free) char *space = mem_printf("pgzm_test_selection_%d", (int)getpid());
    Shop shop = pair("");
    __attribute__((cleanup(auto_pq_finish))) PGconn *admin = PQconnectdb(shop.source.conninfo);
    PQclear(PQexec(admin, "SET allow_in_place_tablespaces = on"));
    AUTO(mem_free) char *create = mem_printf("CREATE TABLESPACE %s LOCATION ''", space);
    PGresult *created = PQexec(admin, create);
    cr_assert_eq(PQresultStatus(created), PGRES_COMMAND_OK, "%s", PQerrorMessage(admin));
    PQclear(created);
    AUTO(mem_free)
    char *use = mem_printf("SET default_tablespace = %s; CREATE TABLE spaced (id int PRIMARY KEY,"
                           " name text); CREATE INDEX spaced_name ON spaced (name) WHERE id > 1;"
                           "CREATE MATERIALIZED VIEW spaced_view AS SELECT id FROM spaced",
                           space);
    test_sql(&shop.source, use);
    static const char count[] = "SELECT count(*) FROM pg_class WHERE reltablespace <> 0"
                                " AND relname LIKE 'spaced%'";
    EXPECT_VALUE(&shop.source, count, "4");
    AUTO(launch_clear) Launch start = SHOP_LAUNCH(&shop, "start", "--no-tablespaces");
    AUTO(mem_free) char *spaced = test_value(&shop.dest, count);
    AUTO(mem_free)
    char *indexes = test_value(&shop.dest, "SELECT count(*) FROM pg_indexes"
                                           " WHERE tablename = 'spaced' AND schemaname = 'public'");
    test_database_drop(&shop.source);
    test_database_drop(&shop.dest);
    AUTO(mem_free) char *drop = mem_printf("DROP TABLESPACE %s", space);
    PQfinish(admin);
    TestDatabase other = test_database("tablespace");
    admin = PQconnectdb(other.conninfo);
    PQclear(PQexec(admin, drop));
    EXPECT_EXIT(&start, 0);
    cr_expect_str_eq(spaced, "0");
    cr_expect_str_eq(indexes, "2");
}

/* ---- what excluded tables share with others ------------------------------------------------- */

static const char shared[] =
    "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS"
    " 'BEGIN NEW.name = TG_TABLE_SCHEMA || NEW.id; RETURN NEW; END';"
    "CREATE FUNCTION fresh() RETURNS text LANGUAGE sql AS 'SELECT ''fresh''::text';"
    "CREATE FUNCTION allowed(int) RETURNS bool LANGUAGE sql AS 'SELECT $1 > 0';"
    "CREATE TABLE taken (id int PRIMARY KEY, name text, tag text DEFAULT fresh());"
    "CREATE TABLE other (id int PRIMARY KEY, name text, tag text DEFAULT fresh());"
    "CREATE TRIGGER touch BEFORE INSERT ON taken FOR EACH ROW EXECUTE FUNCTION touch();"
    "CREATE TRIGGER touch BEFORE INSERT ON other FOR EACH ROW EXECUTE FUNCTION touch();"
    "CREATE TRIGGER off BEFORE INSERT ON other FOR EACH ROW EXECUTE FUNCTION touch();"
    "COMMENT ON TRIGGER off ON other IS 'is off'; ALTER TABLE other DISABLE TRIGGER off;"
    "CREATE POLICY p ON taken USING (allowed(id)); CREATE POLICY p ON other USING (allowed(id));";

/* Nothing that is live leans on a schema of ours; the parts are as they were. */
static void expect_shared(const TestDatabase *dest)
{
    EXPECT_VALUE(dest,
                 "SELECT count(*) FROM pg_depend d JOIN pg_proc p ON d.refclassid ="
                 " 'pg_proc'::regclass AND p.oid = d.refobjid"
                 " LEFT JOIN pg_trigger t ON d.classid = 'pg_trigger'::regclass AND t.oid = d.objid"
                 " LEFT JOIN pg_attrdef a ON d.classid = 'pg_attrdef'::regclass AND a.oid = d.objid"
                 " LEFT JOIN pg_policy y ON d.classid = 'pg_policy'::regclass AND y.oid = d.objid"
                 " WHERE coalesce(t.tgrelid, a.adrelid, y.polrelid) IN"
                 " ('taken'::regclass, 'other'::regclass) AND p.pronamespace ="
                 " 'public'::regnamespace",
                 "7");
    EXPECT_VALUE(dest,
                 "SELECT string_agg(tgname || tgenabled::text ||"
                 " coalesce(obj_description(oid, 'pg_trigger'), ''), ' ' ORDER BY tgname)"
                 " FROM pg_trigger WHERE tgrelid = 'other'::regclass",
                 "offDis off touchO");
    test_sql(dest, "DELETE FROM other; INSERT INTO other (id) VALUES (7)");
    EXPECT_VALUE(dest, "SELECT name || tag FROM other", "public7fresh");
}

Test(server_selection, an_excluded_table_goes_on_with_functions_that_are_replaced)
{
    static const char *const options[][2] = {{"-t", "taken"}, {"-T", "other"}};
    for (size_t i = 0; i < 2; i++) {
        Shop shop = {test_source_database("source"), test_database("dest")};
        test_sql(&shop.source, shared);
        test_sql(&shop.dest, shared);
        AUTO(launch_clear) Launch start = SHOP_LAUNCH(&shop, "start", options[i][0], options[i][1]);
        EXPECT_EXIT(&start, 0);
        expect_shared(&shop.dest);
        AUTO(launch_clear)
        Launch back = LAUNCH("rollback", "--latest", "--dest", shop.dest.conninfo);
        EXPECT_EXIT(&back, 0);
        expect_shared(&shop.dest);
    }
}
