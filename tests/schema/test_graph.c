#include <criterion/criterion.h>
#include <string.h>

#include "base/clock.h"
#include "schema/graph.h"

/*
 * Hand-made graphs: fragments are added straight to a builder, edges come from the model's
 * dependencies. An object's OID is its number, its statement its name.
 */

typedef struct Graph {
    Model model;
    Dependency edges[64];
    Arena *arena;
    Conn *conn;
    Builder *builder;
    FragmentList list;
    Error err;
} Graph;

static void setup(Graph *graph)
{
    memset(graph, 0, sizeof(*graph));
    graph->arena = arena_new();
    graph->conn = conn_for_quoting();
    graph->model.dependencies.items = graph->edges;
    graph->builder = builder_new(&graph->model, 150000, graph->conn, graph->arena);
}

static void teardown(Graph *graph)
{
    builder_free(graph->builder);
    conn_free(graph->conn);
    arena_free(graph->arena);
    error_clear(&graph->err);
}

static size_t add(Graph *graph, FragmentKind kind, Section section, Address address,
                  const char *name)
{
    Object object = {.address = address, .schema = "s", .name = name};
    return builder_add(graph->builder, kind, section, &object, 0, "%s", name);
}

static void need(Graph *graph, Address from, Address to)
{
    cr_assert_lt(graph->model.dependencies.count, LENGTH(graph->edges));
    graph->edges[graph->model.dependencies.count++] = (Dependency){from, to, 'n'};
}

static void finish(Graph *graph)
{
    cr_assert(builder_finish(graph->builder, &graph->list, &graph->err), "%s", graph->err.message);
    for (size_t i = 0; i < graph->list.count; i++) {
        const Fragment *fragment = &graph->list.items[i];
        for (size_t k = 0; k < fragment->need_count; k++) {
            cr_assert_lt(fragment->needs[k], i, "needs come first");
            cr_assert(k == 0 || fragment->needs[k] > fragment->needs[k - 1], "ascending");
            cr_assert_leq(graph->list.items[fragment->needs[k]].section, fragment->section);
        }
        cr_assert(i == 0 || graph->list.items[i - 1].section <= fragment->section);
    }
}

/* The statements in order, with a bar between PRE and POST. */
static const char *order(Graph *graph)
{
    AUTO(str_clear) Str s = STR_INIT;
    for (size_t i = 0; i < graph->list.count; i++) {
        bool first_post = graph->list.items[i].section == SECTION_POST &&
                          (i == 0 || graph->list.items[i - 1].section == SECTION_PRE);
        str_separate(&s, first_post ? " | " : " ");
        str_add(&s, graph->list.items[i].sql);
    }
    return arena_strdup(graph->arena, str_text(&s));
}

static size_t at(Graph *graph, const char *sql)
{
    for (size_t i = 0; i < graph->list.count; i++) {
        if (strcmp(graph->list.items[i].sql, sql) == 0)
            return i;
    }
    cr_assert_fail("no %s", sql);
    return SIZE_MAX;
}

static bool needs(Graph *graph, const char *later, const char *earlier)
{
    const Fragment *fragment = &graph->list.items[at(graph, later)];
    size_t position = at(graph, earlier);
    for (size_t i = 0; i < fragment->need_count; i++) {
        if (fragment->needs[i] == position)
            return true;
    }
    return false;
}

static Address relation(Oid oid)
{
    return (Address){CATALOG_CLASS, oid, 0};
}

static Address type(Oid oid)
{
    return (Address){CATALOG_TYPE, oid, 0};
}

static Address function(Oid oid)
{
    return (Address){CATALOG_PROC, oid, 0};
}

static Address constraint(Oid oid)
{
    return (Address){CATALOG_CONSTRAINT, oid, 0};
}

Test(graph, sorts_by_kind_and_name_where_nothing_else_says)
{
    Graph g;
    setup(&g);
    add(&g, FRAGMENT_INDEX, SECTION_POST, relation(9), "i");
    add(&g, FRAGMENT_TABLE, SECTION_PRE, relation(2), "b");
    add(&g, FRAGMENT_VIEW, SECTION_PRE, relation(3), "a_view");
    add(&g, FRAGMENT_TABLE, SECTION_PRE, relation(5), "a");
    add(&g, FRAGMENT_TYPE, SECTION_PRE, type(7), "z_type");
    finish(&g);
    cr_assert_str_eq(order(&g), "z_type a b a_view | i");
    teardown(&g);
}

Test(graph, does_not_depend_on_the_order_in_which_fragments_are_added)
{
    static const char *const names[] = {"d", "a", "c", "b"};
    const char *orders[2];
    Graph graphs[2];
    for (size_t turn = 0; turn < 2; turn++) {
        Graph *g = &graphs[turn];
        setup(g);
        for (size_t i = 0; i < 4; i++) {
            size_t k = turn == 0 ? i : 3 - i;
            add(g, FRAGMENT_VIEW, SECTION_PRE, relation((Oid)(10 * turn + k + 1)), names[k]);
        }
        /* a needs d, with other OIDs each time */
        need(g, relation((Oid)(10 * turn + 2)), relation((Oid)(10 * turn + 1)));
        finish(g);
        orders[turn] = order(g);
    }
    cr_assert_str_eq(orders[0], "b c d a");
    cr_assert_str_eq(orders[1], orders[0]);
    teardown(&graphs[0]);
    teardown(&graphs[1]);
}

Test(graph, puts_what_is_needed_first_against_the_kinds_order)
{
    Graph g;
    setup(&g);
    add(&g, FRAGMENT_TABLE, SECTION_PRE, relation(1), "table");
    add(&g, FRAGMENT_FUNCTION, SECTION_PRE, function(2), "function");
    add(&g, FRAGMENT_VIEW, SECTION_PRE, relation(3), "view");
    need(&g, function(2), relation(3));
    need(&g, relation(3), relation(1));
    finish(&g);
    cr_assert_str_eq(order(&g), "table view function");
    teardown(&g);
}

Test(graph, ignores_edges_to_itself_and_to_what_nobody_makes)
{
    Graph g;
    setup(&g);
    add(&g, FRAGMENT_TABLE, SECTION_PRE, relation(1), "a");
    need(&g, relation(1), relation(1));
    need(&g, (Address){CATALOG_CLASS, 1, 2}, (Address){CATALOG_CLASS, 1, 1});
    need(&g, relation(1), relation(99));
    need(&g, relation(99), relation(1));
    finish(&g);
    cr_assert_eq(g.list.count, 1);
    cr_assert_eq(g.list.items[0].need_count, 0);
    teardown(&g);
}

Test(graph, gives_a_column_to_the_table_unless_a_fragment_of_its_own_makes_it)
{
    Graph g;
    setup(&g);
    Address second = {CATALOG_CLASS, 1, 2};
    add(&g, FRAGMENT_TABLE, SECTION_PRE, relation(1), "table");
    size_t identity = add(&g, FRAGMENT_IDENTITY, SECTION_PRE, relation(8), "identity");
    builder_provides(g.builder, identity, second);
    builder_needs(g.builder, identity, relation(1));
    add(&g, FRAGMENT_VIEW, SECTION_PRE, relation(3), "on_first");
    add(&g, FRAGMENT_VIEW, SECTION_PRE, relation(4), "on_second");
    need(&g, relation(3), (Address){CATALOG_CLASS, 1, 1});
    need(&g, relation(4), second);
    finish(&g);
    cr_assert(needs(&g, "on_first", "table") && !needs(&g, "on_first", "identity"));
    cr_assert(needs(&g, "on_second", "identity") && !needs(&g, "on_second", "table"));
    teardown(&g);
}

Test(graph, an_address_belongs_to_the_last_that_claims_it)
{
    Graph g;
    setup(&g);
    size_t early = add(&g, FRAGMENT_TYPE, SECTION_PRE, type(1), "shell");
    size_t full = add(&g, FRAGMENT_TYPE, SECTION_PRE, type(1), "full");
    builder_needs_fragment(g.builder, full, early);
    add(&g, FRAGMENT_TABLE, SECTION_PRE, relation(2), "before");
    need(&g, relation(2), type(1));
    builder_provides(g.builder, full, type(1));
    finish(&g);
    cr_assert(needs(&g, "before", "full") && !needs(&g, "before", "shell"));
    teardown(&g);
}

Test(graph, what_needs_a_later_fragment_becomes_later_itself)
{
    Graph g;
    setup(&g);
    add(&g, FRAGMENT_TABLE, SECTION_PRE, relation(1), "table");
    add(&g, FRAGMENT_CONSTRAINT, SECTION_POST, constraint(2), "key");
    add(&g, FRAGMENT_VIEW, SECTION_PRE, relation(3), "grouped");
    add(&g, FRAGMENT_VIEW, SECTION_PRE, relation(4), "above");
    add(&g, FRAGMENT_VIEW, SECTION_PRE, relation(5), "other");
    need(&g, constraint(2), relation(1));
    need(&g, relation(3), constraint(2));
    need(&g, relation(4), relation(3));
    need(&g, relation(5), relation(1));
    finish(&g);
    cr_assert_str_eq(order(&g), "table other | key grouped above");
    teardown(&g);
}

Test(graph, what_a_table_needs_comes_before_the_rows_even_a_key)
{
    Graph g;
    setup(&g);
    add(&g, FRAGMENT_TABLE, SECTION_PRE, relation(1), "a");
    add(&g, FRAGMENT_CONSTRAINT, SECTION_POST, constraint(2), "key");
    add(&g, FRAGMENT_INDEX, SECTION_POST, relation(3), "other");
    add(&g, FRAGMENT_VIEW, SECTION_PRE, relation(4), "grouped");
    add(&g, FRAGMENT_TABLE, SECTION_PRE, relation(5), "of_rows");
    need(&g, constraint(2), relation(1));
    need(&g, relation(3), relation(1));
    need(&g, relation(4), constraint(2));
    need(&g, relation(5), relation(4));
    finish(&g);
    cr_assert_str_eq(order(&g), "a key grouped of_rows | other");
    teardown(&g);
}

Test(graph, row_types_stand_for_their_table)
{
    Graph g;
    setup(&g);
    Table tables[] = {{.object.address = {CATALOG_CLASS, 1, 0},
                       .object.schema = "s",
                       .object.name = "a",
                       .row_type = 11,
                       .row_type_array = 12}};
    g.model.tables.items = tables;
    g.model.tables.count = 1;
    add(&g, FRAGMENT_TABLE, SECTION_PRE, relation(1), "a");
    add(&g, FRAGMENT_FUNCTION, SECTION_PRE, function(2), "takes");
    add(&g, FRAGMENT_FUNCTION, SECTION_PRE, function(3), "takes_many");
    need(&g, function(2), type(11));
    need(&g, function(3), type(12));
    finish(&g);
    cr_assert_str_eq(order(&g), "a takes takes_many");
    teardown(&g);
}

Test(graph, a_sequence_does_not_wait_for_the_column_that_it_belongs_to)
{
    Graph g;
    setup(&g);
    Sequence sequences[] = {
        {.object.address = {CATALOG_CLASS, 7, 0}, .owned_by = {CATALOG_CLASS, 1, 1}}};
    g.model.sequences.items = sequences;
    g.model.sequences.count = 1;
    add(&g, FRAGMENT_TABLE, SECTION_PRE, relation(1), "table");
    add(&g, FRAGMENT_SEQUENCE, SECTION_PRE, relation(7), "sequence");
    size_t owned = add(&g, FRAGMENT_OWNED_BY, SECTION_PRE, relation(7), "owned");
    builder_needs(g.builder, owned, relation(1));
    builder_needs(g.builder, owned, relation(7));
    need(&g, relation(1), relation(7));
    g.edges[g.model.dependencies.count++] = (Dependency){relation(7), {CATALOG_CLASS, 1, 1}, 'a'};
    finish(&g);
    cr_assert_str_eq(order(&g), "sequence table owned");
    teardown(&g);
}

Test(graph, a_foreign_key_waits_until_every_partition_is_attached)
{
    Graph g;
    setup(&g);
    Index indexes[] = {
        {.object.address = {CATALOG_CLASS, 21, 0}, .relkind = 'I', .constraint = 31},
        {.object.address = {CATALOG_CLASS, 22, 0}, .relkind = 'I', .parent = 21},
        {.object.address = {CATALOG_CLASS, 23, 0}, .relkind = 'i', .parent = 22},
    };
    g.model.indexes.items = indexes;
    g.model.indexes.count = LENGTH(indexes);
    size_t top = add(&g, FRAGMENT_CONSTRAINT, SECTION_POST, constraint(31), "top");
    builder_provides(g.builder, top, relation(21));
    add(&g, FRAGMENT_INDEX, SECTION_POST, relation(22), "middle");
    add(&g, FRAGMENT_INDEX, SECTION_POST, relation(23), "leaf");
    size_t attach_middle =
        add(&g, FRAGMENT_INDEX_ATTACH, SECTION_POST, relation(22), "attach_middle");
    builder_needs(g.builder, attach_middle, relation(22));
    builder_needs(g.builder, attach_middle, relation(21));
    size_t attach_leaf = add(&g, FRAGMENT_INDEX_ATTACH, SECTION_POST, relation(23), "attach_leaf");
    builder_needs(g.builder, attach_leaf, relation(23));
    builder_needs(g.builder, attach_leaf, relation(22));
    add(&g, FRAGMENT_FOREIGN_KEY, SECTION_POST, constraint(40), "foreign_key");
    need(&g, constraint(40), relation(21));
    finish(&g);
    cr_assert(needs(&g, "foreign_key", "attach_middle"));
    cr_assert(needs(&g, "attach_middle", "attach_leaf"));
    cr_assert(!needs(&g, "attach_leaf", "attach_middle"));
    teardown(&g);
}

Test(graph, a_refresh_follows_those_it_reads_through_views_and_functions)
{
    Graph g;
    setup(&g);
    add(&g, FRAGMENT_MATVIEW, SECTION_PRE, relation(1), "z_first");
    add(&g, FRAGMENT_VIEW, SECTION_PRE, relation(2), "view");
    add(&g, FRAGMENT_FUNCTION, SECTION_PRE, function(3), "function");
    size_t second = add(&g, FRAGMENT_MATVIEW, SECTION_PRE, relation(4), "a_second");
    size_t refresh_second =
        add(&g, FRAGMENT_REFRESH, SECTION_POST, relation(4), "a_refresh_second");
    builder_needs(g.builder, refresh_second, relation(4));
    size_t refresh_first = add(&g, FRAGMENT_REFRESH, SECTION_POST, relation(1), "z_refresh_first");
    builder_needs(g.builder, refresh_first, relation(1));
    Object object = {.address = relation(4), .schema = "s", .name = "a_second", .owner = "o"};
    builder_add_owner(g.builder, second, &object, "MATERIALIZED VIEW", "a_second");
    Object index = {.address = relation(5), .schema = "s", .name = "index"};
    builder_add(g.builder, FRAGMENT_INDEX, SECTION_POST, &index, 4, "index");
    need(&g, relation(2), relation(1));
    need(&g, function(3), relation(2));
    need(&g, relation(4), function(3));
    finish(&g);
    cr_assert(needs(&g, "a_refresh_second", "z_refresh_first"));
    cr_assert(needs(&g, "a_refresh_second", "ALTER MATERIALIZED VIEW a_second OWNER TO \"o\""));
    cr_assert(needs(&g, "index", "a_refresh_second"));
    cr_assert(!needs(&g, "z_refresh_first", "a_refresh_second"));
    teardown(&g);
}

/* ---- loops ----------------------------------------------------------------------------- */

Test(loop, a_ranges_canonical_function_takes_the_shell)
{
    Graph g;
    setup(&g);
    size_t shell = add(&g, FRAGMENT_TYPE, SECTION_PRE, type(1), "shell");
    size_t range = add(&g, FRAGMENT_TYPE, SECTION_PRE, type(1), "range");
    builder_provides(g.builder, range, type(1));
    builder_needs_fragment(g.builder, range, shell);
    builder_early(g.builder, range, shell);
    add(&g, FRAGMENT_FUNCTION, SECTION_PRE, function(2), "canonical");
    add(&g, FRAGMENT_FUNCTION, SECTION_PRE, function(3), "another");
    need(&g, type(1), function(2));
    need(&g, function(2), type(1));
    need(&g, function(3), type(1));
    finish(&g);
    cr_assert_str_eq(order(&g), "shell canonical range another");
    cr_assert(needs(&g, "another", "range"), "only the loop takes the shell");
    teardown(&g);
}

/* Two views over the model, with one column each. */
static const Column int_column = {
    .number = 1, .name = "x", .type_oid = 23, .type = "integer", .collation = NULL};
static const Column text_column = {
    .number = 1, .name = "y z", .type_oid = 25, .type = "text", .collation = "\"C\""};

static void set_views(Graph *g, View views[2])
{
    views[0] = (View){.object = {.address = relation(1), .schema = "s", .name = "v"},
                      .relkind = 'v',
                      .columns = &int_column,
                      .column_count = 1};
    views[1] = (View){.object = {.address = relation(2), .schema = "s", .name = "w"},
                      .relkind = 'v',
                      .columns = &text_column,
                      .column_count = 1};
    g->model.views.items = views;
    g->model.views.count = 2;
}

Test(loop, a_view_and_its_function_begin_with_a_dummy_view)
{
    Graph g;
    setup(&g);
    View views[2];
    set_views(&g, views);
    add(&g, FRAGMENT_VIEW, SECTION_PRE, relation(1), "CREATE VIEW v AS body");
    add(&g, FRAGMENT_FUNCTION, SECTION_PRE, function(3), "function");
    need(&g, relation(1), function(3));
    need(&g, function(3), relation(1));
    finish(&g);
    cr_assert_str_eq(order(&g), "CREATE VIEW \"s\".\"v\" AS SELECT NULL::integer AS \"x\" function "
                                "CREATE OR REPLACE VIEW v AS body");
    teardown(&g);
}

Test(loop, a_longer_loop_through_views_gets_one_dummy)
{
    Graph g;
    setup(&g);
    View views[2];
    set_views(&g, views);
    add(&g, FRAGMENT_VIEW, SECTION_PRE, relation(1), "CREATE VIEW v AS body");
    add(&g, FRAGMENT_VIEW, SECTION_PRE, relation(2), "CREATE VIEW w AS body");
    add(&g, FRAGMENT_FUNCTION, SECTION_PRE, function(3), "function");
    need(&g, relation(1), function(3));
    need(&g, function(3), relation(2));
    need(&g, relation(2), relation(1));
    finish(&g);
    cr_assert_str_eq(order(&g),
                     "CREATE VIEW \"s\".\"w\" AS SELECT NULL::text COLLATE \"C\" AS \"y z\" "
                     "function CREATE VIEW v AS body CREATE OR REPLACE VIEW w AS body");
    teardown(&g);
}

Test(loop, a_looped_view_that_needs_a_key_is_a_dummy_until_then)
{
    Graph g;
    setup(&g);
    View views[2];
    set_views(&g, views);
    add(&g, FRAGMENT_VIEW, SECTION_PRE, relation(1), "CREATE VIEW v AS body");
    add(&g, FRAGMENT_FUNCTION, SECTION_PRE, function(3), "function");
    add(&g, FRAGMENT_TABLE, SECTION_PRE, relation(5), "table");
    add(&g, FRAGMENT_CONSTRAINT, SECTION_POST, constraint(6), "key");
    need(&g, relation(1), function(3));
    need(&g, function(3), relation(1));
    need(&g, constraint(6), relation(5));
    need(&g, relation(1), constraint(6));
    finish(&g);
    cr_assert_eq(g.list.items[at(&g, "function")].section, SECTION_PRE);
    cr_assert_eq(g.list.items[at(&g, "CREATE OR REPLACE VIEW v AS body")].section, SECTION_POST);
    teardown(&g);
}

Test(loop, a_domains_default_is_set_when_its_function_is_there)
{
    Graph g;
    setup(&g);
    size_t domain = add(&g, FRAGMENT_TYPE, SECTION_PRE, type(1), "domain");
    size_t given = add(&g, FRAGMENT_DEFAULT, SECTION_PRE, type(1), "default");
    builder_needs_fragment(g.builder, given, domain);
    builder_late(g.builder, domain, given);
    add(&g, FRAGMENT_FUNCTION, SECTION_PRE, function(2), "function");
    need(&g, type(1), function(2));
    need(&g, function(2), type(1));
    finish(&g);
    cr_assert_str_eq(order(&g), "domain function default");
    teardown(&g);
}

Test(loop, a_domains_check_may_need_a_table_that_is_built_on_the_domain)
{
    Graph g;
    setup(&g);
    Constraint checks[] = {{.object = {.address = {CATALOG_CONSTRAINT, 5, 0}},
                            .contype = 'c',
                            .domain = 1,
                            .validated = true}};
    g.model.constraints.items = checks;
    g.model.constraints.count = 1;
    add(&g, FRAGMENT_TYPE, SECTION_PRE, type(1), "domain");
    size_t check = add(&g, FRAGMENT_CHECK, SECTION_PRE, constraint(5), "check");
    builder_needs(g.builder, check, type(1));
    add(&g, FRAGMENT_FUNCTION, SECTION_PRE, function(2), "function");
    add(&g, FRAGMENT_TABLE, SECTION_PRE, relation(3), "looped");
    add(&g, FRAGMENT_TABLE, SECTION_PRE, relation(4), "a_table");
    need(&g, constraint(5), function(2));
    need(&g, function(2), relation(3));
    need(&g, relation(3), type(1));
    need(&g, relation(4), type(1));
    finish(&g);
    cr_assert_str_eq(order(&g), "domain looped function check a_table");
    teardown(&g);
}

Test(loop, a_partitioned_index_lets_go_of_its_partitions)
{
    Graph g;
    setup(&g);
    Index indexes[] = {
        {.object.address = {CATALOG_CLASS, 21, 0}, .relkind = 'I'},
        {.object.address = {CATALOG_CLASS, 22, 0}, .relkind = 'i', .parent = 21},
    };
    g.model.indexes.items = indexes;
    g.model.indexes.count = LENGTH(indexes);
    add(&g, FRAGMENT_INDEX, SECTION_POST, relation(21), "parent");
    add(&g, FRAGMENT_INDEX, SECTION_POST, relation(22), "child");
    need(&g, relation(21), relation(22));
    need(&g, relation(22), relation(21));
    finish(&g);
    cr_assert_str_eq(order(&g), "parent child");
    teardown(&g);
}

Test(loop, without_a_repair_is_refused_by_name)
{
    Graph g;
    setup(&g);
    add(&g, FRAGMENT_TABLE, SECTION_PRE, relation(1), "table");
    add(&g, FRAGMENT_FUNCTION, SECTION_PRE, function(2), "function");
    add(&g, FRAGMENT_TABLE, SECTION_PRE, relation(3), "innocent");
    need(&g, relation(1), function(2));
    need(&g, function(2), relation(1));
    need(&g, relation(3), relation(1));
    cr_assert_not(builder_finish(g.builder, &g.list, &g.err));
    cr_assert_eq(g.err.kind, ERROR_COPY);
    cr_assert_not_null(strstr(g.err.message, "table s.table"));
    cr_assert_not_null(strstr(g.err.message, "function s.function"));
    cr_assert_null(strstr(g.err.message, "innocent"));
    cr_assert_not_null(g.err.hint);
    teardown(&g);
}

Test(graph, sorts_a_long_chain_and_a_wide_fan_in_reasonable_time)
{
    enum { TABLES = 30000 };
    Graph g;
    setup(&g);
    Dependency *edges = mem_alloc(2 * TABLES * sizeof(*edges));
    g.model.dependencies.items = edges;
    char name[32];
    for (Oid i = 1; i <= TABLES; i++) {
        snprintf(name, sizeof(name), "t%05u", TABLES - i);
        size_t table = add(&g, FRAGMENT_TABLE, SECTION_PRE, relation(i), name);
        Object object = {.address = relation(i), .schema = "s", .name = name, .owner = "o"};
        builder_add_owner(g.builder, table, &object, "TABLE", name);
        if (i > 1) {
            edges[g.model.dependencies.count++] = (Dependency){relation(i), relation(i - 1), 'n'};
            edges[g.model.dependencies.count++] = (Dependency){relation(i), relation(1), 'n'};
        }
    }
    int64_t start = clock_monotonic_ms();
    finish(&g);
    int64_t took = clock_monotonic_ms() - start;
    cr_assert_eq(g.list.count, 2 * TABLES);
    cr_assert_str_eq(g.list.items[0].sql, "t29999");
    cr_assert_lt(took, 5000, "%lld ms", (long long)took);
    mem_free(edges);
    teardown(&g);
}

/* ---- what waits for rows, alone -------------------------------------------------------- */

static size_t add_part(Graph *graph, FragmentKind kind, Section section, Oid oid, const char *sql)
{
    Object object = {.address = relation(oid), .schema = "s", .name = sql};
    return builder_add(graph->builder, kind, section, &object, 0, "%s", sql);
}

Test(graph, only_what_waits_for_rows_is_handed_over_when_asked)
{
    Graph g;
    setup(&g);
    builder_only_post(g.builder);
    add_part(&g, FRAGMENT_TABLE, SECTION_PRE, 1, "table");
    add_part(&g, FRAGMENT_INDEX, SECTION_POST, 2, "index");
    builder_undo(g.builder, add_part(&g, FRAGMENT_INDEX, SECTION_POST, 3, "other index"), "drop");
    Object view = {.address = relation(4), .schema = "s", .name = "view", .owner = "me"};
    size_t made = builder_add(g.builder, FRAGMENT_VIEW, SECTION_PRE, &view, 0, "view");
    builder_add_attributes(g.builder, made, &view, "VIEW", NULL, "view");
    need(&g, relation(2), relation(1));
    need(&g, relation(3), relation(1));
    need(&g, relation(4), relation(3)); /* so that it waits, and its owner with it */
    builder_begin_kind(g.builder, "publication", PLACE_SWAP);
    add_part(&g, FRAGMENT_OBJECT, SECTION_POST, 5, "elsewhere");
    need(&g, relation(5), relation(4));
    finish(&g);
    arena_free(TAKE(g.builder->passing));
    cr_assert_str_eq(order(&g), "index other index view ALTER VIEW view OWNER TO \"me\"");
    cr_assert(needs(&g, "view", "other index"));
    cr_assert_eq(g.list.items[at(&g, "index")].need_count, 0);
    cr_assert_null(g.list.items[at(&g, "other index")].undo);
    const Fragment *owner = &g.list.items[3];
    cr_assert_str_eq(owner->owner, "\"me\"");
    cr_assert_eq(owner->owner, owner->sql + strlen(owner->sql) - strlen("\"me\""));
    cr_assert_str_eq(owner->label, "owner s.view");
    teardown(&g);
}
