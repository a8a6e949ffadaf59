#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/schema/roundtrip.h"

/* Reading: scopes, search_path, the way a migration uses it, fingerprints. */

static Model *read_scope(Conn *conn, Arena *arena, const char *const *schemas, size_t count,
                         FragmentList *list)
{
    AUTO(error_clear) Error err = ERROR_INIT;
    CatalogScope scope = {.schemas = schemas, .schema_count = count};
    Model *model = NULL;
    cr_assert(catalog_read(conn, &scope, arena, &model, &err), "%s", err.message);
    if (list != NULL)
        cr_assert(fragments_build(model, conn_version(conn), conn, arena, list, &err), "%s",
                  err.message);
    return model;
}

static void run(Conn *conn, const char *sql)
{
    AUTO(error_clear) Error err = ERROR_INIT;
    cr_assert(conn_exec(conn, sql, &err), "%s\n  %s", err.message, sql);
}

static void run_section(Conn *conn, const FragmentList *list, Section section)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].section == section && list->items[i].kind != FRAGMENT_SCHEMA &&
            list->items[i].kind != FRAGMENT_EXTENSION &&
            list->items[i].object.classid != CATALOG_NAMESPACE)
            run(conn, list->items[i].sql);
}

Test(server_catalog, reads_the_schemas_of_the_scope_only)
{
    TestDatabase database = test_database("scope");
    test_sql(&database, "CREATE SCHEMA \"odd \"\" \\ , {name\"; CREATE SCHEMA pgzm_shadow_public;"
                        "CREATE TABLE \"odd \"\" \\ , {name\".inside (a int);"
                        "CREATE TABLE pgzm_shadow_public.shadow (a int);"
                        "CREATE TABLE outside (a int);");
    AUTO(arena_free) Arena *arena = arena_new();
    AUTO(conn_free) Conn *conn = replay_connect(&database, CONN_SOURCE);

    const Model *all = read_scope(conn, arena, NULL, 0, NULL);
    cr_assert_eq(all->tables.count, 2);
    cr_assert_null(model_table_named(all, "pgzm_shadow_public", "shadow"));

    const char *const odd[] = {"odd \" \\ , {name"};
    const Model *one = read_scope(conn, arena, odd, 1, NULL);
    cr_assert_eq(one->tables.count, 1);
    cr_assert_str_eq(one->tables.items[0].object.name, "inside");

    const char *const both[] = {"public", "pgzm_shadow_public"};
    const Model *two = read_scope(conn, arena, both, 2, NULL);
    cr_assert_eq(two->tables.count, 2);
    cr_assert_not_null(model_table_named(two, "pgzm_shadow_public", "shadow"));
}

Test(server_catalog, asks_as_many_queries_for_many_tables_as_for_one)
{
    TestDatabase database = test_database("queries");
    AUTO(arena_free) Arena *arena = arena_new();
    long counts[2];
    for (int i = 0; i < 2; i++) {
        if (i == 1)
            test_sql(&database, "DO $$ BEGIN FOR i IN 1..50 LOOP EXECUTE format("
                                "'CREATE TABLE t%s (id serial PRIMARY KEY, b text DEFAULT 1 CHECK "
                                "(b > ''''))', i); END LOOP; END $$");
        AUTO(conn_free) Conn *conn = replay_connect(&database, CONN_SOURCE);
        FILE *trace = tmpfile();
        PQtrace(conn_pg(conn), trace);
        read_scope(conn, arena, NULL, 0, NULL);
        PQuntrace(conn_pg(conn));
        rewind(trace);
        counts[i] = 0;
        char line[4096];
        while (fgets(line, sizeof(line), trace) != NULL)
            counts[i] += strstr(line, "\tParse\t") != NULL;
        fclose(trace);
    }
    cr_assert_gt(counts[0], 5);
    cr_assert_eq(counts[0], counts[1]);
}

/* Across a network what is waited for are answers, not queries. */
Test(server_catalog, sends_its_queries_before_it_waits_for_answers)
{
    TestDatabase database = test_database("queries");
    AUTO(arena_free) Arena *arena = arena_new();
    AUTO(conn_free) Conn *conn = replay_connect(&database, CONN_SOURCE);
    FILE *trace = tmpfile();
    PQtrace(conn_pg(conn), trace);
    PQsetTraceFlags(conn_pg(conn), PQTRACE_SUPPRESS_TIMESTAMPS);
    read_scope(conn, arena, NULL, 0, NULL);
    PQuntrace(conn_pg(conn));
    rewind(trace);
    int sent = 0, turns = 0;
    char line[4096], last = 'F';
    while (fgets(line, sizeof(line), trace) != NULL) {
        if (strstr(line, "\tParse\t") != NULL)
            sent++;
        if ((line[0] == 'F' || line[0] == 'B') && line[1] == '\t' && line[0] != last) {
            last = line[0];
            turns++;
        }
    }
    fclose(trace);
    cr_assert_gt(sent, 20);
    cr_assert_eq(turns, 1, "%d changes of direction for %d queries", turns, sent);
}

Test(server_catalog, prints_members_of_extensions_bare_when_their_schema_is_in_the_path)
{
    TestDatabase database = test_database("path");
    test_sql(&database, "CREATE SCHEMA ext; CREATE EXTENSION pg_trgm SCHEMA ext;"
                        "CREATE TABLE t (a text);"
                        "CREATE INDEX t_a ON t USING gin (a ext.gin_trgm_ops);"
                        "CREATE VIEW v AS SELECT ext.similarity(a, 'x') AS s FROM t;"
                        "CREATE TABLE hidden (v int DEFAULT length(ext.show_trgm('x')::text));");
    AUTO(arena_free) Arena *arena = arena_new();
    AUTO(conn_free) Conn *conn = replay_connect(&database, CONN_SOURCE);
    FragmentList list;
    run(conn, "SET search_path = ext");
    read_scope(conn, arena, NULL, 0, &list);
    cr_assert(roundtrip_has(&list, "CREATE INDEX t_a ON public.t USING gin (a gin_trgm_ops)"));
    cr_assert_not(roundtrip_has(&list, "CREATE FUNCTION"));
    run(conn, "SET search_path = ''");
    read_scope(conn, arena, NULL, 0, &list);
    cr_assert(roundtrip_has(&list, "CREATE INDEX t_a ON public.t USING gin (a ext.gin_trgm_ops)"));
    for (size_t i = 0; i < list.count; i++)
        cr_assert_null(strstr(list.items[i].sql, "OR REPLACE FUNCTION"), "%s", list.items[i].sql);
}

Test(server_catalog, carries_an_extension_in_a_schema_and_what_depends_on_it)
{
    roundtrip("CREATE SCHEMA ext; CREATE EXTENSION pg_trgm SCHEMA ext;"
              "CREATE FUNCTION act() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
              "CREATE TABLE t (a text); CREATE INDEX t_a ON t USING gin (a ext.gin_trgm_ops);"
              "CREATE MATERIALIZED VIEW m AS SELECT a FROM t WHERE a OPERATOR(ext.%) 'x';"
              "CREATE TRIGGER act BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION act();"
              "ALTER INDEX t_a DEPENDS ON EXTENSION pg_trgm;"
              "ALTER MATERIALIZED VIEW m DEPENDS ON EXTENSION pg_trgm;"
              "ALTER TRIGGER act ON t DEPENDS ON EXTENSION pg_trgm;");
}

#define FAMILY                                                                                     \
    "CREATE TYPE state AS ENUM ('new', 'old');"                                                    \
    "CREATE FUNCTION act() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"           \
    "CREATE TABLE owner (id serial PRIMARY KEY, state state DEFAULT 'new', name text UNIQUE);"     \
    "CREATE TABLE pet (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"                           \
    "    owner int REFERENCES owner ON DELETE CASCADE, age int CHECK (age > 0));"                  \
    "CREATE INDEX pet_age ON pet (age) WHERE age > 1;"                                             \
    "CREATE TABLE log (at date, what text, PRIMARY KEY (at, what)) PARTITION BY RANGE (at);"       \
    "CREATE TABLE log_1 PARTITION OF log DEFAULT; CREATE INDEX ON log (what);"                     \
    "CREATE TABLE seen (at date, what text, FOREIGN KEY (at, what) REFERENCES log);"               \
    "CREATE VIEW grouped AS SELECT id, name FROM owner GROUP BY id;"                               \
    "CREATE MATERIALIZED VIEW total AS SELECT count(*) AS n FROM grouped;"                         \
    "CREATE UNIQUE INDEX ON total (n);"                                                            \
    "CREATE TRIGGER act BEFORE INSERT ON pet FOR EACH ROW EXECUTE FUNCTION act();"                 \
    "CREATE RULE nothing AS ON DELETE TO seen DO INSTEAD NOTHING;"                                 \
    "ALTER TABLE pet ENABLE ROW LEVEL SECURITY; ALTER TABLE pet CLUSTER ON pet_pkey;"              \
    "CREATE POLICY adult ON pet USING (age > 1 AND EXISTS (SELECT 1 FROM owner));"                 \
    "ALTER TABLE owner REPLICA IDENTITY USING INDEX owner_pkey;"                                   \
    "COMMENT ON INDEX pet_age IS 'age'; COMMENT ON TRIGGER act ON pet IS 'act';"

/* The way of a migration: made under the final names, read back under the shadow's, rolled back,
 * made again in the shadow from what was read. */
Test(server_catalog, gives_statements_for_a_renamed_schema)
{
    TestDatabase source = test_database("rehearsal");
    TestDatabase dest = test_database("rehearsal");
    test_sql(&source, FAMILY);
    AUTO(arena_free) Arena *arena = arena_new();
    AUTO(conn_free) Conn *from = replay_connect(&source, CONN_SOURCE);
    AUTO(conn_free) Conn *to = replay_connect(&dest, CONN_DEST);
    FragmentList list, again, shadow;
    read_scope(from, arena, NULL, 0, &list);

    run_section(to, &list, SECTION_PRE);
    run(to, "BEGIN");
    run_section(to, &list, SECTION_POST);
    run(to, "ALTER SCHEMA public RENAME TO pgzm_shadow_public");
    const char *const scope[] = {"pgzm_shadow_public"};
    read_scope(to, arena, scope, 1, &shadow);
    run(to, "ROLLBACK");

    run(to, "ALTER SCHEMA public RENAME TO pgzm_shadow_public");
    size_t post = 0;
    for (size_t i = 0; i < shadow.count; i++) {
        if (shadow.items[i].section != SECTION_POST)
            continue;
        cr_assert_not_null(strstr(shadow.items[i].sql, "pgzm_shadow_public"), "%s",
                           shadow.items[i].sql);
        post++;
    }
    cr_assert_gt(post, 20);
    run_section(to, &shadow, SECTION_POST);
    run(to, "ALTER SCHEMA pgzm_shadow_public RENAME TO public");
    read_scope(to, arena, NULL, 0, &again);
    replay_same(&list, &again);
}

Test(server_catalog, gives_each_statement_after_the_rows_its_table)
{
    TestDatabase source = test_database("tables");
    test_sql(&source, FAMILY);
    AUTO(arena_free) Arena *arena = arena_new();
    AUTO(conn_free) Conn *conn = replay_connect(&source, CONN_SOURCE);
    FragmentList list;
    const Model *model = read_scope(conn, arena, NULL, 0, &list);
    for (size_t i = 0; i < list.count; i++) {
        const Fragment *fragment = &list.items[i];
        if (fragment->section == SECTION_POST)
            cr_assert_not_null(model_relation(model, fragment->table), "%s", fragment->label);
    }
    test_database_drop(&source);
}

static char *fingerprint(const TestDatabase *database)
{
    AUTO(error_clear) Error err = ERROR_INIT;
    AUTO(arena_free) Arena *arena = arena_new();
    AUTO(conn_free) Conn *conn = replay_connect(database, CONN_SOURCE);
    CatalogScope scope = {0};
    const char *digest = NULL;
    cr_assert(catalog_fingerprint(conn, &scope, arena, &digest, &err), "%s", err.message);
    return mem_strdup(digest);
}

Test(server_catalog, fingerprint_changes_with_definitions_and_with_nothing_else)
{
    static const char *const harmless[] = {
        "INSERT INTO owner (name) SELECT generate_series(1, 100)::text",
        "VACUUM ANALYZE owner",
        "TRUNCATE seen",
        "REINDEX TABLE owner",
        "REFRESH MATERIALIZED VIEW total",
        "SELECT nextval('owner_id_seq')",
        "VACUUM FULL owner",
        "CREATE TRIGGER pgzm_sync BEFORE INSERT ON owner FOR EACH ROW EXECUTE FUNCTION act()",
        "CREATE SCHEMA pgzm_x CREATE TABLE t (a int)",
    };
    static const char *const changes[] = {
        "ALTER TABLE pet ADD COLUMN extra int",
        "ALTER TABLE pet ALTER COLUMN age SET DEFAULT 3",
        "ALTER TABLE pet RENAME COLUMN age TO years",
        "CREATE INDEX ON pet (owner)",
        "ALTER TYPE state ADD VALUE 'gone'",
        "CREATE CAST (state AS integer) WITH INOUT",
        "CREATE CAST (integer AS state) WITH INOUT",
        "CREATE OR REPLACE FUNCTION act() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'",
        "ALTER TABLE seen ADD CHECK (what <> '')",
        "CREATE OR REPLACE VIEW grouped AS SELECT id, name FROM owner WHERE id > 0 GROUP BY id",
        "ALTER TABLE pet DISABLE TRIGGER act",
        "ALTER POLICY adult ON pet USING (true)",
        "GRANT SELECT ON pet TO PUBLIC",
        "ALTER SEQUENCE owner_id_seq INCREMENT 2",
        "ALTER TABLE log DETACH PARTITION log_1",
        "ALTER TABLE pet SET (fillfactor = 80)",
        "ALTER TABLE pet NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY",
        "DROP TABLE seen",
    };
    TestDatabase database = test_database("fingerprint");
    test_sql(&database, FAMILY);
    AUTO(mem_free) char *before = fingerprint(&database);
    for (size_t i = 0; i < LENGTH(harmless); i++) {
        test_sql(&database, harmless[i]);
        AUTO(mem_free) char *after = fingerprint(&database);
        cr_assert_str_eq(before, after, "changed by: %s", harmless[i]);
    }
    for (size_t i = 0; i < LENGTH(changes); i++) {
        test_sql(&database, changes[i]);
        char *after = fingerprint(&database);
        cr_assert_str_neq(before, after, "not changed by: %s", changes[i]);
        mem_free(before);
        before = after;
    }
    test_database_drop(&database);
}

Test(server_catalog, carries_tablespaces)
{
    if (test_server_version() < 150000)
        return; /* before, a tablespace needs a folder of the server's */
    TestDatabase database = test_database("tablespace");
    AUTO(mem_free) char *space = mem_printf("pgzm_test_space_%d", (int)getpid());
    AUTO(mem_free)
    char *create =
        mem_printf("SET allow_in_place_tablespaces = on; CREATE TABLESPACE %s LOCATION ''", space);
    AUTO(conn_free) Conn *admin = replay_connect(&database, CONN_DEST);
    run(admin, "SET allow_in_place_tablespaces = on");
    run(admin, strchr(create, 'C'));

    AUTO(mem_free)
    char *script = mem_printf(
        "SET default_tablespace = %s;"
        "CREATE TABLE t (a int PRIMARY KEY, b int UNIQUE DEFERRABLE,"
        "    EXCLUDE USING btree (b WITH =) USING INDEX TABLESPACE %s WHERE (a > 1));"
        "CREATE INDEX partial ON t (b) WITH (fillfactor = 70) WHERE b > 5;"
        "CREATE TABLE p (a int PRIMARY KEY) PARTITION BY LIST (a);"
        "CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);"
        "CREATE MATERIALIZED VIEW m AS SELECT a FROM t;"
        "RESET default_tablespace; CREATE TABLE q (a int PRIMARY KEY USING INDEX TABLESPACE %s);",
        space, space, space);
    Replay r = roundtrip_begin(script);
    AUTO(mem_free)
    char *expected = mem_printf(
        "CREATE INDEX partial ON public.t USING btree (b) WITH (fillfactor='70') TABLESPACE %s "
        "WHERE (b > 5)",
        space);
    cr_assert(roundtrip_has(&r.list, expected));
    replay_end(&r);
    AUTO(mem_free) char *drop = mem_printf("DROP TABLESPACE %s", space);
    run(admin, drop);
}
