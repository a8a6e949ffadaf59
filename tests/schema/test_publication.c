#include <criterion/criterion.h>

#include "tests/schema/roundtrip.h"

/* Both databases publish the same, asked in other words than the statements are made of. */
static void expect_same(const Replay *r)
{
    static const char *const always[] = {
        "SELECT to_jsonb(p) - 'oid', pg_get_userbyid(pubowner),"
        " obj_description(oid, 'pg_publication') FROM pg_publication p ORDER BY pubname",
        "SELECT pubname, prrelid::regclass FROM pg_publication_rel"
        " JOIN pg_publication p ON p.oid = prpubid ORDER BY 1, prrelid::regclass::text",
        "SELECT * FROM pg_publication_tables ORDER BY pubname, schemaname, tablename"};
    for (size_t i = 0; i < LENGTH(always); i++) {
        AUTO(mem_free) char *source = test_rows(&r->source, always[i]);
        AUTO(mem_free) char *dest = test_rows(&r->dest, always[i]);
        cr_assert_str_eq(source, dest);
    }
}

static const Fragment *find(const Replay *r, const char *prefix)
{
    return &r->list.items[roundtrip_find(&r->list, prefix)];
}

/* The statements of what was read, for a server of another version. */
static FragmentList build_for(Replay *r, int version)
{
    AUTO(error_clear) Error err = ERROR_INIT;
    AUTO(conn_free) Conn *quoting = conn_for_quoting();
    FragmentList list;
    cr_assert(fragments_build(r->model, version, quoting, r->arena, &list, &err), "%s",
              err.message);
    return list;
}

Test(server_publication, tables_and_parameters_come_back)
{
    Replay r = roundtrip_begin(
        "CREATE SCHEMA s; CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE s.b (id int);"
        "CREATE TABLE child () INHERITS (s.b);"
        "CREATE PUBLICATION everything FOR ALL TABLES;"
        "CREATE PUBLICATION nothing WITH (publish = '');"
        "CREATE PUBLICATION part FOR TABLE a, ONLY s.b WITH (publish = 'truncate, insert');"
        "CREATE PUBLICATION family FOR TABLE s.b;"
        "COMMENT ON PUBLICATION part IS 'it''s some';"
        "DO $$BEGIN CREATE ROLE pgzm_t_pub SUPERUSER; EXCEPTION WHEN duplicate_object THEN NULL;"
        " END$$;"
        "ALTER PUBLICATION part OWNER TO pgzm_t_pub;");
    cr_assert(replay_has(&r.list, "CREATE PUBLICATION everything FOR ALL TABLES"));
    const Fragment *made = find(&r, "CREATE PUBLICATION part");
    cr_assert_str_eq(made->label, "publication part");
    cr_assert_eq(made->place, PLACE_SWAP);
    cr_assert(replay_equal(made->undo, "DROP PUBLICATION part"));
    made = find(&r, "ALTER PUBLICATION part ADD TABLE ONLY s.b");
    cr_assert_eq(made->kind, FRAGMENT_MEMBER);
    cr_assert_eq(made->place, PLACE_SWAP);
    cr_assert_str_eq(made->label, "publication table s.b in part");
    cr_assert(replay_equal(made->undo, "ALTER PUBLICATION part DROP TABLE ONLY s.b"));
    made = find(&r, "ALTER PUBLICATION part SET (publish = 'insert, truncate'");
    cr_assert(strstr(made->undo, "SET (publish = 'insert, update, delete, truncate'") != NULL);
    cr_assert(roundtrip_has(&r.list, "ALTER PUBLICATION nothing SET (publish = ''"));
    cr_assert_not(roundtrip_has(&r.list, "ALTER PUBLICATION part ADD TABLE ONLY public.child"));
    cr_assert(roundtrip_has(&r.list, "ALTER PUBLICATION family ADD TABLE ONLY public.child"));
    cr_assert(replay_has(&r.list, "COMMENT ON PUBLICATION part IS 'it''s some'"));
    cr_assert(replay_has(&r.list, "ALTER PUBLICATION part OWNER TO pgzm_t_pub"));
    expect_same(&r);
    test_sql(&r.source, "DROP OWNED BY pgzm_t_pub CASCADE");
    test_sql(&r.dest, "DROP OWNED BY pgzm_t_pub CASCADE; DROP ROLE pgzm_t_pub");
    replay_end(&r);
}

Test(server_publication, partitioned_tables_are_published_from_13_on)
{
    if (test_server_version() < 130000)
        cr_skip("partitioned tables can be published from 13 on");
    Replay r = roundtrip_begin("CREATE TABLE p (id int) PARTITION BY RANGE (id);"
                               "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (2);"
                               "CREATE PUBLICATION root FOR TABLE p"
                               " WITH (publish_via_partition_root);"
                               "CREATE PUBLICATION leaves FOR TABLE p;");
    cr_assert(roundtrip_has(&r.list, "ALTER PUBLICATION root SET (publish = 'insert, update,"
                                     " delete, truncate', publish_via_partition_root = true"));
    cr_assert(roundtrip_has(&r.list, "ALTER PUBLICATION leaves SET (publish = 'insert, update,"
                                     " delete, truncate', publish_via_partition_root = false"));
    expect_same(&r);
    FragmentList old = build_for(&r, 120000);
    cr_assert(replay_has(&old, "ALTER PUBLICATION root SET (publish = 'insert, update, delete,"
                               " truncate')"));
    replay_end(&r);
}

Test(server_publication, columns_and_filters_come_back)
{
    if (test_server_version() < 150000)
        cr_skip("publications have columns and row filters from 15 on");
    Replay r = roundtrip_begin(
        "CREATE TABLE a (x int, gone int, z text, id int PRIMARY KEY, \"q\"\"\" text);"
        "ALTER TABLE a DROP COLUMN gone;"
        "CREATE PUBLICATION c FOR TABLE a (z, id, \"q\"\"\");"
        "CREATE PUBLICATION f FOR TABLE a WHERE (id > 5 OR z = 'it''s')"
        ";ALTER PUBLICATION f SET (publish = 'insert');"
        "CREATE PUBLICATION cf FOR TABLE a (id, z) WHERE (id <> 3);"
        "CREATE TABLE p (id int PRIMARY KEY, v int) PARTITION BY RANGE (id);"
        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (2);"
        "CREATE PUBLICATION aa FOR TABLE p (id) WHERE (id > 1) WITH (publish_via_partition_root);");
    cr_assert(replay_has(&r.list, "ALTER PUBLICATION c ADD TABLE ONLY public.a (id, q, z)"));
    cr_assert(replay_has(&r.list, "ALTER PUBLICATION cf ADD TABLE ONLY public.a (id, z)"
                                  " WHERE ((id <> 3))"));
    const Fragment *made = find(&r, "ALTER PUBLICATION cf ADD TABLE");
    cr_assert(replay_equal(made->undo, "ALTER PUBLICATION cf DROP TABLE ONLY public.a"));
    size_t filtered = roundtrip_find(&r.list, "ALTER PUBLICATION f ADD TABLE ONLY public.a WHERE");
    cr_assert(roundtrip_needs(&r.list, filtered, roundtrip_find(&r.list, "CREATE TABLE public.a")));
    cr_assert(roundtrip_needs(&r.list, roundtrip_find(&r.list, "ALTER PUBLICATION aa ADD TABLE"),
                              roundtrip_find(&r.list, "ALTER PUBLICATION aa SET")));
    expect_same(&r);
    replay_end(&r);
}

Test(server_publication, whole_schemas_come_back)
{
    if (test_server_version() < 150000)
        cr_skip("publications have schemas from 15 on");
    Replay r = roundtrip_begin("CREATE SCHEMA \"S \"\"1\"; CREATE TABLE \"S \"\"1\".a (id int);"
                               "CREATE TABLE b (id int);"
                               "CREATE PUBLICATION p FOR TABLES IN SCHEMA \"S \"\"1\", public;"
                               "CREATE PUBLICATION q FOR TABLES IN SCHEMA \"S \"\"1\", TABLE b;");
    cr_assert(replay_has(&r.list, "ALTER PUBLICATION p ADD TABLES IN SCHEMA public"));
    const Fragment *made = find(&r, "ALTER PUBLICATION p ADD TABLES IN SCHEMA public");
    cr_assert_str_eq(made->label, "publication schema public in p");
    cr_assert_eq(made->kind, FRAGMENT_MEMBER);
    cr_assert(replay_equal(made->undo, "ALTER PUBLICATION p DROP TABLES IN SCHEMA public"));
    size_t quoted = roundtrip_find(&r.list, "ALTER PUBLICATION q ADD TABLES IN SCHEMA");
    cr_assert(roundtrip_needs(&r.list, quoted, roundtrip_find(&r.list, "CREATE SCHEMA")));
    cr_assert(roundtrip_needs(&r.list, quoted, roundtrip_find(&r.list, "CREATE PUBLICATION q")));
    expect_same(&r);
    replay_end(&r);
}

Test(server_publication, generated_columns_are_published_from_18_on)
{
    if (test_server_version() < 180000)
        cr_skip("generated columns can be published from 18 on");
    Replay r = roundtrip_begin(
        "CREATE TABLE a (id int PRIMARY KEY, d int GENERATED ALWAYS AS (id * 2) STORED);"
        "CREATE PUBLICATION g FOR TABLE a WITH (publish_generated_columns = stored);"
        "CREATE PUBLICATION n FOR TABLE a (id, d);");
    cr_assert(replay_has(&r.list, "ALTER PUBLICATION g SET (publish = 'insert, update, delete,"
                                  " truncate', publish_via_partition_root = false,"
                                  " publish_generated_columns = stored)"));
    cr_assert(replay_has(&r.list, "ALTER PUBLICATION n ADD TABLE ONLY public.a (d, id)"));
    expect_same(&r);
    FragmentList old = build_for(&r, 170000);
    cr_assert(replay_has(&old, "ALTER PUBLICATION g SET (publish = 'insert, update, delete,"
                               " truncate', publish_via_partition_root = false)"));
    replay_end(&r);
}

Test(server_publication, what_is_not_read_is_not_named)
{
    TestDatabase database = test_database("pubscope");
    test_sql(&database, "CREATE SCHEMA one; CREATE SCHEMA two; CREATE TABLE one.a (id int);"
                        "CREATE TABLE one.b (id int); CREATE TABLE two.c (id int);"
                        "CREATE TABLE two.d (id int); CREATE EXTENSION citext;"
                        "ALTER EXTENSION citext ADD TABLE two.d;"
                        "CREATE PUBLICATION p FOR TABLE one.a, one.b, two.c, two.d;");
    if (test_server_version() >= 150000)
        test_sql(&database, "ALTER PUBLICATION p ADD TABLES IN SCHEMA two");
    AUTO(error_clear) Error err = ERROR_INIT;
    AUTO(arena_free) Arena *arena = arena_new();
    AUTO(conn_free) Conn *conn = replay_connect(&database, CONN_SOURCE);
    const char *schemas[] = {"one"};
    AUTO(mem_free) char *oid = test_value(&database, "SELECT 'one.b'::regclass::oid");
    Address left_out = {CATALOG_CLASS, (Oid)strtoul(oid, NULL, 10), 0};
    CatalogScope scope = {
        .schemas = schemas, .schema_count = 1, .left_out = &left_out, .left_out_count = 1};
    Model *model;
    FragmentList list;
    cr_assert(catalog_read(conn, &scope, arena, &model, &err), "%s", err.message);
    cr_assert(fragments_build(model, conn_version(conn), conn, arena, &list, &err), "%s",
              err.message);
    cr_assert(replay_has(&list, "ALTER PUBLICATION p ADD TABLE ONLY one.a"));
    /* an extension's table comes with the extension, but is published by the publication */
    cr_assert(replay_has(&list, "ALTER PUBLICATION p ADD TABLE ONLY two.d"));
    for (size_t i = 0; i < list.count; i++)
        cr_assert(strstr(list.items[i].sql, "\"b\"") == NULL &&
                      strstr(list.items[i].sql, "\"c\"") == NULL &&
                      strstr(list.items[i].sql, "SCHEMA \"two\"") == NULL,
                  "%s", list.items[i].sql);
    conn_free(TAKE(conn));
    test_database_drop(&database);
}

Test(server_publication, hostile_names_stay_names)
{
    Replay r = roundtrip_begin(
        "CREATE SCHEMA \"s\n\"\"'\"; CREATE TABLE \"s\n\"\"'\".\"; DROP TABLE x; --\" (\"a\nb\" "
        "int);"
        "CREATE TABLE \"ääääääääääääääääääääääääääääääx\" (\"user\" int);"
        "CREATE PUBLICATION \"p\"\"'\n; DROP\" FOR TABLE \"s\n\"\"'\".\"; DROP TABLE x; --\","
        " \"ääääääääääääääääääääääääääääääx\";"
        "CREATE PUBLICATION \"table\" FOR TABLE \"ääääääääääääääääääääääääääääääx\";"
        "CREATE PUBLICATION \"öööööööööööööööööööööööööööööö.\";");
    for (size_t i = 0; i < r.list.count; i++)
        cr_assert_null(strchr(r.list.items[i].label, '\n'));
    expect_same(&r);
    replay_end(&r);
    if (test_server_version() < 150000)
        return;
    r = roundtrip_begin(
        "CREATE TABLE t (\"a\nb\"\"\" int, \"where\" text, \"ääääääääääääääääääääääääääääääx\" "
        "int);"
        "CREATE PUBLICATION p FOR TABLE t (\"a\nb\"\"\", \"ääääääääääääääääääääääääääääääx\")"
        " WHERE (\"where\" = E'\\n''\"; DROP TABLE t; --') WITH (publish = 'insert');");
    expect_same(&r);
    replay_end(&r);
}
