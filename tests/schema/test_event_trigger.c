#include <criterion/criterion.h>

#include "tests/schema/roundtrip.h"

#define FUNCTION(name)                                                                             \
    "CREATE FUNCTION " name "() RETURNS event_trigger LANGUAGE plpgsql AS 'begin end';"

/* Both databases have the same event triggers, asked in other words than the statements are made
 * of. */
static void expect_same(const Replay *r)
{
    const char *query = "SELECT evtname, evtevent, evtfoid::regprocedure, evtenabled, evttags,"
                        " evtowner::regrole, obj_description(oid, 'pg_event_trigger')"
                        " FROM pg_event_trigger ORDER BY evtname";
    AUTO(mem_free) char *source = test_rows(&r->source, query);
    AUTO(mem_free) char *dest = test_rows(&r->dest, query);
    cr_assert_str_eq(source, dest);
}

Test(server_event_trigger, every_event_and_state_comes_back)
{
    Replay r = roundtrip_begin("CREATE SCHEMA other;" FUNCTION("f") FUNCTION("other.f") FUNCTION(
        "r") "CREATE EVENT TRIGGER plain ON ddl_command_start EXECUTE FUNCTION f();"
             "CREATE EVENT TRIGGER tags ON ddl_command_end"
             " WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE')"
             " EXECUTE FUNCTION other.f();"
             "CREATE EVENT TRIGGER drops ON sql_drop EXECUTE FUNCTION f();"
             "CREATE EVENT TRIGGER rewrites ON table_rewrite EXECUTE FUNCTION r();"
             "ALTER EVENT TRIGGER tags DISABLE;"
             "ALTER EVENT TRIGGER drops ENABLE REPLICA;"
             "ALTER EVENT TRIGGER rewrites ENABLE ALWAYS;"
             "COMMENT ON EVENT TRIGGER tags IS 'it''s off';");
    cr_assert(replay_has(&r.list, "CREATE EVENT TRIGGER tags ON ddl_command_end WHEN TAG IN"
                                  " ('CREATE TABLE', 'ALTER TABLE') EXECUTE FUNCTION other.f()"));
    cr_assert(replay_has(&r.list, "ALTER EVENT TRIGGER tags DISABLE"));
    cr_assert(replay_has(&r.list, "ALTER EVENT TRIGGER drops ENABLE REPLICA"));
    cr_assert(replay_has(&r.list, "ALTER EVENT TRIGGER rewrites ENABLE ALWAYS"));
    cr_assert(replay_has(&r.list, "COMMENT ON EVENT TRIGGER tags IS 'it''s off'"));
    size_t tags = roundtrip_find(&r.list, "CREATE EVENT TRIGGER tags");
    cr_assert(roundtrip_needs(&r.list, tags,
                              roundtrip_find(&r.list, "CREATE OR REPLACE FUNCTION other.f()")));
    const Fragment *made = &r.list.items[tags];
    cr_assert_str_eq(made->label, "event trigger tags");
    cr_assert_eq(made->place, PLACE_SWAP);
    cr_assert(replay_equal(made->undo, "DROP EVENT TRIGGER tags"));
    made = &r.list.items[roundtrip_find(&r.list, "ALTER EVENT TRIGGER tags DISABLE")];
    cr_assert(replay_equal(made->undo, "ALTER EVENT TRIGGER tags ENABLE"));
    expect_same(&r);
    replay_end(&r);
}

Test(server_event_trigger, nothing_that_is_made_before_sets_it_off)
{
    Replay r = roundtrip_begin(
        "CREATE TABLE t (id int PRIMARY KEY, a text);"
        "CREATE VIEW v AS SELECT id, a FROM t GROUP BY id; CREATE INDEX ON t (a);"
        "ALTER TABLE t ADD FOREIGN KEY (id) REFERENCES t; CREATE PUBLICATION p FOR TABLE t;"
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO PUBLIC;"
        "CREATE FUNCTION aaa() RETURNS event_trigger LANGUAGE plpgsql AS"
        " 'begin raise exception ''no''; end';"
        "CREATE EVENT TRIGGER aaa ON ddl_command_start EXECUTE FUNCTION aaa();"
        "COMMENT ON EVENT TRIGGER aaa IS 'says no';"
        "CREATE EVENT TRIGGER bbb ON ddl_command_end EXECUTE FUNCTION aaa();");
    expect_same(&r);
    replay_end(&r);
}

Test(server_event_trigger, login_is_an_event_from_17_on)
{
    if (test_server_version() < 170000)
        cr_skip("login is an event from 17 on");
    Replay r =
        roundtrip_begin(FUNCTION("f") "CREATE EVENT TRIGGER entry ON login EXECUTE FUNCTION f();"
                                      "ALTER EVENT TRIGGER entry ENABLE ALWAYS;");
    cr_assert(replay_has(&r.list, "CREATE EVENT TRIGGER entry ON login EXECUTE FUNCTION"
                                  " public.f()"));
    expect_same(&r);
    replay_end(&r);
}

Test(server_event_trigger, one_whose_function_is_not_read_is_not_named)
{
    TestDatabase database = test_database("event");
    test_sql(&database,
             "CREATE SCHEMA one; CREATE SCHEMA two;" FUNCTION("one.f") FUNCTION("two.f")
                 FUNCTION("two.g") "CREATE EVENT TRIGGER of_one ON sql_drop EXECUTE FUNCTION"
                                   " one.f();"
                                   "CREATE EVENT TRIGGER of_two ON sql_drop EXECUTE FUNCTION"
                                   " two.f();"
                                   "CREATE EXTENSION citext;"
                                   "CREATE EVENT TRIGGER member ON sql_drop EXECUTE FUNCTION"
                                   " one.f();"
                                   "ALTER EXTENSION citext ADD EVENT TRIGGER member;"
                                   "CREATE EVENT TRIGGER of_member ON sql_drop"
                                   " EXECUTE FUNCTION two.g();"
                                   "ALTER EXTENSION citext ADD FUNCTION two.g();");
    AUTO(error_clear) Error err = ERROR_INIT;
    AUTO(arena_free) Arena *arena = arena_new();
    AUTO(conn_free) Conn *conn = replay_connect(&database, CONN_SOURCE);
    const char *schemas[] = {"one"};
    CatalogScope scope = {.schemas = schemas, .schema_count = 1};
    Model *model;
    FragmentList list;
    cr_assert(catalog_read(conn, &scope, arena, &model, &err), "%s", err.message);
    cr_assert(fragments_build(model, conn_version(conn), conn, arena, &list, &err), "%s",
              err.message);
    cr_assert(roundtrip_has(&list, "CREATE EVENT TRIGGER of_one"));
    cr_assert(roundtrip_has(&list, "CREATE EVENT TRIGGER of_member"));
    cr_assert_not(roundtrip_has(&list, "CREATE EVENT TRIGGER of_two"));
    cr_assert_not(roundtrip_has(&list, "CREATE EVENT TRIGGER member"));
    conn_free(TAKE(conn));
    test_database_drop(&database);
}

Test(server_event_trigger, hostile_names_stay_names)
{
    Replay r = roundtrip_begin(
        FUNCTION("\"f \"\"'\n;DROP\"") "CREATE EVENT TRIGGER \"a\"\"b'c\n; DROP TABLE t\""
                                       " ON sql_drop EXECUTE FUNCTION \"f \"\"'\n;DROP\"();"
                                       "CREATE EVENT TRIGGER \"select\" ON sql_drop"
                                       " EXECUTE FUNCTION \"f \"\"'\n;DROP\"();"
                                       "ALTER EVENT TRIGGER \"select\" DISABLE;"
                                       "CREATE EVENT TRIGGER"
                                       " \"ääääääääääääääääääääääääääääääx\" ON sql_drop"
                                       " EXECUTE FUNCTION \"f \"\"'\n;DROP\"();");
    for (size_t i = 0; i < r.list.count; i++)
        cr_assert_null(strchr(r.list.items[i].label, '\n'));
    expect_same(&r);
    replay_end(&r);
}
