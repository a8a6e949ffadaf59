#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "cli/option.h"

Test(option, names_and_letters_are_unique)
{
    for (OptionId i = 0; i < OPTION_COUNT; i++) {
        const Option *option = option_get(i);
        cr_expect_eq(option->id, i);
        cr_expect_eq(option_by_name(option->name, strlen(option->name)), option);
        if (option->letter != 0)
            cr_expect_eq(option_by_letter(option->letter), option);
    }
    cr_expect_null(option_by_name("dests", 5));
    cr_expect_null(option_by_name("dest", 3));
    cr_expect_null(option_by_letter('Z'));
}

Test(option, each_option_of_the_library_is_there_once)
{
    int seen[PGZM_OPTION_COUNT] = {0};
    for (OptionId i = 0; i < OPTION_COUNT; i++)
        if (option_get(i)->engine != OPTION_NO_ENGINE)
            seen[option_get(i)->engine]++;
    for (size_t i = 0; i < PGZM_OPTION_COUNT; i++)
        cr_expect_eq(seen[i], 1, "option number %zu of the library", i);
}

Test(option, each_option_is_one_of_a_command)
{
    for (OptionId i = 0; i < OPTION_COUNT; i++) {
        const Option *option = option_get(i);
        cr_expect_neq(option->scope & OPTION_FOR_ALL, 0, "%s", option->name);
        cr_expect_eq(option->type == OPTION_SWITCH, option->argument == NULL, "%s", option->name);
    }
}

Test(option, a_default_fits_its_own_option)
{
    for (OptionId i = 0; i < OPTION_COUNT; i++) {
        const Option *option = option_get(i);
        Error err = ERROR_INIT;
        if (option->type == OPTION_DURATION && option->initial != NULL)
            cr_expect(option_check(option, option->name, option->initial, &err), "%s",
                      option->name);
        error_clear(&err);
    }
}

Test(option, database_url_is_not_for_commands_that_destroy)
{
    const OptionVariable *variables = option_get(OPTION_DEST)->variables;
    cr_expect_str_eq(variables[0].name, "DEST_DATABASE_URL");
    cr_expect_eq(variables[0].scope, OPTION_FOR_ALL);
    cr_expect_str_eq(variables[1].name, "DATABASE_URL");
    cr_expect_eq(variables[1].scope, OPTION_FOR_ALL & ~(OPTION_FOR_ROLLBACK | OPTION_FOR_ABORT |
                                                        OPTION_FOR_CLEANUP | OPTION_FOR_UNLOCK));
}

Test(option, the_nearest_name_is_found)
{
    static const struct {
        const char *typed, *nearest;
    } cases[] = {{"sorce", "source"},
                 {"destt", "dest"},
                 {"dets", "dest"},
                 {"preserved", "preserved-tables"},
                 {"dryrun", "dry-run"},
                 {"lock-wait-timeuot", "lock-wait-timeout"},
                 {"lock-timout", "lock-timeout"},
                 {"verbos", "verbose"}};
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const char *nearest = option_nearest(cases[i].typed, strlen(cases[i].typed));
        cr_assert_not_null(nearest, "%s", cases[i].typed);
        cr_expect_str_eq(nearest, cases[i].nearest);
    }
    cr_expect_null(option_nearest("zebra", 5));
    cr_expect_null(option_nearest("", 0));
    cr_expect_str_eq(option_nearest_command("satrt"), "start");
    cr_expect_str_eq(option_nearest_command("prep"), "prepare");
    cr_expect_str_eq(option_nearest_command("hlep"), "help");
    cr_expect_null(option_nearest_command("migrate"));
}

static const char *problem(OptionId id, const char *value)
{
    static char message[200];
    Error err = ERROR_INIT;
    if (option_check(option_get(id), "it", value, &err))
        return "";
    cr_expect_eq(err.kind, ERROR_USAGE);
    cr_expect_not_null(err.hint);
    snprintf(message, sizeof message, "%s", err.message);
    error_clear(&err);
    return message;
}

Test(option, numbers_stay_in_their_range)
{
    cr_expect_str_eq(problem(OPTION_JOBS, "1"), "");
    cr_expect_str_eq(problem(OPTION_JOBS, "256"), "");
    static const char *const wrong[] = {"0", "257", "-1", "4x", "99999999999999999999"};
    for (size_t i = 0; i < LENGTH(wrong); i++)
        cr_expect(strstr(problem(OPTION_JOBS, wrong[i]), "1 to 256") != NULL, "%s", wrong[i]);
    cr_expect_str_neq(problem(OPTION_JOBS, ""), "");
}

Test(option, durations_need_a_time_above_zero)
{
    cr_expect_str_eq(problem(OPTION_LOCK_TIMEOUT, "80ms"), "");
    cr_expect_str_eq(problem(OPTION_TIMEOUT, "2h"), "");
    cr_expect_str_eq(problem(OPTION_LOCK_TIMEOUT, "0"), "it takes a duration, not \"0\"");
    cr_expect_str_neq(problem(OPTION_LOCK_TIMEOUT, "-5s"), "");
    cr_expect_str_neq(problem(OPTION_LOCK_TIMEOUT, "soon"), "");
    cr_expect_str_neq(problem(OPTION_LOCK_TIMEOUT, ""), "");
}

Test(option, a_choice_is_one_of_the_words_that_help_shows)
{
    cr_expect_str_eq(problem(OPTION_ACL, "merge"), "");
    cr_expect_str_eq(problem(OPTION_ACL, "dest"), "");
    cr_expect_str_eq(problem(OPTION_MAX_RISK, "high"), "");
    static const char *const wrong[] = {"", "merg", "merges", "merge|source", "MERGE", "|"};
    for (size_t i = 0; i < LENGTH(wrong); i++)
        cr_expect(strstr(problem(OPTION_ACL, wrong[i]), "it takes merge, source or dest") != NULL,
                  "%s", wrong[i]);
}

Test(option, a_message_never_repeats_what_may_be_a_connection_string)
{
    cr_expect_str_eq(problem(OPTION_JOBS, "postgres://u:sesame@h/d"),
                     "it takes a number from 1 to 256");
    cr_expect_str_eq(problem(OPTION_TIMEOUT, "password=sesame"), "it takes a duration");
    cr_expect_str_eq(problem(OPTION_DEST, ""), "it is empty");
}

Test(option, a_scope_reads_as_a_list)
{
    AUTO(str_clear) Str text = STR_INIT;
    option_add_commands(&text, OPTION_FOR_SWAP);
    cr_expect_str_eq(str_text(&text), "swap");
    str_clear(&text);
    option_add_commands(&text, OPTION_FOR_START | OPTION_FOR_SWAP | OPTION_FOR_LIST);
    cr_expect_str_eq(str_text(&text), "start, swap and list");
}

Test(option, is_found_by_its_other_name)
{
    const Option *option = option_by_name("exclude-data", strlen("exclude-data"));
    cr_assert_not_null(option);
    cr_assert_str_eq(option->name, "exclude-table-data");
    cr_assert_null(option_by_name("exclude", strlen("exclude")));
}
