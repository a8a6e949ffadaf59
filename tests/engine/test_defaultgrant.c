/* Default privileges of the destination, and what is set for the database. */
#include "tests/engine/handle.h"

Test(server_defaultgrant, what_is_made_like_the_sources_does_not_get_the_destinations)
{
    Pair pair = pair_open();
    test_sql(&pair.source, "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';"
                           "CREATE SEQUENCE q; CREATE TYPE e AS ENUM ('a');"
                           "CREATE SCHEMA more; CREATE TABLE more.t (id int)");
    test_sql(&pair.dest, "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;"
                         "ALTER DEFAULT PRIVILEGES REVOKE USAGE ON TYPES FROM PUBLIC;"
                         "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO pg_monitor"
                         " WITH GRANT OPTION;"
                         "ALTER DEFAULT PRIVILEGES GRANT USAGE ON SEQUENCES TO PUBLIC;"
                         "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT INSERT ON TABLES"
                         " TO pg_monitor;"
                         "ALTER DEFAULT PRIVILEGES FOR ROLE pg_monitor GRANT INSERT ON TABLES"
                         " TO PUBLIC");
    static const char defaults[] =
        "SELECT string_agg(a::text, ' ' ORDER BY a::text) FROM (SELECT defaclrole, defaclnamespace,"
        " defaclobjtype, (SELECT string_agg(x::text, ',' ORDER BY x::text) FROM unnest(defaclacl) "
        "x)"
        " FROM pg_default_acl) AS a";
    AUTO(mem_free) char *before = test_value(&pair.dest, defaults);
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    pgzm_set(pgzm, PGZM_LATEST, "on");
    EXPECT_STATUS(pgzm, PGZM_PREPARE, PGZM_OK);
    EXPECT_VALUE(&pair.dest, defaults, before);
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_OK);
    EXPECT_VALUE(&pair.dest, defaults, before);
    EXPECT_VALUE(&pair.dest,
                 "SELECT concat_ws(' ', (SELECT count(*) FROM pg_class WHERE relnamespace IN"
                 " ('public'::regnamespace, 'more'::regnamespace) AND relacl IS NOT NULL),"
                 " (SELECT count(*) FROM pg_proc WHERE proname = 'f' AND proacl IS NULL),"
                 " (SELECT count(*) FROM pg_type WHERE typname = 'e' AND typacl IS NULL))",
                 "0 1 1");
}

/* Both servers may be the same, and the source is only read. */
Test(server_defaultgrant, settings_are_made_for_the_destinations_database)
{
    static const char settings[] =
        "SELECT COALESCE(string_agg(x, ',' ORDER BY x), '') FROM pg_db_role_setting,"
        " unnest(setconfig) x WHERE setdatabase ="
        " (SELECT oid FROM pg_database WHERE datname = current_database())";
    static const char access[] =
        "SELECT COALESCE(datacl::text ~ 'pg_monitor=C/', false) FROM pg_database"
        " WHERE datname = current_database()";
    static const char setting[] =
        "DO $$BEGIN EXECUTE format('ALTER DATABASE %%I SET work_mem = ''%dMB''',"
        " current_database()); %s END$$";
    Pair pair = pair_open();
    AUTO(mem_free)
    char *ours = mem_printf(setting, 5,
                            "EXECUTE format('ALTER DATABASE %I SET search_path = public, x',"
                            " current_database());"
                            "EXECUTE format('GRANT CREATE ON DATABASE %I TO pg_monitor',"
                            " current_database());");
    AUTO(mem_free) char *theirs = mem_printf(setting, 4, "");
    test_sql(&pair.source, ours);
    test_sql(&pair.dest, theirs);
    AUTO(pgzm_free) Pgzm *pgzm = pair_handle(&pair, NULL);
    pgzm_set(pgzm, PGZM_LATEST, "on");
    EXPECT_STATUS(pgzm, PGZM_PREPARE, PGZM_OK);
    EXPECT_VALUE(&pair.dest, settings, "work_mem=4MB");
    EXPECT_STATUS(pgzm, PGZM_SWAP, PGZM_OK);
    EXPECT_VALUE(&pair.dest, settings, "search_path=public, x,work_mem=5MB");
    EXPECT_VALUE(&pair.dest, access, "t");
    EXPECT_STATUS(pgzm, PGZM_ROLLBACK, PGZM_OK);
    EXPECT_VALUE(&pair.dest, settings, "work_mem=4MB");
    EXPECT_VALUE(&pair.dest, access, "f");
    EXPECT_VALUE(&pair.source, settings, "search_path=public, x,work_mem=5MB");
}
