#include <criterion/criterion.h>

#include "tests/schema/roundtrip.h"

#define OVERLAPS                                                                                   \
    "CREATE TYPE span AS (low int, high int);"                                                     \
    "CREATE FUNCTION before(span, span) RETURNS bool LANGUAGE sql IMMUTABLE"                       \
    " AS 'SELECT ($1).high < ($2).low';"                                                           \
    "CREATE FUNCTION after(span, span) RETURNS bool LANGUAGE sql IMMUTABLE"                        \
    " AS 'SELECT ($1).low > ($2).high';"                                                           \
    "CREATE FUNCTION same(span, span) RETURNS bool LANGUAGE sql IMMUTABLE"                         \
    " AS 'SELECT ($1).low = ($2).low AND ($1).high = ($2).high';"                                  \
    "CREATE FUNCTION differs(span, span) RETURNS bool LANGUAGE sql IMMUTABLE"                      \
    " AS 'SELECT NOT same($1, $2)';"

Test(server_operator, every_option_comes_back)
{
    Replay r = roundtrip_begin(
        OVERLAPS "CREATE OPERATOR === (LEFTARG = span, RIGHTARG = span, FUNCTION = same,"
                 " COMMUTATOR = ===, NEGATOR = !==, RESTRICT = eqsel, JOIN = eqjoinsel,"
                 " HASHES, MERGES);"
                 "CREATE OPERATOR !== (LEFTARG = span, RIGHTARG = span, FUNCTION = differs,"
                 " COMMUTATOR = !==, NEGATOR = ===);"
                 "COMMENT ON OPERATOR ===(span, span) IS 'it''s the same';");
    cr_assert(replay_has(
        &r.list,
        "CREATE OPERATOR public.=== (FUNCTION = public.same, LEFTARG = public.span,"
        " RIGHTARG = public.span, COMMUTATOR = OPERATOR(public.===),"
        " NEGATOR = OPERATOR(public.!==), RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES)"));
    AUTO(mem_free)
    char *rows =
        test_rows(&r.dest, "SELECT oprname, oprcom::regoperator, oprnegate::regoperator, oprcode,"
                           " oprcanhash, oprcanmerge, obj_description(oid, 'pg_operator')"
                           " FROM pg_operator WHERE oid >= 16384 ORDER BY oprname COLLATE \"C\"");
    cr_assert_str_eq(rows, "!==|!==(span,span)|===(span,span)|differs|f|f|\n"
                           "===|===(span,span)|!==(span,span)|same|t|t|it's the same\n");
    replay_end(&r);
}

Test(server_operator, commutators_of_two_schemas_need_each_other)
{
    Replay r =
        roundtrip_begin(OVERLAPS "CREATE SCHEMA zoo; CREATE SCHEMA art;"
                                 "CREATE OPERATOR art.<<< (LEFTARG = span, RIGHTARG = span,"
                                 " FUNCTION = before, COMMUTATOR = OPERATOR(zoo.>>>));"
                                 "CREATE OPERATOR zoo.>>> (LEFTARG = span, RIGHTARG = span,"
                                 " FUNCTION = after, COMMUTATOR = OPERATOR(art.<<<));"
                                 "CREATE OPERATOR public.~~~ (LEFTARG = span, RIGHTARG = span,"
                                 " FUNCTION = same, NEGATOR = OPERATOR(zoo.!~~));"
                                 "CREATE OPERATOR zoo.!~~ (LEFTARG = span, RIGHTARG = span,"
                                 " FUNCTION = differs, NEGATOR = OPERATOR(public.~~~));");
    size_t first = roundtrip_find(&r.list, "CREATE OPERATOR art.<<<");
    cr_assert(roundtrip_needs(&r.list, first, roundtrip_find(&r.list, "CREATE SCHEMA zoo")));
    AUTO(mem_free)
    char *rows =
        test_rows(&r.dest, "SELECT oid::regoperator, oprcom::regoperator, oprnegate::regoperator,"
                           " oprcode <> 0 FROM pg_operator WHERE oid >= 16384"
                           " ORDER BY oprname COLLATE \"C\"");
    cr_assert_str_eq(rows, "zoo.!~~(span,span)|0|~~~(span,span)|t\n"
                           "art.<<<(span,span)|zoo.>>>(span,span)|0|t\n"
                           "zoo.>>>(span,span)|art.<<<(span,span)|0|t\n"
                           "~~~(span,span)|0|zoo.!~~(span,span)|t\n");
    replay_end(&r);
}

Test(server_operator, shells_are_not_carried)
{
    Replay r = replay("shell", OVERLAPS
                      "CREATE OPERATOR <<< (LEFTARG = span, RIGHTARG = span, FUNCTION = before,"
                      " COMMUTATOR = >>>);");
    cr_assert_eq(roundtrip_find(&r.list, "CREATE OPERATOR"),
                 roundtrip_find(&r.list, "CREATE OPERATOR public.<<<"));
    cr_assert(!roundtrip_has(&r.list, "CREATE OPERATOR public.>>>"));
    AUTO(mem_free)
    char *rows = test_rows(&r.dest, "SELECT oprname, oprcode::oid <> 0 FROM pg_operator"
                                    " WHERE oid >= 16384 ORDER BY oprname COLLATE \"C\"");
    cr_assert_str_eq(rows, "<<<|t\n>>>|f\n");
    replay_end(&r);
}

Test(server_operator, prefix_operators_and_overloads_have_owners)
{
    Replay r = roundtrip_begin(
        OVERLAPS
        "DO $$BEGIN CREATE ROLE pgzm_t_opr; EXCEPTION WHEN duplicate_object THEN NULL; END$$;"
        "CREATE FUNCTION width(span) RETURNS int LANGUAGE sql IMMUTABLE"
        " AS 'SELECT ($1).high - ($1).low';"
        "CREATE OPERATOR # (RIGHTARG = span, FUNCTION = width);"
        "CREATE OPERATOR # (LEFTARG = span, RIGHTARG = span, FUNCTION = same);"
        "CREATE SCHEMA \"odd \"\" name\";"
        "CREATE OPERATOR \"odd \"\" name\".# (LEFTARG = span, RIGHTARG = span, FUNCTION = same);"
        "ALTER OPERATOR #(NONE, span) OWNER TO pgzm_t_opr;"
        "CREATE VIEW v AS SELECT # ROW(1, 2)::span AS one,"
        " ROW(1, 2)::span OPERATOR(\"odd \"\" name\".#) ROW(1, 2)::span AS two;");
    cr_assert(replay_has(&r.list, "ALTER OPERATOR public.# (NONE, public.span) OWNER TO"
                                  " pgzm_t_opr"));
    cr_assert(roundtrip_needs(&r.list, roundtrip_find(&r.list, "CREATE VIEW"),
                              roundtrip_find(&r.list, "CREATE OPERATOR public.# (FUNCTION ="
                                                      " public.width")));
    replay_find(&r.list, FRAGMENT_OBJECT, "operator public.#(NONE, public.span)");
    AUTO(mem_free) char *one = test_value(&r.dest, "SELECT one FROM v");
    cr_assert_str_eq(one, "1");
    test_sql(&r.source, "DROP OWNED BY pgzm_t_opr CASCADE");
    test_sql(&r.dest, "DROP OWNED BY pgzm_t_opr CASCADE; DROP ROLE pgzm_t_opr");
    replay_end(&r);
}

Test(server_operator, postfix_ones_exist_up_to_13)
{
    if (test_server_version() >= 140000)
        cr_skip("postfix operators went with 14");
    Replay r = roundtrip_begin("CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql IMMUTABLE"
                               " AS 'SELECT 2 * $1';"
                               "CREATE OPERATOR !# (LEFTARG = int, FUNCTION = twice);"
                               "CREATE VIEW v AS SELECT 21 !# AS answer;");
    cr_assert(replay_has(&r.list,
                         "CREATE OPERATOR public.!# (FUNCTION = public.twice, LEFTARG = integer)"));
    replay_end(&r);
}
