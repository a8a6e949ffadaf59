#include <criterion/criterion.h>

#include "tests/schema/replay.h"

/* Before 15 everybody may create in a new database's public: that is stated for a newer server. */
static bool is_public_create(const Fragment *fragment)
{
    return test_server_version() < 150000 &&
           replay_equal(fragment->sql, "GRANT CREATE ON SCHEMA public TO PUBLIC");
}

/* Roles belong to the whole server: each test has its own, made if they are not there yet. */
#define ROLE(name)                                                                                 \
    "DO $$BEGIN CREATE ROLE " name "; EXCEPTION WHEN duplicate_object THEN NULL; END$$;"

static void drop_roles(Replay *r, const char *roles)
{
    AUTO(mem_free) char *owned = mem_printf("DROP OWNED BY %s CASCADE", roles);
    AUTO(mem_free) char *drop = mem_printf("%s; DROP ROLE %s", owned, roles);
    test_sql(&r->source, owned);
    test_sql(&r->dest, drop);
    replay_end(r);
}

Test(server_grant, owners_are_set_before_anything_is_granted)
{
    Replay r = replay(
        "owner",
        ROLE("pgzm_t_owner") ROLE(
            "\"pgzm T other\"") "CREATE SCHEMA s AUTHORIZATION pgzm_t_owner;"
                                "CREATE TYPE s.e AS ENUM ('a'); ALTER TYPE s.e OWNER TO "
                                "pgzm_t_owner;"
                                "CREATE DOMAIN s.d AS int; ALTER DOMAIN s.d OWNER TO \"pgzm T "
                                "other\";"
                                "CREATE FUNCTION s.f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';"
                                "ALTER FUNCTION s.f(int) OWNER TO \"pgzm T other\";"
                                "CREATE PROCEDURE s.p() LANGUAGE sql AS ''; ALTER PROCEDURE s.p() "
                                "OWNER TO pgzm_t_owner;"
                                "CREATE TABLE s.t (id serial PRIMARY KEY, n int GENERATED ALWAYS "
                                "AS IDENTITY);"
                                "ALTER TABLE s.t OWNER TO pgzm_t_owner;"
                                "CREATE SEQUENCE s.q; ALTER SEQUENCE s.q OWNER TO pgzm_t_owner;"
                                "CREATE VIEW s.v AS SELECT id FROM s.t; ALTER VIEW s.v OWNER TO "
                                "pgzm_t_owner;"
                                "CREATE MATERIALIZED VIEW s.m AS SELECT id FROM s.t;"
                                "ALTER MATERIALIZED VIEW s.m OWNER TO pgzm_t_owner;"
                                "GRANT SELECT ON s.t TO PUBLIC;");
    cr_assert(replay_has(&r.list, "ALTER DOMAIN s.d OWNER TO pgzm T other"));
    cr_assert(replay_has(&r.list, "ALTER MATERIALIZED VIEW s.m OWNER TO pgzm_t_owner"));
    size_t owner = replay_find(&r.list, FRAGMENT_OWNER, "owner s.t");
    size_t granted = replay_find(&r.list, FRAGMENT_GRANT, "grant s.t");
    cr_assert_lt(owner, granted);
    drop_roles(&r, "pgzm_t_owner, \"pgzm T other\"");
}

Test(server_grant, privileges_of_each_kind_come_along)
{
    const char *script = ROLE("pgzm_t_a") ROLE(
        "pgzm_t_b") "CREATE SCHEMA s; GRANT USAGE ON SCHEMA s TO pgzm_t_a WITH GRANT OPTION;"
                    "CREATE TYPE s.e AS ENUM ('a'); REVOKE USAGE ON TYPE s.e FROM PUBLIC;"
                    "GRANT USAGE ON TYPE s.e TO pgzm_t_a;"
                    "CREATE DOMAIN s.d AS int; REVOKE USAGE ON DOMAIN s.d FROM PUBLIC;"
                    "CREATE FUNCTION s.f(a int DEFAULT 1) RETURNS int LANGUAGE sql AS 'SELECT 1';"
                    "REVOKE EXECUTE ON FUNCTION s.f FROM PUBLIC; GRANT EXECUTE ON FUNCTION s.f TO "
                    "pgzm_t_a;"
                    "CREATE SEQUENCE s.q; GRANT USAGE, SELECT ON SEQUENCE s.q TO pgzm_t_b;"
                    "CREATE TABLE s.t (id int GENERATED ALWAYS AS IDENTITY, \"B c\" text);"
                    "GRANT SELECT ON s.t TO pgzm_t_a WITH GRANT OPTION; GRANT INSERT ON s.t TO "
                    "PUBLIC;"
                    "GRANT UPDATE (\"B c\"), REFERENCES (id) ON s.t TO pgzm_t_b;"
                    "GRANT SELECT (ctid) ON s.t TO pgzm_t_b; GRANT USAGE ON SEQUENCE s.t_id_seq TO "
                    "pgzm_t_b;"
                    "CREATE VIEW s.v AS SELECT id FROM s.t; GRANT SELECT ON s.v TO pgzm_t_b;"
                    "GRANT SELECT (id) ON s.v TO pgzm_t_a;"
                    "CREATE MATERIALIZED VIEW s.m AS SELECT id FROM s.t; GRANT SELECT ON s.m TO "
                    "pgzm_t_b;";
    Replay r = replay("grants", script);
    static const char *const expected[] = {
        "GRANT USAGE ON SCHEMA s TO pgzm_t_a WITH GRANT OPTION",
        "REVOKE USAGE ON TYPE s.e FROM PUBLIC",
        "GRANT USAGE ON TYPE s.e TO pgzm_t_a",
        "REVOKE USAGE ON TYPE s.d FROM PUBLIC",
        "REVOKE EXECUTE ON FUNCTION s.f(a integer) FROM PUBLIC",
        "GRANT EXECUTE ON FUNCTION s.f(a integer) TO pgzm_t_a",
        "GRANT USAGE ON SEQUENCE s.q TO pgzm_t_b",
        "GRANT SELECT ON SEQUENCE s.q TO pgzm_t_b",
        "GRANT SELECT ON TABLE s.t TO pgzm_t_a WITH GRANT OPTION",
        "GRANT INSERT ON TABLE s.t TO PUBLIC",
        "GRANT UPDATE (B c) ON TABLE s.t TO pgzm_t_b",
        "GRANT REFERENCES (id) ON TABLE s.t TO pgzm_t_b",
        "GRANT SELECT (ctid) ON TABLE s.t TO pgzm_t_b",
        "GRANT USAGE ON SEQUENCE s.t_id_seq TO pgzm_t_b",
        "GRANT SELECT ON TABLE s.v TO pgzm_t_b",
        "GRANT SELECT (id) ON TABLE s.v TO pgzm_t_a",
        "GRANT SELECT ON TABLE s.m TO pgzm_t_b",
    };
    size_t count = 0;
    for (size_t i = 0; i < r.list.count; i++)
        count += r.list.items[i].kind == FRAGMENT_GRANT && !is_public_create(&r.list.items[i]);
    for (size_t i = 0; i < LENGTH(expected); i++)
        cr_assert(replay_has(&r.list, expected[i]), "%s", expected[i]);
    cr_assert_eq(count, LENGTH(expected), "%zu grants", count);
    drop_roles(&r, "pgzm_t_a, pgzm_t_b");
}

Test(server_grant, what_others_granted_is_given_and_what_the_owner_lost_is_taken)
{
    Replay r =
        replay("grantor",
               ROLE("pgzm_t_c")
                   ROLE("pgzm_t_d") "CREATE TABLE t (id int);"
                                    "GRANT SELECT, UPDATE ON t TO pgzm_t_c WITH GRANT OPTION;"
                                    "SET ROLE pgzm_t_c; GRANT SELECT ON t TO pgzm_t_d; RESET ROLE;"
                                    "GRANT UPDATE ON t TO pgzm_t_d; SET ROLE pgzm_t_c;"
                                    "GRANT UPDATE ON t TO pgzm_t_d; RESET ROLE;"
                                    "REVOKE DELETE, TRUNCATE ON t FROM CURRENT_USER;");
    cr_assert(replay_has(&r.list, "GRANT SELECT ON TABLE public.t TO pgzm_t_d"));
    cr_assert(replay_has(&r.list, "GRANT UPDATE ON TABLE public.t TO pgzm_t_d"));
    const Table *table = model_table_named(r.model, "public", "t");
    AUTO(mem_free)
    char *revoke = mem_printf("REVOKE DELETE ON TABLE public.t FROM %s", table->object.owner);
    cr_assert(replay_has(&r.list, revoke));
    for (size_t i = 0; i < r.list.count; i++) {
        const Fragment *fragment = &r.list.items[i];
        if (fragment->kind == FRAGMENT_GRANT && !is_public_create(fragment)) {
            cr_assert_eq(fragment->object.oid, table->object.address.oid);
            cr_assert_eq(fragment->object.classid, CATALOG_CLASS);
        }
    }
    drop_roles(&r, "pgzm_t_c, pgzm_t_d");
}

Test(server_grant, privileges_of_roles_that_are_gone_are_left_out)
{
    TestDatabase database = test_database("gone");
    test_sql(&database,
             "CREATE TABLE t (id int);"
             "UPDATE pg_class SET relacl = ARRAY[makeaclitem(relowner, relowner, 'SELECT', false),"
             " makeaclitem(4000000000, relowner, 'SELECT', false)] WHERE relname = 't';");
    AUTO(arena_free) Arena *arena = arena_new();
    Model *model;
    FragmentList list;
    replay_read(&database, arena, &model, &list);
    for (size_t i = 0; i < list.count; i++)
        cr_assert(is_public_create(&list.items[i]) || strstr(list.items[i].sql, "GRANT") == NULL,
                  "%s", list.items[i].sql);
    test_database_drop(&database);
}

Test(server_namespace, a_public_schema_as_it_was_made_needs_no_statement)
{
    Replay r = replay("public", "CREATE TABLE t (id int);");
    for (size_t i = 0; i < r.list.count; i++)
        cr_assert(is_public_create(&r.list.items[i]) ||
                      r.list.items[i].object.classid != CATALOG_NAMESPACE,
                  "%s", r.list.items[i].sql);
    replay_end(&r);
}

Test(server_namespace, what_was_changed_about_public_is_stated)
{
    Replay r = replay("public2", ROLE("pgzm_t_p") "ALTER SCHEMA public OWNER TO pgzm_t_p;"
                                                  "GRANT ALL ON SCHEMA public TO PUBLIC;"
                                                  "REVOKE USAGE ON SCHEMA public FROM PUBLIC;"
                                                  "COMMENT ON SCHEMA public IS NULL;");
    cr_assert(replay_has(&r.list, "ALTER SCHEMA public OWNER TO pgzm_t_p"));
    cr_assert(replay_has(&r.list, "GRANT CREATE ON SCHEMA public TO PUBLIC"));
    cr_assert(replay_has(&r.list, "REVOKE USAGE ON SCHEMA public FROM PUBLIC"));
    cr_assert(replay_has(&r.list, "COMMENT ON SCHEMA public IS NULL"));
    for (size_t i = 0; i < r.list.count; i++)
        cr_assert_neq(r.list.items[i].kind, FRAGMENT_SCHEMA);
    test_sql(&r.source, "ALTER SCHEMA public OWNER TO CURRENT_USER");
    test_sql(&r.dest, "ALTER SCHEMA public OWNER TO CURRENT_USER");
    drop_roles(&r, "pgzm_t_p");
}

Test(server_namespace, a_database_without_public_can_be_read)
{
    TestDatabase database = test_database("nopublic");
    test_sql(&database, "DROP SCHEMA public; CREATE SCHEMA app; CREATE TABLE app.t (id int);"
                        "CREATE SCHEMA pgzm; CREATE SCHEMA pgzm_shadow_x;"
                        "CREATE TABLE pgzm_shadow_x.t (id int);");
    AUTO(arena_free) Arena *arena = arena_new();
    Model *model;
    FragmentList list;
    replay_read(&database, arena, &model, &list);
    cr_assert_eq(model->schemas.count, 1);
    cr_assert_eq(model->tables.count, 1);
    cr_assert_str_eq(list.items[0].sql, "CREATE SCHEMA \"app\"");
    test_database_drop(&database);
}

Test(server_extension, is_made_in_its_schema_and_its_members_are_left_to_it)
{
    Replay r =
        replay("extension", "CREATE SCHEMA ext; CREATE EXTENSION citext WITH SCHEMA ext;"
                            "CREATE EXTENSION hstore; COMMENT ON EXTENSION hstore IS 'pairs';"
                            "CREATE TABLE t (a ext.citext, b hstore, UNIQUE (a));"
                            "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';"
                            "ALTER FUNCTION f() DEPENDS ON EXTENSION hstore;"
                            "REVOKE EXECUTE ON FUNCTION ext.citextin(cstring) FROM PUBLIC;");
    cr_assert(replay_has(&r.list, "CREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA ext"));
    cr_assert(replay_has(&r.list, "COMMENT ON EXTENSION hstore IS 'pairs'"));
    cr_assert(replay_has(&r.list, "ALTER FUNCTION public.f() DEPENDS ON EXTENSION hstore"));
    cr_assert_eq(r.model->extensions.count, 2);
    cr_assert_eq(r.model->functions.count, 1);
    cr_assert_eq(r.model->types.count, 0);
    size_t comments = 0;
    for (size_t i = 0; i < r.list.count; i++)
        comments += r.list.items[i].kind == FRAGMENT_COMMENT;
    cr_assert_eq(comments, 1, "the extensions' own comments come with them");
    replay_end(&r);
}

Test(server_extension, is_made_after_those_that_it_requires)
{
    Replay r = replay("requires", "CREATE EXTENSION cube; CREATE EXTENSION earthdistance;"
                                  "CREATE TABLE t (e earth, c cube);");
    size_t cube = replay_find(&r.list, FRAGMENT_EXTENSION, "extension cube");
    size_t earth = replay_find(&r.list, FRAGMENT_EXTENSION, "extension earthdistance");
    bool needed = false;
    for (size_t i = 0; i < r.list.items[earth].need_count; i++)
        needed = needed || r.list.items[earth].needs[i] == cube;
    cr_assert(needed);
    replay_end(&r);
}
