#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "cli/arguments.h"

#define WORDS_MAX 12

/* A parsed command line, with what is left of argv. */
typedef struct Line {
    char *argv[WORDS_MAX + 1];
    int argc;
    Arguments args;
    Error err;
    bool ok;
} Line;

static void line_clear(Line *line)
{
    for (int i = 0; i < line->argc; i++)
        mem_free(line->argv[i]);
    arguments_clear(&line->args);
    error_clear(&line->err);
}

static void auto_line_clear(Line *line)
{
    line_clear(line);
}

static Line parse(const char *const *words)
{
    Line line = {.args = ARGUMENTS_INIT, .err = ERROR_INIT};
    line.argv[line.argc++] = mem_strdup("pgzm-copy");
    for (size_t i = 0; words[i] != NULL; i++)
        line.argv[line.argc++] = mem_strdup(words[i]);
    line.ok = arguments_parse(&line.args, line.argc, line.argv, &line.err);
    return line;
}

#define PARSE(...) parse((const char *const[]){__VA_ARGS__, NULL})

static void no_environment(void)
{
    static const char *const names[] = {"SOURCE_DATABASE_URL",
                                        "DEST_DATABASE_URL",
                                        "DATABASE_URL",
                                        "PRESERVED_TABLES",
                                        "PGHOST",
                                        "PGHOSTADDR",
                                        "PGPORT",
                                        "PGDATABASE",
                                        "PGSERVICE"};
    for (size_t i = 0; i < LENGTH(names); i++)
        unsetenv(names[i]);
}

TestSuite(arguments, .init = no_environment);

Test(arguments, all_ways_to_give_a_value_mean_the_same)
{
    static const char *const ways[][5] = {{"start", "--jobs=3"},    {"start", "--jobs", "3"},
                                          {"--jobs", "3", "start"}, {"start", "-j", "3"},
                                          {"start", "-j3"},         {"-vj3", "start"}};
    for (size_t i = 0; i < LENGTH(ways); i++) {
        AUTO(line_clear) Line line = parse(ways[i]);
        cr_assert(line.ok, "way %zu: %s", i, line.err.message);
        cr_expect_str_eq(arguments_text(&line.args, OPTION_JOBS), "3");
        cr_expect_str_eq(line.args.command->name, "start");
    }
}

Test(arguments, the_last_value_counts_but_repeatable_ones_add_up)
{
    AUTO(line_clear)
    Line line = PARSE("start", "-j1", "-j2", "--preserved-tables", "a", "--preserved-tables=b,c");
    cr_assert(line.ok);
    cr_expect_str_eq(arguments_text(&line.args, OPTION_JOBS), "2");
    cr_expect_eq(line.args.values[OPTION_JOBS].n, 1);
    cr_expect_eq(line.args.values[OPTION_PRESERVED_TABLES].n, 2);
    cr_expect_str_eq(line.args.values[OPTION_PRESERVED_TABLES].texts[0], "a");
    cr_expect_str_eq(line.args.values[OPTION_PRESERVED_TABLES].texts[1], "b,c");
}

Test(arguments, a_value_may_look_like_an_option)
{
    AUTO(line_clear) Line line = PARSE("start", "--log-file", "--json");
    cr_assert(line.ok);
    cr_expect_str_eq(arguments_text(&line.args, OPTION_LOG_FILE), "--json");
    cr_expect_not(arguments_has(&line.args, OPTION_JSON));
}

Test(arguments, two_dashes_end_the_options)
{
    AUTO(line_clear) Line line = PARSE("--json", "--", "list");
    cr_assert(line.ok);
    cr_expect_str_eq(line.args.command->name, "list");
    AUTO(line_clear) Line other = PARSE("list", "--", "--json");
    cr_expect_not(other.ok);
    cr_expect_not(arguments_has(&other.args, OPTION_JSON));
}

Test(arguments, help_is_asked_for_in_five_ways)
{
    static const char *const ways[][3] = {
        {"help", "swap"}, {"swap", "--help"}, {"--help", "swap"}, {"swap", "-?"}, {"-?", "swap"}};
    for (size_t i = 0; i < LENGTH(ways); i++) {
        AUTO(line_clear) Line line = parse(ways[i]);
        cr_assert(line.ok, "way %zu", i);
        cr_expect(line.args.help);
        cr_expect_str_eq(line.args.command->name, "swap");
    }
    AUTO(line_clear) Line all = PARSE("help");
    cr_expect(all.ok && all.args.help && all.args.command == NULL);
    AUTO(line_clear) Line wrong = PARSE("help", "sawp");
    cr_expect_not(wrong.ok);
}

Test(arguments, connection_strings_leave_the_process_list)
{
    static const char *const secrets[] = {"postgresql://alice:sesame@db1/shop",
                                          "host=db1 password='open sesame' dbname=shop",
                                          "postgres://db1/shop?user=alice&pass%77ord=sesame", "x"};
    for (size_t i = 0; i < LENGTH(secrets); i++) {
        AUTO(mem_free) char *attached = mem_printf("--dest=%s", secrets[i]);
        AUTO(line_clear) Line line = PARSE("start", "--source", secrets[i], attached);
        cr_assert(line.ok);
        cr_expect_str_eq(arguments_text(&line.args, OPTION_SOURCE), secrets[i]);
        cr_expect_str_eq(arguments_text(&line.args, OPTION_DEST), secrets[i]);
        cr_expect_str_eq(line.argv[3], i == 3 ? "*" : "***");
        cr_expect_str_eq(line.argv[4], i == 3 ? "--dest=*" : "--dest=***");
        for (size_t at = 0; at < strlen(secrets[i]); at++)
            cr_expect(line.argv[3][at] == '*' || line.argv[3][at] == 0);
    }
}

Test(arguments, connection_strings_leave_the_process_list_after_a_mistake_too)
{
    AUTO(line_clear) Line line = PARSE("start", "--what", "--source", "postgresql://a:sesame@h/d");
    cr_expect_not(line.ok);
    cr_expect_str_eq(line.argv[4], "***");
}

Test(arguments, no_message_repeats_a_connection_string)
{
    static const char *const lines[][4] = {
        {"start", "postgresql://a:sesame@h/d"},         {"postgresql://a:sesame@h/d"},
        {"start", "--sorce=postgresql://a:sesame@h/d"}, {"start", "--password=sesame"},
        {"start", "--jobs", "host=h password=sesame"},  {"start", "--postgresql://a:sesame@h/d"}};
    for (size_t i = 0; i < LENGTH(lines); i++) {
        AUTO(line_clear) Line line = parse(lines[i]);
        cr_assert_not(line.ok);
        cr_expect_eq(line.err.kind, ERROR_USAGE);
        cr_expect_null(strstr(line.err.message, "sesame"), "%s", line.err.message);
        cr_assert_not_null(line.err.hint, "%s", line.err.message);
        cr_expect_null(strstr(line.err.hint, "sesame"), "%s", line.err.hint);
    }
}

Test(arguments, the_first_mistake_is_told_with_its_own_hint)
{
    AUTO(line_clear) Line line = PARSE("start", "--sorce", "x", "--jobs=none", "--json");
    cr_expect_not(line.ok);
    cr_expect_str_eq(line.err.message, "unknown option --sorce");
    cr_expect_str_eq(line.err.hint, "Did you mean --source?");
    cr_expect(arguments_has(&line.args, OPTION_JSON), "--json after a mistake still counts");
}

static Line complete(const char *const *words)
{
    Line line = parse(words);
    cr_assert(line.ok);
    line.ok = arguments_complete(&line.args, &line.err);
    return line;
}

#define COMPLETE(...) complete((const char *const[]){__VA_ARGS__, NULL})

Test(arguments, the_environment_fills_what_is_not_given)
{
    setenv("SOURCE_DATABASE_URL", "from-environment", 1);
    setenv("DEST_DATABASE_URL", "dest", 1);
    setenv("DATABASE_URL", "other", 1);
    setenv("PRESERVED_TABLES", "users", 1);
    AUTO(line_clear) Line line = COMPLETE("start", "--source=given");
    cr_assert(line.ok);
    cr_expect_str_eq(arguments_text(&line.args, OPTION_SOURCE), "given");
    cr_expect_str_eq(arguments_text(&line.args, OPTION_DEST), "dest");
    cr_expect_str_eq(arguments_text(&line.args, OPTION_PRESERVED_TABLES), "users");
    AUTO(line_clear) Line given = COMPLETE("start", "--preserved-tables=orders");
    cr_expect_eq(given.args.values[OPTION_PRESERVED_TABLES].n, 1);
    cr_expect_str_eq(arguments_text(&given.args, OPTION_PRESERVED_TABLES), "orders");
    AUTO(line_clear) Line swap = COMPLETE("swap");
    cr_expect_not(arguments_has(&swap.args, OPTION_PRESERVED_TABLES), "swap does not take them");
}

Test(arguments, database_url_comes_second_and_never_for_rollback_and_abort)
{
    setenv("DATABASE_URL", "other", 1);
    setenv("DEST_DATABASE_URL", "", 1);
    AUTO(line_clear) Line swap = COMPLETE("swap");
    cr_assert(swap.ok);
    cr_expect_str_eq(arguments_text(&swap.args, OPTION_DEST), "other");
    static const char *const dangerous[][3] = {{"rollback", "--latest"}, {"abort"}};
    for (size_t i = 0; i < LENGTH(dangerous); i++) {
        AUTO(line_clear) Line line = complete(dangerous[i]);
        cr_expect_not(line.ok);
        cr_expect_str_eq(line.err.message, "no destination given");
        cr_expect_not_null(strstr(line.err.hint, "DATABASE_URL is not used"));
    }
}

Test(arguments, a_side_named_nowhere_is_refused_unless_libpq_has_variables)
{
    AUTO(line_clear) Line line = COMPLETE("start", "--source=a");
    cr_expect_not(line.ok);
    setenv("PGHOST", "db2", 1);
    AUTO(line_clear) Line filled = COMPLETE("start", "--source=a");
    cr_expect(filled.ok);
}

Test(arguments, quiet_and_verbose_exclude_each_other)
{
    AUTO(line_clear) Line line = COMPLETE("list", "--dest=d", "-qv");
    cr_expect_not(line.ok);
    cr_expect_eq(line.err.kind, ERROR_USAGE);
}
Test(arguments, rehearsing_is_a_kind_of_dry_run)
{
    AUTO(line_clear) Line alone = COMPLETE("start", "--source=s", "--dest=d", "--rehearse");
    cr_expect_not(alone.ok);
    cr_expect_eq(alone.err.kind, ERROR_USAGE);
    AUTO(line_clear)
    Line both = COMPLETE("start", "--source=s", "--dest=d", "--rehearse", "--dry-run");
    cr_expect(both.ok);
}

Test(arguments, patterns_gather_under_either_name)
{
    AUTO(line_clear) Line line = PARSE("start", "-t", "a", "--table=b", "-tc", "-T", "d", "-Ox");
    cr_assert(line.ok);
    const ArgumentsValues *tables = &line.args.values[OPTION_TABLE];
    cr_assert_eq(tables->n, 3);
    cr_expect_str_eq(tables->texts[0], "a");
    cr_expect_str_eq(tables->texts[1], "b");
    cr_expect_str_eq(tables->texts[2], "c");
    cr_expect_str_eq(arguments_text(&line.args, OPTION_EXCLUDE_TABLE), "d");
    cr_expect(arguments_has(&line.args, OPTION_NO_OWNER));
    cr_expect(arguments_has(&line.args, OPTION_NO_PRIVILEGES));
}
