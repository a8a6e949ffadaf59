/* The hard cases, a file each in tests/cases: harness/cases.h says what is in such a file. */
#include "base/str.h"
#include "tests/e2e/shop.h"
#include "tests/harness/cases.h"

#include <stdlib.h>

enum { OPTIONS_MAX = 12 };

/* Options that choose what is taken belong to the dump, those of the destination to what follows.
 */
static bool is_selection(const char *word)
{
    static const char *const options[] = {"-n",
                                          "-N",
                                          "-t",
                                          "-T",
                                          "--schema",
                                          "--exclude-schema",
                                          "--table",
                                          "--exclude-table",
                                          "--exclude-table-data",
                                          "--exclude-data",
                                          "--filter"};
    size_t length = strcspn(word, "=");
    for (size_t i = 0; i < LENGTH(options); i++)
        if (strlen(options[i]) == length && strncmp(word, options[i], length) == 0)
            return true;
    return false;
}

/* The same through a folder. */
static Launch start_from_dump(const Shop *shop, const char *const *options)
{
    for (const char *const *option = options; *option != NULL; option++)
        if (strcmp(*option, "--large-objects") == 0 || strcmp(*option, "--roles") == 0)
            cr_skip_test("a dump holds neither large objects nor roles");
    char folder[] = "/tmp/pgzmtest_dump_XXXXXX";
    const char *dump[2 * OPTIONS_MAX] = {"dump", "--source", shop->source.conninfo, "--dir",
                                         mkdtemp(folder)};
    const char *rest[2 * OPTIONS_MAX] = {"start", "--from-dump", folder, "--dest",
                                         shop->dest.conninfo};
    size_t n = 5, m = 5;
    for (; *options != NULL; options++) {
        bool selects = is_selection(*options);
        bool pair = selects && strchr(*options, '=') == NULL && options[1] != NULL;
        if (selects)
            dump[n++] = *options;
        else
            rest[m++] = *options;
        if (pair)
            dump[n++] = *++options;
    }
    Launch launch = launch_now(dump);
    if (launch.exit_code == 0) {
        launch_clear(&launch);
        launch = launch_now(rest);
    }
    AUTO(mem_free) char *remove = mem_printf("rm -rf %s", folder);
    cr_assert_eq(system(remove), 0);
    return launch;
}

static Launch start(const Case *test, const Shop *shop)
{
    const char *arguments[OPTIONS_MAX + 1] = {NULL};
    AUTO(mem_free) char *words = NULL;
    size_t at = 0, n = 0;
    const char *options = case_next(test, "options", &at);
    words = mem_strdup(options != NULL ? options : "");
    char *rest = words, *word;
    while ((word = strsep(&rest, " ")) != NULL && n < OPTIONS_MAX)
        if (*word != '\0')
            arguments[n++] = word;
    if (getenv("TEST_THROUGH_DUMP") != NULL)
        return start_from_dump(shop, arguments);
    cr_assert_leq(n, OPTIONS_MAX - 2);
    arguments[n++] = "--verify"; /* every value of every type that is in a case */
    arguments[n] = "checksum";
    return shop_launch(shop, "start", arguments);
}

/* Looks for every text that is expected; returns the exit code that is. */
static int expected_exit(const Case *test, const Launch *launch)
{
    int code = 0;
    size_t at = 0;
    for (const char *line; (line = case_next(test, "expect", &at)) != NULL;) {
        char *text;
        code = (int)strtol(line, &text, 10);
        text += strspn(text, " ");
        cr_assert(strstr(launch->out, text) != NULL || strstr(launch->err, text) != NULL,
                  "\"%s\" is not in:\n%s%s", text, launch->out, launch->err);
    }
    return code;
}

static void expect_same(const Case *test, const Shop *shop)
{
    const char *ignored[OPTIONS_MAX + 1] = {NULL};
    size_t at = 0, more = 0, n = 0;
    for (const char *kind; n < OPTIONS_MAX && (kind = case_next(test, "ignore", &at)) != NULL;)
        ignored[n++] = kind;
    CompareScope scope = {.ignored_kinds = ignored,
                          .second_may_have_more =
                              test->dest_text != NULL || case_next(test, "dest-has-more", &more)};
    EXPECT_SAME(compare_databases(&shop->source, &shop->dest, &scope));
    EXPECT_SAME(case_check(test, &shop->source, &shop->dest));
}

/* What a rollback may leave: wrappers, servers, languages, extensions and the like, which no schema
 * holds and which the set-aside objects still need; the cases have their extensions in a schema
 * named ext, which stays with them. What was there before must be as it was. */
static bool may_stay(const char *line)
{
    static const char *const kinds[] = {"foreign ", "global ", "extension ",
                                        "schema ext:", "grant schema ext to "};
    for (size_t i = 0; i < LENGTH(kinds); i++)
        if (strncmp(line, kinds[i], strlen(kinds[i])) == 0)
            return true;
    return false;
}

/* Compares, without lines of `after` that were not there before and may stay. */
static void expect_back(const char *before, const char *after)
{
    AUTO(str_clear) Str kept = STR_INIT;
    for (const char *line = after; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        AUTO(mem_free) char *text = mem_printf("%.*s\n", (int)length, line);
        if (!may_stay(line) || strstr(before, text) != NULL)
            str_add(&kept, text);
        line += length + (line[length] == '\n');
    }
    EXPECT_SAME(compare_fingerprints(before, str_text(&kept)));
}

static void migrate(const char *name)
{
    AUTO(case_clear) Case test = case_read(name);
    Shop shop = {test_source_database(name), test_database(name)};
    AUTO(mem_free) char *unsupported = case_unsupported(&test, &shop.source, &shop.dest);
    if (unsupported != NULL)
        cr_skip_test("%s", unsupported);
    case_make(&test, &shop.source, &shop.dest);
    AUTO(mem_free) char *before = compare_fingerprint(&shop.dest, NULL, false);
    AUTO(mem_free) char *source_before = compare_fingerprint(&shop.source, NULL, true);
    AUTO(launch_clear) Launch launch = start(&test, &shop);
    int code = expected_exit(&test, &launch);
    EXPECT_EXIT(&launch, code);
    AUTO(mem_free) char *source_after = compare_fingerprint(&shop.source, NULL, true);
    EXPECT_SAME(compare_fingerprints(source_before, source_after));
    if (code == 0) {
        expect_same(&test, &shop);
        AUTO(launch_clear)
        Launch back = LAUNCH("rollback", "--latest", "--dest", shop.dest.conninfo);
        EXPECT_EXIT(&back, 0);
    }
    AUTO(mem_free) char *after = compare_fingerprint(&shop.dest, NULL, false);
    expect_back(before, after);
    test_database_drop(&shop.source);
    test_database_drop(&shop.dest);
}

/* CASE(name of the test, name of the file), one for each file: made by tests/tests.cmake. */
#define CASE(test, file)                                                                           \
    Test(server_cases, test)                                                                       \
    {                                                                                              \
        migrate(file);                                                                             \
    }
#include "tests_harness/cases.inc"
