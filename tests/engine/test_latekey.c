#include <libpq-fe.h>

#include "tests/engine/handle.h"

/*
 * Foreign keys that the swap adds: they touch a preserved table, or a table that the destination
 * alone has refers to one that is replaced.
 */
static Pair pair_with(const char *source, const char *dest)
{
    static const char both[] =
        "CREATE TABLE account (id int PRIMARY KEY, login text);"
        "CREATE TABLE country (code text, area int, name text, PRIMARY KEY (code, area))";
    Pair pair = {test_database("latekey_source"), test_database("latekey_dest")};
    test_sql(&pair.source, both);
    test_sql(&pair.dest, both);
    test_sql(&pair.source, source);
    test_sql(&pair.dest, dest);
    return pair;
}

#define UNVALIDATED                                                                                \
    "SELECT string_agg(conname, ' ' ORDER BY conname) FROM pg_constraint"                          \
    " WHERE contype = 'f' AND connamespace = 'public'::regnamespace AND NOT convalidated"

static void expect_violation(const TestDatabase *database, const char *statement)
{
    PGconn *conn = PQconnectdb(database->conninfo);
    PGresult *result = PQexec(conn, statement);
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    cr_expect_str_eq(state != NULL ? state : "done", "23503", "%s", statement);
    PQclear(result);
    PQfinish(conn);
}

static int64_t orphans(const Pgzm *pgzm, const char *part)
{
    AUTO(json_decref) json_t *result = result_of(pgzm);
    size_t i;
    json_t *key;
    json_array_foreach(json_object_get(result, "orphans"), i, key)
    {
        if (strstr(json_string_value(json_object_get(key, "key")), part) != NULL)
            return json_integer_value(json_object_get(key, "rows"));
    }
    return -1;
}

Test(server_latekey, counts_orphans_and_leaves_the_migration_prepared)
{
    Pair pair = pair_with("INSERT INTO account VALUES (1, 'a'), (2, 'staging');"
                          "CREATE TABLE post (id int PRIMARY KEY, account int REFERENCES account);"
                          "INSERT INTO post VALUES (1, 1), (2, 2), (3, 2), (4, NULL)",
                          "INSERT INTO account VALUES (1, 'live')");
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    pgzm_set(pgzm, PGZM_PRESERVED_TABLES, "account");
    EXPECT_STATUS(pgzm, PGZM_START, PGZM_DIFFERENCES);
    cr_expect_str_eq(pgzm_error_message(pgzm),
                     "2 rows violate foreign key post_account_fkey on public.post of the new data");
    cr_expect_eq(orphans(pgzm, "post_account_fkey"), 2);
    EXPECT_VALUE(&pair.dest, "SELECT state FROM pgzm.migration", "PREPARED");
    EXPECT_VALUE(&pair.dest, "SELECT to_regclass('post')", "(null)");
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_DIFFERENCES);
    EXPECT_VALUE(&pair.dest, "SELECT state FROM pgzm.migration", "PREPARED");
    /* the live application makes the missing row: its trigger carries it over */
    test_sql(&pair.dest, "INSERT INTO account VALUES (2, 'live')");
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_OK);
    cr_expect_eq(orphans(pgzm, "post_account_fkey"), 0);
    EXPECT_VALUE(&pair.dest, UNVALIDATED, "(null)");
    EXPECT_VALUE(&pair.dest, "SELECT state FROM pgzm.migration", "SETTLED");
}

Test(server_latekey, goes_live_with_a_key_that_is_not_valid_when_told_so)
{
    Pair pair = pair_with(
        "CREATE TABLE post (id int PRIMARY KEY, account int REFERENCES account);"
        "CREATE TABLE note (id int PRIMARY KEY, account int REFERENCES account, area int);"
        "INSERT INTO account VALUES (7, 'staging'); INSERT INTO post VALUES (1, 7);"
        "INSERT INTO note VALUES (1, 7)",
        "INSERT INTO account VALUES (1, 'live')");
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    pgzm_set(pgzm, PGZM_PRESERVED_TABLES, "account");
    pgzm_set(pgzm, PGZM_ORPHANS, "keep");
    EXPECT_STATUS(pgzm, PGZM_START, PGZM_UNSETTLED);
    EXPECT_VALUE(&pair.dest, "SELECT state FROM pgzm.migration", "SWAPPED");
    EXPECT_VALUE(&pair.dest, UNVALIDATED, "note_account_fkey post_account_fkey");
    AUTO(json_decref) json_t *result = result_of(pgzm);
    cr_expect_eq(json_array_size(json_object_get(result, "unsettled")), 2);
    /* one is corrected: it is validated although the other still is not */
    test_sql(&pair.dest, "DELETE FROM post");
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_UNSETTLED);
    EXPECT_VALUE(&pair.dest, UNVALIDATED, "note_account_fkey");
    test_sql(&pair.dest, "UPDATE note SET account = 1");
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_OK);
    EXPECT_VALUE(&pair.dest, UNVALIDATED, "(null)");
    EXPECT_VALUE(&pair.dest, "SELECT state FROM pgzm.migration", "SETTLED");
}

Test(server_latekey, of_a_partitioned_table_goes_by_its_partitions_and_is_whole_when_settled)
{
    Pair pair = pair_with(
        "INSERT INTO account SELECT i, 'staging' FROM generate_series(1, 9) i;"
        "CREATE TABLE post (id int, account int, CONSTRAINT poster FOREIGN KEY (account) REFERENCES"
        "  account ON DELETE CASCADE) PARTITION BY RANGE (id);"
        "COMMENT ON CONSTRAINT poster ON post IS 'who';"
        "CREATE TABLE post_low PARTITION OF post FOR VALUES FROM (0) TO (10) PARTITION BY LIST "
        "(id);"
        "CREATE TABLE post_five PARTITION OF post_low FOR VALUES IN (5);"
        "CREATE TABLE post_rest PARTITION OF post DEFAULT;"
        "INSERT INTO post VALUES (5, 1), (50, 2), (51, 3)",
        "INSERT INTO account SELECT i, 'live' FROM generate_series(1, 2) i");
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    pgzm_set(pgzm, PGZM_PRESERVED_TABLES, "account");
    EXPECT_STATUS(pgzm, PGZM_PREPARE, PGZM_DIFFERENCES);
    cr_expect_eq(orphans(pgzm, "poster"), 1);
    pgzm_set(pgzm, PGZM_ORPHANS, "keep");
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_UNSETTLED);
    /* what is written from now on is checked in each partition */
    expect_violation(&pair.dest, "INSERT INTO post VALUES (52, 3)");
    expect_violation(&pair.dest, "INSERT INTO post VALUES (5, 3)");
    test_sql(&pair.dest, "DELETE FROM post WHERE account = 3");
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_OK);
    EXPECT_VALUE(&pair.dest,
                 "SELECT string_agg(conrelid::regclass || ' ' || (conparentid <> 0), ', '"
                 " ORDER BY conrelid::regclass::text) FROM pg_constraint"
                 " WHERE conname = 'poster' AND convalidated"
                 " AND connamespace = 'public'::regnamespace",
                 "post false, post_five true, post_low true, post_rest true");
    EXPECT_VALUE(&pair.dest,
                 "SELECT obj_description(oid, 'pg_constraint') FROM pg_constraint"
                 " WHERE conname = 'poster' AND conrelid = 'post'::regclass",
                 "who");
    EXPECT_VALUE(&pair.dest, UNVALIDATED, "(null)");
    test_sql(&pair.dest, "DELETE FROM account WHERE id = 1");
    EXPECT_VALUE(&pair.dest, "SELECT string_agg(id::text, ' ') FROM post", "50");
}

Test(server_latekey, of_a_partitioned_table_that_stays_follows_to_the_new_table_and_back)
{
    Pair pair = pair_with(
        "INSERT INTO country SELECT 'c', i, 'new' FROM generate_series(1, 3) i",
        "INSERT INTO country SELECT 'c', i, 'old' FROM generate_series(1, 2) i;"
        "CREATE SCHEMA own;"
        "CREATE TABLE own.visit (id int, code text, area int, CONSTRAINT \"To\" FOREIGN KEY"
        "  (code, area) REFERENCES country MATCH FULL) PARTITION BY HASH (id);"
        "CREATE TABLE own.visit_0 PARTITION OF own.visit FOR VALUES WITH (MODULUS 2, REMAINDER 0);"
        "CREATE TABLE own.visit_1 PARTITION OF own.visit FOR VALUES WITH (MODULUS 2, REMAINDER 1);"
        "INSERT INTO own.visit SELECT i, 'c', 1 + i % 2 FROM generate_series(1, 20) i");
    static const char whole[] = "SELECT count(*) FILTER (WHERE convalidated) || ' of ' || count(*)"
                                " FROM pg_constraint WHERE conname = 'To'"
                                " AND confrelid = 'public.country'::regclass";
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    EXPECT_STATUS(pgzm, PGZM_START, PGZM_OK);
    EXPECT_VALUE(&pair.dest, whole, "3 of 3");
    test_sql(&pair.dest, "INSERT INTO own.visit VALUES (21, 'c', 1)");
    expect_violation(&pair.dest, "INSERT INTO own.visit VALUES (22, 'c', 4)");
    expect_violation(&pair.dest, "INSERT INTO own.visit VALUES (22, 'c', NULL)");
    pgzm_set(pgzm, PGZM_LATEST, "on");
    EXPECT_STATUS(pgzm, PGZM_ROLLBACK, PGZM_OK);
    EXPECT_VALUE(&pair.dest, whole, "3 of 3");
    expect_violation(&pair.dest, "INSERT INTO own.visit VALUES (22, 'c', 3)");
}

Test(server_latekey, of_a_table_that_stays_counts_rows_that_the_new_table_lacks)
{
    Pair pair = pair_with("INSERT INTO country VALUES ('new', 1, 'n')",
                          "INSERT INTO country VALUES ('new', 1, 'o'), ('gone', 1, 'o');"
                          "CREATE TABLE trip (id int PRIMARY KEY, code text, area int,"
                          "  FOREIGN KEY (code, area) REFERENCES country);"
                          "INSERT INTO trip VALUES (1, 'new', 1), (2, 'gone', 1), (3, 'x', NULL)");
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    EXPECT_STATUS(pgzm, PGZM_START, PGZM_DIFFERENCES);
    cr_expect_eq(orphans(pgzm, "trip_code_area_fkey"), 1);
    EXPECT_VALUE(&pair.dest, "SELECT name FROM country WHERE code = 'new'", "o");
    test_sql(&pair.dest, "DELETE FROM trip WHERE id = 2");
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_OK);
    EXPECT_VALUE(&pair.dest, "SELECT name FROM country WHERE code = 'new'", "n");
    EXPECT_VALUE(&pair.dest, UNVALIDATED, "(null)");
}
