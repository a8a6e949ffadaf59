/* verify and its checksum. */
#include "tests/engine/handle.h"

#include "base/conn.h"
#include "engine/checksum.h"

/* ---- the checksum ------------------------------------------------------------------------ */

static Conn *connect_to(const char *conninfo)
{
    AUTO(error_clear) Error err = ERROR_INIT;
    Conn *conn = NULL;
    const ConnSpec spec = {.side = CONN_DEST, .conninfo = conninfo};
    cr_assert(conn_open(&spec, NULL, &conn, &err), "%s", err.message);
    return conn;
}

/* "rows|checksum" of what stands after FROM, with columns in that order. */
static char *sum_of(Conn *conn, ChecksumHash hash, const char *from, const ChecksumValue *values,
                    size_t count)
{
    AUTO(arena_free) Arena *arena = arena_new();
    AUTO(error_clear) Error err = ERROR_INIT;
    AUTO(result_free) PGresult *result = NULL;
    const ChecksumRows rows = {.from = from,
                               .values = values,
                               .value_count = count,
                               .hash = hash,
                               .sql_ascii = checksum_lacks_encoding(conn)};
    cr_assert(conn_query_row(conn, checksum_query(&rows, true, arena), 0, NULL, &result, &err),
              "%s", err.message);
    return mem_printf("%s|%s", PQgetvalue(result, 0, 0), PQgetvalue(result, 0, 1));
}

static const ChecksumValue ab[] = {{.expression = "t.a"}, {.expression = "t.b"}};
static const ChecksumValue ba[] = {{.expression = "t.b"}, {.expression = "t.a"}};

#define SUM(conn, from) sum_of(conn, CHECKSUM_SHA256, from, ab, LENGTH(ab))
#define EXPECT_SAME_SUM(conn, one, other, same)                                                    \
    do {                                                                                           \
        AUTO(mem_free) char *one_ = SUM(conn, one);                                                \
        AUTO(mem_free) char *other_ = SUM(conn, other);                                            \
        cr_assert_eq(strcmp(one_, other_) == 0, same, "%s: %s, %s: %s", one, one_, other, other_); \
    } while (0)

Test(server_checksum, sees_values_and_not_the_order_of_rows)
{
    TestDatabase database = test_database("checksum");
    AUTO(conn_free) Conn *conn = connect_to(database.conninfo);
    EXPECT_SAME_SUM(conn, "(SELECT * FROM (VALUES (1, 'x'), (2, 'y')) AS v(a, b))",
                    "(SELECT * FROM (VALUES (2, 'y'), (1, 'x')) AS v(a, b))", true);
    EXPECT_SAME_SUM(conn, "(SELECT * FROM (VALUES (1, 'x'), (2, 'y')) AS v(a, b))",
                    "(SELECT * FROM (VALUES (1, 'y'), (2, 'x')) AS v(a, b))", false);
    EXPECT_SAME_SUM(conn, "(SELECT * FROM (VALUES ('a,b', 'c')) AS v(a, b))",
                    "(SELECT * FROM (VALUES ('a', 'b,c')) AS v(a, b))", false);
    EXPECT_SAME_SUM(conn, "(SELECT * FROM (VALUES (1, NULL::text)) AS v(a, b))",
                    "(SELECT * FROM (VALUES (1, '')) AS v(a, b))", false);
    EXPECT_SAME_SUM(conn, "(SELECT * FROM (VALUES (1, NULL::text)) AS v(a, b))",
                    "(SELECT * FROM (VALUES (1, 'NULL')) AS v(a, b))", false);
    AUTO(mem_free) char *none = SUM(conn, "(SELECT 1 AS a, 2 AS b LIMIT 0)");
    cr_assert_str_eq(none, "0|0");
}

Test(server_checksum, equal_rows_do_not_cancel_each_other_out)
{
    TestDatabase database = test_database("checksum");
    AUTO(conn_free) Conn *conn = connect_to(database.conninfo);
    AUTO(mem_free)
    char *two = SUM(conn, "(SELECT * FROM (VALUES (1, 1), (1, 1), (7, 7)) AS v(a, b))");
    AUTO(mem_free)
    char *other = SUM(conn, "(SELECT * FROM (VALUES (2, 2), (2, 2), (7, 7)) AS v(a, b))");
    cr_assert_str_neq(two, other);
}

Test(server_checksum, takes_columns_in_the_order_that_is_asked_for)
{
    TestDatabase database = test_database("checksum");
    AUTO(conn_free) Conn *conn = connect_to(database.conninfo);
    AUTO(mem_free) char *one = SUM(conn, "(SELECT 1 AS a, 'x' AS b)");
    AUTO(mem_free) char *other = SUM(conn, "(SELECT 'x' AS b, 1 AS a)");
    AUTO(mem_free)
    char *turned = sum_of(conn, CHECKSUM_SHA256, "(SELECT 1 AS a, 'x' AS b)", ba, LENGTH(ba));
    cr_assert_str_eq(one, other);
    cr_assert_str_neq(one, turned);
}

/* Settings of the database, its user and its encoding. */
Test(server_checksum, is_the_same_whatever_the_settings_of_a_side)
{
    static const char rows[] =
        "(SELECT * FROM (VALUES (ROW('2026-02-01'::date, '2026-02-01 10:00+02'::timestamptz, '1 "
        "mon 3 days'"
        "::interval, 0.1::float8 + 0.2, 1.5::float4, '\\xdeadbeef'::bytea, 12.5::money)::text,"
        " 'größe')) AS v(a, b))";
    TestDatabase database = test_database("checksum");
    TestDatabase other = test_database("checksum");
    AUTO(mem_free)
    char *settings = mem_printf(
        "ALTER DATABASE %s SET DateStyle = 'German'; ALTER DATABASE %s SET TimeZone ="
        " 'Asia/Tokyo'; ALTER DATABASE %s SET IntervalStyle = 'iso_8601'; ALTER DATABASE %s SET"
        " extra_float_digits = -5; ALTER DATABASE %s SET bytea_output = 'escape';"
        " CREATE DATABASE %s_l TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'",
        other.name, other.name, other.name, other.name, other.name, other.name);
    for (char *statement = strtok(settings, ";"); statement != NULL; statement = strtok(NULL, ";"))
        test_sql(&database, statement);
    AUTO(mem_free) char *latin = mem_printf("%s dbname=%s_l", other.conninfo, other.name);
    AUTO(conn_free) Conn *plain_conn = connect_to(database.conninfo);
    AUTO(conn_free) Conn *other_conn = connect_to(other.conninfo);
    AUTO(conn_free) Conn *latin_conn = connect_to(latin);
    AUTO(mem_free) char *first = SUM(plain_conn, rows);
    AUTO(mem_free) char *second = SUM(other_conn, rows);
    AUTO(mem_free) char *third = SUM(latin_conn, rows);
    conn_free(TAKE(latin_conn));
    AUTO(mem_free) char *drop = mem_printf("DROP DATABASE %s_l", other.name);
    test_sql(&database, drop);
    cr_assert_str_eq(first, second);
    cr_assert_str_eq(first, third);
}

Test(server_checksum, reads_what_has_no_encoding)
{
    TestDatabase database = test_database("checksum");
    AUTO(mem_free)
    char *make = mem_printf("CREATE DATABASE %s_a TEMPLATE template0 ENCODING 'SQL_ASCII'"
                            " LC_COLLATE 'C' LC_CTYPE 'C'",
                            database.name);
    test_sql(&database, make);
    AUTO(mem_free) char *ascii = mem_printf("%s dbname=%s_a", database.conninfo, database.name);
    AUTO(conn_free) Conn *ascii_conn = connect_to(ascii);
    AUTO(conn_free) Conn *conn = connect_to(database.conninfo);
    AUTO(mem_free) char *one = SUM(conn, "(SELECT 1 AS a, chr(246) AS b)");
    AUTO(mem_free) char *other = SUM(ascii_conn, "(SELECT 1 AS a, chr(195) || chr(182) AS b)");
    AUTO(mem_free) char *broken = SUM(ascii_conn, "(SELECT 1 AS a, chr(246) AS b)");
    conn_free(TAKE(ascii_conn));
    AUTO(mem_free) char *drop = mem_printf("DROP DATABASE %s_a", database.name);
    test_sql(&database, drop);
    cr_assert_str_eq(one, other);
    cr_assert_str_neq(one, broken);
}

/* One value of each type that is treated apart, both hashes: whatever else stands in its place
 * gives another sum. */
Test(server_checksum, tells_values_of_any_type_apart)
{
    static const struct {
        Oid type;
        int limit;
        const char *values[6];
    } types[] = {
        {25, 0, {"NULL::text", "''", "' '", "'NULL'", "'a'", "'A'"}},
        {1043, 3, {"NULL::varchar(3)", "''", "' '", "'  '", "'a'", "'a '"}},
        {1042, 3, {"NULL::char(3)", "''", "'a'", "'b'", "'a b'"}},
        {17, 0, {"NULL::bytea", "''", "'\\x00'", "'\\x0000'", "'\\x5c78'", "'\\x30'"}},
        {18, 0, {"NULL::\"char\"", "''", "'a'", "'A'", "(-128)::\"char\"", "(-1)::\"char\""}},
        {1002, 0, {"NULL::\"char\"[]", "'{}'", "'{a}'", "'{NULL}'", "'{A}'"}},
        {701, 0, {"NULL::float8", "0", "'-0'", "'NaN'", "1e-300", "0.1::float8 + 0.2"}},
        {1700, 0, {"NULL::numeric", "1", "1.0", "1.00", "'NaN'", "-1"}},
        {3802, 0, {"NULL::jsonb", "'null'", "'{}'", "'[]'", "'1.0'", "'1.00'"}},
        {114, 0, {"NULL::json", "'null'", "'{}'", "'{ }'", "'[]'"}},
        {1009, 0, {"NULL::text[]", "'{}'", "'{NULL}'", "'{\"\"}'", "'[0:0]={a}'", "'{a}'"}},
        {0, 0, {"NULL::int4range", "'empty'", "'(,)'", "'[1,2)'", "'[1,3)'"}},
    };
    TestDatabase database = test_database("checksum");
    AUTO(conn_free) Conn *conn = connect_to(database.conninfo);
    for (size_t i = 0; i < LENGTH(types); i++) {
        const ChecksumValue value = {
            .expression = "t.a", .type = types[i].type, .limit = types[i].limit};
        char *sums[2][LENGTH(types[i].values)] = {{NULL}};
        for (size_t k = 0; k < LENGTH(types[i].values) && types[i].values[k] != NULL; k++) {
            AUTO(mem_free)
            char *from = mem_printf("(SELECT %s UNION ALL SELECT %s LIMIT 1 OFFSET 1) AS x(a)",
                                    types[i].values[0], types[i].values[k]);
            AUTO(mem_free) char *rows = mem_printf("(SELECT a FROM %s)", from);
            for (int hash = 0; hash < 2; hash++) {
                sums[hash][k] = sum_of(conn, (ChecksumHash)hash, rows, &value, 1);
                for (size_t before = 0; before < k; before++)
                    cr_assert_str_neq(sums[hash][before], sums[hash][k], "type %u: %s and %s",
                                      types[i].type, types[i].values[before], types[i].values[k]);
            }
        }
        for (int hash = 0; hash < 2; hash++)
            for (size_t k = 0; k < LENGTH(types[i].values); k++)
                mem_free(sums[hash][k]);
    }
}

/* A composite value whose fields are all NULL is not NULL. */
Test(server_checksum, tells_a_row_of_nulls_from_null)
{
    TestDatabase database = test_database("checksum");
    test_sql(&database, "CREATE TYPE pair AS (a int, b text)");
    AUTO(conn_free) Conn *conn = connect_to(database.conninfo);
    EXPECT_SAME_SUM(conn, "(SELECT NULL::public.pair AS a, 1 AS b)",
                    "(SELECT ROW(NULL, NULL)::public.pair AS a, 1 AS b)", false);
}

/* Twice the text of a long row would not fit into a value. */
Test(server_checksum, long_values_do_not_add_up)
{
    TestDatabase database = test_database("checksum");
    AUTO(conn_free) Conn *conn = connect_to(database.conninfo);
    static const ChecksumValue texts[] = {{.expression = "t.a", .type = 25},
                                          {.expression = "t.b", .type = 25},
                                          {.expression = "t.c", .type = 17}};
    AUTO(mem_free)
    char *sum = sum_of(conn, CHECKSUM_BUILT_IN,
                       "(SELECT a, a AS b, a::bytea AS c FROM (SELECT repeat('x', 300000000) AS a)"
                       " AS x)",
                       texts, LENGTH(texts));
    cr_assert_eq(strncmp(sum, "1|", 2), 0);
}

Test(server_checksum, the_servers_own_hash_is_chosen_where_both_agree)
{
    TestDatabase database = test_database("checksum");
    TestDatabase other = test_database("checksum");
    TestDatabase latin = test_database_with(
        "checksum", "TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'");
    AUTO(conn_free) Conn *one = connect_to(database.conninfo);
    AUTO(conn_free) Conn *same = connect_to(other.conninfo);
    AUTO(conn_free) Conn *different = connect_to(latin.conninfo);
    AUTO(error_clear) Error err = ERROR_INIT;
    ChecksumHash hash = CHECKSUM_SHA256;
    cr_assert(checksum_choose(one, same, &hash, &err), "%s", err.message);
    cr_assert_eq(hash, CHECKSUM_BUILT_IN);
    cr_assert(checksum_choose(one, different, &hash, &err), "%s", err.message);
    cr_assert_eq(hash, CHECKSUM_SHA256);
}

/* Sums of parts add up to the sum of the whole, modulo 2^64. */
Test(checksum, numbers_of_any_length_add_up)
{
    cr_assert_eq(checksum_number("0"), 0);
    cr_assert_eq(checksum_number("18446744073709551616"), 0);
    cr_assert_eq(checksum_number("36893488147419103233"), 1);
    cr_assert_eq(checksum_number("-1"), UINT64_MAX);
    cr_assert_eq(checksum_number("-18446744073709551617") + checksum_number("1"), 0);
}

/* ---- the command ------------------------------------------------------------------------- */

/* The finding of a check that has these words, or NULL; status NULL: any. */
static const json_t *finding(json_t *result, const char *name, const char *status,
                             const char *words)
{
    size_t i;
    json_t *check;
    json_array_foreach(json_object_get(result, "checks"), i, check)
    {
        if (strcmp(text_of(check, "name"), name) == 0 &&
            (status == NULL || strcmp(text_of(check, "status"), status) == 0) &&
            strstr(text_of(check, "message"), words) != NULL)
            return check;
    }
    return NULL;
}

#define EXPECT_FINDING(pgzm, name, status, words)                                                  \
    do {                                                                                           \
        AUTO(json_decref) json_t *result_ = result_of(pgzm);                                       \
        cr_assert_not_null(finding(result_, name, status, words), "no %s of %s with \"%s\" in %s", \
                           status, name, words, pgzm_result_json(pgzm));                           \
    } while (0)

/* Every check passes. */
static void expect_passes(Pgzm *pgzm)
{
    EXPECT_STATUS(pgzm, PGZM_VERIFY, PGZM_OK);
    AUTO(json_decref) json_t *result = result_of(pgzm);
    size_t i;
    json_t *check;
    json_array_foreach(json_object_get(result, "checks"), i, check)
        cr_assert_str_eq(text_of(check, "status"), "pass", "%s", pgzm_result_json(pgzm));
    cr_assert_gt(i, 5);
}

/* Does something to the destination that one check must find, and takes it back. */
static void expect_found(Pgzm *pgzm, const TestDatabase *dest, const char *damage,
                         const char *repair, const char *name, const char *words)
{
    test_sql(dest, damage);
    EXPECT_STATUS(pgzm, PGZM_VERIFY, PGZM_DIFFERENCES);
    EXPECT_FINDING(pgzm, name, "failure", words);
    if (repair == NULL)
        return;
    test_sql(dest, repair);
    EXPECT_STATUS(pgzm, PGZM_VERIFY, PGZM_OK);
}

static Pgzm *prepared(const Pair *pair, const char *preserved)
{
    Pgzm *pgzm = pair_handle(pair, NULL);
    if (preserved != NULL)
        cr_assert_eq(pgzm_set(pgzm, PGZM_PRESERVED_TABLES, preserved), PGZM_OK);
    EXPECT_STATUS(pgzm, PGZM_PREPARE, PGZM_OK);
    return pgzm;
}

/* A handle that has no source. */
static Pgzm *on_destination(const Pair *pair)
{
    Pgzm *pgzm = pgzm_new();
    cr_assert_eq(pgzm_set(pgzm, PGZM_DEST, pair->dest.conninfo), PGZM_OK);
    return pgzm;
}

Test(server_verify, names_what_there_is_nothing_to_verify_of)
{
    Pair pair = pair_open();
    AUTO(pgzm_free) Pgzm *dest = on_destination(&pair);
    EXPECT_STATUS(dest, PGZM_VERIFY, PGZM_STATE);
    AUTO(pgzm_free) Pgzm *pgzm = prepared(&pair, NULL);
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_OK);
    cr_assert_eq(pgzm_set(pgzm, PGZM_LATEST, "on"), PGZM_OK);
    EXPECT_STATUS(pgzm, PGZM_ROLLBACK, PGZM_OK);
    EXPECT_STATUS(dest, PGZM_VERIFY, PGZM_STATE);
    AUTO(mem_free) char *id = test_value(&pair.dest, "SELECT id FROM pgzm.migration");
    cr_assert_eq(pgzm_set(dest, PGZM_TIMESTAMP, id), PGZM_OK);
    EXPECT_STATUS(dest, PGZM_VERIFY, PGZM_STATE);
    cr_assert_not_null(strstr(pgzm_error_message(dest), "is ROLLED BACK"), "%s",
                       pgzm_error_message(dest));
    cr_assert_eq(pgzm_set(dest, PGZM_TIMESTAMP, "17"), PGZM_OK);
    EXPECT_STATUS(dest, PGZM_VERIFY, PGZM_STATE);
    cr_assert_not_null(strstr(pgzm_error_message(dest), "no migration 17"));
    test_sql(&pair.dest, "UPDATE pgzm.migration SET state = 'SETTLED', cleaned_at = '2026-11-02'");
    cr_assert_eq(pgzm_set(dest, PGZM_TIMESTAMP, id), PGZM_OK);
    EXPECT_STATUS(dest, PGZM_VERIFY, PGZM_STATE);
    cr_assert_not_null(strstr(pgzm_error_message(dest), "dropped by cleanup on 2026-11-02"));
    test_sql(&pair.dest, "UPDATE pgzm.migration SET state = 'PREPARING', cleaned_at = NULL");
    EXPECT_STATUS(dest, PGZM_VERIFY, PGZM_STATE);
    cr_assert_not_null(strstr(pgzm_error_message(dest), "is PREPARING"));
}

Test(server_verify, says_so_when_another_command_is_at_work)
{
    Pair pair = pair_open();
    AUTO(pgzm_free) Pgzm *pgzm = prepared(&pair, NULL);
    AUTO(conn_free) Conn *other = connect_to(pair.dest.conninfo);
    AUTO(error_clear) Error err = ERROR_INIT;
    cr_assert(conn_exec(other, "SELECT pg_advisory_lock(1885829741, 1)", &err));
    EXPECT_STATUS(pgzm, PGZM_VERIFY, PGZM_STATE);
    cr_assert_not_null(strstr(pgzm_error_message(pgzm), "another pgzm-copy command is at work"));
}

Test(server_verify, a_prepared_migration_is_whole_and_like_the_source)
{
    Pair pair = pair_open();
    AUTO(pgzm_free) Pgzm *pgzm = prepared(&pair, "account");
    cr_assert_eq(pgzm_set(pgzm, PGZM_CHECKSUM, "on"), PGZM_OK);
    AUTO(mem_free) char *before = digest_of(&pair.dest);
    AUTO(mem_free) char *source_before = digest_of(&pair.source);
    expect_passes(pgzm);
    EXPECT_FINDING(pgzm, "source rows", "pass", "2 tables have the source's contents");
    EXPECT_FINDING(pgzm, "preserved rows", "pass", "same contents live and in the shadow");
    AUTO(mem_free) char *after = digest_of(&pair.dest);
    AUTO(mem_free) char *source_after = digest_of(&pair.source);
    cr_assert_str_eq(before, after, "something was changed");
    cr_assert_str_eq(source_before, source_after, "something was changed");
    AUTO(pgzm_free) Pgzm *dest = on_destination(&pair);
    expect_passes(dest);
}

Test(server_verify, finds_what_is_wrong_with_the_shadow)
{
    static const struct {
        const char *damage, *repair, *name, *words;
    } cases[] = {
        {"INSERT INTO pgzm_shadow_public.customer VALUES (9999, 'x', 'y')",
         "DELETE FROM pgzm_shadow_public.customer WHERE id = 9999", "rows",
         "public.customer: 201 rows in the shadow, 200 were loaded"},
        {"ALTER TABLE pgzm_shadow_public.customer RENAME TO client",
         "ALTER TABLE pgzm_shadow_public.client RENAME TO customer", "objects",
         "table pgzm_shadow_public.customer is named client now"},
        {"ALTER VIEW pgzm_shadow_public.big SET SCHEMA pgzm",
         "ALTER VIEW pgzm.big SET SCHEMA pgzm_shadow_public", "objects",
         "view big is in schema pgzm, not in pgzm_shadow_public"},
        {"ALTER TABLE orders RENAME TO old_orders", "ALTER TABLE old_orders RENAME TO orders",
         "objects", "table public.orders is named old_orders now"},
        {"UPDATE pg_index SET indisvalid = false WHERE indexrelid ="
         " 'pgzm_shadow_public.orders_customer'::regclass",
         "UPDATE pg_index SET indisvalid = true WHERE indexrelid ="
         " 'pgzm_shadow_public.orders_customer'::regclass",
         "parts", "index pgzm_shadow_public.orders_customer is not valid"},
        {"ALTER TABLE account DISABLE TRIGGER \"pgzm_1_forward_UPDATE\"",
         "ALTER TABLE account ENABLE ALWAYS TRIGGER \"pgzm_1_forward_UPDATE\"", "sync",
         "public.account: no enabled sync trigger for UPDATE on public.account"},
        {"INSERT INTO pgzm.redo (preserved, reason) VALUES (1, 'it failed')",
         "DELETE FROM pgzm.redo", "sync",
         "1 of 1 rows that are behind could not be written: it "
         "failed"},
        {"DELETE FROM pgzm_shadow_public.account WHERE id = 3",
         "INSERT INTO pgzm_shadow_public.account (id, login) SELECT id, login FROM account"
         " WHERE id = 3",
         "preserved rows", "public.account: 30 rows live, 29 in the shadow"},
        {"DROP INDEX pgzm_shadow_public.orders_customer", NULL, "parts",
         "index pgzm_shadow_public.orders_customer is gone"},
        {"DROP VIEW pgzm_shadow_public.big", NULL, "objects", "pgzm_shadow_public.big is gone"},
    };
    Pair pair = pair_open();
    AUTO(pgzm_free) Pgzm *made = prepared(&pair, "account");
    (void)made;
    AUTO(pgzm_free) Pgzm *pgzm = on_destination(&pair);
    expect_passes(pgzm);
    for (size_t i = 0; i < LENGTH(cases); i++)
        expect_found(pgzm, &pair.dest, cases[i].damage, cases[i].repair, cases[i].name,
                     cases[i].words);
}

Test(server_verify, rows_that_are_behind_are_a_warning)
{
    Pair pair = pair_open();
    AUTO(pgzm_free) Pgzm *made = prepared(&pair, "account");
    (void)made;
    AUTO(pgzm_free) Pgzm *pgzm = on_destination(&pair);
    test_sql(&pair.dest, "INSERT INTO pgzm.redo (preserved, reason) VALUES (1, 'isolation');"
                         "DELETE FROM pgzm_shadow_public.account WHERE id = 3");
    EXPECT_STATUS(pgzm, PGZM_VERIFY, PGZM_OK);
    EXPECT_FINDING(pgzm, "sync", "warning", "public.account is 1 row behind");
    EXPECT_FINDING(pgzm, "preserved rows", "warning", "with 1 to be copied again");
}

Test(server_verify, contents_are_compared_when_asked)
{
    Pair pair = pair_open();
    AUTO(pgzm_free) Pgzm *pgzm = prepared(&pair, "account");
    test_sql(&pair.dest, "UPDATE pgzm_shadow_public.account SET login = 'other' WHERE id = 3;"
                         "UPDATE pgzm_shadow_public.customer SET tag = NULL WHERE id = 3");
    expect_passes(pgzm);
    cr_assert_eq(pgzm_set(pgzm, PGZM_CHECKSUM, "on"), PGZM_OK);
    EXPECT_STATUS(pgzm, PGZM_VERIFY, PGZM_DIFFERENCES);
    EXPECT_FINDING(pgzm, "preserved rows", "failure",
                   "30 rows live and in the shadow, but not the same contents");
    EXPECT_FINDING(pgzm, "source rows", "failure",
                   "public.customer: 200 rows on both sides, but not the same contents");
}

Test(server_verify, what_the_source_has_become_since_is_named)
{
    Pair pair = pair_open();
    AUTO(pgzm_free) Pgzm *pgzm = prepared(&pair, "account");
    test_sql(&pair.source,
             "INSERT INTO customer VALUES (777, 'late', NULL);"
             "ALTER TABLE orders ADD COLUMN note text; CREATE TABLE fresh (i int);"
             "CREATE OR REPLACE VIEW big AS SELECT id, name FROM customer WHERE id > 5;"
             "ALTER TABLE account ADD CHECK (level > 0)");
    EXPECT_STATUS(pgzm, PGZM_VERIFY, PGZM_DIFFERENCES);
    EXPECT_FINDING(pgzm, "source rows", "failure",
                   "public.customer: 200 rows in the shadow, 201 on the source");
    EXPECT_FINDING(pgzm, "source schema", "failure", "column public.orders.note is missing");
    EXPECT_FINDING(pgzm, "source schema", "failure", "view public.big is defined otherwise");
    EXPECT_FINDING(pgzm, "source schema", "warning", "table public.fresh is on the source");
    AUTO(json_decref) json_t *result = result_of(pgzm);
    const json_t *late = finding(result, "source rows", "failure", "public.customer");
    const char *hint = json_string_value(json_object_get(late, "hint"));
    AUTO(mem_free)
    char *as_of = test_value(&pair.dest, "SELECT to_char(source_as_of AT TIME ZONE 'UTC',"
                                         " 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') FROM pgzm.migration");
    cr_assert_not_null(strstr(hint, as_of), "%s", hint);
    cr_assert_str_eq(text_of(result, "source_as_of"), as_of);
}

Test(server_verify, a_sequence_that_is_behind_is_compared_with_the_sources)
{
    Pair pair = pair_open();
    test_sql(&pair.source, "CREATE TABLE counted (id serial, down int);"
                           "CREATE SEQUENCE falling INCREMENT -1;"
                           "ALTER TABLE counted ALTER down SET DEFAULT nextval('falling');"
                           "INSERT INTO counted SELECT FROM generate_series(1, 9)");
    AUTO(pgzm_free) Pgzm *pgzm = prepared(&pair, NULL);
    AUTO(pgzm_free) Pgzm *dest = on_destination(&pair);
    expect_passes(dest);
    test_sql(&pair.dest, "SELECT setval('pgzm_shadow_public.falling', -8)");
    EXPECT_STATUS(dest, PGZM_VERIFY, PGZM_OK);
    EXPECT_FINDING(dest, "sequences", "warning",
                   "public.falling stands at -8, behind -9 in column down of public.counted");
    EXPECT_STATUS(pgzm, PGZM_VERIFY, PGZM_DIFFERENCES);
    EXPECT_FINDING(pgzm, "sequences", "failure", "public.falling");
    test_sql(&pair.source, "SELECT setval('falling', -1)");
    EXPECT_STATUS(pgzm, PGZM_VERIFY, PGZM_OK);
    EXPECT_FINDING(pgzm, "sequences", "warning", "public.falling");
}

Test(server_verify, finds_what_is_wrong_with_a_backup)
{
    static const struct {
        const char *damage, *repair, *name, *words;
    } cases[] = {
        {"DELETE FROM %s.account WHERE id = 3",
         "INSERT INTO %s.account (id, login) SELECT id, login FROM public.account WHERE id = 3",
         "preserved rows", "public.account: 30 rows live, 29 in the backup"},
        {"ALTER TABLE account DISABLE TRIGGER \"pgzm_1_reverse_INSERT\"",
         "ALTER TABLE account ENABLE ALWAYS TRIGGER \"pgzm_1_reverse_INSERT\"", "sync",
         "no enabled sync trigger for INSERT on public.account"},
        {"UPDATE pg_index SET indisvalid = false WHERE indexrelid = '%s.orders_pkey'::regclass",
         "UPDATE pg_index SET indisvalid = true WHERE indexrelid = '%s.orders_pkey'::regclass",
         "parts", "orders_pkey is not valid"},
        {"ALTER TABLE %s.customer SET SCHEMA pgzm", "ALTER TABLE pgzm.customer SET SCHEMA %s",
         "objects", "table customer is in schema pgzm, not in pgzm_backup_"},
        {"CREATE VIEW public.since AS SELECT id FROM public.orders", "DROP VIEW public.since",
         "rollback", "since"},
        {"DROP TABLE %s.customer CASCADE", NULL, "objects", ".customer is gone"},
    };
    Pair pair = pair_open();
    AUTO(pgzm_free) Pgzm *made = prepared(&pair, "account");
    (void)made;
    EXPECT_STATUS(made, PGZM_SWAP, PGZM_OK);
    AUTO(pgzm_free) Pgzm *pgzm = on_destination(&pair);
    cr_assert_eq(pgzm_set(pgzm, PGZM_CHECKSUM, "on"), PGZM_OK);
    expect_passes(pgzm);
    test_sql(&pair.dest, "UPDATE account SET login = 'after' WHERE id < 9;"
                         "DELETE FROM account WHERE id = 30; INSERT INTO account VALUES (30, 'x')");
    expect_passes(pgzm);
    AUTO(mem_free) char *backup = test_value(&pair.dest, "SELECT backup FROM pgzm.schema");
    for (size_t i = 0; i < LENGTH(cases); i++) {
        Str texts[2] = {STR_INIT, STR_INIT};
        const char *const templates[2] = {cases[i].damage, cases[i].repair};
        for (size_t k = 0; k < LENGTH(templates); k++) {
            const char *from = templates[k] != NULL ? templates[k] : "";
            for (const char *at; (at = strstr(from, "%s")) != NULL; from = at + 2) {
                str_add_bytes(&texts[k], from, (size_t)(at - from));
                str_add(&texts[k], backup);
            }
            str_add(&texts[k], from);
        }
        expect_found(pgzm, &pair.dest, str_text(&texts[0]),
                     cases[i].repair != NULL ? str_text(&texts[1]) : NULL, cases[i].name,
                     cases[i].words);
        str_clear(&texts[0]);
        str_clear(&texts[1]);
    }
}

Test(server_verify, what_leans_on_the_backup_is_named)
{
    Pair pair = pair_open();
    AUTO(pgzm_free) Pgzm *pgzm = prepared(&pair, NULL);
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_OK);
    AUTO(mem_free)
    char *view = test_value(&pair.dest, "SELECT format('CREATE VIEW looks_back AS SELECT id FROM"
                                        " %I.orders', backup) FROM pgzm.schema");
    test_sql(&pair.dest, view);
    EXPECT_STATUS(pgzm, PGZM_VERIFY, PGZM_OK);
    EXPECT_FINDING(pgzm, "dependents", "warning", "looks_back");
}

Test(server_verify, a_key_that_rows_violate_is_named_before_and_after_the_swap)
{
    Pair pair = pair_open();
    test_sql(&pair.dest, "DELETE FROM orders; DELETE FROM account WHERE id = 3");
    Pgzm *pgzm = pair_handle(&pair, NULL);
    cr_assert_eq(pgzm_set(pgzm, PGZM_PRESERVED_TABLES, "account"), PGZM_OK);
    cr_assert_eq(pgzm_set(pgzm, PGZM_ORPHANS, "keep"), PGZM_OK);
    EXPECT_STATUS(pgzm, PGZM_PREPARE, PGZM_OK);
    AUTO(pgzm_free) Pgzm *dest = on_destination(&pair);
    EXPECT_STATUS(dest, PGZM_VERIFY, PGZM_OK);
    EXPECT_FINDING(dest, "orphans", "warning", "200 rows violate foreign key");
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_UNSETTLED);
    EXPECT_STATUS(dest, PGZM_VERIFY, PGZM_OK);
    EXPECT_FINDING(dest, "constraints", "warning", "orders_account_fkey on public.orders");
    pgzm_free(pgzm);
}

Test(server_verify, an_earlier_migration_is_verified_under_later_ones)
{
    Pair pair = pair_open();
    AUTO(pgzm_free) Pgzm *first = prepared(&pair, NULL);
    EXPECT_STATUS(first, PGZM_SWAP, PGZM_OK);
    AUTO(pgzm_free) Pgzm *second = prepared(&pair, NULL);
    EXPECT_STATUS(second, PGZM_SWAP, PGZM_OK);
    AUTO(mem_free) char *id = test_value(&pair.dest, "SELECT min(id) FROM pgzm.migration");
    AUTO(pgzm_free) Pgzm *dest = on_destination(&pair);
    expect_passes(dest);
    cr_assert_eq(pgzm_set(dest, PGZM_TIMESTAMP, id), PGZM_OK);
    expect_passes(dest);
    EXPECT_FINDING(dest, "rollback", "pass", "1 later migration is undone first");
    test_sql(&pair.dest, "UPDATE pgzm.migration SET cleaned_at = now() WHERE id ="
                         " (SELECT max(id) FROM pgzm.migration)");
    EXPECT_STATUS(dest, PGZM_VERIFY, PGZM_DIFFERENCES);
    EXPECT_FINDING(dest, "rollback", "failure", "dropped by cleanup");
}

Test(server_verify, partitions_and_changed_types_of_preserved_tables_are_compared)
{
    static const char tables[] =
        "CREATE TABLE p (id int, k text, v text, PRIMARY KEY (id, k)) PARTITION BY RANGE (id);"
        "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100);"
        "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (1000) PARTITION BY LIST (k);"
        "CREATE TABLE p2a PARTITION OF p2 FOR VALUES IN ('a');"
        "CREATE TABLE p2b PARTITION OF p2 DEFAULT;"
        "INSERT INTO p SELECT i, chr(97 + i % 2), 'v' FROM generate_series(1, 300) i;"
        "CREATE TABLE wide (a int PRIMARY KEY, n numeric);"
        "INSERT INTO wide SELECT i, i * 1.5 FROM generate_series(1, 10) i;";
    Pair pair = {test_database("api_source"), test_database("api_dest")};
    test_sql(&pair.source, tables);
    test_sql(&pair.dest, tables);
    test_sql(&pair.source, "ALTER TABLE wide ALTER n TYPE numeric(12, 2)");
    AUTO(pgzm_free) Pgzm *pgzm = prepared(&pair, "p, wide");
    AUTO(pgzm_free) Pgzm *dest = on_destination(&pair);
    cr_assert_eq(pgzm_set(dest, PGZM_CHECKSUM, "on"), PGZM_OK);
    test_sql(&pair.dest, "UPDATE p SET v = 'w' WHERE id % 7 = 0; UPDATE wide SET n = 2.25");
    expect_passes(dest);
    expect_found(dest, &pair.dest, "ALTER TABLE p2a DISABLE TRIGGER \"pgzm_1_forward_DELETE\"",
                 "ALTER TABLE p2a ENABLE ALWAYS TRIGGER \"pgzm_1_forward_DELETE\"", "sync",
                 "no enabled sync trigger for DELETE on public.p2a");
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_OK);
    test_sql(&pair.dest, "UPDATE p2a SET v = 'after' WHERE id < 150; DELETE FROM p WHERE id = 7;"
                         "INSERT INTO wide VALUES (70, 1.25)");
    expect_passes(dest);
    expect_found(dest, &pair.dest, "ALTER TABLE p1 DISABLE TRIGGER \"pgzm_1_reverse_INSERT\"", NULL,
                 "sync", "no enabled sync trigger for INSERT on public.p1");
}
