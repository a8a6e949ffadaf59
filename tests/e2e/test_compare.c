/* The comparer itself: what it must not overlook. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/mem.h"
#include "tests/harness/compare.h"
#include "tests/harness/server.h"

static const CompareScope everything;

static const char schema[] =
    "CREATE SCHEMA s; CREATE TYPE s.e AS ENUM ('a', 'b'); CREATE DOMAIN s.d AS text CHECK (VALUE "
    "<> '');"
    "CREATE SEQUENCE s.q;"
    "CREATE TABLE s.p (id int PRIMARY KEY);"
    "CREATE TABLE s.t (id serial PRIMARY KEY, e s.e DEFAULT 'a', n numeric, p int REFERENCES s.p,"
    " CHECK (n > 0));"
    "CREATE INDEX i ON s.t (n);"
    "CREATE VIEW s.v AS SELECT id FROM s.t;"
    "CREATE FUNCTION s.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
    "CREATE TRIGGER g AFTER INSERT ON s.t FOR EACH ROW EXECUTE FUNCTION s.f();"
    "CREATE RULE r AS ON DELETE TO s.t DO INSTEAD NOTHING;"
    "CREATE POLICY l ON s.t USING (id > 0);"
    "INSERT INTO s.p VALUES (1), (2);"
    "INSERT INTO s.t (n, p) VALUES (1, 1), (2, NULL);";

/* Makes the same database twice, changes the second one, and expects a difference of `kind`. */
static void expect_difference(const char *kind, const char *change)
{
    TestDatabase one = test_database("one"), two = test_database("two");
    test_sql(&one, schema);
    test_sql(&two, schema);
    AUTO(mem_free) char *nothing = compare_databases(&one, &two, &everything);
    cr_assert_null(nothing, "%s", nothing);
    test_sql(&two, change);
    AUTO(mem_free) char *report = compare_databases(&one, &two, &everything);
    cr_assert_not_null(report, "nothing was found after: %s", change);
    cr_assert_eq(strncmp(report, kind, strlen(kind)), 0, "after: %s\n%s", change, report);
}

#define FINDS(name, kind, change)                                                                  \
    Test(server_compare, finds_##name)                                                             \
    {                                                                                              \
        expect_difference(kind, change);                                                           \
    }

FINDS(a_changed_row, "rows s.t", "UPDATE s.t SET n = 3 WHERE id = 1")
FINDS(a_null_that_became_something, "rows s.t", "UPDATE s.t SET p = 2 WHERE id = 2")
FINDS(a_sequence_value, "values s.q", "SELECT setval('s.q', 1, true)")
FINDS(a_default, "column s.t.e", "ALTER TABLE s.t ALTER e SET DEFAULT 'b'")
FINDS(a_statistics_target, "column s.t.n", "ALTER TABLE s.t ALTER n SET STATISTICS 7")
FINDS(a_missing_key, "constraint s.t", "ALTER TABLE s.t DROP CONSTRAINT t_p_fkey")
FINDS(a_key_that_is_not_validated, "constraint s.t",
      "ALTER TABLE s.t DROP CONSTRAINT t_n_check; ALTER TABLE s.t ADD CHECK (n > 0) NOT VALID")
FINDS(an_index_option, "index s.i", "ALTER INDEX s.i SET (fillfactor = 50)")
FINDS(a_cluster_mark, "index s.i", "ALTER TABLE s.t CLUSTER ON i")
FINDS(a_view, "view s.v", "CREATE OR REPLACE VIEW s.v AS SELECT id FROM s.t WHERE id > 0")
FINDS(a_disabled_trigger, "trigger s.t: g", "ALTER TABLE s.t DISABLE TRIGGER g")
FINDS(a_disabled_rule, "rule s.t: r", "ALTER TABLE s.t DISABLE RULE r")
FINDS(a_policy, "policy s.t: l", "ALTER POLICY l ON s.t USING (id > 1)")
FINDS(row_security, "relation s.t", "ALTER TABLE s.t ENABLE ROW LEVEL SECURITY")
FINDS(a_function_body, "function s.f()",
      "CREATE OR REPLACE FUNCTION s.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'")
FINDS(an_enum_label, "type s.e", "ALTER TYPE s.e RENAME VALUE 'b' TO 'c'")
FINDS(a_domain_check, "constraint s.d", "ALTER DOMAIN s.d ADD CHECK (VALUE <> 'x')")
FINDS(a_grant, "grant s.t", "GRANT SELECT ON s.t TO PUBLIC")
FINDS(a_column_grant, "grant s.t.n", "GRANT SELECT (n) ON s.t TO PUBLIC")
FINDS(a_comment, "relation s.t", "COMMENT ON TABLE s.t IS 'x'")
FINDS(an_extra_table, "column s.x.a", "CREATE TABLE s.x (a int)")
FINDS(an_extra_schema, "grant schema x", "CREATE SCHEMA x")

Test(server_compare, lets_the_second_have_more_only_when_told)
{
    TestDatabase one = test_database("one"), two = test_database("two");
    test_sql(&one, schema);
    test_sql(&two, schema);
    test_sql(&two, "CREATE TABLE s.x (a int); GRANT SELECT ON s.t TO PUBLIC");
    CompareScope more = {.second_may_have_more = true};
    AUTO(mem_free) char *report = compare_databases(&one, &two, &more);
    cr_assert_null(report, "%s", report);
    test_sql(&two, "ALTER TABLE s.t ADD extra int");
    AUTO(mem_free) char *extra = compare_databases(&one, &two, &more);
    cr_assert_not_null(extra);
    cr_assert_not_null(strstr(extra, "column s.t.extra"), "%s", extra);
}

Test(server_compare, sees_in_a_fingerprint_what_was_done_and_undone)
{
    TestDatabase one = test_database("one");
    test_sql(&one, schema);
    AUTO(mem_free) char *before = compare_fingerprint(&one, NULL, true);
    AUTO(mem_free) char *again = compare_fingerprint(&one, NULL, true);
    cr_assert_str_eq(before, again);
    test_sql(&one, "ALTER TABLE s.t RENAME TO t2; ALTER TABLE s.t2 RENAME TO t");
    AUTO(mem_free) char *strict = compare_fingerprint(&one, NULL, true);
    AUTO(mem_free) char *difference = compare_fingerprints(before, strict);
    cr_assert_not_null(difference);
    AUTO(mem_free) char *lax_before = compare_fingerprint(&one, NULL, false);
    test_sql(&one, "ALTER TABLE s.t RENAME TO t2; ALTER TABLE s.t2 RENAME TO t");
    AUTO(mem_free) char *lax = compare_fingerprint(&one, NULL, false);
    cr_assert_str_eq(lax_before, lax);
    test_sql(&one, "DROP INDEX s.i; CREATE INDEX i ON s.t (n)");
    AUTO(mem_free) char *rebuilt = compare_fingerprint(&one, NULL, false);
    cr_assert_str_neq(lax_before, rebuilt);
}

Test(server_compare, finds_the_shop_the_same_as_itself_and_so_does_pg_dump)
{
    TestDatabase one = test_database("one"), two = test_database("two");
    test_sql_file(&one, "tests/fixture/shop_source.sql");
    test_sql_file(&two, "tests/fixture/shop_source.sql");
    AUTO(mem_free) char *report = compare_databases(&one, &two, &everything);
    cr_assert_null(report, "%s", report);
    AUTO(mem_free) char *dumps = compare_dumps(&one, &two, &everything);
    cr_assert_null(dumps, "%s", dumps);
    test_sql(&two, "DROP VIEW reporting.stock");
    AUTO(mem_free) char *missing = compare_dumps(&one, &two, &everything);
    if (missing != NULL) /* where pg_dump is installed */
        cr_assert_not_null(strstr(missing, "VIEW reporting.stock"), "%s", missing);
}
