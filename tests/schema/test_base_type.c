#include <criterion/criterion.h>

#include "tests/schema/roundtrip.h"

static const char functions[] =
    "CREATE TYPE pair; "
    "CREATE FUNCTION pair_in(cstring) RETURNS pair LANGUAGE internal IMMUTABLE STRICT AS 'int8in';"
    "CREATE FUNCTION pair_out(pair) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT"
    " AS 'int8out';"
    "CREATE FUNCTION pair_recv(internal) RETURNS pair LANGUAGE internal IMMUTABLE STRICT"
    " AS 'int8recv';"
    "CREATE FUNCTION pair_send(pair) RETURNS bytea LANGUAGE internal IMMUTABLE STRICT"
    " AS 'int8send';"
    "CREATE TYPE pair (INPUT = pair_in, OUTPUT = pair_out, RECEIVE = pair_recv, SEND = pair_send,"
    " INTERNALLENGTH = 8, PASSEDBYVALUE, ALIGNMENT = double, STORAGE = plain, CATEGORY = 'x',"
    " PREFERRED = true, DEFAULT = '42', DELIMITER = ';');";

Test(server_base_type, comes_before_what_is_made_of_it_and_after_its_functions)
{
    AUTO(mem_free)
    char *script = mem_printf("%s%s", functions,
                              "CREATE DOMAIN good_pair AS pair;"
                              "CREATE TABLE t (id int, p pair, ps pair[], g good_pair);"
                              "INSERT INTO t VALUES (1, '7', '{1;2}', '3');"
                              "CREATE FUNCTION twice(pair) RETURNS SETOF pair LANGUAGE sql AS"
                              " 'SELECT $1 UNION ALL SELECT $1';"
                              "COMMENT ON TYPE pair IS 'two in one'");
    Replay r = roundtrip_begin(script);
    size_t shell = roundtrip_find(&r.list, "CREATE TYPE public.pair");
    size_t type = roundtrip_find(&r.list, "CREATE TYPE public.pair (");
    size_t in = roundtrip_find(&r.list, "CREATE OR REPLACE FUNCTION public.pair_in");
    cr_assert_neq(shell, type);
    cr_assert(roundtrip_needs(&r.list, in, shell));
    cr_assert(roundtrip_needs(&r.list, type, in));
    cr_assert(roundtrip_needs(&r.list, roundtrip_find(&r.list, "CREATE TABLE"), type));
    test_sql(&r.dest, "INSERT INTO t VALUES (2, DEFAULT, '{5;6}', '8')");
    AUTO(mem_free) char *rows = test_rows(&r.dest, "SELECT * FROM t");
    cr_assert_str_eq(rows, "2|42|{5;6}|8\n");
    replay_end(&r);
}

Test(server_base_type, takes_modifiers_and_elements)
{
    Replay r = roundtrip_begin(
        "CREATE TYPE word;"
        "CREATE FUNCTION word_in(cstring, oid, int) RETURNS word LANGUAGE internal IMMUTABLE STRICT"
        " AS 'varcharin';"
        "CREATE FUNCTION word_out(word) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT"
        " AS 'varcharout';"
        "CREATE TYPE word (INPUT = word_in, OUTPUT = word_out, TYPMOD_IN = varchartypmodin,"
        " TYPMOD_OUT = varchartypmodout, STORAGE = extended, COLLATABLE = true);"
        "CREATE TYPE triple;"
        "CREATE FUNCTION triple_in(cstring) RETURNS triple LANGUAGE internal IMMUTABLE STRICT"
        " AS 'point_in';"
        "CREATE FUNCTION triple_out(triple) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT"
        " AS 'point_out';"
        "CREATE TYPE triple (INPUT = triple_in, OUTPUT = triple_out, INTERNALLENGTH = 16,"
        " ELEMENT = float8, ALIGNMENT = double);"
        "CREATE TABLE t (w word(5), t triple)");
    AUTO(mem_free)
    char *type = test_value(&r.dest, "SELECT format_type(atttypid, atttypmod) FROM pg_attribute"
                                     " WHERE attrelid = 't'::regclass AND attname = 'w'");
    cr_assert_str_eq(type, "word(5)");
    test_sql(&r.dest, "INSERT INTO t VALUES ('short', '(1,2)')");
    AUTO(mem_free) char *element = test_value(&r.dest, "SELECT (t)[0] FROM t");
    cr_assert_str_eq(element, "1");
    replay_end(&r);
}

/* A shell has no owner and cannot be moved: it is made when everything goes live. */
Test(server_base_type, a_shell_alone_is_made_late)
{
    Replay r = roundtrip_begin("CREATE TYPE promised");
    const Fragment *shell = &r.list.items[roundtrip_find(&r.list, "CREATE TYPE public.promised")];
    cr_assert_eq(shell->place, PLACE_SWAP);
    cr_assert_str_eq(shell->undo, "DROP TYPE IF EXISTS \"public\".\"promised\"");
    replay_end(&r);
}
