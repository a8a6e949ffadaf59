/* Languages with their transforms, access methods, conversions, collations: small kinds. */
#include <criterion/criterion.h>

#include "tests/schema/roundtrip.h"

Test(server_language, comes_with_its_handlers_grants_and_transforms)
{
    Replay r = roundtrip_begin(
        "CREATE FUNCTION handle() RETURNS language_handler LANGUAGE c"
        " AS '$libdir/plpgsql', 'plpgsql_call_handler';"
        "CREATE FUNCTION run(internal) RETURNS void LANGUAGE c"
        " AS '$libdir/plpgsql', 'plpgsql_inline_handler';"
        "CREATE FUNCTION check_it(oid) RETURNS void LANGUAGE c"
        " AS '$libdir/plpgsql', 'plpgsql_validator';"
        "CREATE TRUSTED LANGUAGE \"my tongue\" HANDLER handle INLINE run VALIDATOR check_it;"
        "REVOKE USAGE ON LANGUAGE \"my tongue\" FROM PUBLIC;"
        "COMMENT ON LANGUAGE \"my tongue\" IS 'mine';"
        "CREATE FUNCTION f() RETURNS int LANGUAGE \"my tongue\" AS 'begin return 1; end';"
        "CREATE TRANSFORM FOR int LANGUAGE \"my tongue\""
        " (FROM SQL WITH FUNCTION prsd_lextype(internal));");
    size_t language = roundtrip_find(&r.list, "CREATE TRUSTED LANGUAGE");
    cr_assert_eq(r.list.items[language].place, PLACE_EARLY);
    cr_assert(roundtrip_needs(
        &r.list, roundtrip_find(&r.list, "CREATE OR REPLACE FUNCTION public.f()"), language));
    cr_assert(roundtrip_needs(&r.list, roundtrip_find(&r.list, "CREATE TRANSFORM"), language));
    AUTO(mem_free) char *one = test_value(&r.dest, "SELECT f()");
    cr_assert_str_eq(one, "1");
    replay_end(&r);
}

Test(server_access_method, comes_before_what_is_stored_by_it)
{
    Replay r = roundtrip_begin(
        "CREATE ACCESS METHOD pile TYPE TABLE HANDLER heap_tableam_handler;"
        "CREATE ACCESS METHOD tree TYPE INDEX HANDLER gisthandler;"
        "COMMENT ON ACCESS METHOD pile IS 'a heap';"
        "CREATE OPERATOR CLASS tree_ops DEFAULT FOR TYPE box USING tree AS OPERATOR 1 <<,"
        " OPERATOR 3 &&, FUNCTION 1 gist_box_consistent(internal, box, smallint, oid, internal),"
        " FUNCTION 2 gist_box_union(internal, internal),"
        " FUNCTION 5 gist_box_penalty(internal, internal, internal),"
        " FUNCTION 6 gist_box_picksplit(internal, internal),"
        " FUNCTION 7 gist_box_same(box, box, internal);"
        "CREATE TABLE piled (b box) USING pile; CREATE INDEX piled_b ON piled USING tree (b)");
    cr_assert(roundtrip_needs(&r.list, roundtrip_find(&r.list, "CREATE TABLE"),
                              roundtrip_find(&r.list, "CREATE ACCESS METHOD pile")));
    cr_assert(roundtrip_needs(&r.list, roundtrip_find(&r.list, "CREATE INDEX"),
                              roundtrip_find(&r.list, "CREATE ACCESS METHOD tree")));
    replay_end(&r);
}

Test(server_collation, comes_before_the_columns_that_use_it)
{
    Replay r = roundtrip_begin(
        "CREATE COLLATION posix (LOCALE = 'C');"
        "CREATE COLLATION mixed (LC_COLLATE = 'C', LC_CTYPE = 'POSIX');"
        "COMMENT ON COLLATION mixed IS 'both';"
        "CREATE TABLE t (a text COLLATE posix PRIMARY KEY, b text COLLATE mixed);"
        "CREATE DOMAIN d AS text COLLATE mixed;"
        "CREATE CONVERSION conv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;"
        "CREATE DEFAULT CONVERSION second FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;"
        "COMMENT ON CONVERSION conv IS 'again'");
    cr_assert(roundtrip_needs(&r.list, roundtrip_find(&r.list, "CREATE TABLE"),
                              roundtrip_find(&r.list, "CREATE COLLATION public.mixed")));
    cr_assert(roundtrip_has(&r.list, "CREATE DEFAULT CONVERSION public.second FOR 'LATIN1'"));
    replay_end(&r);
}

/* Of ICU, where the server is built with it: case-insensitive, with rules from 16 on. */
Test(server_collation, of_icu_keeps_its_locale_and_its_determinism)
{
    TestDatabase probe = test_database("icu");
    AUTO(mem_free)
    char *icu = test_value(&probe, "SELECT count(*) FROM pg_collation WHERE collprovider = 'i'");
    test_database_drop(&probe);
    if (strcmp(icu, "0") == 0)
        cr_skip_test("the server is built without ICU");
    Replay r = roundtrip_begin(
        test_server_version() >= 160000
            ? "CREATE COLLATION ci (PROVIDER = icu, LOCALE = 'und-u-ks-level2', DETERMINISTIC ="
              " false, RULES = '&V << w <<< W')"
            : "CREATE COLLATION ci (PROVIDER = icu, LOCALE = 'und-u-ks-level2', DETERMINISTIC ="
              " false)");
    static const char sorted[] =
        "SELECT ('A' = 'a' COLLATE ci) || ' ' || string_agg(x, ',' ORDER BY"
        " x COLLATE ci, x) FROM unnest('{w,v,W,V,x}'::text[]) x";
    AUTO(mem_free) char *before = test_value(&r.source, sorted);
    AUTO(mem_free) char *after = test_value(&r.dest, sorted);
    cr_assert_str_eq(after, before);
    replay_end(&r);
}
