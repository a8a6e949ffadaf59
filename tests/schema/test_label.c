#include <criterion/criterion.h>

#include "tests/schema/roundtrip.h"

/*
 * No label provider is at hand, so labels are written into the catalog and their statements are
 * read, not run.
 */

#define LABEL(catalog, object, column, text)                                                       \
    "INSERT INTO pg_seclabel VALUES (" object ", '" catalog "'::regclass, " column                 \
    ", 'se\"linux', "                                                                              \
    "'" text "');"
#define RELATION(name, text) LABEL("pg_class", "'" name "'::regclass", "0", text)

static const char script[] =
    "CREATE SCHEMA s; CREATE SCHEMA x; CREATE TABLE s.t (a int, \"B b\" text); CREATE TABLE x.no "
    "();"
    "CREATE TABLE s.p (a int) PARTITION BY LIST (a); CREATE SEQUENCE s.q;"
    "CREATE VIEW s.v AS SELECT a FROM s.t; CREATE MATERIALIZED VIEW s.m AS SELECT a FROM s.t;"
    "CREATE TYPE s.c AS (x int, y text); CREATE TYPE s.e AS ENUM ('a'); CREATE DOMAIN s.d AS int;"
    "CREATE FUNCTION s.f(int, b text DEFAULT '') RETURNS int LANGUAGE sql AS 'SELECT 1';"
    "CREATE PROCEDURE s.pr(s.e) LANGUAGE sql AS '';"
    "CREATE FUNCTION s.ev() RETURNS event_trigger LANGUAGE plpgsql AS 'begin end';"
    "CREATE EVENT TRIGGER ev ON sql_drop EXECUTE FUNCTION s.ev();"
    "CREATE PUBLICATION pub; CREATE EXTENSION citext;" RELATION("s.t", "it''s t")
        RELATION("s.p", "p") RELATION("s.q", "q") RELATION("s.v", "v") RELATION("s.m", "m")
            RELATION("x.no", "no") LABEL("pg_class", "'s.t'::regclass", "2", "B")
                LABEL("pg_class", "'s.v'::regclass", "1", "va")
                    LABEL("pg_class", "'s.c'::regclass", "2", "cy")
                        LABEL("pg_type", "'s.c'::regtype", "0", "c")
                            LABEL("pg_type", "'s.e'::regtype", "0", "e")
                                LABEL("pg_type", "'s.d'::regtype", "0", "d")
                                    LABEL("pg_type", "'citext'::regtype", "0", "member")
                                        LABEL("pg_proc", "'s.f'::regproc", "0", "f")
                                            LABEL("pg_proc", "'s.pr'::regproc", "0", "pr")
                                                LABEL("pg_namespace", "'s'::regnamespace", "0", "s")
                                                    LABEL("pg_event_trigger",
                                                          "(SELECT oid FROM pg_event_trigger)", "0",
                                                          "ev")
                                                        LABEL("pg_publication",
                                                              "(SELECT oid FROM pg_publication)",
                                                              "0", "pub");

typedef struct Labels {
    TestDatabase database;
    Arena *arena;
    FragmentList list;
    Model *model;
} Labels;

static Labels labels_read(const char *more)
{
    AUTO(error_clear) Error err = ERROR_INIT;
    Labels l = {.database = test_database("label"), .arena = arena_new()};
    test_sql(&l.database, script);
    test_sql(&l.database, more);
    AUTO(conn_free) Conn *conn = replay_connect(&l.database, CONN_SOURCE);
    const char *schemas[] = {"s"};
    CatalogScope scope = {.schemas = schemas, .schema_count = 1};
    cr_assert(catalog_read(conn, &scope, l.arena, &l.model, &err), "%s", err.message);
    cr_assert(fragments_build(l.model, conn_version(conn), conn, l.arena, &l.list, &err), "%s",
              err.message);
    return l;
}

static void labels_end(Labels *l)
{
    arena_free(l->arena);
    test_database_drop(&l->database);
}

Test(server_label, every_kind_of_object_has_its_statement)
{
    Labels l = labels_read("SELECT 1");
    static const struct {
        const char *on, *text, *maker;
        Place place;
    } expected[] = {
        {"TABLE s.t", "it''s t", "CREATE TABLE s.t", PLACE_SCHEMA},
        {"TABLE s.p", "p", "CREATE TABLE s.p", PLACE_SCHEMA},
        {"SEQUENCE s.q", "q", "CREATE SEQUENCE s.q", PLACE_SCHEMA},
        {"VIEW s.v", "v", "CREATE VIEW s.v", PLACE_SCHEMA},
        {"MATERIALIZED VIEW s.m", "m", "CREATE MATERIALIZED VIEW s.m", PLACE_SCHEMA},
        {"COLUMN s.t.B b", "B", "CREATE TABLE s.t", PLACE_SCHEMA},
        {"COLUMN s.v.a", "va", "CREATE VIEW s.v", PLACE_SCHEMA},
        {"COLUMN s.c.y", "cy", "CREATE TYPE s.c", PLACE_SCHEMA},
        {"TYPE s.c", "c", "CREATE TYPE s.c", PLACE_SCHEMA},
        {"TYPE s.e", "e", "CREATE TYPE s.e", PLACE_SCHEMA},
        {"DOMAIN s.d", "d", "CREATE DOMAIN s.d", PLACE_SCHEMA},
        {"FUNCTION s.f(integer, b text)", "f", "CREATE OR REPLACE FUNCTION s.f", PLACE_SCHEMA},
        {"SCHEMA s", "s", "CREATE SCHEMA s", PLACE_SCHEMA},
        {"EVENT TRIGGER ev", "ev", "CREATE EVENT TRIGGER ev", PLACE_SWAP},
        {"PUBLICATION pub", "pub", "CREATE PUBLICATION pub", PLACE_SWAP},
    };
    size_t count = 0;
    for (size_t i = 0; i < l.list.count; i++)
        count += strncmp(l.list.items[i].sql, "SECURITY LABEL", 14) == 0;
    cr_assert_eq(count, LENGTH(expected) + 1, "%zu labels", count); /* and the procedure's */
    for (size_t i = 0; i < LENGTH(expected); i++) {
        AUTO(mem_free)
        char *head = mem_printf("SECURITY LABEL FOR selinux ON %s IS ", expected[i].on);
        AUTO(mem_free) char *sql = mem_printf("%s'%s'", head, expected[i].text);
        AUTO(mem_free) char *undo = mem_printf("%sNULL", head);
        cr_assert(replay_has(&l.list, sql), "%s", sql);
        size_t at = roundtrip_find(&l.list, sql);
        cr_assert(replay_equal(l.list.items[at].undo, undo));
        cr_assert_eq(l.list.items[at].place, expected[i].place, "%s", sql);
        cr_assert(roundtrip_needs(&l.list, at, roundtrip_find(&l.list, expected[i].maker)), "%s",
                  sql);
    }
    /* the words for its arguments changed with 14 */
    size_t procedure = roundtrip_find(&l.list, "SECURITY LABEL FOR selinux ON PROCEDURE s.pr(");
    cr_assert(roundtrip_needs(&l.list, procedure,
                              roundtrip_find(&l.list, "CREATE OR REPLACE PROCEDURE s.pr")));
    labels_end(&l);
}

/* All providers' statements parse: what is missing is the provider. */
Test(server_label, the_server_understands_the_statements)
{
    Labels l = labels_read("SELECT 1");
    AUTO(conn_free) Conn *conn = replay_connect(&l.database, CONN_DEST);
    for (size_t i = 0; i < l.list.count; i++) {
        if (strncmp(l.list.items[i].sql, "SECURITY LABEL", 14) != 0)
            continue;
        AUTO(error_clear) Error err = ERROR_INIT;
        cr_assert_not(conn_exec(conn, l.list.items[i].sql, &err));
        cr_assert_not_null(strstr(err.message, "is not loaded"), "%s: %s", l.list.items[i].sql,
                           err.message);
    }
    conn_free(TAKE(conn));
    labels_end(&l);
}

Test(server_label, hostile_names_and_texts_stay_what_they_are)
{
    Labels l = labels_read(
        "CREATE TABLE s.\"t\"\"'\n; DROP\" (\"user\" int, \"äääääääääääääääääääääääääääääääx\" "
        "int);"
        "INSERT INTO pg_seclabel SELECT attrelid, 'pg_class'::regclass, attnum, E'p\n\"; --',"
        " E'it''s \\\\ \n; DROP TABLE s.t' FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid"
        " WHERE relname ~ 'DROP' AND attnum > 0;");
    AUTO(conn_free) Conn *conn = replay_connect(&l.database, CONN_DEST);
    size_t count = 0;
    for (size_t i = 0; i < l.list.count; i++) {
        if (strncmp(l.list.items[i].sql, "SECURITY LABEL FOR \"p\n", 22) != 0)
            continue;
        AUTO(error_clear) Error err = ERROR_INIT;
        cr_assert_not(conn_exec(conn, l.list.items[i].sql, &err));
        cr_assert_not_null(strstr(err.message, "is not loaded"), "%s: %s", l.list.items[i].sql,
                           err.message);
        cr_assert_null(strchr(l.list.items[i].label, '\n'));
        count++;
    }
    cr_assert_eq(count, 2);
    conn_free(TAKE(conn));
    labels_end(&l);
}

Test(server_label, a_label_moves_the_fingerprint)
{
    AUTO(error_clear) Error err = ERROR_INIT;
    Labels l = labels_read("SELECT 1");
    AUTO(conn_free) Conn *conn = replay_connect(&l.database, CONN_SOURCE);
    CatalogScope scope = {0};
    const char *before, *again, *after;
    cr_assert(catalog_fingerprint(conn, &scope, l.arena, &before, &err), "%s", err.message);
    cr_assert(catalog_fingerprint(conn, &scope, l.arena, &again, &err), "%s", err.message);
    cr_assert_str_eq(before, again);
    static const char *const changes[] = {
        "UPDATE pg_seclabel SET label = 'other' WHERE classoid = 'pg_namespace'::regclass",
        "ALTER EVENT TRIGGER ev DISABLE",
        "ALTER PUBLICATION pub SET (publish = 'insert')",
        "ALTER PUBLICATION pub ADD TABLE s.t",
        "ALTER PUBLICATION pub DROP TABLE s.t",
        "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA s GRANT SELECT ON TABLES TO PUBLIC",
        "DO $$BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = ''5MB''',"
        " current_database()); END$$",
        "DO $$BEGIN EXECUTE format('REVOKE CONNECT ON DATABASE %I FROM PUBLIC',"
        " current_database()); END$$",
        "ALTER PUBLICATION pub ADD TABLES IN SCHEMA s",
    };
    size_t count = LENGTH(changes) - (test_server_version() < 150000);
    for (size_t i = 0; i < count; i++) {
        test_sql(&l.database, changes[i]);
        cr_assert(catalog_fingerprint(conn, &scope, l.arena, &after, &err), "%s", err.message);
        cr_assert_str_neq(before, after, "%s", changes[i]);
        before = after;
    }
    conn_free(TAKE(conn));
    labels_end(&l);
}
