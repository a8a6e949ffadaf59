#include <criterion/criterion.h>
#include <string.h>

#include "schema/builder.h"

/* What builder.h promises about single fragments; graph and loops are in test_graph.c. */

static const Object table = {.address = {CATALOG_CLASS, 1, 0}, .schema = "s", .name = "a\nb"};

typedef struct Bench {
    Model model;
    Arena *arena;
    Conn *conn;
    Builder *builder;
    FragmentList list;
} Bench;

static void setup(Bench *bench)
{
    memset(bench, 0, sizeof(*bench));
    bench->arena = arena_new();
    bench->conn = conn_for_quoting();
    bench->builder = builder_new(&bench->model, 150000, bench->conn, bench->arena);
}

static void finish(Bench *bench)
{
    Error err = ERROR_INIT;
    cr_assert(builder_finish(bench->builder, &bench->list, &err), "%s", err.message);
}

static void teardown(Bench *bench)
{
    builder_free(bench->builder);
    conn_free(bench->conn);
    arena_free(bench->arena);
}

Test(builder, quotes_names_and_literals)
{
    Bench b;
    setup(&b);
    cr_assert_str_eq(builder_ident(b.builder, "a\"b"), "\"a\"\"b\"");
    cr_assert_str_eq(builder_name(b.builder, "S", "select"), "\"S\".\"select\"");
    cr_assert_str_eq(builder_name(b.builder, NULL, "x"), "\"x\"");
    cr_assert_str_eq(builder_literal(b.builder, "it's"), "'it''s'");
    teardown(&b);
}

Test(builder, labels_are_one_line_and_name_the_kind)
{
    Bench b;
    setup(&b);
    size_t index = builder_add(b.builder, FRAGMENT_TABLE, SECTION_PRE, &table, 1, "x");
    cr_assert_str_eq(builder_fragment(b.builder, index)->label, "table s.a b");
    Object schema = {.address = {CATALOG_NAMESPACE, 2, 0}, .name = "s"};
    index = builder_add(b.builder, FRAGMENT_SCHEMA, SECTION_PRE, &schema, 0, "y");
    cr_assert_str_eq(builder_fragment(b.builder, index)->label, "schema s");
    teardown(&b);
}

Test(builder, a_part_of_a_table_is_labelled_with_it_and_weighs_what_it_reads)
{
    Bench b;
    setup(&b);
    Table tables[] = {{.object = {.address = {CATALOG_CLASS, 1, 0}, .schema = "s", .name = "t"},
                       .total_bytes = 4096}};
    b.model.tables.items = tables;
    b.model.tables.count = 1;
    Object key = {.address = {CATALOG_CONSTRAINT, 5, 0}, .schema = "s", .name = "k"};
    size_t index = builder_add(b.builder, FRAGMENT_FOREIGN_KEY, SECTION_POST, &key, 1, "x");
    cr_assert_str_eq(builder_fragment(b.builder, index)->label, "foreign key k on s.t");
    cr_assert_eq(builder_fragment(b.builder, index)->weight, 4096);
    index = builder_add(b.builder, FRAGMENT_COMMENT, SECTION_POST, &key, 1, "y");
    cr_assert_eq(builder_fragment(b.builder, index)->weight, 0);
    teardown(&b);
}

Test(builder, attributes_follow_their_object_owner_before_grants)
{
    Bench b;
    setup(&b);
    const Grant grants[] = {
        {.privilege = "INSERT", .grantee = "Own er", .revoked = true},
        {.privilege = "SELECT", .grantee = "r", .grantable = true},
        {.privilege = "UPDATE", .column = "c d", .grantee = NULL},
    };
    Object object = table;
    object.name = "t";
    object.owner = "Own er";
    object.comment = "it's";
    object.grants = grants;
    object.grant_count = LENGTH(grants);
    size_t index = builder_add(b.builder, FRAGMENT_TABLE, SECTION_PRE, &object, 1, "CREATE t");
    builder_add_attributes(b.builder, index, &object, "VIEW", "TABLE", "s.t");
    Object other = {.address = {CATALOG_CLASS, 2, 0}, .schema = "s", .name = "u"};
    builder_add(b.builder, FRAGMENT_TABLE, SECTION_PRE, &other, 2, "CREATE u");
    finish(&b);
    static const char *const expected[] = {
        "CREATE t",
        "ALTER VIEW s.t OWNER TO \"Own er\"",
        "GRANT SELECT ON TABLE s.t TO \"r\" WITH GRANT OPTION",
        "GRANT UPDATE (\"c d\") ON TABLE s.t TO PUBLIC",
        "REVOKE INSERT ON TABLE s.t FROM \"Own er\"",
        "COMMENT ON VIEW s.t IS 'it''s'",
        "CREATE u",
    };
    cr_assert_eq(b.list.count, LENGTH(expected));
    for (size_t i = 0; i < LENGTH(expected); i++)
        cr_assert_str_eq(b.list.items[i].sql, expected[i]);
    for (size_t i = 2; i < 5; i++) {
        cr_assert_eq(b.list.items[i].kind, FRAGMENT_GRANT);
        cr_assert_eq(b.list.items[i].object.oid, 1);
        cr_assert(b.list.items[i].need_count == 2 && b.list.items[i].needs[1] == 1);
    }
    teardown(&b);
}

Test(builder, attributes_without_a_fragment_follow_whatever_makes_the_object)
{
    Bench b;
    setup(&b);
    Object object = {.address = {CATALOG_CLASS, 9, 0}, .schema = "s", .name = "q", .comment = "c"};
    builder_add_attributes(b.builder, BUILDER_NONE, &object, "SEQUENCE", NULL, "s.q");
    Object column = {.address = {CATALOG_CLASS, 1, 1}, .schema = "s", .name = "zz"};
    size_t identity = builder_add(b.builder, FRAGMENT_IDENTITY, SECTION_PRE, &column, 1, "ADD");
    builder_provides(b.builder, identity, object.address);
    finish(&b);
    cr_assert_str_eq(b.list.items[0].sql, "ADD");
    cr_assert_str_eq(b.list.items[1].sql, "COMMENT ON SEQUENCE s.q IS 'c'");
    teardown(&b);
}

Test(builder, what_only_changes_an_object_does_not_make_it)
{
    Bench b;
    setup(&b);
    Model *model = &b.model;
    Dependency edges[] = {{{CATALOG_CLASS, 2, 0}, {CATALOG_NAMESPACE, 3, 0}, 'n'}};
    model->dependencies.items = edges;
    model->dependencies.count = 1;
    Object schema = {.address = {CATALOG_NAMESPACE, 3, 0}, .name = "public"};
    builder_add_comment(b.builder, BUILDER_NONE, &schema, "SCHEMA", "public", "x");
    Object object = {.address = {CATALOG_CLASS, 2, 0}, .schema = "public", .name = "t"};
    builder_add(b.builder, FRAGMENT_TABLE, SECTION_PRE, &object, 2, "CREATE t");
    finish(&b);
    for (size_t i = 0; i < b.list.count; i++)
        cr_assert_eq(b.list.items[i].need_count, 0);
    teardown(&b);
}

Test(fragment, every_kind_has_a_name)
{
    for (int i = 0; i < FRAGMENT_KIND_COUNT; i++) {
        const char *name = fragment_kind_name((FragmentKind)i);
        cr_assert_not_null(name);
        cr_assert_neq(strcmp(name, "object"), 0);
        for (int k = 0; k < i; k++)
            cr_assert_neq(strcmp(name, fragment_kind_name((FragmentKind)k)), 0, "%s twice", name);
    }
}
