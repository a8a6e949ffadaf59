#include <criterion/criterion.h>
#include <string.h>

#include "engine/run.h"

static void auto_settings(Settings *settings)
{
    settings_clear(settings);
}

static Settings defaults(void)
{
    Settings settings;
    settings_init(&settings);
    return settings;
}

static void set(Settings *settings, PgzmOption option, const char *value)
{
    AUTO(error_clear) Error err = ERROR_INIT;
    cr_assert(settings_set(settings, option, value, &err), "%s: %s", value, err.message);
}

static void expect_refused(PgzmOption option, const char *value)
{
    __attribute__((cleanup(auto_settings))) Settings settings = defaults();
    AUTO(error_clear) Error err = ERROR_INIT;
    cr_assert_not(settings_set(&settings, option, value, &err), "%d %s", (int)option, value);
    cr_assert_eq(err.kind, ERROR_USAGE);
    cr_assert_not_null(strstr(err.message, value), "%s", err.message);
}

Test(settings, have_defaults_that_the_manual_names)
{
    __attribute__((cleanup(auto_settings))) Settings settings = defaults();
    cr_assert(settings.jobs >= 1 && settings.jobs <= 4);
    cr_assert_eq(settings.lock_timeout_ms, 80);
    cr_assert_eq(settings.swap_timeout_ms, 60000);
    cr_assert_eq(settings.lock_wait_timeout_ms, 30000);
    cr_assert_eq(settings.timeout_ms, 0);
    cr_assert_eq(settings.retry_timeout_ms, 60000);
    cr_assert_not(settings.dry_run);
    cr_assert_not(settings.latest);
    cr_assert_null(settings.preserved);
}

Test(settings, read_text_numbers_durations_and_switches)
{
    __attribute__((cleanup(auto_settings))) Settings settings = defaults();
    set(&settings, PGZM_SOURCE, "one");
    set(&settings, PGZM_SOURCE, "two");
    set(&settings, PGZM_DEST, "three");
    set(&settings, PGZM_JOBS, "256");
    set(&settings, PGZM_DRY_RUN, "on");
    set(&settings, PGZM_NO_OWNER, "on");
    set(&settings, PGZM_NO_PRIVILEGES, "on");
    set(&settings, PGZM_NO_COMMENTS, "on");
    set(&settings, PGZM_NO_TABLESPACES, "on");
    set(&settings, PGZM_ROLES, "on");
    set(&settings, PGZM_LARGE_OBJECTS, "on");
    set(&settings, PGZM_REQUIRE_COMPLETE, "on");
    set(&settings, PGZM_REHEARSE, "on");
    cr_assert(settings.no_owner && settings.no_privileges && settings.no_comments &&
              settings.no_tablespaces && settings.roles && settings.large_objects &&
              settings.require_complete && settings.rehearse);
    set(&settings, PGZM_LATEST, "on");
    set(&settings, PGZM_LATEST, "off");
    set(&settings, PGZM_LOCK_TIMEOUT, "1");
    set(&settings, PGZM_SWAP_TIMEOUT, "1.5s");
    set(&settings, PGZM_LOCK_WAIT_TIMEOUT, "0");
    set(&settings, PGZM_TIMEOUT, "2h");
    cr_assert_str_eq(settings.source, "two");
    cr_assert_str_eq(settings.dest, "three");
    cr_assert_eq(settings.jobs, 256);
    cr_assert(settings.dry_run);
    cr_assert_not(settings.latest);
    cr_assert_eq(settings.lock_timeout_ms, 1);
    cr_assert_eq(settings.swap_timeout_ms, 1500);
    cr_assert_eq(settings.lock_wait_timeout_ms, 0);
    cr_assert_eq(settings.timeout_ms, 7200000);
}

Test(settings, add_preserved_tables_to_each_other)
{
    __attribute__((cleanup(auto_settings))) Settings settings = defaults();
    set(&settings, PGZM_PRESERVED_TABLES, "users");
    set(&settings, PGZM_PRESERVED_TABLES, "\"Odd,Name\", app.sessions");
    cr_assert_str_eq(settings.preserved, "users,\"Odd,Name\", app.sessions");
}

Test(settings, gather_patterns)
{
    __attribute__((cleanup(auto_settings))) Settings settings = defaults();
    set(&settings, PGZM_TABLE, "app.*");
    set(&settings, PGZM_SCHEMA, "app");
    set(&settings, PGZM_TABLE, "b");
    set(&settings, PGZM_EXCLUDE_TABLE_DATA, "c");
    static const FilterKind kinds[] = {FILTER_TABLE, FILTER_SCHEMA, FILTER_TABLE,
                                       FILTER_EXCLUDE_DATA};
    cr_assert_eq(settings.filter.count, LENGTH(kinds));
    for (size_t i = 0; i < LENGTH(kinds); i++)
        cr_expect_eq(settings.filter.items[i].kind, kinds[i]);
    cr_expect_str_eq(settings.filter.items[2].text, "b");
    cr_expect_str_eq(settings.filter.items[3].origin, "option --exclude-table-data");
}

Test(settings, read_choices)
{
    __attribute__((cleanup(auto_settings))) Settings settings = defaults();
    cr_expect_eq(settings.acl, ACL_MERGE);
    cr_expect_eq(settings.max_risk, RISK_LIMIT_NONE);
    set(&settings, PGZM_ACL, "dest");
    set(&settings, PGZM_MAX_RISK, "medium");
    cr_expect_eq(settings.acl, ACL_DEST);
    cr_expect_eq(settings.max_risk, RISK_LIMIT_MEDIUM);
    set(&settings, PGZM_ACL, "source");
    set(&settings, PGZM_MAX_RISK, "low");
    cr_expect_eq(settings.acl, ACL_SOURCE);
    cr_expect_eq(settings.max_risk, RISK_LIMIT_LOW);
}

Test(settings, refuse_values_that_do_not_fit)
{
    expect_refused(PGZM_ACL, "both");
    expect_refused(PGZM_MAX_RISK, "none");
    expect_refused(PGZM_FILTER, "/nowhere/at/all");
    static const char *const jobs[] = {"0", "257", "-1", "four", "2x", "99999999999999999999"};
    for (size_t i = 0; i < LENGTH(jobs); i++)
        expect_refused(PGZM_JOBS, jobs[i]);
    static const PgzmOption durations[] = {PGZM_LOCK_TIMEOUT, PGZM_SWAP_TIMEOUT,
                                           PGZM_LOCK_WAIT_TIMEOUT, PGZM_TIMEOUT,
                                           PGZM_RETRY_TIMEOUT};
    for (size_t i = 0; i < LENGTH(durations); i++) {
        expect_refused(durations[i], "soon");
        expect_refused(durations[i], "-1s");
    }
    expect_refused(PGZM_DRY_RUN, "yes");
    expect_refused(PGZM_LATEST, "ON");
    __attribute__((cleanup(auto_settings))) Settings settings = defaults();
    AUTO(error_clear) Error err = ERROR_INIT;
    cr_assert_not(settings_set(&settings, PGZM_LOCK_TIMEOUT, "0", &err));
    cr_assert_eq(err.kind, ERROR_USAGE);
}

Test(settings, take_sizes_and_a_lag_in_time_or_bytes)
{
    __attribute__((cleanup(auto_settings))) Settings settings = defaults();
    set(&settings, PGZM_INDEX_MEMORY, "1GB");
    set(&settings, PGZM_MAX_RATE, "10MB");
    set(&settings, PGZM_MAX_LAG, "30s");
    cr_expect_eq(settings.index_memory, INT64_C(1) << 30);
    cr_expect_eq(settings.max_rate, INT64_C(10) << 20);
    cr_expect_eq(settings.max_lag_ms, 30000);
    cr_expect_eq(settings.max_lag_bytes, 0);
    set(&settings, PGZM_MAX_LAG, "64MB");
    cr_expect_eq(settings.max_lag_ms, 0);
    cr_expect_eq(settings.max_lag_bytes, INT64_C(64) << 20);
    static const char *const wrong[] = {"", "0", "0MB", "-1MB", "fast", "10"};
    for (size_t i = 0; i < LENGTH(wrong); i++)
        expect_refused(PGZM_MAX_LAG, wrong[i]);
    for (size_t i = 0; i + 1 < LENGTH(wrong); i++) {
        expect_refused(PGZM_MAX_RATE, wrong[i]);
        expect_refused(PGZM_INDEX_MEMORY, wrong[i]);
    }
}

Test(settings, refuse_an_option_that_does_not_exist)
{
    __attribute__((cleanup(auto_settings))) Settings settings = defaults();
    AUTO(error_clear) Error err = ERROR_INIT;
    cr_assert_not(settings_set(&settings, PGZM_OPTION_COUNT, "x", &err));
    cr_assert_eq(err.kind, ERROR_USAGE);
}
