#include <criterion/criterion.h>

#include "copy/statement.h"

static const Column plain_columns[] = {{.name = "id"}, {.name = "Mixed \"case\""}};
static const Column with_generated[] = {
    {.name = "a"}, {.name = "g", .generated = 's'}, {.name = "v", .generated = 'v'}, {.name = "b"}};
static const Column only_generated[] = {{.name = "g", .generated = 's'}};

typedef struct Case {
    Table source;
    CopyTable table;
    CopyChunk chunk;
} Case;

static void case_fill(Case *c, const Column *columns, size_t count)
{
    *c = (Case){.source = {.object = {.schema = "public", .name = "order"},
                           .relkind = 'r',
                           .columns = columns,
                           .column_count = count}};
    c->table = (CopyTable){.source = &c->source,
                           .dest_schema = "pgzm_shadow_public",
                           .dest_name = "order",
                           .binary = true,
                           .only = true};
    c->chunk = (CopyChunk){.table = &c->table, .chunks = 1, .end_page = -1};
}

typedef void (*Adder)(Str *s, const Conn *conn, const CopyChunk *chunk);

static void must_say(Adder add, const Case *c, const char *expected)
{
    AUTO(conn_free) Conn *conn = conn_for_quoting();
    AUTO(str_clear) Str s = STR_INIT;
    add(&s, conn, &c->chunk);
    cr_assert_str_eq(str_text(&s), expected);
}

Test(statement, a_whole_table_is_read_directly_with_quoted_columns)
{
    Case c;
    case_fill(&c, plain_columns, 2);
    must_say(
        statement_add_read, &c,
        "COPY \"public\".\"order\" (\"id\", \"Mixed \"\"case\"\"\") TO STDOUT (FORMAT binary)");
    must_say(statement_add_load, &c,
             "COPY \"pgzm_shadow_public\".\"order\" (\"id\", \"Mixed \"\"case\"\"\") FROM STDIN "
             "(FORMAT binary)");
}

Test(statement, chunks_are_ranges_of_blocks_without_children)
{
    Case c;
    case_fill(&c, plain_columns, 1);
    c.chunk.chunks = 3;
    c.chunk.end_page = 10;
    must_say(statement_add_read, &c,
             "COPY (SELECT \"id\" FROM ONLY \"public\".\"order\" WHERE ctid < "
             "'(10,0)'::pg_catalog.tid) TO STDOUT (FORMAT binary)");
    c.chunk.first_page = 10;
    c.chunk.end_page = 4294967295;
    must_say(statement_add_read, &c,
             "COPY (SELECT \"id\" FROM ONLY \"public\".\"order\" WHERE ctid >= "
             "'(10,0)'::pg_catalog.tid AND ctid < '(4294967295,0)'::pg_catalog.tid) TO STDOUT "
             "(FORMAT binary)");
    c.chunk.end_page = -1;
    must_say(statement_add_read, &c,
             "COPY (SELECT \"id\" FROM ONLY \"public\".\"order\" WHERE ctid >= "
             "'(10,0)'::pg_catalog.tid) TO STDOUT (FORMAT binary)");
}

Test(statement, generated_columns_are_named_on_neither_side)
{
    Case c;
    case_fill(&c, with_generated, 4);
    must_say(statement_add_read, &c,
             "COPY \"public\".\"order\" (\"a\", \"b\") TO STDOUT (FORMAT binary)");
    must_say(statement_add_load, &c,
             "COPY \"pgzm_shadow_public\".\"order\" (\"a\", \"b\") FROM STDIN (FORMAT binary)");
}

Test(statement, without_columns_there_is_no_list)
{
    Case c;
    case_fill(&c, only_generated, 1);
    must_say(statement_add_read, &c, "COPY \"public\".\"order\" TO STDOUT (FORMAT binary)");
    must_say(statement_add_load, &c,
             "COPY \"pgzm_shadow_public\".\"order\" FROM STDIN (FORMAT binary)");
    c.chunk.end_page = 5;
    must_say(statement_add_read, &c,
             "COPY (SELECT  FROM ONLY \"public\".\"order\" WHERE ctid < '(5,0)'::pg_catalog.tid) "
             "TO STDOUT (FORMAT binary)");
}

Test(statement, text_is_said_on_both_sides)
{
    Case c;
    case_fill(&c, plain_columns, 1);
    c.table.binary = false;
    must_say(statement_add_read, &c, "COPY \"public\".\"order\" (\"id\") TO STDOUT (FORMAT text)");
    must_say(statement_add_load, &c,
             "COPY \"pgzm_shadow_public\".\"order\" (\"id\") FROM STDIN (FORMAT text)");
}

Test(statement, only_a_table_of_one_chunk_that_may_is_frozen)
{
    Case c;
    case_fill(&c, plain_columns, 1);
    cr_assert_not(statement_freezes(&c.chunk));
    c.table.may_freeze = true;
    cr_assert(statement_freezes(&c.chunk));
    must_say(statement_add_load, &c,
             "COPY \"pgzm_shadow_public\".\"order\" (\"id\") FROM STDIN (FORMAT binary, FREEZE)");
    must_say(statement_add_truncate, &c, "TRUNCATE ONLY \"pgzm_shadow_public\".\"order\"");
    c.chunk.chunks = 2;
    cr_assert_not(statement_freezes(&c.chunk));
}

Test(statement, a_partitioned_table_is_read_with_its_partitions)
{
    Case c;
    case_fill(&c, plain_columns, 1);
    c.source.relkind = 'p';
    c.table.only = false;
    must_say(statement_add_read, &c,
             "COPY (SELECT \"id\" FROM \"public\".\"order\") TO STDOUT (FORMAT binary)");
}

/* ---- parts and other values -------------------------------------------------------------- */

Test(statement, a_condition_is_a_query_and_its_comment_ends_with_its_line)
{
    static const char *const conditions[] = {"id > 5 -- more", "true"};
    Case c;
    case_fill(&c, plain_columns, 1);
    c.table.conditions = conditions;
    c.table.condition_count = 2;
    must_say(statement_add_read, &c,
             "COPY (SELECT \"id\" FROM ONLY \"public\".\"order\" WHERE (id > 5 -- more\n) AND "
             "(true\n)) TO STDOUT (FORMAT binary)");
}

Test(statement, a_condition_holds_within_the_range_of_the_chunk)
{
    static const char *const conditions[] = {"a OR b"};
    Case c;
    case_fill(&c, plain_columns, 1);
    c.table.conditions = conditions;
    c.table.condition_count = 1;
    c.chunk.first_page = 3;
    c.chunk.end_page = 4;
    must_say(statement_add_select, &c,
             "SELECT \"id\" FROM ONLY \"public\".\"order\" WHERE ctid >= "
             "'(3,0)'::pg_catalog.tid AND ctid < '(4,0)'::pg_catalog.tid AND (a OR b\n)");
}

Test(statement, other_values_stand_in_the_place_of_their_columns)
{
    static const CopyValue values[] = {
        {NULL, NULL}, {"ignored", "text"}, {NULL, NULL}, {"md5(b)", "character varying(5)"}};
    Case c;
    case_fill(&c, with_generated, 4);
    c.table.values = values;
    c.table.alias = "parent";
    must_say(statement_add_select, &c,
             "SELECT \"a\", (md5(b)\n)::character varying(5) FROM ONLY \"public\".\"order\" AS "
             "\"parent\"");
    must_say(statement_add_load, &c,
             "COPY \"pgzm_shadow_public\".\"order\" (\"a\", \"b\") FROM STDIN (FORMAT binary)");
}

Test(statement, ranges_of_keys_are_bounded_where_they_are_said_to_be)
{
    Case c;
    case_fill(&c, plain_columns, 1);
    c.table.key = "i\"d";
    c.chunk.has_end = true;
    c.chunk.end_key = INT64_MIN;
    must_say(statement_add_select, &c,
             "SELECT \"id\" FROM ONLY \"public\".\"order\" WHERE \"i\"\"d\" "
             "OPERATOR(pg_catalog.<) '-9223372036854775808'::pg_catalog.int8");
    c.chunk.has_first = true;
    c.chunk.first_key = -1;
    c.chunk.end_key = 0;
    must_say(statement_add_read, &c,
             "COPY (SELECT \"id\" FROM ONLY \"public\".\"order\" WHERE \"i\"\"d\" "
             "OPERATOR(pg_catalog.>=) '-1'::pg_catalog.int8 AND \"i\"\"d\" OPERATOR(pg_catalog.<) "
             "'0'::pg_catalog.int8) TO STDOUT (FORMAT binary)");
}
