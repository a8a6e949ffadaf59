#include <criterion/criterion.h>
#include <string.h>

#include "schema/binary.h"
#include "tests/schema/replay.h"

/* ---- the comparison -------------------------------------------------------------------- */

static BinaryTable plain(void)
{
    return (BinaryTable){
        .schema = "s", .name = "t", .foreign_types = "", .column_types = "a integer"};
}

static const char *refusal(const BinaryTable *source, int source_version, const BinaryTable *dest,
                           int dest_version)
{
    static char reason[256];
    AUTO(arena_free) Arena *arena = arena_new();
    const char *text = binary_refusal(source, source_version, dest, dest_version, arena);
    if (text == NULL)
        return NULL;
    snprintf(reason, sizeof(reason), "%s", text);
    return reason;
}

Test(binary, plain_tables_travel_as_binary_in_both_directions)
{
    BinaryTable t = plain();
    cr_assert_null(refusal(&t, 120022, &t, 180004));
    cr_assert_null(refusal(&t, 180004, &t, 120022));
}

Test(binary, each_side_is_asked_for_its_own_function)
{
    BinaryTable source = plain();
    BinaryTable dest = plain();
    source.lacks_receive = true; /* nobody receives there */
    dest.lacks_send = true;
    cr_assert_null(refusal(&source, 150000, &dest, 150000));
    source.lacks_send = true;
    cr_assert_not_null(strstr(refusal(&source, 150000, &dest, 150000), "send"));
    source = plain();
    dest.lacks_receive = true;
    cr_assert_not_null(strstr(refusal(&source, 150000, &dest, 150000), "receive"));
}

Test(binary, oids_in_the_data_are_refused_where_they_are_checked)
{
    BinaryTable t = plain();
    t.embeds_oid = true;
    cr_assert_not_null(refusal(&t, 180000, &t, 130000));
    cr_assert_null(refusal(&t, 130000, &t, 140000));
    t.embeds_oid = false;
    t.reg_type = true;
    cr_assert_not_null(refusal(&t, 180000, &t, 180000));
}

Test(binary, infinities_are_refused_only_on_the_way_down)
{
    BinaryTable t = plain();
    t.numeric = true;
    cr_assert_not_null(refusal(&t, 140000, &t, 130000));
    cr_assert_null(refusal(&t, 140000, &t, 150000));
    cr_assert_null(refusal(&t, 120000, &t, 130000));
    cr_assert_null(refusal(&t, 130000, &t, 140000));
    t = plain();
    t.interval = true;
    cr_assert_not_null(refusal(&t, 170000, &t, 160000));
    cr_assert_null(refusal(&t, 180000, &t, 170000));
    cr_assert_null(refusal(&t, 160000, &t, 150000));
    t = plain();
    t.jsonpath = true;
    cr_assert_not_null(refusal(&t, 160000, &t, 150009));
    cr_assert_null(refusal(&t, 150009, &t, 150001));
    cr_assert_null(refusal(&t, 150000, &t, 160000));
}

Test(binary, money_keeps_its_scale_only_as_text)
{
    BinaryTable t = plain();
    t.money = true;
    cr_assert_not_null(refusal(&t, 150000, &t, 150000));
}

Test(binary, types_of_extensions_must_be_known_and_of_one_version)
{
    BinaryTable source = plain();
    BinaryTable dest = plain();
    source.foreign_types = "geometry_send postgis 3.4, hstore_send hstore 1.8";
    dest.foreign_types = source.foreign_types;
    cr_assert_null(refusal(&source, 150000, &dest, 150000));
    dest.foreign_types = "geometry_send postgis 3.5, hstore_send hstore 1.8";
    cr_assert_not_null(strstr(refusal(&source, 150000, &dest, 150000), "version"));
    source.foreign_types = dest.foreign_types = "hstore_send hstore 1.8, odd_send odd 1.0";
    cr_assert_not_null(strstr(refusal(&source, 150000, &dest, 150000), "odd_send odd 1.0"));
    source.foreign_types = dest.foreign_types = "own_send";
    cr_assert_not_null(strstr(refusal(&source, 150000, &dest, 150000), "own_send"));
    source.foreign_types = dest.foreign_types = "hstore_send hstoreish 1.8";
    cr_assert_not_null(refusal(&source, 150000, &dest, 150000));
}

Test(binary, another_column_type_is_refused)
{
    BinaryTable source = plain();
    BinaryTable dest = plain();
    dest.column_types = "a bigint";
    cr_assert_not_null(strstr(refusal(&source, 150000, &dest, 150000), "differ"));
    cr_assert_not_null(refusal(&source, 150000, NULL, 150000));
}

/* ---- the walker ------------------------------------------------------------------------ */

typedef struct Expected {
    const char *table;
    const char *flags; /* of "send receive reg oid numeric interval jsonpath money" */
    const char *types;
} Expected;

static void add_flag(Str *s, bool is_set, const char *name)
{
    if (!is_set)
        return;
    str_separate(s, " ");
    str_add(s, name);
}

static void check_tables(const BinaryTables *tables, const Expected *expected, size_t count)
{
    cr_assert_eq(tables->count, count, "%zu tables", tables->count);
    for (size_t i = 0; i < count; i++) {
        const BinaryTable *t = binary_find(tables, "public", expected[i].table);
        cr_assert_not_null(t, "%s", expected[i].table);
        AUTO(str_clear) Str s = STR_INIT;
        add_flag(&s, t->lacks_send, "send");
        add_flag(&s, t->lacks_receive, "receive");
        add_flag(&s, t->reg_type, "reg");
        add_flag(&s, t->embeds_oid, "oid");
        add_flag(&s, t->numeric, "numeric");
        add_flag(&s, t->interval, "interval");
        add_flag(&s, t->jsonpath, "jsonpath");
        add_flag(&s, t->money, "money");
        cr_assert_str_eq(str_text(&s), expected[i].flags, "%s: %s", t->name, str_text(&s));
        cr_assert_str_eq(t->column_types, expected[i].types, "%s: %s", t->name, t->column_types);
    }
    cr_assert_null(binary_find(tables, "public", "nowhere"));
    cr_assert_null(binary_find(tables, "other", expected[0].table));
}

Test(server_binary, each_flag_is_found_however_deep_it_is)
{
    TestDatabase database = test_database("binary");
    test_sql(
        &database,
        "CREATE TYPE e AS ENUM ('a'); CREATE TYPE pair AS (a int, b text);"
        "CREATE TYPE holds_enum AS (a int, b e); CREATE TYPE deep AS (p pair, n numeric[]);"
        "CREATE DOMAIN many AS e[]; CREATE DOMAIN plain AS varchar(5);"
        "CREATE DOMAIN onto AS many; CREATE TYPE er AS RANGE (SUBTYPE = e);"
        "CREATE TYPE path_range AS RANGE (SUBTYPE = interval);"
        "CREATE TABLE none (); CREATE TABLE \"Ordinary\" (\"B c\" varchar(3), a int[], j jsonb,"
        " g int GENERATED ALWAYS AS (1) STORED, gone regclass);"
        "ALTER TABLE \"Ordinary\" DROP gone;"
        "CREATE TABLE enums (e e, r er, p plain);"
        "CREATE TABLE arrays (a e[]); CREATE TABLE domains (o onto);"
        "CREATE TABLE composites (c holds_enum); CREATE TABLE nested (d deep);"
        "CREATE TABLE builtin (p pair); CREATE TABLE row_types (n nested[]);"
        "CREATE TABLE ranges (r path_range, n numrange); CREATE TABLE regs (r regtype[]);"
        "CREATE TABLE acls (a aclitem[]); CREATE TABLE paths (j jsonpath, m money);"
        "CREATE TABLE parts (id int, a e[]) PARTITION BY LIST (id);"
        "CREATE TABLE trees (t pg_node_tree); CREATE TABLE searches (q tsquery[]);");
    AUTO(error_clear) Error err = ERROR_INIT;
    AUTO(arena_free) Arena *arena = arena_new();
    AUTO(conn_free) Conn *conn = replay_connect(&database, CONN_SOURCE);
    const char *schemas[] = {"public"};
    BinaryTables tables;
    cr_assert(binary_read(conn, schemas, 1, arena, &tables, &err), "%s", err.message);
    const Expected expected[] = {
        {"none", "", ""},
        {"Ordinary", "", "\"B c\" character varying(3), a integer[], j jsonb"},
        {"enums", "", "e e, p plain, r er"},
        {"arrays", "oid", "a e[]"},
        {"domains", "oid", "o onto"},
        {"composites", "oid", "c holds_enum"},
        {"nested", "oid numeric", "d deep"},
        {"builtin", "", "p pair"},
        {"row_types", "oid numeric", "n nested[]"},
        {"ranges", "numeric interval", "n numrange, r path_range"},
        {"regs", "reg", "r regtype[]"},
        {"acls", "send receive", "a aclitem[]"},
        {"paths", "jsonpath money", "j jsonpath, m money"},
        {"parts", "oid", "a e[], id integer"},
        {"trees", "receive", "t pg_node_tree"},
        {"searches", "receive", "q tsquery[]"}, /* an empty query is sent and refused */
    };
    check_tables(&tables, expected, LENGTH(expected));
    conn_free(TAKE(conn));
    test_database_drop(&database);
}

Test(server_binary, multiranges_lead_to_their_range)
{
    if (test_server_version() < 140000)
        cr_skip("multiranges came with 14");
    TestDatabase database = test_database("multi");
    test_sql(&database, "CREATE TYPE spans AS RANGE (SUBTYPE = interval,"
                        " MULTIRANGE_TYPE_NAME = many_spans); CREATE TABLE t (m many_spans);");
    AUTO(error_clear) Error err = ERROR_INIT;
    AUTO(arena_free) Arena *arena = arena_new();
    AUTO(conn_free) Conn *conn = replay_connect(&database, CONN_SOURCE);
    BinaryTables tables;
    cr_assert(binary_read(conn, NULL, 0, arena, &tables, &err), "%s", err.message);
    const Expected expected[] = {{"t", "interval", "m many_spans"}};
    check_tables(&tables, expected, 1);
    conn_free(TAKE(conn));
    test_database_drop(&database);
}

Test(server_binary, types_of_extensions_are_named_with_their_version)
{
    TestDatabase database = test_database("ext");
    test_sql(&database, "CREATE SCHEMA x; CREATE EXTENSION hstore WITH SCHEMA x VERSION '1.6';"
                        "CREATE EXTENSION citext; CREATE EXTENSION isn;"
                        "CREATE TABLE t (h x.hstore[], c citext); CREATE TABLE u (i isbn);");
    AUTO(error_clear) Error err = ERROR_INIT;
    AUTO(arena_free) Arena *arena = arena_new();
    AUTO(conn_free) Conn *conn = replay_connect(&database, CONN_SOURCE);
    BinaryTables tables;
    cr_assert(binary_read(conn, NULL, 0, arena, &tables, &err), "%s", err.message);
    const BinaryTable *t = binary_find(&tables, "public", "t");
    cr_assert_not_null(strstr(t->foreign_types, "hstore_send hstore 1.6"));
    cr_assert_not_null(strstr(t->foreign_types, "citextsend citext "));
    cr_assert_str_eq(t->column_types, "c citext, h hstore[]");
    cr_assert(!t->lacks_send && t->embeds_oid);
    cr_assert(binary_find(&tables, "public", "u")->lacks_send);
    conn_free(TAKE(conn));
    test_database_drop(&database);
}

Test(server_binary, a_shadow_of_the_table_has_the_same_column_types)
{
    TestDatabase database = test_database("shadow");
    test_sql(&database, "CREATE TYPE e AS ENUM ('a'); CREATE TABLE t (a e[], b e, c varchar(3));"
                        "CREATE SCHEMA \"pgzm_shadow_Public\";"
                        "CREATE TYPE \"pgzm_shadow_Public\".e AS ENUM ('a');"
                        "CREATE TABLE \"pgzm_shadow_Public\".t (a \"pgzm_shadow_Public\".e[],"
                        " b \"pgzm_shadow_Public\".e, c varchar(3));");
    AUTO(error_clear) Error err = ERROR_INIT;
    AUTO(arena_free) Arena *arena = arena_new();
    AUTO(conn_free) Conn *conn = replay_connect(&database, CONN_DEST);
    const char *schemas[] = {"public", "pgzm_shadow_Public"};
    BinaryTables tables;
    cr_assert(binary_read(conn, schemas, 2, arena, &tables, &err), "%s", err.message);
    const BinaryTable *live = binary_find(&tables, "public", "t");
    const BinaryTable *shadow = binary_find(&tables, "pgzm_shadow_Public", "t");
    cr_assert_str_eq(live->column_types, shadow->column_types);
    conn_free(TAKE(conn));
    test_database_drop(&database);
}
