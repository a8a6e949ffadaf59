#include <criterion/criterion.h>
#include <string.h>

#include "schema/compare.h"
#include "tests/schema/replay.h"

/* schema/compare.c: which types are the same on both sides, how a table's shape changes. */

typedef struct Pair {
    Model ours, theirs;
    FragmentList our_list, their_list;
    Type our_types[4], their_types[4];
    Fragment our_fragments[4], their_fragments[4];
    Dependency our_edges[4], their_edges[4];
    Arena *arena;
} Pair;

static void fill(Model *model, FragmentList *list, Type *types, Fragment *fragments,
                 Dependency *edges, Oid first)
{
    static const char *const names[] = {"a", "b", "c", "d"};
    static const char *const statements[] = {"CREATE a", "CREATE b", "CREATE c", "CREATE d"};
    for (Oid i = 0; i < 4; i++) {
        types[i] = (Type){
            .object = {.address = {CATALOG_TYPE, first + i, 0}, .schema = "s", .name = names[i]},
            .typtype = 'c',
            .array_oid = first + 10 + i,
            .relation_oid = first + 20 + i};
        fragments[i] = (Fragment){
            .kind = FRAGMENT_TYPE, .object = types[i].object.address, .sql = statements[i]};
    }
    model->types.items = types;
    model->types.count = 4;
    model->dependencies.items = edges;
    list->items = fragments;
    list->count = 4;
}

/* Four types on each side, a to d, the same: ours from OID 100, theirs from 200. */
static void setup(Pair *pair)
{
    memset(pair, 0, sizeof(*pair));
    pair->arena = arena_new();
    fill(&pair->ours, &pair->our_list, pair->our_types, pair->our_fragments, pair->our_edges, 100);
    fill(&pair->theirs, &pair->their_list, pair->their_types, pair->their_fragments,
         pair->their_edges, 200);
}

/* The names of the same types, e.g. "ab". */
static const char *same(Pair *pair)
{
    Error err = ERROR_INIT;
    SameType *types;
    size_t count;
    cr_assert(compare_same_types(&pair->ours, &pair->our_list, &pair->theirs, &pair->their_list,
                                 pair->arena, &types, &count, &err));
    char *names = arena_alloc(pair->arena, count + 1);
    for (size_t i = 0; i < count; i++) {
        cr_assert_eq(types[i].theirs, types[i].ours + 100);
        names[i] = (char)('a' + (int)(types[i].ours - 100));
    }
    return names;
}

static void edge(Model *model, Address from, Address to)
{
    model->dependencies.items[model->dependencies.count++] = (Dependency){from, to, 'n'};
}

Test(compare, a_type_with_an_operator_class_is_made_anew)
{
    Pair p;
    setup(&p);
    edge(&p.theirs, (Address){CATALOG_OPCLASS, 900, 0}, (Address){CATALOG_TYPE, 201, 0});
    edge(&p.ours, (Address){CATALOG_TYPE, 102, 0}, (Address){CATALOG_TYPE, 101, 0});
    cr_assert_str_eq(same(&p), "ad");
    arena_free(p.arena);
}

Test(compare, types_of_the_same_name_and_statement_are_the_same)
{
    Pair p;
    setup(&p);
    cr_assert_str_eq(same(&p), "abcd");
    p.their_fragments[1].sql = "CREATE b otherwise";
    p.their_types[2].object.schema = "elsewhere";
    cr_assert_str_eq(same(&p), "ad");
    arena_free(p.arena);
}

Test(compare, types_built_on_another_type_follow_it)
{
    Pair p;
    setup(&p);
    /* a is made of b's array, b of c, through their relations as composites do */
    edge(&p.ours, (Address){CATALOG_CLASS, 120, 0}, (Address){CATALOG_TYPE, 111, 0});
    edge(&p.ours, (Address){CATALOG_CLASS, 121, 0}, (Address){CATALOG_TYPE, 102, 0});
    cr_assert_str_eq(same(&p), "abcd");
    p.their_fragments[2].sql = "CREATE c otherwise";
    cr_assert_str_eq(same(&p), "d");
    arena_free(p.arena);
}

Test(compare, what_only_their_side_needs_counts_too)
{
    Pair p;
    setup(&p);
    edge(&p.theirs, (Address){CATALOG_TYPE, 200, 0}, (Address){CATALOG_TYPE, 203, 0});
    p.our_fragments[3].sql = "CREATE d otherwise";
    cr_assert_str_eq(same(&p), "bc");
    arena_free(p.arena);
}

Test(compare, types_that_need_functions_or_tables_are_never_the_same)
{
    Pair p;
    setup(&p);
    edge(&p.ours, (Address){CATALOG_TYPE, 100, 0}, (Address){CATALOG_PROC, 7, 0});
    edge(&p.ours, (Address){CATALOG_CLASS, 121, 1}, (Address){CATALOG_CLASS, 8, 0});
    edge(&p.theirs, (Address){CATALOG_TYPE, 202, 0}, (Address){CATALOG_EXTENSION, 9, 0});
    edge(&p.theirs, (Address){CATALOG_TYPE, 202, 0}, (Address){CATALOG_NAMESPACE, 9, 0});
    cr_assert_str_eq(same(&p), "cd");
    arena_free(p.arena);
}

Test(compare, a_domains_checks_are_part_of_it_and_comments_are_not)
{
    Pair p;
    setup(&p);
    Constraint ours = {.object = {.address = {CATALOG_CONSTRAINT, 50, 0}}, .domain = 100};
    Constraint theirs = {.object = {.address = {CATALOG_CONSTRAINT, 60, 0}}, .domain = 200};
    p.ours.constraints.items = &ours;
    p.ours.constraints.count = 1;
    p.theirs.constraints.items = &theirs;
    p.theirs.constraints.count = 1;
    /* the check takes the place of d's statement in both lists */
    p.our_fragments[3] =
        (Fragment){.kind = FRAGMENT_CHECK, .object = ours.object.address, .sql = "CHECK 1"};
    p.their_fragments[3] =
        (Fragment){.kind = FRAGMENT_CHECK, .object = theirs.object.address, .sql = "CHECK 1"};
    cr_assert_str_eq(same(&p), "abc");
    p.their_fragments[3].sql = "CHECK 2";
    cr_assert_str_eq(same(&p), "bc");
    p.our_fragments[3].kind = p.their_fragments[3].kind = FRAGMENT_COMMENT;
    cr_assert_str_eq(same(&p), "abc");
    arena_free(p.arena);
}

/* ---- shape ----------------------------------------------------------------------------- */

static Table shape(const Column *columns, size_t count)
{
    return (Table){.columns = columns, .column_count = count};
}

Test(compare, a_shape_that_stays_has_nothing_to_say)
{
    AUTO(arena_free) Arena *arena = arena_new();
    const Column before[] = {{.number = 1, .name = "a", .type = "integer"},
                             {.number = 4, .name = "b", .type = "text"}};
    const Column after[] = {{.number = 1, .name = "a", .type = "integer"},
                            {.number = 2, .name = "b", .type = "text"}};
    Table one = shape(before, 2);
    Table two = shape(after, 2);
    cr_assert_null(compare_shape(&one, &two, arena), "dropped columns do not count");
}

Test(compare, what_changes_in_a_shape_is_said_in_one_line)
{
    AUTO(arena_free) Arena *arena = arena_new();
    const Column before[] = {{.name = "total", .type = "integer"},
                             {.name = "old", .type = "text"},
                             {.name = "kept", .type = "text"}};
    const Column after[] = {{.name = "total", .type = "bigint"},
                            {.name = "kept", .type = "text"},
                            {.name = "note", .type = "text"}};
    Table one = shape(before, 3);
    Table two = shape(after, 3);
    cr_assert_str_eq(compare_shape(&one, &two, arena),
                     "column total: integer becomes bigint; column old is gone; "
                     "column note is new");
}

Test(compare, another_order_of_the_same_columns_is_a_change)
{
    AUTO(arena_free) Arena *arena = arena_new();
    const Column before[] = {{.name = "a", .type = "text"}, {.name = "b", .type = "text"}};
    const Column after[] = {{.name = "b", .type = "text"},
                            {.name = "c", .type = "text"},
                            {.name = "a", .type = "text"}};
    Table one = shape(before, 2);
    Table two = shape(after, 3);
    cr_assert_str_eq(compare_shape(&one, &two, arena),
                     "column c is new; the columns are in another order");
}

/* ---- real databases -------------------------------------------------------------------- */

Test(server_compare, finds_the_types_that_two_databases_share)
{
    static const char ours[] =
        "CREATE TYPE same AS ENUM ('a', 'b'); CREATE TYPE other AS ENUM ('a');"
        "CREATE TYPE built AS (s same, t other[]); CREATE TYPE fine AS (s same[]);"
        "CREATE DOMAIN d AS text CHECK (VALUE <> ''); CREATE DOMAIN e AS text CHECK (VALUE <> '');"
        "CREATE TABLE t (a int); CREATE TYPE holds AS (row t);"
        "CREATE FUNCTION f(int) RETURNS bool LANGUAGE sql AS 'SELECT true';"
        "CREATE DOMAIN calls AS int CHECK (f(VALUE)); CREATE EXTENSION citext;"
        "CREATE DOMAIN onext AS citext; CREATE TYPE r AS RANGE (SUBTYPE = same);";
    static const char theirs[] =
        "CREATE EXTENSION citext; CREATE DOMAIN onext AS citext;"
        "CREATE FUNCTION f(int) RETURNS bool LANGUAGE sql AS 'SELECT true';"
        "CREATE DOMAIN calls AS int CHECK (f(VALUE)); CREATE TABLE t (a int);"
        "CREATE TYPE holds AS (row t);"
        "CREATE DOMAIN d AS text CHECK (VALUE <> ''); CREATE DOMAIN e AS text CHECK (VALUE <> 'x');"
        "CREATE TYPE other AS ENUM ('b'); CREATE TYPE same AS ENUM ('b');"
        "ALTER TYPE same ADD VALUE 'a' BEFORE 'b';"
        "CREATE TYPE built AS (s same, t other[]); CREATE TYPE fine AS (s same[]);"
        "CREATE TYPE r AS RANGE (SUBTYPE = same); COMMENT ON TYPE r IS 'only here';";
    TestDatabase first = test_database("ours");
    TestDatabase second = test_database("theirs");
    test_sql(&first, ours);
    test_sql(&second, theirs);
    AUTO(arena_free) Arena *arena = arena_new();
    AUTO(error_clear) Error err = ERROR_INIT;
    Model *a;
    Model *b;
    FragmentList list_a;
    FragmentList list_b;
    replay_read(&first, arena, &a, &list_a);
    replay_read(&second, arena, &b, &list_b);
    SameType *types;
    size_t count;
    cr_assert(compare_same_types(a, &list_a, b, &list_b, arena, &types, &count, &err));
    AUTO(str_clear) Str names = STR_INIT;
    for (size_t i = 0; i < count; i++) {
        str_separate(&names, " ");
        str_add(&names, model_type(a, types[i].ours)->object.name);
        cr_assert_str_eq(model_type(b, types[i].theirs)->object.name,
                         model_type(a, types[i].ours)->object.name);
    }
    cr_assert_str_eq(str_text(&names), "same fine d onext r");
    test_database_drop(&first);
    test_database_drop(&second);
}
