#include <criterion/criterion.h>

#include "tests/schema/replay.h"

static bool is_named(const Model *model, const char *kind, const char *identity)
{
    for (size_t i = 0; i < model->uncarried.count; i++) {
        if (strcmp(model->uncarried.items[i].kind, kind) == 0 &&
            strcmp(model->uncarried.items[i].identity, identity) == 0)
            return true;
    }
    return false;
}

static const char script[] =
    "CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int);"
    "CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq);"
    "CREATE OPERATOR CLASS mine FOR TYPE int USING btree AS OPERATOR 3 =,"
    " FUNCTION 1 btint4cmp(int, int);"
    "CREATE OPERATOR FAMILY kin USING btree;"
    "CREATE TYPE shell; CREATE TYPE base;"
    "CREATE FUNCTION base_in(cstring) RETURNS base LANGUAGE internal IMMUTABLE STRICT AS 'int4in';"
    "CREATE FUNCTION base_out(base) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT"
    " AS 'int4out';"
    "CREATE TYPE base (INPUT = base_in, OUTPUT = base_out, LIKE = int4);"
    "CREATE CAST (base AS int) WITHOUT FUNCTION;"
    "CREATE CONVERSION conv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;"
    /* of another encoding: only initdb makes such */
    "CREATE COLLATION coll FROM \"C\";"
    "UPDATE pg_collation SET collencoding = 8 WHERE collname = 'coll';"
    "CREATE TEXT SEARCH CONFIGURATION conf (COPY = simple);"
    "CREATE TEXT SEARCH DICTIONARY dict (TEMPLATE = simple);"
    "CREATE TEXT SEARCH PARSER pars (START = prsd_start, GETTOKEN = prsd_nexttoken,"
    " END = prsd_end, LEXTYPES = prsd_lextype);"
    "CREATE TEXT SEARCH TEMPLATE temp (LEXIZE = dsimple_lexize);"
    "CREATE FUNCTION handler() RETURNS language_handler LANGUAGE c"
    " AS '$libdir/plpgsql', 'plpgsql_call_handler';"
    "CREATE LANGUAGE tongue HANDLER handler;"
    "CREATE TRANSFORM FOR int LANGUAGE plpgsql"
    " (FROM SQL WITH FUNCTION prsd_lextype(internal));"
    "CREATE ACCESS METHOD way TYPE INDEX HANDLER bthandler;"
    "CREATE FOREIGN DATA WRAPPER wrap; CREATE SERVER far FOREIGN DATA WRAPPER wrap;"
    "CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (password 'sesame');"
    "CREATE FOREIGN TABLE there (a int) SERVER far;"
    "CREATE TABLE t (a int, b int); CREATE STATISTICS stat ON a, b FROM t;"
    "CREATE FUNCTION fired() RETURNS event_trigger LANGUAGE plpgsql AS 'begin end';"
    "CREATE EVENT TRIGGER event ON ddl_command_end EXECUTE FUNCTION fired();"
    "CREATE PUBLICATION pub FOR TABLE t;"
    "CREATE SUBSCRIPTION sub CONNECTION 'dbname=x password=sesame' PUBLICATION p"
    " WITH (connect = false, slot_name = NONE);"
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO PUBLIC;"
    "SELECT lo_create(0);"
    "DO $$BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = ''5MB''',"
    " current_database()); END$$;"
    /* no label provider is at hand */
    "CREATE EXTENSION citext;"
    "INSERT INTO pg_seclabel VALUES ('citext'::regtype, 'pg_type'::regclass, 0, 'keeper', 'x');"
    "CREATE SCHEMA other; CREATE AGGREGATE other.total(int) (SFUNC = int4pl, STYPE = int);";

Test(server_uncarried, every_kind_is_named)
{
    TestDatabase database = test_database("uncarried");
    test_sql(&database, script);
    AUTO(arena_free) Arena *arena = arena_new();
    Model *model;
    FragmentList list;
    replay_read(&database, arena, &model, &list);
    static const char *const expected[][2] = {
        {"collation", "public.coll"},
        {"subscription", "sub to p"},
        {"security label", "keeper on type public.citext"},
        {"large objects", "1"},
    };
    for (size_t i = 0; i < LENGTH(expected); i++)
        cr_assert(is_named(model, expected[i][0], expected[i][1]), "%s %s", expected[i][0],
                  expected[i][1]);
    for (size_t i = 0; i < model->uncarried.count; i++)
        cr_assert_null(strstr(model->uncarried.items[i].identity, "sesame"));
    cr_assert_eq(model->uncarried.count, LENGTH(expected), "%zu are named", model->uncarried.count);
    test_sql(&database, "DROP SUBSCRIPTION sub");
    test_database_drop(&database);
}

Test(server_uncarried, an_ordinary_database_has_nothing_to_name)
{
    Replay r = replay("carried",
                      "CREATE EXTENSION citext; CREATE EXTENSION hstore;"
                      "CREATE TYPE span AS RANGE (SUBTYPE = int8); CREATE TYPE e AS ENUM ('a');"
                      "CREATE TYPE c AS (x int); CREATE DOMAIN d AS text;"
                      "CREATE TABLE t (id serial PRIMARY KEY, a citext, s span, e e[], c c, d d);"
                      "CREATE VIEW v AS SELECT * FROM t;"
                      "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS 'begin return 1; end';");
    cr_assert_eq(r.model->uncarried.count, 0, "%s %s", r.model->uncarried.items[0].kind,
                 r.model->uncarried.items[0].identity);
    replay_end(&r);
}

Test(server_uncarried, only_the_schemas_asked_for_are_looked_at)
{
    TestDatabase database = test_database("scope");
    test_sql(&database, "CREATE SCHEMA one; CREATE SCHEMA two;"
                        "CREATE COLLATION one.a FROM \"C\"; CREATE COLLATION two.a FROM \"C\";"
                        "UPDATE pg_collation SET collencoding = 8 WHERE collname = 'a'");
    AUTO(error_clear) Error err = ERROR_INIT;
    AUTO(arena_free) Arena *arena = arena_new();
    AUTO(conn_free) Conn *conn = replay_connect(&database, CONN_SOURCE);
    const char *schemas[] = {"two"};
    CatalogScope scope = {.schemas = schemas, .schema_count = 1};
    Model *model;
    cr_assert(catalog_read(conn, &scope, arena, &model, &err), "%s", err.message);
    cr_assert_eq(model->uncarried.count, 1);
    cr_assert_str_eq(model->uncarried.items[0].identity, "two.a");
    conn_free(TAKE(conn));
    test_database_drop(&database);
}
