#include <criterion/criterion.h>

#include "tests/schema/replay.h"

Test(server_type, enum_labels_keep_their_sort_order)
{
    Replay r = replay("enum", "CREATE TYPE mood AS ENUM ('b', 'd');"
                              "ALTER TYPE mood ADD VALUE 'a' BEFORE 'b';"
                              "ALTER TYPE mood ADD VALUE 'c''s' AFTER 'b';"
                              "CREATE TYPE nothing AS ENUM ();");
    cr_assert(replay_has(&r.list, "CREATE TYPE public.mood AS ENUM ('a', 'b', 'c''s', 'd')"));
    cr_assert(replay_has(&r.list, "CREATE TYPE public.nothing AS ENUM ()"));
    replay_end(&r);
}

Test(server_type, composites_leave_dropped_attributes_out)
{
    Replay r =
        replay("composite", "CREATE TYPE pair AS (a int, gone text, b varchar(7) COLLATE \"C\");"
                            "ALTER TYPE pair DROP ATTRIBUTE gone;"
                            "CREATE TYPE \"Outer\" AS (p pair, many pair[], n numeric(10,2)[]);"
                            "CREATE TYPE empty AS ();"
                            "COMMENT ON TYPE pair IS 'two';"
                            "COMMENT ON COLUMN pair.b IS 'the second';"
                            "CREATE TABLE t (id int, p pair, q pair[], o \"Outer\");");
    cr_assert(replay_has(
        &r.list, "CREATE TYPE public.pair AS (a integer, b character varying(7) COLLATE \"C\")"));
    cr_assert(replay_has(&r.list, "COMMENT ON COLUMN public.pair.b IS 'the second'"));
    size_t pair = replay_find(&r.list, FRAGMENT_TYPE, "type public.pair");
    size_t outer = replay_find(&r.list, FRAGMENT_TYPE, "type public.Outer");
    cr_assert_lt(pair, outer);
    replay_end(&r);
}

Test(server_type, domains_on_domains_keep_collation_default_and_checks)
{
    Replay r = replay(
        "domain",
        "CREATE DOMAIN code AS varchar(8) COLLATE \"C\" DEFAULT 'none' CONSTRAINT code_set NOT NULL"
        " CONSTRAINT code_upper CHECK (upper(VALUE) = VALUE);"
        "CREATE DOMAIN subcode AS code CHECK (VALUE <> 'X');"
        "ALTER DOMAIN subcode ADD CONSTRAINT later CHECK (length(VALUE) > 1) NOT VALID;"
        "COMMENT ON DOMAIN code IS 'a code';"
        "COMMENT ON CONSTRAINT code_upper ON DOMAIN code IS 'no lower case';"
        "CREATE TABLE t (c subcode, d code[]);");
    cr_assert(replay_has(&r.list, "COMMENT ON DOMAIN public.code IS 'a code'"));
    cr_assert(replay_has(
        &r.list, "COMMENT ON CONSTRAINT code_upper ON DOMAIN public.code IS 'no lower case'"));
    size_t later = replay_find(&r.list, FRAGMENT_CHECK, "check constraint public.later");
    cr_assert_eq(r.list.items[later].section, SECTION_POST);
    size_t check = replay_find(&r.list, FRAGMENT_CHECK, "check constraint public.code_upper");
    cr_assert_eq(r.list.items[check].section, SECTION_PRE);
    replay_end(&r);
}

Test(server_type, ranges_with_all_their_options_come_back)
{
    const char *script =
        "CREATE FUNCTION diff(text, text) RETURNS float8 LANGUAGE sql IMMUTABLE AS 'SELECT "
        "1.0::float8';"
        "CREATE TYPE plain_range AS RANGE (SUBTYPE = int8);"
        "CREATE TYPE words AS RANGE (SUBTYPE = text, SUBTYPE_OPCLASS = text_pattern_ops,"
        " COLLATION = \"POSIX\", SUBTYPE_DIFF = diff);"
        "CREATE TYPE days;"
        "CREATE FUNCTION canon(days) RETURNS days LANGUAGE internal IMMUTABLE"
        " AS 'daterange_canonical';"
        "CREATE TYPE days AS RANGE (SUBTYPE = date, CANONICAL = canon);"
        "CREATE TABLE t (a plain_range, b words[], c days);";
    Replay r = replay("range", script);
    cr_assert(replay_has(&r.list, "CREATE TYPE public.plain_range AS RANGE (SUBTYPE = bigint)"));
    cr_assert(replay_has(&r.list, "CREATE TYPE public.words AS RANGE (SUBTYPE = text,"
                                  " SUBTYPE_OPCLASS = text_pattern_ops, COLLATION = \"POSIX\","
                                  " SUBTYPE_DIFF = public.diff)"));
    cr_assert(replay_has(&r.list, "CREATE TYPE public.days"), "the shell for the canonical");
    replay_end(&r);
}

Test(server_type, a_multirange_keeps_its_own_name)
{
    if (test_server_version() < 140000)
        cr_skip("multiranges came with 14");
    Replay r = replay("multirange",
                      "CREATE SCHEMA other;"
                      "CREATE TYPE span AS RANGE (SUBTYPE = int4, MULTIRANGE_TYPE_NAME = spans);"
                      "CREATE TYPE other.my_range AS RANGE (SUBTYPE = int4);"
                      "CREATE TYPE other.s AS RANGE (SUBTYPE = int4,"
                      " MULTIRANGE_TYPE_NAME = public.s_multirange);"
                      "CREATE TABLE t (a spans, b other.my_multirange[], c s_multirange);");
    cr_assert(replay_has(&r.list, "CREATE TYPE public.span AS RANGE (SUBTYPE = integer,"
                                  " MULTIRANGE_TYPE_NAME = public.spans)"));
    cr_assert(replay_has(&r.list, "CREATE TYPE other.my_range AS RANGE (SUBTYPE = integer)"));
    cr_assert(replay_has(&r.list, "CREATE TYPE other.s AS RANGE (SUBTYPE = integer,"
                                  " MULTIRANGE_TYPE_NAME = public.s_multirange)"));
    replay_end(&r);
}

Test(server_type, a_domain_may_have_a_default_and_a_check_that_take_the_domain)
{
    Replay r = replay("domainloop",
                      "CREATE DOMAIN d AS int;"
                      "CREATE FUNCTION ok(d) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true';"
                      "CREATE FUNCTION first_d() RETURNS d LANGUAGE sql AS 'SELECT 1::d';"
                      "ALTER DOMAIN d SET DEFAULT first_d();"
                      "ALTER DOMAIN d ADD CONSTRAINT is_ok CHECK (ok(VALUE));");
    size_t type = replay_find(&r.list, FRAGMENT_TYPE, "type public.d");
    size_t function = replay_find(&r.list, FRAGMENT_FUNCTION, "function public.first_d");
    size_t given = replay_find(&r.list, FRAGMENT_DEFAULT, "default public.d");
    cr_assert(type < function && function < given);
    replay_end(&r);
}
