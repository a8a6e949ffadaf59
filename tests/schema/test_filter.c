/* Filters: patterns of options, filter files. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "schema/filter.h"

static void auto_filter(Filter *filter)
{
    filter_clear(filter);
}
#define FILTER __attribute__((cleanup(auto_filter))) Filter

static bool read_text(Filter *filter, const char *text, size_t len, Error *err)
{
    char path[] = "/tmp/pgzmtest-filter.XXXXXX";
    int fd = mkstemp(path);
    cr_assert(fd >= 0 && write(fd, text, len) == (ssize_t)len && close(fd) == 0);
    bool ok = filter_read(filter, path, err);
    unlink(path);
    return ok;
}

/* "kind children text; ..." */
static char *describe(const Filter *filter)
{
    static const char *const kinds[] = {"n", "N", "t", "T", "D"};
    Str text = STR_INIT;
    for (size_t i = 0; i < filter->count; i++)
        str_addf(&text, "%s%s %s;", kinds[filter->items[i].kind],
                 filter->items[i].children ? "+" : "", filter->items[i].text);
    str_add(&text, "");
    return str_take(&text);
}

Test(filter, gathers_patterns_of_options)
{
    FILTER filter = {0};
    AUTO(error_clear) Error err = ERROR_INIT;
    cr_assert(filter_add(&filter, FILTER_TABLE, "a", "--table", &err));
    cr_assert(filter_add(&filter, FILTER_EXCLUDE_SCHEMA, "b", "--exclude-schema", &err));
    cr_assert(filter_add(&filter, FILTER_TABLE, "c", "--table", &err));
    AUTO(mem_free) char *text = describe(&filter);
    cr_expect_str_eq(text, "t a;N b;t c;");
    cr_expect_str_eq(filter.items[1].origin, "option --exclude-schema");
    cr_expect(filter_has(&filter, FILTER_TABLE));
    cr_expect_not(filter_has(&filter, FILTER_SCHEMA));
    cr_expect_not(filter_add(&filter, FILTER_TABLE, "", "--table", &err));
    cr_expect_eq(err.kind, ERROR_USAGE);
}

Test(filter, reads_a_file_with_every_kind)
{
    static const char file[] = "# what we want\n"
                               "\n"
                               "include schema app\n"
                               "  exclude\tschema  test*   # not these\n"
                               "include table app.orders\r\n"
                               "exclude table \"App\".\"#1\" # a name with a hash\n"
                               "include table_and_children base\n"
                               "exclude table_and_children kid\n"
                               "exclude table_data logs\n"
                               "exclude table_data_and_children app.parent\n"
                               "include table \"two\nlines\"\n"
                               "include table last";
    FILTER filter = {0};
    AUTO(error_clear) Error err = ERROR_INIT;
    cr_assert(read_text(&filter, file, strlen(file), &err), "%s", err.message);
    AUTO(mem_free) char *text = describe(&filter);
    cr_expect_str_eq(text, "n app;N test*;t app.orders;T \"App\".\"#1\";t+ base;T+ kid;D logs;"
                           "D+ app.parent;t \"two\nlines\";t last;");
    cr_expect_eq(strncmp(filter.items[0].origin, "line 3 of ", 10), 0);
    cr_expect_eq(strncmp(filter.items[9].origin, "line 13 of ", 11), 0, "%s",
                 filter.items[9].origin);
}

Test(filter, a_mistake_in_a_file_is_named_with_its_line)
{
    static const struct {
        const char *file, *says;
    } cases[] = {
        {"include table a\nwith table b\n", "line 2"},
        {"include\n", "kind of object is missing"},
        {"include table\n", "pattern is missing"},
        {"include table # a\n", "pattern is missing"},
        {"include extension hstore\n", "\"extension\""},
        {"include table_data a\n", "only excluded"},
        {"\n\ninclude table \"open\nend\n", "line 3"},
        {"includetable a\n", "neither include nor exclude"},
        {"INCLUDE table a\n", "neither include nor exclude"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        FILTER filter = {0};
        AUTO(error_clear) Error err = ERROR_INIT;
        cr_assert_not(read_text(&filter, cases[i].file, strlen(cases[i].file), &err), "%s",
                      cases[i].file);
        cr_expect_eq(err.kind, ERROR_USAGE);
        cr_expect_not_null(err.hint);
        cr_expect_not_null(strstr(err.message, cases[i].says), "%s", err.message);
        cr_expect_not_null(strstr(err.message, "/tmp/pgzmtest-filter."), "%s", err.message);
    }
}

Test(filter, a_file_that_is_no_text_or_not_there_is_refused)
{
    FILTER filter = {0};
    AUTO(error_clear) Error zero = ERROR_INIT;
    cr_assert_not(read_text(&filter, "include table a\0b\n", 18, &zero));
    cr_expect_not_null(strstr(zero.message, "zero byte"), "%s", zero.message);
    AUTO(error_clear) Error gone = ERROR_INIT;
    cr_assert_not(filter_read(&filter, "/nowhere/at/all", &gone));
    cr_expect_eq(gone.kind, ERROR_USAGE);
    cr_expect_not_null(strstr(gone.message, "/nowhere/at/all"), "%s", gone.message);
    AUTO(error_clear) Error folder = ERROR_INIT;
    cr_assert_not(filter_read(&filter, "/tmp", &folder));
    cr_expect_eq(folder.kind, ERROR_USAGE);
    cr_expect_eq(filter.count, 0);
}
