#include <criterion/criterion.h>
#include <string.h>

#include "base/mem.h"
#include "schema/wording.h"

/* schema/wording.c: the same definition in the words of two versions. */

enum {
    V12 = 120022,
    V13 = 130023,
    V14 = 140023,
    V15 = 150018,
    V16 = 160014,
    V17 = 170010,
    V18 = 180004
};

typedef struct Pair {
    const char *a;
    int a_version;
    const char *b;
    int b_version;
} Pair;

static bool same(const Pair *p)
{
    const char *one = wording_same(p->a, p->a_version, p->b, p->b_version);
    const char *other = wording_same(p->b, p->b_version, p->a, p->a_version);
    cr_expect_eq(one, other, "the order matters: %s", p->a);
    return one != NULL;
}

static void expect_same(const Pair *pairs, size_t count, bool expected)
{
    for (size_t i = 0; i < count; i++)
        cr_expect_eq(same(&pairs[i]), expected, "\n%s\n%s", pairs[i].a, pairs[i].b);
}

Test(wording, columns_are_qualified_always_before_16)
{
    static const Pair pairs[] = {
        {"SELECT t.a,\n    t.b FROM s.t", V15, "SELECT a,\n    b FROM s.t", V16},
        {"SELECT orders.orders FROM orders", V12, "SELECT orders FROM orders", V18},
        {"SELECT \"T\".\"A b\" FROM \"T\"", V14, "SELECT \"A b\" FROM \"T\"", V17},
        {"SELECT t.a FROM t WHERE (t.a = 't.a'::text)", V15,
         "SELECT a FROM t WHERE (a = 't.a'::text)", V16},
    };
    expect_same(pairs, LENGTH(pairs), true);
    static const Pair others[] = {
        {"SELECT t.a FROM s.t", V14, "SELECT a FROM s.t", V15}, /* both qualify */
        {"SELECT t.a FROM s.t", V16, "SELECT a FROM s.t", V17}, /* none of both does */
        {"SELECT a FROM s.t", V15, "SELECT t.a FROM s.t", V16}, /* the wrong one does */
        {"SELECT t.a FROM s.t", V15, "SELECT b FROM s.t", V16}, /* another column */
        {"SELECT t.a FROM s.t", V15, "SELECT a FROM s.t WHERE a", V16},
        {"SELECT a FROM s.t", V15, "SELECT a FROM t", V16},         /* another schema's table, */
        {"SELECT s.f(t.a) FROM t", V15, "SELECT f(a) FROM t", V16}, /* function, */
        {"SELECT t.a::s.d FROM t", V15, "SELECT a::d FROM t", V16}, /* or type */
        {"SELECT t.a", V15, "SELECT", V16},
        {"SELECT 't.a'", V15, "SELECT 'a'", V16}, /* in a text */
    };
    expect_same(others, LENGTH(others), false);
}

Test(wording, function_calls_got_the_words_of_the_standard_with_14)
{
    static const Pair pairs[] = {
        {"date_part('year'::text, day)", V13, "EXTRACT(year FROM day)", V14},
        {"date_part('year'::text, day)", V12, "EXTRACT('year' FROM day)", V15},
        {"(date_part('dow'::text, d) = (1)::double precision)", V12,
         "(EXTRACT(dow FROM d) = (1)::numeric)", V18},
        {"btrim(a)", V12, "TRIM(BOTH FROM a)", V14},
        {"btrim(a, 'x'::text)", V12, "TRIM(BOTH 'x'::text FROM a)", V14},
        {"ltrim(a, 'x'::text)", V12, "TRIM(LEADING 'x'::text FROM a)", V14},
        {"rtrim(a)", V12, "TRIM(TRAILING FROM a)", V14},
        {"\"substring\"(a, 2, 3)", V12, "SUBSTRING(a FROM 2 FOR 3)", V14},
        {"\"position\"(a, 'x'::text)", V12, "POSITION(('x'::text) IN (a))", V14},
        {"\"overlay\"(a, 'z'::text, 2, 1)", V12, "OVERLAY(a PLACING 'z'::text FROM 2 FOR 1)", V14},
        {"timezone('UTC'::text, at)", V12, "(at AT TIME ZONE 'UTC'::text)", V14},
        {"timezone('CET'::text, timezone('UTC'::text, at))", V12,
         "((at AT TIME ZONE 'UTC'::text) AT TIME ZONE 'CET'::text)", V14},
        {"btrim(btrim(a))", V13, "TRIM(BOTH FROM TRIM(BOTH FROM a))", V14},
        {"SELECT date_part('year'::text, t.d) FROM t", V13, "SELECT EXTRACT(year FROM d) FROM t",
         V16},
    };
    expect_same(pairs, LENGTH(pairs), true);
    static const Pair others[] = {
        {"date_part('year'::text, day)", V14, "EXTRACT(year FROM day)", V15},
        {"date_part('month'::text, day)", V13, "EXTRACT(year FROM day)", V14},
        {"date_part('year'::text, day)", V13, "EXTRACT(year FROM night)", V14},
        {"btrim(a)", V13, "TRIM(LEADING FROM a)", V14},
        {"(x = (1)::double precision)", V13, "(x = (1)::numeric)", V14},
        {"'EXTRACT(year FROM d)'::text", V13, "'date_part(''year''::text, d)'::text", V14},
        {"date_part('year'::text, day)", V13, "EXTRACT(year FROM day", V14},
        {"", V13, "EXTRACT(", V14},
    };
    expect_same(others, LENGTH(others), false);
}

Test(wording, names_and_modes_that_older_versions_do_not_have_are_no_difference)
{
    static const Pair pairs[] = {
        {"CREATE DOMAIN d AS text NOT NULL", V16, "CREATE DOMAIN d AS text CONSTRAINT n NOT NULL",
         V17},
        {"PROCEDURE p(days integer, INOUT done boolean)", V13,
         "PROCEDURE p(IN days integer, INOUT done boolean)", V14},
        {"PROCEDURE p(a integer, b integer)", V12, "PROCEDURE p(IN a integer, IN b integer)", V18},
    };
    expect_same(pairs, LENGTH(pairs), true);
    static const Pair others[] = {
        {"CREATE DOMAIN d AS text", V16, "CREATE DOMAIN d AS text CONSTRAINT n NOT NULL", V17},
        {"CHECK (a > 0)", V16, "CONSTRAINT c CHECK (a > 0)", V18},
        {"(a IN (1))", V13, "(IN a IN (2))", V14},
    };
    expect_same(others, LENGTH(others), false);
}

Test(wording, texts_of_one_version_are_compared_as_they_are)
{
    cr_expect_null(wording_same("SELECT a", V16, "SELECT  a", V16));
    cr_expect_null(wording_same("SELECT t.a", 150001, "SELECT a", 150018));
}
