/* Privileges that were changed on members of extensions. */
#include "tests/engine/handle.h"

static const char access[] =
    "SELECT concat_ws(' ', has_function_privilege('public', 'slice(hstore,text[])', 'EXECUTE'),"
    " has_function_privilege('pg_monitor', 'slice(hstore,text[])', 'EXECUTE'),"
    " has_function_privilege('pg_monitor', 'slice(hstore,text[])', 'EXECUTE WITH GRANT OPTION'),"
    " has_foreign_data_wrapper_privilege('pg_monitor', 'postgres_fdw', 'USAGE'),"
    " has_type_privilege('public', 'hstore', 'USAGE'),"
    " has_column_privilege('pg_monitor', 'conf', 'b', 'SELECT'),"
    " has_table_privilege('pg_monitor', 'conf', 'SELECT'))";

#define EXTENSIONS                                                                                 \
    "CREATE EXTENSION hstore; CREATE EXTENSION postgres_fdw; CREATE TABLE conf (a int, b int);"    \
    "ALTER EXTENSION hstore ADD TABLE conf;"

static const char changes[] =
    "REVOKE EXECUTE ON FUNCTION slice(hstore, text[]) FROM PUBLIC;"
    "GRANT EXECUTE ON FUNCTION slice(hstore, text[]) TO pg_monitor WITH GRANT OPTION;"
    "GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO pg_monitor;"
    "REVOKE USAGE ON TYPE hstore FROM PUBLIC; GRANT SELECT (b) ON conf TO pg_monitor";

Test(server_membergrant, comes_with_the_swap_and_goes_with_the_rollback)
{
    Pair pair = pair_open();
    test_sql(&pair.source, EXTENSIONS);
    test_sql(&pair.source, changes);
    test_sql(&pair.dest, EXTENSIONS);
    test_sql(&pair.dest, "GRANT EXECUTE ON FUNCTION slice(hstore, text[]) TO pg_monitor");
    EXPECT_VALUE(&pair.dest, access, "t t f f t f f");
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    pgzm_set(pgzm, PGZM_LATEST, "on");
    EXPECT_STATUS(pgzm, PGZM_PREPARE, PGZM_OK);
    EXPECT_VALUE(&pair.dest, access, "t t f f t f f");
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_OK);
    EXPECT_VALUE(&pair.dest, access, "f t t t f t f");
    EXPECT_STATUS(pgzm, PGZM_ROLLBACK, PGZM_OK);
    EXPECT_VALUE(&pair.dest, access, "t t f f t f f");
}

Test(server_membergrant, comes_with_an_extension_that_the_migration_makes)
{
    Pair pair = pair_open();
    test_sql(&pair.source, "CREATE EXTENSION hstore; CREATE EXTENSION pg_stat_statements;"
                           "REVOKE EXECUTE ON FUNCTION slice(hstore, text[]) FROM PUBLIC;"
                           "REVOKE SELECT ON pg_stat_statements FROM PUBLIC");
    SEEN seen = {0};
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, &seen);
    EXPECT_STATUS(pgzm, PGZM_START, PGZM_OK);
    EXPECT_VALUE(&pair.dest,
                 "SELECT concat_ws(' ', has_function_privilege('public', 'slice(hstore,text[])',"
                 " 'EXECUTE'), has_table_privilege('public', 'pg_stat_statements', 'SELECT'),"
                 " has_function_privilege('public', 'pg_stat_statements_reset(oid,oid,bigint)',"
                 " 'EXECUTE'))",
                 "f f f");
    cr_assert_null(strstr(str_text(&seen.warnings), "privileges on an extension"), "%s",
                   str_text(&seen.warnings));
}

Test(server_membergrant, stays_the_destinations_where_that_is_asked_for)
{
    static const PgzmOption options[] = {PGZM_NO_PRIVILEGES, PGZM_ACL};
    static const char *const words[] = {"on", "dest"};
    for (size_t i = 0; i < LENGTH(options); i++) {
        Pair pair = pair_open();
        test_sql(&pair.source, EXTENSIONS);
        test_sql(&pair.source, changes);
        test_sql(&pair.dest, EXTENSIONS);
        AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
        pgzm_set(pgzm, options[i], words[i]);
        EXPECT_STATUS(pgzm, PGZM_START, PGZM_OK);
        EXPECT_VALUE(&pair.dest, access, "t t f f t f f");
    }
}

Test(server_membergrant, on_what_the_destinations_extension_lacks_is_named)
{
    Pair pair = pair_open();
    test_sql(&pair.source, EXTENSIONS);
    test_sql(&pair.source, changes);
    test_sql(&pair.dest, "CREATE EXTENSION hstore; CREATE EXTENSION postgres_fdw");
    SEEN seen = {0};
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, &seen);
    EXPECT_STATUS(pgzm, PGZM_START, PGZM_OK);
    cr_assert_not_null(strstr(str_text(&seen.warnings), "privileges on an extension's public.conf"),
                       "%s", str_text(&seen.warnings));
}
