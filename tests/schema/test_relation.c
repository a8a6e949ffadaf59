#include <criterion/criterion.h>
#include <string.h>

#include "tests/schema/roundtrip.h"

/* Statements of models made by hand: what no server of the run may be able to show. */

typedef struct Made {
    Arena *arena;
    Conn *conn;
    Model model; /* of 15 when nothing else is said */
    int target;  /* as the model's when not said */
    FragmentList list;
} Made;

static void made_build(Made *made)
{
    AUTO(error_clear) Error err = ERROR_INIT;
    made->arena = arena_new();
    made->conn = conn_for_quoting();
    if (made->model.server_version == 0)
        made->model.server_version = 150000;
    int target = made->target != 0 ? made->target : made->model.server_version;
    bool built = fragments_build(&made->model, target, made->conn, made->arena, &made->list, &err);
    cr_assert(built, "%s", err.message);
}

static void made_free(Made *made)
{
    conn_free(made->conn);
    arena_free(made->arena);
}

#define OBJECT(class, number, label)                                                               \
    {                                                                                              \
        .address = {class, number, 0}, .schema = "s", .name = label                                \
    }
#define COLUMN(n, label, type_name, ...)                                                           \
    {                                                                                              \
        .number = n, .name = label, .type = type_name, .statistics = -1, .local = true,            \
        .not_null_local = true, .not_null_valid = true, __VA_ARGS__                                \
    }

static void expect(const Made *made, const char *sql)
{
    for (size_t i = 0; i < made->list.count; i++)
        if (strcmp(made->list.items[i].sql, sql) == 0)
            return;
    for (size_t i = 0; i < made->list.count; i++)
        fprintf(stderr, "%s\n", made->list.items[i].sql);
    cr_assert_fail("no statement is: %s", sql);
}

Test(relation, prints_what_a_table_and_its_columns_can_have)
{
    Column columns[] = {
        COLUMN(1, "a \"b\"", "numeric(5,2)", .not_null = true, .not_null_name = "there"),
        COLUMN(3, "b", "text", .collation = "pg_catalog.\"C\"", .storage = 'e', .compression = 'l',
               .options = "n_distinct='5'"),
        COLUMN(4, "c", "integer", .generated = 's', .default_expr = "(a * 2)"),
        COLUMN(5, "d", "integer", .generated = 'v', .default_expr = "(a * 3)"),
        COLUMN(6, "e", "date", .default_expr = "now()", .default_oid = 77, .comment = "it's"),
    };
    columns[1].statistics = 0;
    Table table = {.object = OBJECT(CATALOG_CLASS, 10, "t"),
                   .relkind = 'r',
                   .persistence = 'u',
                   .columns = columns,
                   .column_count = LENGTH(columns),
                   .access_method = "Heap 2",
                   .tablespace = "fast",
                   .options = "fillfactor='70', toast.autovacuum_enabled='off'",
                   .replica_identity = 'n',
                   .force_row_security = true};
    Made made = {.model = {.server_version = 180000, .tables = {&table, 1}}};
    made_build(&made);
    expect(&made,
           "CREATE UNLOGGED TABLE \"s\".\"t\" (\"a \"\"b\"\"\" numeric(5,2) CONSTRAINT \"there\" "
           "NOT NULL, \"b\" text COLLATE pg_catalog.\"C\", \"c\" integer GENERATED ALWAYS AS "
           "((a * 2)) STORED, \"d\" integer GENERATED ALWAYS AS ((a * 3)) VIRTUAL, \"e\" date) "
           "USING \"Heap 2\" WITH (fillfactor='70', toast.autovacuum_enabled='off') TABLESPACE "
           "\"fast\"");
    expect(&made, "ALTER TABLE ONLY \"s\".\"t\" ALTER COLUMN \"b\" SET STORAGE EXTERNAL, ALTER "
                  "COLUMN \"b\" SET COMPRESSION lz4, ALTER COLUMN \"b\" SET STATISTICS 0, ALTER "
                  "COLUMN \"b\" SET (n_distinct='5')");
    expect(&made, "ALTER TABLE ONLY \"s\".\"t\" ALTER COLUMN \"e\" SET DEFAULT now()");
    expect(&made, "COMMENT ON COLUMN \"s\".\"t\".\"e\" IS 'it''s'");
    expect(&made, "ALTER TABLE ONLY \"s\".\"t\" REPLICA IDENTITY NOTHING");
    expect(&made, "ALTER TABLE \"s\".\"t\" FORCE ROW LEVEL SECURITY");
    cr_assert_not(roundtrip_has(&made.list, "ALTER TABLE s.t ENABLE ROW LEVEL SECURITY"));
    made_free(&made);
}

Test(relation, is_printed_for_an_older_server_in_its_words)
{
    Column columns[] = {
        COLUMN(1, "a", "integer", .not_null = true, .not_null_name = "there",
               .not_null_no_inherit = true),
        COLUMN(2, "b", "text", .compression = 'l'),
    };
    Grant grants[] = {{.grantee = "r", .grantor = "o", .privilege = "MAINTAIN"},
                      {.grantee = "r", .grantor = "o", .privilege = "SELECT"}};
    Table table = {.object = OBJECT(CATALOG_CLASS, 10, "t"),
                   .relkind = 'p',
                   .persistence = 'p',
                   .columns = columns,
                   .column_count = LENGTH(columns),
                   .partition_key = "LIST (a)",
                   .access_method = "other"};
    table.object.grants = grants;
    table.object.grant_count = LENGTH(grants);
    Sequence sequence = {
        .object = OBJECT(CATALOG_CLASS, 11, "q"), .persistence = 'u', .type = "bigint"};
    Made made = {
        .target = 130000,
        .model = {.server_version = 180000, .tables = {&table, 1}, .sequences = {&sequence, 1}}};
    ObjectList lists[] = {{"sequence", &sequence, 1, sizeof(sequence)},
                          {"table", &table, 1, sizeof(table)}};
    memcpy(made.model.lists, lists, sizeof(lists));
    made_build(&made);
    expect(&made, "CREATE TABLE \"s\".\"t\" (\"a\" integer NOT NULL, \"b\" text) PARTITION BY "
                  "LIST (a)");
    expect(&made, "GRANT SELECT ON TABLE \"s\".\"t\" TO \"r\"");
    cr_assert(roundtrip_has(&made.list, "CREATE SEQUENCE s.q"));
    cr_assert_not(roundtrip_has(&made.list, "GRANT MAINTAIN"));
    cr_assert_not(roundtrip_has(&made.list, "ALTER TABLE ONLY s.t ALTER COLUMN b SET COMPRESSION"));
    made_free(&made);
}

Test(relation, never_calls_a_partitioned_table_unlogged)
{
    Column columns[] = {COLUMN(1, "a", "integer")};
    Table table = {.object = OBJECT(CATALOG_CLASS, 10, "t"),
                   .relkind = 'p',
                   .persistence = 'u',
                   .columns = columns,
                   .column_count = 1,
                   .partition_key = "LIST (a)"};
    Made made = {.model.tables = {&table, 1}};
    made_build(&made);
    expect(&made, "CREATE TABLE \"s\".\"t\" (\"a\" integer) PARTITION BY LIST (a)");
    made_free(&made);
}

Test(relation, prints_all_columns_of_a_child_whose_parent_is_elsewhere)
{
    Column columns[] = {COLUMN(1, "a", "integer", .inherited = 1)};
    columns[0].local = false;
    const Oid parents[] = {99};
    Table table = {.object = OBJECT(CATALOG_CLASS, 10, "t"),
                   .relkind = 'r',
                   .persistence = 'p',
                   .columns = columns,
                   .column_count = 1,
                   .parents = parents,
                   .parent_count = 1};
    Made made = {.model.tables = {&table, 1}};
    made_build(&made);
    expect(&made, "CREATE TABLE \"s\".\"t\" (\"a\" integer)");
    made_free(&made);
}

Test(relation, prints_only_what_a_child_does_not_inherit)
{
    Column parent_columns[] = {
        COLUMN(1, "a", "integer", .not_null = true),
        COLUMN(2, "g", "integer", .generated = 's', .default_expr = "(a + 1)"),
        COLUMN(3, "n", "integer"),
    };
    Column child_columns[] = {
        COLUMN(1, "a", "integer", .not_null = true, .inherited = 1),
        COLUMN(2, "g", "integer", .generated = 's', .default_expr = "(a + 1)", .inherited = 1),
        COLUMN(3, "n", "integer", .not_null = true, .inherited = 1),
        COLUMN(4, "own", "text"),
    };
    for (size_t i = 0; i < 3; i++)
        child_columns[i].local = i == 1; /* g is declared again */
    const Oid parents[] = {10};
    Table tables[] = {{.object = OBJECT(CATALOG_CLASS, 10, "p"),
                       .relkind = 'r',
                       .persistence = 'p',
                       .columns = parent_columns,
                       .column_count = LENGTH(parent_columns)},
                      {.object = OBJECT(CATALOG_CLASS, 11, "c"),
                       .relkind = 'r',
                       .persistence = 'p',
                       .columns = child_columns,
                       .column_count = LENGTH(child_columns),
                       .parents = parents,
                       .parent_count = 1}};
    Made made = {.model.tables = {tables, 2}};
    made_build(&made);
    expect(&made, "CREATE TABLE \"s\".\"c\" (\"g\" integer, \"own\" text) INHERITS (\"s\".\"p\")");
    expect(&made, "ALTER TABLE ONLY \"s\".\"c\" ALTER COLUMN \"n\" SET NOT NULL");
    made_free(&made);
}

/* A table s.t (10) with an index i (20) for constraint k (30), and a second table s.r (11). */
static const Column one_column[] = {COLUMN(1, "a", "integer")};

static Table plain_table(Oid oid, const char *name, char relkind)
{
    return (Table){.object = {.address = {CATALOG_CLASS, oid, 0}, .schema = "s", .name = name},
                   .relkind = relkind,
                   .persistence = 'p',
                   .columns = one_column,
                   .column_count = 1,
                   .partition_key = relkind == 'p' ? "LIST (a)" : NULL,
                   .total_bytes = relkind == 'p' ? 0 : 8192};
}

Test(relation, assembles_the_key_of_a_partitioned_table)
{
    Table table = plain_table(10, "t", 'p');
    Index index = {.object = OBJECT(CATALOG_CLASS, 20, "k"),
                   .table = 10,
                   .constraint = 30,
                   .relkind = 'I',
                   .def = "CREATE UNIQUE INDEX k ON ONLY s.t USING btree (a)",
                   .columns_def = "a, \"b c\"",
                   .include_def = "d",
                   .options = "fillfactor='60'",
                   .tablespace = "fast",
                   .nulls_not_distinct = true,
                   .unique = true};
    Constraint key = {.object = OBJECT(CATALOG_CONSTRAINT, 30, "k"),
                      .contype = 'u',
                      .table = 10,
                      .index = 20,
                      .validated = true,
                      .local = true,
                      .deferrable = true,
                      .deferred = true};
    Made made = {
        .model = {.tables = {&table, 1}, .indexes = {&index, 1}, .constraints = {&key, 1}}};
    made_build(&made);
    expect(&made, "ALTER TABLE ONLY \"s\".\"t\" ADD CONSTRAINT \"k\" UNIQUE NULLS NOT DISTINCT (a, "
                  "\"b c\") INCLUDE (d) WITH (fillfactor='60') USING INDEX TABLESPACE \"fast\" "
                  "DEFERRABLE INITIALLY DEFERRED");
    cr_assert_not(roundtrip_has(&made.list, "CREATE UNIQUE INDEX"));
    made_free(&made);

    index.relkind = 'i';
    table.relkind = 'r';
    table.partition_key = NULL;
    index.without_overlaps = true;
    key.contype = 'p';
    key.deferred = false;
    index.include_def = index.options = index.tablespace = NULL;
    Made again = {
        .model = {.tables = {&table, 1}, .indexes = {&index, 1}, .constraints = {&key, 1}}};
    made_build(&again);
    expect(&again, "ALTER TABLE ONLY \"s\".\"t\" ADD CONSTRAINT \"k\" PRIMARY KEY (a, \"b c\" "
                   "WITHOUT OVERLAPS) DEFERRABLE");
    made_free(&again);
}

Test(relation, lets_a_foreign_key_wait_for_every_attached_index)
{
    const Oid of_p[] = {10};
    Table tables[] = {plain_table(10, "p", 'p'), plain_table(11, "p1", 'r'),
                      plain_table(12, "r", 'p'), plain_table(13, "r1", 'r')};
    const Oid of_r[] = {12};
    tables[1].is_partition = tables[3].is_partition = true;
    tables[1].parents = of_p;
    tables[3].parents = of_r;
    tables[1].parent_count = tables[3].parent_count = 1;
    tables[1].partition_bound = tables[3].partition_bound = "DEFAULT";
    Index indexes[] = {
        {.object = OBJECT(CATALOG_CLASS, 20, "p_u"),
         .table = 10,
         .relkind = 'I',
         .def = "CREATE UNIQUE INDEX p_u ON ONLY s.p USING btree (a)"},
        {.object = OBJECT(CATALOG_CLASS, 21, "p1_u"),
         .table = 11,
         .relkind = 'i',
         .parent = 20,
         .def = "CREATE UNIQUE INDEX p1_u ON s.p1 USING btree (a)"},
    };
    Constraint keys[] = {{.object = OBJECT(CATALOG_CONSTRAINT, 30, "f"),
                          .contype = 'f',
                          .table = 12,
                          .referenced_table = 10,
                          .index = 20,
                          .local = true,
                          .validated = true,
                          .def = "FOREIGN KEY (a) REFERENCES s.p(a)"},
                         {.object = OBJECT(CATALOG_CONSTRAINT, 31, "f_1"),
                          .contype = 'f',
                          .table = 13,
                          .referenced_table = 10,
                          .index = 20,
                          .parent = 30,
                          .validated = true,
                          .def = "FOREIGN KEY (a) REFERENCES s.p(a)"}};
    Made made = {
        .model = {.tables = {tables, 4}, .indexes = {indexes, 2}, .constraints = {keys, 2}}};
    made_build(&made);
    size_t foreign = roundtrip_find(&made.list, "ALTER TABLE s.r ADD CONSTRAINT f FOREIGN KEY");
    size_t attach = roundtrip_find(&made.list, "ALTER INDEX s.p_u ATTACH PARTITION s.p1_u");
    cr_assert(roundtrip_needs(&made.list, foreign, attach));
    cr_assert(roundtrip_needs(&made.list, attach,
                              roundtrip_find(&made.list, "CREATE UNIQUE INDEX "
                                                         "p1_u")));
    cr_assert_eq(made.list.items[foreign].weight, 8192); /* the rows are its partition's */
    cr_assert_not(roundtrip_has(&made.list, "ALTER TABLE ONLY s.r1 ADD CONSTRAINT"));
    made_free(&made);
}

Test(relation, says_nothing_of_a_constraint_that_detaching_left)
{
    Table table = plain_table(10, "t", 'r');
    Constraint left = {.object = OBJECT(CATALOG_CONSTRAINT, 30, "left"),
                       .contype = 'c',
                       .table = 10,
                       .local = true,
                       .validated = true,
                       .def = "CHECK (satisfies_hash_partition('16384'::oid, 2, 0, a))"};
    Made made = {.model = {.tables = {&table, 1}, .constraints = {&left, 1}}};
    made_build(&made);
    cr_assert_not(roundtrip_has(&made.list, "ALTER TABLE s.t ADD CONSTRAINT"));
    made_free(&made);
}

Test(relation, fills_a_view_only_when_all_that_it_reads_is_filled)
{
    View views[] = {{.object = OBJECT(CATALOG_CLASS, 10, "base"),
                     .relkind = 'm',
                     .def = "SELECT 1",
                     .populated = true},
                    {.object = OBJECT(CATALOG_CLASS, 11, "between"),
                     .relkind = 'v',
                     .def = "SELECT * FROM s.base"},
                    {.object = OBJECT(CATALOG_CLASS, 12, "a_top"),
                     .relkind = 'm',
                     .def = "SELECT * FROM s.between",
                     .populated = true,
                     .total_bytes = 16384}};
    Dependency edges[] = {{{CATALOG_CLASS, 11, 0}, {CATALOG_CLASS, 10, 1}, 'n'},
                          {{CATALOG_CLASS, 12, 0}, {CATALOG_CLASS, 11, 0}, 'n'}};
    Made made = {.model = {.views = {views, 3}, .dependencies = {edges, 2}}};
    made_build(&made);
    size_t top = roundtrip_find(&made.list, "REFRESH MATERIALIZED VIEW s.a_top");
    size_t base = roundtrip_find(&made.list, "REFRESH MATERIALIZED VIEW s.base");
    cr_assert(roundtrip_needs(&made.list, top, base));
    cr_assert_eq(made.list.items[top].table, 12);
    cr_assert_eq(made.list.items[top].weight, 16384);
    expect(&made, "CREATE MATERIALIZED VIEW \"s\".\"base\" AS SELECT 1 WITH NO DATA");
    made_free(&made);

    views[0].populated = false;
    Made again = {.model = {.views = {views, 3}, .dependencies = {edges, 2}}};
    made_build(&again);
    cr_assert_not(roundtrip_has(&again.list, "REFRESH"));
    made_free(&again);
}

Test(relation, prints_policies_with_roles_and_both_expressions)
{
    Table table = plain_table(10, "t", 'r');
    const char *const roles[] = {NULL, "some one"};
    Policy policies[] = {{.object = OBJECT(CATALOG_POLICY, 40, "p q"),
                          .table = 10,
                          .command = 'w',
                          .permissive = true,
                          .roles = roles,
                          .role_count = 2,
                          .using_expr = "(a > 0)",
                          .check_expr = "(a < 9)"},
                         {.object = OBJECT(CATALOG_POLICY, 41, "all"),
                          .table = 10,
                          .command = '*',
                          .using_expr = "true"}};
    Made made = {.model = {.tables = {&table, 1}, .policies = {policies, 2}}};
    made_build(&made);
    expect(&made, "CREATE POLICY \"p q\" ON \"s\".\"t\" AS PERMISSIVE FOR UPDATE TO PUBLIC, "
                  "\"some one\" USING ((a > 0)) WITH CHECK ((a < 9))");
    expect(&made, "CREATE POLICY \"all\" ON \"s\".\"t\" AS RESTRICTIVE FOR ALL USING (true)");
    made_free(&made);
}

Test(relation, turns_a_clone_back_on_below_a_disabled_trigger)
{
    const Oid of_p[] = {10};
    Table tables[] = {plain_table(10, "p", 'p'), plain_table(11, "p1", 'r')};
    tables[1].is_partition = true;
    tables[1].parents = of_p;
    tables[1].parent_count = 1;
    tables[1].partition_bound = "DEFAULT";
    Trigger triggers[] = {{.object = OBJECT(CATALOG_TRIGGER, 50, "tg"),
                           .table = 10,
                           .def = "CREATE TRIGGER tg AFTER INSERT ON s.p FOR EACH ROW",
                           .enabled = 'D',
                           .has_clones = true},
                          {.object = OBJECT(CATALOG_TRIGGER, 51, "tg"),
                           .table = 11,
                           .def = "CREATE TRIGGER tg AFTER INSERT ON s.p1 FOR EACH ROW",
                           .enabled = 'O',
                           .is_clone = true,
                           .parent = 50,
                           .parent_enabled = 'D'}};
    Made made = {.model = {.tables = {tables, 2}, .triggers = {triggers, 2}}};
    made_build(&made);
    size_t off = roundtrip_find(&made.list, "ALTER TABLE s.p DISABLE TRIGGER tg");
    size_t on = roundtrip_find(&made.list, "ALTER TABLE ONLY s.p1 ENABLE TRIGGER tg");
    cr_assert(roundtrip_needs(&made.list, on, off));
    cr_assert_not(roundtrip_has(&made.list, "CREATE TRIGGER tg AFTER INSERT ON s.p1"));
    made_free(&made);
}

Test(relation, finds_objects_by_oid_and_by_name)
{
    Table tables[] = {plain_table(10, "a", 'r'), plain_table(20, "b", 'r'),
                      plain_table(30, "c", 'r')};
    View view = {.object = OBJECT(CATALOG_CLASS, 25, "v")};
    Index keys[] = {{.object = OBJECT(CATALOG_CLASS, 40, "i"), .table = 20},
                    {.object = OBJECT(CATALOG_CLASS, 41, "k"), .table = 20, .primary = true}};
    Model model = {.tables = {tables, 3}, .views = {&view, 1}, .indexes = {keys, 2}};
    for (size_t i = 0; i < 3; i++)
        cr_assert_eq(model_table(&model, (Oid)(10 * (i + 1))), &tables[i]);
    cr_assert_null(model_table(&model, 5));
    cr_assert_null(model_table(&model, 15));
    cr_assert_null(model_table(&model, 35));
    cr_assert_eq(model_table_named(&model, "s", "b"), &tables[1]);
    cr_assert_null(model_table_named(&model, "x", "b"));
    cr_assert_eq(model_relation(&model, 25), &view.object);
    cr_assert_eq(model_primary_key(&model, 20), &keys[1]);
    cr_assert_null(model_primary_key(&model, 10));
}
