#include <criterion/criterion.h>

#include "tests/schema/roundtrip.h"

#define ROLE(name)                                                                                 \
    "DO $$BEGIN CREATE ROLE " name "; EXCEPTION WHEN duplicate_object THEN NULL; END$$;"

/* Both databases have the same default privileges, whatever made them. */
static void expect_same(const Replay *r)
{
    const char *query = "SELECT defaclrole::regrole, defaclnamespace::regnamespace, defaclobjtype,"
                        " (SELECT string_agg(x::text, ' ' ORDER BY x::text)"
                        "  FROM unnest(defaclacl) x)"
                        " FROM pg_default_acl ORDER BY 1::text, 2::text, 3, 4";
    AUTO(mem_free) char *source = test_rows(&r->source, query);
    AUTO(mem_free) char *dest = test_rows(&r->dest, query);
    cr_assert_str_eq(source, dest);
}

/* Roles one by one: a server of up to 18 fails over the default privileges of two that mention each
 * other. */
static void end(Replay *r, const char *first, const char *second)
{
    const char *const roles[] = {first, second};
    for (size_t i = 0; i < LENGTH(roles) && roles[i] != NULL; i++) {
        AUTO(mem_free) char *owned = mem_printf("DROP OWNED BY %s CASCADE", roles[i]);
        test_sql(&r->source, owned);
        test_sql(&r->dest, owned);
    }
    for (size_t i = 0; i < LENGTH(roles) && roles[i] != NULL; i++) {
        AUTO(mem_free) char *drop = mem_printf("DROP ROLE %s", roles[i]);
        test_sql(&r->dest, drop);
    }
    replay_end(r);
}

static const Fragment *find(const Replay *r, const char *prefix)
{
    return &r->list.items[roundtrip_find(&r->list, prefix)];
}

Test(server_default_privilege, what_is_given_for_all_schemas_comes_back)
{
    Replay r = roundtrip_begin(ROLE("pgzm_t_dp1") ROLE(
        "pgzm_t_dp2") "ALTER DEFAULT PRIVILEGES FOR ROLE pgzm_t_dp1 GRANT SELECT, UPDATE ON TABLES"
                      " TO pgzm_t_dp2;"
                      "ALTER DEFAULT PRIVILEGES FOR ROLE pgzm_t_dp1 GRANT INSERT ON TABLES"
                      " TO pgzm_t_dp2 WITH GRANT OPTION;"
                      "ALTER DEFAULT PRIVILEGES GRANT USAGE ON SEQUENCES TO pgzm_t_dp2;"
                      "ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO pgzm_t_dp2, pgzm_t_dp1;"
                      "ALTER DEFAULT PRIVILEGES GRANT USAGE ON TYPES TO pgzm_t_dp2;"
                      "ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON ROUTINES TO pgzm_t_dp2;");
    const Fragment *made = find(&r, "ALTER DEFAULT PRIVILEGES FOR ROLE pgzm_t_dp1 GRANT SELECT");
    cr_assert(replay_equal(made->sql, "ALTER DEFAULT PRIVILEGES FOR ROLE pgzm_t_dp1 GRANT SELECT"
                                      " ON TABLES TO pgzm_t_dp2"));
    cr_assert(replay_equal(made->undo, "ALTER DEFAULT PRIVILEGES FOR ROLE pgzm_t_dp1 REVOKE SELECT"
                                       " ON TABLES FROM pgzm_t_dp2"));
    cr_assert_eq(made->place, PLACE_SWAP);
    cr_assert_str_eq(made->label, "default privilege of pgzm_t_dp1: SELECT ON TABLES, pgzm_t_dp2");
    cr_assert(replay_has(&r.list, "ALTER DEFAULT PRIVILEGES FOR ROLE pgzm_t_dp1 GRANT INSERT"
                                  " ON TABLES TO pgzm_t_dp2 WITH GRANT OPTION"));
    made = find(&r, "ALTER DEFAULT PRIVILEGES FOR ROLE pgzm_t_dp1 GRANT INSERT");
    cr_assert(replay_equal(made->undo, "ALTER DEFAULT PRIVILEGES FOR ROLE pgzm_t_dp1 REVOKE INSERT"
                                       " ON TABLES FROM pgzm_t_dp2"));
    expect_same(&r);
    end(&r, "pgzm_t_dp1", "pgzm_t_dp2");
}

Test(server_default_privilege, what_is_taken_away_comes_back)
{
    Replay r =
        roundtrip_begin(ROLE("pgzm_t_dp3") "ALTER DEFAULT PRIVILEGES FOR ROLE pgzm_t_dp3"
                                           " REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;"
                                           "ALTER DEFAULT PRIVILEGES FOR ROLE pgzm_t_dp3"
                                           " REVOKE USAGE ON TYPES FROM PUBLIC;"
                                           "ALTER DEFAULT PRIVILEGES FOR ROLE pgzm_t_dp3"
                                           " REVOKE ALL ON SEQUENCES FROM pgzm_t_dp3;"
                                           "ALTER DEFAULT PRIVILEGES FOR ROLE pgzm_t_dp3"
                                           " REVOKE DELETE, TRUNCATE ON TABLES FROM pgzm_t_dp3;");
    const Fragment *made = find(&r, "ALTER DEFAULT PRIVILEGES FOR ROLE pgzm_t_dp3 REVOKE EXECUTE");
    cr_assert(replay_equal(made->sql, "ALTER DEFAULT PRIVILEGES FOR ROLE pgzm_t_dp3 REVOKE EXECUTE"
                                      " ON FUNCTIONS FROM PUBLIC"));
    cr_assert(replay_equal(made->undo, "ALTER DEFAULT PRIVILEGES FOR ROLE pgzm_t_dp3 GRANT EXECUTE"
                                       " ON FUNCTIONS TO PUBLIC"));
    cr_assert(replay_has(&r.list, "ALTER DEFAULT PRIVILEGES FOR ROLE pgzm_t_dp3 REVOKE USAGE"
                                  " ON SEQUENCES FROM pgzm_t_dp3"));
    expect_same(&r);
    AUTO(mem_free) char *count = test_value(&r.dest, "SELECT count(*) FROM pg_default_acl");
    cr_assert_str_eq(count, "4");
    end(&r, "pgzm_t_dp3", NULL);
}

Test(server_default_privilege, those_of_a_schema_only_add_and_follow_it)
{
    Replay r = roundtrip_begin(
        ROLE("pgzm_t_dp4") "CREATE SCHEMA \"S s\";"
                           "ALTER DEFAULT PRIVILEGES IN SCHEMA \"S s\" GRANT SELECT ON TABLES"
                           " TO PUBLIC, pgzm_t_dp4;"
                           "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT EXECUTE ON FUNCTIONS"
                           " TO PUBLIC;"
                           "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;");
    size_t count = 0;
    for (size_t i = 0; i < r.list.count; i++)
        count += strncmp(r.list.items[i].sql, "ALTER DEFAULT", 13) == 0;
    cr_assert_eq(count, 4);
    size_t made = SIZE_MAX;
    for (size_t i = 0; i < r.list.count; i++)
        if (strstr(r.list.items[i].sql, "IN SCHEMA \"S s\" GRANT SELECT ON TABLES TO PUBLIC"))
            made = i;
    cr_assert_neq(made, SIZE_MAX);
    cr_assert_str_eq(r.list.items[made].label,
                     "default privilege of postgres in S s: SELECT ON TABLES, PUBLIC");
    cr_assert(roundtrip_needs(&r.list, made, roundtrip_find(&r.list, "CREATE SCHEMA S s")));
    expect_same(&r);
    end(&r, "pgzm_t_dp4", NULL);
}

Test(server_default_privilege, what_is_made_before_does_not_get_them)
{
    Replay r = roundtrip_begin(
        ROLE("pgzm_t_dp5") "CREATE SCHEMA s; CREATE TABLE t (id int PRIMARY KEY, a text);"
                           "CREATE VIEW v AS SELECT id, a FROM t GROUP BY id;"
                           "CREATE SEQUENCE q; CREATE TYPE e AS ENUM ('a');"
                           "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';"
                           "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO pgzm_t_dp5;"
                           "ALTER DEFAULT PRIVILEGES GRANT ALL ON SEQUENCES TO pgzm_t_dp5;"
                           "ALTER DEFAULT PRIVILEGES GRANT ALL ON FUNCTIONS TO pgzm_t_dp5;"
                           "ALTER DEFAULT PRIVILEGES GRANT ALL ON TYPES TO pgzm_t_dp5;"
                           "ALTER DEFAULT PRIVILEGES GRANT ALL ON SCHEMAS TO pgzm_t_dp5;"
                           "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES"
                           " TO PUBLIC;");
    AUTO(mem_free)
    char *granted =
        test_value(&r.dest, "SELECT count(*) FROM pg_class"
                            " WHERE relnamespace = 'public'::regnamespace AND relacl IS NOT NULL");
    cr_assert_str_eq(granted, "0");
    expect_same(&r);
    end(&r, "pgzm_t_dp5", NULL);
}

Test(server_default_privilege, large_objects_have_them_from_18_on)
{
    if (test_server_version() < 180000)
        cr_skip("large objects have default privileges from 18 on");
    Replay r = roundtrip_begin(
        ROLE("pgzm_t_dp6") "ALTER DEFAULT PRIVILEGES GRANT SELECT ON LARGE OBJECTS TO pgzm_t_dp6;");
    cr_assert(replay_has(&r.list, "ALTER DEFAULT PRIVILEGES FOR ROLE postgres GRANT SELECT"
                                  " ON LARGE OBJECTS TO pgzm_t_dp6"));
    expect_same(&r);
    end(&r, "pgzm_t_dp6", NULL);
}

Test(server_default_privilege, before_17_there_is_no_maintain_to_take_away)
{
    if (test_server_version() < 170000)
        cr_skip("MAINTAIN is a privilege from 17 on");
    Replay r =
        roundtrip_begin(ROLE("pgzm_t_dp7") "ALTER DEFAULT PRIVILEGES FOR ROLE pgzm_t_dp7"
                                           " REVOKE MAINTAIN, INSERT ON TABLES FROM pgzm_t_dp7;");
    cr_assert(roundtrip_has(&r.list, "ALTER DEFAULT PRIVILEGES FOR ROLE pgzm_t_dp7 REVOKE MAIN"));
    expect_same(&r);
    AUTO(error_clear) Error err = ERROR_INIT;
    AUTO(conn_free) Conn *quoting = conn_for_quoting();
    FragmentList list;
    cr_assert(fragments_build(r.model, 160000, quoting, r.arena, &list, &err), "%s", err.message);
    cr_assert_not(roundtrip_has(&list, "ALTER DEFAULT PRIVILEGES FOR ROLE pgzm_t_dp7 REVOKE MAIN"));
    cr_assert(roundtrip_has(&list, "ALTER DEFAULT PRIVILEGES FOR ROLE pgzm_t_dp7 REVOKE INSERT"));
    end(&r, "pgzm_t_dp7", NULL);
}

Test(server_default_privilege, hostile_names_stay_names)
{
#define HOSTILE "\"pgzm_t_a\"\"b'c\n; DROP\""
#define LONG "\"pgzm_t_äääääääääääääääääääääääääääz\""
    Replay r = roundtrip_begin(ROLE(HOSTILE) ROLE(
        LONG) "CREATE SCHEMA \"user\"; CREATE SCHEMA \"a\"\"b'c\n; DROP\";"
              "ALTER DEFAULT PRIVILEGES FOR ROLE " HOSTILE " IN SCHEMA \"a\"\"b'c\n; DROP\""
              " GRANT SELECT ON TABLES TO " LONG ";"
              "ALTER DEFAULT PRIVILEGES FOR ROLE " LONG
              " IN SCHEMA \"user\" GRANT ALL ON FUNCTIONS TO " HOSTILE ";");
    for (size_t i = 0; i < r.list.count; i++)
        cr_assert_null(strchr(r.list.items[i].label, '\n'));
    expect_same(&r);
    end(&r, HOSTILE, LONG);
}
