#include <criterion/criterion.h>
#include <string.h>

#include "schema/indexdef.h"
#include "tests/schema/roundtrip.h"

/* Statements of indexes and keys for a table of another name. */

static const Index *index_named(const Replay *r, const char *name)
{
    for (size_t i = 0; i < r->model->indexes.count; i++)
        if (strcmp(r->model->indexes.items[i].object.name, name) == 0)
            return &r->model->indexes.items[i];
    cr_assert_fail("no index %s", name);
    return NULL;
}

/* The statement over elsewhere.t, or "" when there is none. */
static char *stated(const Replay *r, const char *name)
{
    AUTO(str_clear) Str s = STR_INIT;
    AUTO(conn_free) Conn *conn = replay_connect(&r->source, CONN_SOURCE);
    bool ok = indexdef_add_index(&s, conn, index_named(r, name), "elsewhere", "t");
    cr_assert_eq(ok, s.len > 0, "%s", name);
    return str_take(&s);
}

#define EXPECT_STATED(r, name, expected)                                                           \
    do {                                                                                           \
        AUTO(mem_free) char *text_ = stated(r, name);                                              \
        cr_assert_str_eq(text_, expected);                                                         \
    } while (0)

Test(server_indexdef, states_indexes_over_columns_for_another_table)
{
    Replay r = roundtrip_begin(
        "CREATE TABLE t (a int, \"B \"\"b\"\"\" text, c int);"
        "CREATE INDEX i1 ON t (a, \"B \"\"b\"\"\" DESC, c DESC NULLS LAST);"
        "CREATE UNIQUE INDEX \"I,2)\" ON t (a NULLS FIRST) INCLUDE (c) WITH (fillfactor = 50);");
    EXPECT_STATED(&r, "i1",
                  "CREATE INDEX \"i1\" ON \"elsewhere\".\"t\" USING btree (a, \"B \"\"b\"\"\" DESC,"
                  " c DESC NULLS LAST)");
    EXPECT_STATED(&r, "I,2)",
                  "CREATE UNIQUE INDEX \"I,2)\" ON \"elsewhere\".\"t\" USING btree (a NULLS FIRST)"
                  " INCLUDE (c) WITH (fillfactor='50')");
    replay_end(&r);
}

Test(server_indexdef, leaves_to_the_server_what_it_cannot_be_sure_of)
{
    Replay r = roundtrip_begin("CREATE TABLE t (a int, b text, \"x USING btree (\" int);"
                               "CREATE INDEX predicate ON t (a) WHERE b <> '';"
                               "CREATE INDEX expression ON t (lower(b));"
                               "CREATE INDEX class ON t (a, b text_pattern_ops);"
                               "CREATE INDEX collated ON t (b COLLATE \"C\" DESC);"
                               "CREATE INDEX hashed ON t USING hash (a);"
                               "CREATE INDEX \"odd USING btree (\" ON t (a);"
                               "CREATE INDEX hostile ON t (\"x USING btree (\");");
    EXPECT_STATED(&r, "predicate", "");
    EXPECT_STATED(&r, "expression", "");
    EXPECT_STATED(&r, "class", "");
    EXPECT_STATED(&r, "collated", "");
    EXPECT_STATED(&r, "hashed", "");
    EXPECT_STATED(&r, "odd USING btree (", "");
    EXPECT_STATED(&r, "hostile", "");
    replay_end(&r);
}

Test(server_indexdef, states_keys_with_all_that_belongs_to_them)
{
    Replay r = roundtrip_begin(
        "CREATE TABLE t (\"A\" int, b int, c int,"
        " PRIMARY KEY (b, \"A\") INCLUDE (c) WITH (fillfactor = 70) DEFERRABLE INITIALLY DEFERRED);"
        "CREATE TABLE u (a text, CONSTRAINT plain UNIQUE (a));");
    const Index *index = index_named(&r, "t_pkey");
    const Constraint *key = model_constraint(r.model, index->constraint);
    AUTO(str_clear) Str s = STR_INIT;
    AUTO(conn_free) Conn *conn = replay_connect(&r.source, CONN_SOURCE);
    indexdef_add_key(&s, conn, key, index);
    cr_assert_str_eq(str_text(&s), "PRIMARY KEY (b, \"A\") INCLUDE (c) WITH (fillfactor='70')"
                                   " DEFERRABLE INITIALLY DEFERRED");
    cr_assert(indexdef_is_key_plain(index));
    cr_assert(indexdef_is_key_plain(index_named(&r, "plain")));
    /* a text that only looks like the column's own collation */
    Index other = *index_named(&r, "plain");
    other.def = "CREATE UNIQUE INDEX plain ON public.u USING btree (a COLLATE \"C\")";
    cr_assert_not(indexdef_is_key_plain(&other));
    replay_end(&r);
}
