/* Filters against a real database: what is read, what is cut off, what is not even waited for. */
#include <criterion/criterion.h>
#include <libpq-fe.h>
#include <string.h>

#include "base/conn.h"
#include "base/str.h"
#include "schema/catalog.h"
#include "schema/fragment.h"
#include "schema/scope.h"
#include "tests/harness/server.h"

static void auto_filter(Filter *filter)
{
    filter_clear(filter);
}

static void auto_finish(PGconn **conn)
{
    PQfinish(*conn);
}

static const char everything[] =
    "CREATE SCHEMA app; CREATE SCHEMA legacy; CREATE SCHEMA \"Odd.1\";"
    "CREATE TYPE app.status AS ENUM ('open', 'done');"
    "CREATE FUNCTION app.now_text() RETURNS text LANGUAGE sql AS 'SELECT ''now''';"
    "CREATE TABLE app.customers (id int PRIMARY KEY, name text);"
    "CREATE TABLE app.orders (id serial PRIMARY KEY, customer int REFERENCES app.customers,"
    "  status app.status DEFAULT 'open', noted text DEFAULT app.now_text());"
    "CREATE INDEX orders_customer ON app.orders (customer);"
    "CREATE TABLE app.logs (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, line text);"
    "CREATE TABLE app.audit (id int PRIMARY KEY, log int REFERENCES app.logs);"
    "CREATE VIEW app.log_view AS SELECT * FROM app.logs;"
    "CREATE VIEW app.log_count AS SELECT count(*) FROM app.log_view;"
    "CREATE MATERIALIZED VIEW app.log_kept AS SELECT * FROM app.log_count;"
    "CREATE FUNCTION app.log_text(app.logs) RETURNS text LANGUAGE sql AS 'SELECT $1.line';"
    "CREATE SEQUENCE app.shared;"
    "CREATE TABLE app.counted (id int PRIMARY KEY DEFAULT nextval('app.shared'));"
    "CREATE TABLE app.parent (id int, day date) PARTITION BY RANGE (day);"
    "CREATE INDEX ON app.parent (id);"
    "CREATE TABLE app.part_1 PARTITION OF app.parent FOR VALUES FROM ('2020-1-1') TO ('2021-1-1');"
    "CREATE TABLE app.part_2 PARTITION OF app.parent FOR VALUES FROM ('2021-1-1') TO ('2022-1-1');"
    "CREATE TABLE app.base (id int); CREATE TABLE app.kid (extra int) INHERITS (app.base);"
    "CREATE TABLE legacy.old (id int PRIMARY KEY);"
    "CREATE TYPE legacy.kind AS ENUM ('a');"
    "CREATE TABLE app.uses_old (id int PRIMARY KEY REFERENCES legacy.old);"
    "CREATE TABLE app.uses_kind (id int, kind legacy.kind);"
    "CREATE TABLE \"Odd.1\".\"T$\" (id int);"
    "CREATE TABLE public.plain (id int);"
    "CREATE PUBLICATION news FOR TABLE app.orders, app.logs;"
    "ALTER TABLE app.orders ENABLE ROW LEVEL SECURITY;"
    "CREATE POLICY seen ON app.orders"
    "  USING (EXISTS (SELECT FROM app.logs WHERE logs.id = orders.id));"
    "CREATE FUNCTION legacy.fire() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
    "CREATE TRIGGER fire BEFORE INSERT ON app.orders FOR EACH ROW EXECUTE FUNCTION legacy.fire();"
    "CREATE RULE noted AS ON INSERT TO app.customers DO ALSO"
    "  INSERT INTO app.logs (line) VALUES (NEW.name);";

typedef struct Reading {
    Arena *arena;
    Scope scope;
    Model *model;
    FragmentList list;
    Error err;
    bool ok;
} Reading;

static void reading_clear(Reading *reading)
{
    arena_free(reading->arena);
    error_clear(&reading->err);
}
#define READING __attribute__((cleanup(reading_clear))) Reading

/* `options`: "-T app.logs -N x": letters as on the command line, D for --exclude-table-data. */
static void add_options(Filter *filter, const char *options)
{
    static const char letters[] = "nNtTD";
    AUTO(error_clear) Error err = ERROR_INIT;
    AUTO(mem_free) char *copy = mem_strdup(options);
    char *rest = NULL;
    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        FilterKind kind = (FilterKind)(strchr(letters, word[1]) - letters);
        char *pattern = strtok_r(NULL, " ", &rest);
        cr_assert(filter_add(filter, kind, pattern, word, &err), "%s", err.message);
    }
}

/* A + before a pattern: its children as well. */
static void add_children(Filter *filter)
{
    for (size_t i = 0; i < filter->count; i++) {
        filter->items[i].children = filter->items[i].text[0] == '+';
        if (filter->items[i].children)
            memmove(filter->items[i].text, filter->items[i].text + 1,
                    strlen(filter->items[i].text));
    }
}

static Reading read_with(const TestDatabase *database, const char *options)
{
    Reading reading = {.arena = arena_new(), .err = ERROR_INIT};
    __attribute__((cleanup(auto_filter))) Filter filter = {0};
    add_options(&filter, options);
    add_children(&filter);
    bool matched[20] = {false};
    AUTO(conn_free) Conn *conn = NULL;
    ConnSpec spec = {.side = CONN_SOURCE, .conninfo = database->conninfo};
    Error *err = &reading.err;
    reading.ok =
        conn_open(&spec, NULL, &conn, err) && conn_exec(conn, "SET lock_timeout = '2s'", err) &&
        scope_resolve(conn, &filter, reading.arena, matched, &reading.scope, err) &&
        scope_check(&filter, matched, "the source", err) &&
        catalog_read(conn, &reading.scope.catalog, reading.arena, &reading.model, err) &&
        fragments_build(reading.model, conn_version(conn), conn, reading.arena, &reading.list, err);
    return reading;
}

static void expect_cuts(const char *options, const Reading *reading, const char *expected)
{
    AUTO(str_clear) Str cuts = STR_INIT;
    for (size_t i = 0; i < reading->scope.cut_count; i++)
        str_addf(&cuts, "%s\n", reading->scope.cuts[i]);
    cr_assert(reading->ok, "%s: %s", options, reading->err.message);
    cr_expect_str_eq(str_text(&cuts), expected, "%s:\n%s\nexpected:\n%s", options, str_text(&cuts),
                     expected);
}

/* The names of the relations that are read, in order, without indexes. */
static char *relations_of(const Reading *reading)
{
    Str names = STR_INIT;
    const Model *model = reading->model;
    for (size_t i = 0; i < model->tables.count; i++)
        str_addf(&names, "%s ", model->tables.items[i].object.name);
    for (size_t i = 0; i < model->views.count; i++)
        str_addf(&names, "%s ", model->views.items[i].object.name);
    for (size_t i = 0; i < model->sequences.count; i++)
        str_addf(&names, "%s ", model->sequences.items[i].object.name);
    str_add(&names, "");
    return str_take(&names);
}

static bool has_fragment(const Reading *reading, const char *part)
{
    for (size_t i = 0; i < reading->list.count; i++)
        if (strstr(reading->list.items[i].sql, part) != NULL)
            return true;
    return false;
}

Test(server_scope, names_what_an_excluded_object_cuts_off)
{
    static const struct {
        const char *options, *cuts;
    } cases[] = {
        {"-T app.customers",
         "foreign key orders_customer_fkey on app.orders needs table app.customers, which is "
         "excluded\n"},
        {"-T app.logs",
         "foreign key audit_log_fkey on app.audit needs table app.logs, which is excluded\n"
         "function app.log_text(app.logs) needs table app.logs, which is excluded\n"
         "materialized view app.log_kept needs view app.log_count, which is left out\n"
         "policy seen on table app.orders needs table app.logs, which is excluded\n"
         "publication of table app.logs in publication news needs table app.logs, which is "
         "excluded\n"
         "rule noted on table app.customers needs table app.logs, which is excluded\n"
         "view app.log_count needs view app.log_view, which is left out\n"
         "view app.log_view needs table app.logs, which is excluded\n"},
        {"-T app.log_*", ""},
        {"-T app.shared",
         "default value for column id of table app.counted needs sequence app.shared, which is "
         "excluded\n"},
        {"-T app.orders_id_seq",
         "default value for column id of table app.orders needs sequence app.orders_id_seq, which "
         "is excluded\n"},
        {"-T app.parent", "table app.part_1 needs table app.parent, which is excluded\n"
                          "table app.part_2 needs table app.parent, which is excluded\n"},
        {"-T app.part_1", ""},
        {"-T app.base", "table app.kid needs table app.base, which is excluded\n"},
        {"-T app.kid", ""},
        {"-T app.orders",
         "publication of table app.orders in publication news needs table app.orders, which is "
         "excluded\n"},
        {"-N legacy",
         "foreign key uses_old_id_fkey on app.uses_old needs table legacy.old, which is excluded\n"
         "table app.uses_kind needs type legacy.kind, which is excluded\n"
         "trigger fire on table app.orders needs function legacy.fire(), which is excluded\n"},
        {"-t app.orders",
         "foreign key orders_customer_fkey on app.orders needs table app.customers, which is "
         "excluded\n"
         "policy seen on table app.orders needs table app.logs, which is excluded\n"},
        {"-t app.log_count", "view app.log_count needs view app.log_view, which is excluded\n"},
        {"-t app.part_1", "table app.part_1 needs table app.parent, which is excluded\n"},
        {"-t app.orders_id_seq",
         "sequence app.orders_id_seq needs table app.orders, which is excluded\n"},
        {"-t app.log* -t app.logs", ""},
        {"-D app.logs", ""},
    };
    TestDatabase database = test_database("scope_cuts");
    test_sql(&database, everything);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        READING reading = read_with(&database, cases[i].options);
        expect_cuts(cases[i].options, &reading, cases[i].cuts);
    }
}

Test(server_scope, reads_what_is_asked_for_and_what_belongs_to_it)
{
    static const struct {
        const char *options, *relations;
    } cases[] = {
        {"-t app.orders", "orders orders_id_seq "},
        {"-t app.logs", "logs logs_id_seq "},
        {"-t app.parent", "parent part_1 part_2 "},
        {"-t app.parent -T app.part_2", "parent part_1 "},
        {"-t app.log_view -t app.logs", "logs log_view logs_id_seq "},
        {"-t app.shared", "shared "},
        {"-t app.*s -T app.*_*", "customers orders logs logs_id_seq "},
        {"-t *.plain", "plain "},
        {"-t plain", "plain "},
        {"-t \"Odd.1\".\"T$\"", "T$ "},
        {"-n \"Odd*\"", NULL},
        {"-n \"Odd.1\"", "T$ "},
        {"-n public -n legacy", "old plain "},
        {"-n app -t app.c*", "customers counted "},
        {"-n app -T app.[^b]*", "base "},
        {"-N app -N legacy", "T$ plain "},
        {"-t app.base", "base "},
        {"-t +app.base", "base kid "},
        {"-t app.base -t app.kid -t app.parent -T +app.parent", "base kid "},
    };
    TestDatabase database = test_database("scope_reads");
    test_sql(&database, everything);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        READING reading = read_with(&database, cases[i].options);
        cr_expect_eq(reading.ok, cases[i].relations != NULL, "%s: %s", cases[i].options,
                     reading.err.message);
        if (!reading.ok)
            continue;
        AUTO(mem_free) char *names = relations_of(&reading);
        cr_expect_str_eq(names, cases[i].relations, "%s: %s", cases[i].options, names);
    }
}

Test(server_scope, takes_types_and_functions_that_selected_tables_need_and_no_others)
{
    TestDatabase database = test_database("scope_needs");
    test_sql(&database, everything);
    READING reading = read_with(&database, "-t app.orders -t app.customers -N legacy");
    cr_assert(reading.ok, "%s", reading.err.message);
    cr_expect_eq(reading.model->types.count, 1);
    cr_expect_eq(reading.model->functions.count, 1);
    cr_expect_eq(reading.model->schemas.count, 1);
    cr_expect(has_fragment(&reading, "CREATE TYPE \"app\".\"status\""));
    cr_expect(has_fragment(&reading, "FUNCTION app.now_text()"));
    cr_expect(has_fragment(&reading, "FOREIGN KEY (customer)"));
    cr_expect(has_fragment(&reading, "orders_customer ON"));
    cr_expect_not(has_fragment(&reading, "PUBLICATION"));
    cr_expect_not(has_fragment(&reading, "legacy"));
    READING with = read_with(&database, "-t app.orders");
    cr_assert(with.ok, "%s", with.err.message);
    cr_expect(has_fragment(&with, "FUNCTION legacy.fire()"), "the trigger needs it");
    cr_expect_eq(with.model->schemas.count, 2);
}

Test(server_scope, what_is_cut_off_has_no_statement)
{
    TestDatabase database = test_database("scope_gone");
    test_sql(&database, everything);
    READING reading = read_with(&database, "-T app.logs -T app.shared -N legacy");
    cr_assert(reading.ok, "%s", reading.err.message);
    cr_expect_not(has_fragment(&reading, "logs"));
    cr_expect_not(has_fragment(&reading, "log_"));
    cr_expect_not(has_fragment(&reading, "shared"));
    cr_expect_not(has_fragment(&reading, "legacy"));
    cr_expect(has_fragment(&reading, "\"counted\""));
    cr_expect(has_fragment(&reading, "ROW LEVEL SECURITY"), "rows stay hidden without the policy");
}

Test(server_scope, waits_for_no_lock_on_what_is_left_out)
{
    TestDatabase database = test_database("scope_locked");
    test_sql(&database, everything);
    __attribute__((cleanup(auto_finish))) PGconn *holder = PQconnectdb(database.conninfo);
    PQclear(PQexec(holder, "BEGIN"));
    PGresult *locked = PQexec(holder, "LOCK TABLE app.logs, app.parent, legacy.old");
    cr_assert_eq(PQresultStatus(locked), PGRES_COMMAND_OK, "%s", PQerrorMessage(holder));
    PQclear(locked);
    READING blocked = read_with(&database, "-T app.logs -T app.parent");
    cr_expect_not(blocked.ok, "the lock on legacy.old is waited for, or this tests nothing");
    static const char *const options[] = {"-T app.logs -T app.parent -N legacy",
                                          "-t app.orders -t app.customers", "-n public"};
    for (size_t i = 0; i < LENGTH(options); i++) {
        READING reading = read_with(&database, options[i]);
        cr_expect(reading.ok, "%s: %s", options[i], reading.err.message);
    }
}

Test(server_scope, a_pattern_that_matches_nothing_is_named)
{
    static const struct {
        const char *options, *says;
    } cases[] = {
        {"-T app.nothing", "-T: pattern app.nothing matches no table of the source"},
        {"-t logs", "pattern logs matches no table"}, /* search_path does not find it */
        {"-t app.Logs -t APP.\"Logs\"", "pattern APP.\"Logs\" matches no table"},
        {"-N nothing", "matches no schema of the source"},
        {"-n app -t public.plain", "in the schemas that are taken"},
        {"-D app.log_view", "matches no table"}, /* has no rows of its own */
        {"-t app.(", "parentheses"},
        {"-t app.\xff", "invalid byte sequence"},
        {"-t nowhere.app.logs", "names another database"},
        {"-t pg_catalog.pg_class", "matches no table"},
    };
    TestDatabase database = test_database("scope_unmatched");
    test_sql(&database, everything);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        READING reading = read_with(&database, cases[i].options);
        cr_assert_not(reading.ok, "%s", cases[i].options);
        cr_expect_eq(reading.err.kind, ERROR_USAGE, "%s", reading.err.message);
        cr_expect_not_null(reading.err.hint, "%s", reading.err.message);
        cr_expect_not_null(strstr(reading.err.message, cases[i].says), "%s: %s", cases[i].options,
                           reading.err.message);
    }
}

Test(server_scope, a_restrictive_policy_is_not_lost)
{
    TestDatabase database = test_database("scope_policy");
    test_sql(&database, "CREATE TABLE allowed (id int); CREATE TABLE secret (id int);"
                        "CREATE POLICY p ON secret AS RESTRICTIVE"
                        "  USING (EXISTS (SELECT FROM allowed a WHERE a.id = secret.id));");
    READING reading = read_with(&database, "-T allowed");
    cr_assert_not(reading.ok);
    cr_expect_eq(reading.err.kind, ERROR_PREFLIGHT);
    cr_expect_not_null(strstr(reading.err.message, "policy p on table"), "%s", reading.err.message);
    READING both = read_with(&database, "-T allowed -T secret");
    cr_expect(both.ok, "%s", both.err.message);
}

Test(server_scope, members_of_an_extension_in_an_excluded_schema_are_of_use)
{
    TestDatabase database = test_database("scope_extension");
    test_sql(&database, "CREATE SCHEMA ext; CREATE EXTENSION citext SCHEMA ext;"
                        "CREATE TABLE t (a ext.citext PRIMARY KEY);");
    READING reading = read_with(&database, "-N ext");
    expect_cuts("-N ext", &reading, "");
    cr_expect_eq(reading.model->tables.count, 1);
}

Test(server_scope, knows_which_tables_come_without_rows)
{
    TestDatabase database = test_database("scope_rowless");
    test_sql(&database, everything);
    READING reading = read_with(&database, "-D app.parent -D app.logs");
    cr_assert(reading.ok, "%s", reading.err.message);
    static const char *const rowless[] = {"parent", "part_1", "part_2", "logs"};
    size_t found = 0;
    for (size_t i = 0; i < reading.model->tables.count; i++)
        found +=
            scope_is_rowless(&reading.scope, reading.model->tables.items[i].object.address.oid);
    cr_expect_eq(found, LENGTH(rowless));
    for (size_t i = 0; i < LENGTH(rowless); i++) {
        const Table *table = model_table_named(reading.model, "app", rowless[i]);
        cr_expect(scope_is_rowless(&reading.scope, table->object.address.oid), "%s", rowless[i]);
    }
}
