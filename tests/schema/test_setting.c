#include <criterion/criterion.h>

#include "tests/schema/roundtrip.h"

/* Settings of the database and of roles in it, and what is granted on it (database.c): their
 * statements name a database, which must be the destination's. */

#define ROLE(name)                                                                                 \
    "DO $$BEGIN CREATE ROLE " name "; EXCEPTION WHEN duplicate_object THEN NULL; END$$;"
#define HOSTILE "\"pgzm_t_a\"\"b'c\n; SET\""

/* Runs statements with the name of the database put in for DB. */
static void run_in(const TestDatabase *database, const char *script)
{
    AUTO(str_clear) Str s = STR_INIT;
    for (const char *at; (at = strstr(script, "DB")) != NULL; script = at + 2) {
        str_add_bytes(&s, script, (size_t)(at - script));
        str_addf(&s, "\"%s\"", database->name);
    }
    str_add(&s, script);
    test_sql(database, str_text(&s));
}

/* replay() for statements that name the database. */
static Replay replay_settings(const char *script)
{
    AUTO(error_clear) Error err = ERROR_INIT;
    AUTO(conn_free) Conn *quoting = conn_for_quoting();
    Replay r = {.source = test_database("setting"), .arena = arena_new()};
    run_in(&r.source, script);
    replay_read(&r.source, r.arena, &r.model, &r.list);
    r.dest = test_database("setting");
    r.model->database = r.dest.name;
    cr_assert(fragments_build(r.model, r.model->server_version, quoting, r.arena, &r.list, &err),
              "%s", err.message);
    replay_run(&r.dest, &r.list);
    replay_read(&r.dest, r.arena, &r.again, &r.relist);
    replay_same(&r.list, &r.relist);
    return r;
}

static void expect_same(const Replay *r)
{
    static const char *const queries[] = {
        "SELECT setrole::regrole, s FROM pg_db_role_setting CROSS JOIN unnest(setconfig) s"
        " JOIN pg_database d ON d.oid = setdatabase WHERE datname = current_database()"
        " ORDER BY setrole::regrole::text, s",
        "SELECT x::text FROM pg_database, unnest(datacl) x"
        " WHERE datname = current_database() ORDER BY 1",
    };
    for (size_t i = 0; i < LENGTH(queries); i++) {
        AUTO(mem_free) char *source = test_rows(&r->source, queries[i]);
        AUTO(mem_free) char *dest = test_rows(&r->dest, queries[i]);
        cr_assert_str_eq(source, dest);
    }
}

static bool has(const Replay *r, const char *format)
{
    AUTO(mem_free) char *head = mem_printf("ALTER DATABASE %s", r->dest.name);
    AUTO(mem_free) char *sql = mem_printf("%s%s", head, format);
    return replay_has(&r->list, sql);
}

Test(server_setting, settings_of_the_database_come_back)
{
    Replay r = replay_settings("ALTER DATABASE DB SET work_mem = '5MB';"
                               "ALTER DATABASE DB SET timezone = 'Europe/Berlin';"
                               "ALTER DATABASE DB SET DateStyle = 'German, DMY';"
                               "ALTER DATABASE DB SET application_name = 'a=b, ''c'' \\d';"
                               "ALTER DATABASE DB SET my.own = E'line\nbreak \"x\"';"
                               "ALTER DATABASE DB SET enable_seqscan = off;");
    cr_assert(has(&r, " SET work_mem TO '5MB'"));
    cr_assert(has(&r, " SET DateStyle TO 'German, DMY'"));
    cr_assert(has(&r, " SET application_name TO  E'a=b, ''c'' \\\\d'"));
    const Fragment *made =
        &r.list.items[replay_find(&r.list, FRAGMENT_MEMBER, "database setting work_mem")];
    AUTO(mem_free) char *undo = mem_printf("ALTER DATABASE %s RESET work_mem", r.dest.name);
    cr_assert(replay_equal(made->undo, undo));
    cr_assert_eq(made->place, PLACE_SWAP);
    expect_same(&r);
    AUTO(mem_free) char *own = test_value(&r.dest, "SHOW my.own");
    cr_assert_str_eq(own, "line\nbreak \"x\"");
    run_in(&r.dest, undo);
    AUTO(mem_free)
    char *left = test_value(&r.dest, "SELECT count(*) FROM pg_db_role_setting,"
                                     " unnest(setconfig) x"
                                     " WHERE setdatabase = (SELECT oid FROM"
                                     " pg_database WHERE datname ="
                                     " current_database())");
    cr_assert_str_eq(left, "5");
    replay_end(&r);
}

Test(server_setting, lists_of_names_are_given_name_by_name)
{
    Replay r = replay_settings(
        "CREATE SCHEMA \"a, b\"; CREATE SCHEMA \"C \"\"d\";"
        "ALTER DATABASE DB SET search_path = \"$user\", public, \"a, b\", \"C \"\"d\", 'it''s';"
        "ALTER DATABASE DB SET temp_tablespaces = pg_default, pg_default;"
        "ALTER DATABASE DB SET session_preload_libraries = 'plpgsql';");
    cr_assert(has(&r, " SET search_path TO '$user', 'public', 'a, b', 'C \"d', 'it''s'"));
    cr_assert(has(&r, " SET temp_tablespaces TO 'pg_default', 'pg_default'"));
    expect_same(&r);
    AUTO(mem_free) char *path = test_value(&r.dest, "SELECT current_schemas(false)");
    cr_assert_str_eq(path, "{public,\"a, b\",\"C \\\"d\"}");
    replay_end(&r);
}

Test(server_setting, an_empty_path_stays_empty)
{
    Replay r = replay_settings("ALTER DATABASE DB SET search_path = '';"
                               "ALTER DATABASE DB SET temp_tablespaces = '';");
    cr_assert(has(&r, " SET search_path TO ''"));
    expect_same(&r);
    replay_end(&r);
}

Test(server_setting, roles_have_settings_of_their_own_in_a_database)
{
    Replay r = replay_settings(ROLE("pgzm_t_set") ROLE(
        HOSTILE) "ALTER ROLE pgzm_t_set IN DATABASE DB SET work_mem = '6MB';"
                 "ALTER ROLE " HOSTILE " IN DATABASE DB SET search_path = a, b;"
                 "ALTER ROLE ALL IN DATABASE DB SET work_mem = '7MB';"
                 /* of the role everywhere: not the database's */
                 "ALTER ROLE pgzm_t_set SET lock_timeout = '1s';");
    AUTO(mem_free)
    char *sql =
        mem_printf("ALTER ROLE pgzm_t_set IN DATABASE %s SET work_mem TO '6MB'", r.dest.name);
    AUTO(mem_free)
    char *undo = mem_printf("ALTER ROLE pgzm_t_set IN DATABASE %s RESET work_mem", r.dest.name);
    cr_assert(replay_has(&r.list, sql));
    const Fragment *made = &r.list.items[roundtrip_find(&r.list, sql)];
    cr_assert_str_eq(made->label, "database setting work_mem of role pgzm_t_set");
    cr_assert(replay_equal(made->undo, undo));
    cr_assert(has(&r, " SET work_mem TO '7MB'"));
    for (size_t i = 0; i < r.list.count; i++) {
        cr_assert_null(strstr(r.list.items[i].sql, "lock_timeout"));
        cr_assert_null(strchr(r.list.items[i].label, '\n'));
    }
    expect_same(&r);
    test_sql(&r.source, "ALTER ROLE pgzm_t_set RESET ALL");
    replay_end(&r); /* before the roles, which settings of databases do not keep */
    TestDatabase database = test_database("setting");
    test_sql(&database, "DROP ROLE pgzm_t_set, " HOSTILE);
    test_database_drop(&database);
}

Test(server_setting, grants_on_the_database_come_back)
{
    Replay r = replay_settings(ROLE("pgzm_t_db") "REVOKE TEMPORARY ON DATABASE DB FROM PUBLIC;"
                                                 "GRANT CREATE ON DATABASE DB TO pgzm_t_db"
                                                 " WITH GRANT OPTION;"
                                                 "GRANT CONNECT ON DATABASE DB TO pgzm_t_db;");
    AUTO(mem_free)
    char *sql =
        mem_printf("GRANT CREATE ON DATABASE %s TO pgzm_t_db WITH GRANT OPTION", r.dest.name);
    AUTO(mem_free)
    char *revoke = mem_printf("REVOKE TEMPORARY ON DATABASE %s FROM PUBLIC", r.dest.name);
    cr_assert(replay_has(&r.list, sql));
    cr_assert(replay_has(&r.list, revoke));
    cr_assert_eq(r.list.items[roundtrip_find(&r.list, sql)].place, PLACE_SWAP);
    expect_same(&r);
    test_sql(&r.source, "DROP OWNED BY pgzm_t_db");
    test_sql(&r.dest, "DROP OWNED BY pgzm_t_db; DROP ROLE pgzm_t_db");
    replay_end(&r);
}
