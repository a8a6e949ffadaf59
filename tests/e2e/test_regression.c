/*
 * PostgreSQL's own regression-test database, migrated to an empty one. tests/harness/regression.sh
 * makes it and says its name in TEST_REGRESSION.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "tests/e2e/shop.h"

/* What differs in pg_dump's text afterwards, and why. */
typedef struct Expected {
    const char *entry, *reason;
} Expected;

static const char reordered[] =
    "a column that a parent got later comes first in a child that is made anew";
static const char system_grant[] = "privileges on system objects are named, not carried";

static const Expected expected[] = {
    {"Name: gtestxx_4; Type: TABLE;", reordered},
    {"Name: test_type_diff2_c1; Type: TABLE;", reordered},
    {"Name: test_type_diff2_c2; Type: TABLE;", reordered},
    {"Name: COLUMN pg_authid.rolname; Type: ACL;", system_grant},
    {"Name: COLUMN pg_authid.rolsuper; Type: ACL;", system_grant},
    {"Name: COLUMN pg_proc.prosrc; Type: ACL;", system_grant},
};

/* Materialized views that the tests left older than the tables that they read: they are filled
 * anew.
 */
static const char *const stale[] = {"public.mvtest_bb", NULL};

/* The entry's own, as a copy of the report up to the next one. */
static bool is_expected(const char *entry)
{
    for (size_t i = 0; i < LENGTH(expected); i++)
        if (strstr(entry, expected[i].entry) != NULL)
            return true;
    return false;
}

/* The entries of a report of dumps that nothing explains; NULL when there are none. */
static char *unexplained(const char *report)
{
    static const char begin[] = "only in ";
    AUTO(str_clear) Str left = STR_INIT;
    while (report != NULL && *report != '\0') {
        const char *next = strstr(report + 1, begin);
        size_t length = next == NULL ? strlen(report) : (size_t)(next - report);
        AUTO(mem_free) char *entry = mem_printf("%.*s", (int)length, report);
        if (!is_expected(entry))
            str_add(&left, entry);
        report = next;
    }
    return left.len == 0 ? NULL : str_take(&left);
}

Test(server_regression, the_regression_test_database_arrives_whole)
{
    const char *name = getenv("TEST_REGRESSION");
    if (name == NULL)
        cr_skip_test("TEST_REGRESSION is not set: tests/harness/regression.sh makes the database");
    TestDatabase dest = test_database("regression");
    TestDatabase source = {0};
    snprintf(source.name, sizeof source.name, "%s", name);
    const char *at = strstr(dest.conninfo, dest.name);
    cr_assert_not_null(at, "%s", dest.conninfo);
    snprintf(source.conninfo, sizeof source.conninfo, "%.*s%s%s", (int)(at - dest.conninfo),
             dest.conninfo, name, at + strlen(dest.name));

    AUTO(launch_clear)
    Launch launch =
        LAUNCH("start", "--quiet", "--source", source.conninfo, "--dest", dest.conninfo);
    EXPECT_EXIT(&launch, 0);
    const CompareScope scope = {.second_may_have_more = true, .ignored_rows = stale};
    AUTO(mem_free) char *report = compare_databases(&source, &dest, &scope);
    EXPECT_SAME(TAKE(report));
    AUTO(mem_free) char *dumps = compare_dumps(&source, &dest, &scope);
    EXPECT_SAME(unexplained(dumps));
}
