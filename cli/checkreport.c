#include "cli/checkreport.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "cli/figure.h"
#include "cli/report.h"
#include "cli/terminal.h"

enum {
    STATUS_WIDTH = 7, /* "warning" */
    LABEL_WIDTH = 14,
    REPORT_WIDTH = 80
};

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

/* Words of `text` from column `indent` on, on as many lines as they need. */
static void add_wrapped(Str *out, const char *text, size_t indent)
{
    AUTO(str_clear) Str clean = STR_INIT;
    terminal_add_clean(&clean, text);
    size_t column = indent;
    for (const char *at = str_text(&clean); *at != '\0'; at += strspn(at, " ")) {
        AUTO(str_clear) Str word = STR_INIT;
        str_add_bytes(&word, at, strcspn(at, " "));
        at += word.len;
        size_t width = terminal_columns(str_text(&word));
        if (column > indent && column + 1 + width > REPORT_WIDTH) {
            str_addf(out, "\n%*s", (int)indent, "");
            column = indent;
        }
        str_addf(out, "%s%s", column > indent ? " " : "", str_text(&word));
        column += width + (column > indent);
    }
    str_add(out, "\n");
}

static void add_line(Str *out, const char *label, const char *text)
{
    if (*text == '\0')
        return;
    str_addf(out, "  %-*s ", LABEL_WIDTH, label);
    add_wrapped(out, text, 2 + LABEL_WIDTH + 1);
}

static void add_server(Str *out, const json_t *result, const char *side, const char *label)
{
    AUTO(str_clear) Str text = STR_INIT;
    if (report_add_server(&text, result, side))
        add_line(out, label, str_text(&text));
}

static int64_t count_status(const json_t *checks, const char *status)
{
    int64_t count = 0;
    for (size_t i = 0; i < json_array_size(checks); i++)
        count += strcmp(text_of(json_array_get(checks, i), "status"), status) == 0;
    return count;
}

/* "2 failures, 1 warning, 9 passed." */
static void add_headline(Str *out, const json_t *checks)
{
    int64_t failures = count_status(checks, "failure"), warnings = count_status(checks, "warning");
    int64_t passed = count_status(checks, "pass");
    if (failures + warnings + passed == 0) {
        str_add(out, "Nothing was checked.\n\n");
        return;
    }
    AUTO(str_clear) Str list = STR_INIT;
    if (failures > 0)
        figure_add_things(&list, failures, "failure", NULL);
    if (warnings > 0) {
        str_separate(&list, ", ");
        figure_add_things(&list, warnings, "warning", NULL);
    }
    str_separate(&list, ", ");
    figure_add_count(&list, passed);
    str_add(&list, " passed");
    str_addf(out, "%s: %s.\n\n", failures > 0 ? "Not all is well" : "All is well", str_text(&list));
}

/* "12 tables, 34,567 rows, with checksums" */
static void add_tables(Str *out, const json_t *tables)
{
    int64_t rows = 0;
    bool checksums = false;
    size_t count = json_array_size(tables);
    for (size_t i = 0; i < count; i++) {
        const json_t *table = json_array_get(tables, i);
        rows += json_integer_value(json_object_get(table, "rows"));
        checksums = checksums || json_is_string(json_object_get(table, "checksum"));
    }
    if (count == 0)
        return;
    AUTO(str_clear) Str text = STR_INIT;
    figure_add_things(&text, (int64_t)count, "table", NULL);
    str_add(&text, ", ");
    figure_add_things(&text, rows, "row", NULL);
    str_add(&text, checksums ? ", with checksums" : ", by their number");
    add_line(out, "compared", str_text(&text));
}

/* As wide as the longest name, within reason. */
static size_t name_width(const json_t *checks)
{
    size_t width = 0;
    for (size_t i = 0; i < json_array_size(checks); i++) {
        AUTO(str_clear) Str name = STR_INIT;
        terminal_add_clean(&name, text_of(json_array_get(checks, i), "name"));
        size_t own = terminal_columns(str_text(&name));
        if (own > width && own <= REPORT_WIDTH / 3)
            width = own;
    }
    return width;
}

/* What there is to do is said once for findings that follow each other. */
static bool has_own_hint(const json_t *checks, size_t i)
{
    const json_t *check = json_array_get(checks, i), *next = json_array_get(checks, i + 1);
    const char *hint = text_of(check, "hint");
    return *hint != '\0' && (strcmp(text_of(next, "name"), text_of(check, "name")) != 0 ||
                             strcmp(text_of(next, "hint"), hint) != 0);
}

/* A check that has several things to say gives its name once. */
static void add_checks(Str *out, const json_t *checks)
{
    size_t width = name_width(checks);
    const char *last = "";
    str_add(out, json_array_size(checks) > 0 ? "\n" : "");
    for (size_t i = 0; i < json_array_size(checks); i++) {
        const json_t *check = json_array_get(checks, i);
        AUTO(str_clear) Str name = STR_INIT;
        terminal_add_clean(&name,
                           strcmp(text_of(check, "name"), last) != 0 ? text_of(check, "name") : "");
        last = text_of(check, "name");
        size_t own = terminal_columns(str_text(&name));
        AUTO(str_clear) Str status = STR_INIT;
        terminal_add_clean(&status, text_of(check, "status"));
        str_addf(out, "  %-*s  %s%*s  ", STATUS_WIDTH, str_text(&status), str_text(&name),
                 (int)(own < width ? width - own : 0), "");
        size_t indent = 2 + STATUS_WIDTH + 2 + width + 2;
        add_wrapped(out, text_of(check, "message"), indent);
        if (!has_own_hint(checks, i))
            continue;
        str_addf(out, "%*s", (int)indent, "");
        add_wrapped(out, text_of(check, "hint"), indent);
    }
}

void checkreport_write(Str *out, const json_t *result)
{
    const json_t *checks = json_object_get(result, "checks");
    add_headline(out, checks);
    add_line(out, "migration", text_of(result, "timestamp"));
    add_line(out, "state", text_of(result, "state"));
    add_server(out, result, "source", "source");
    add_line(out, "source as of", text_of(result, "source_as_of"));
    add_server(out, result, "dest", "destination");
    add_tables(out, json_object_get(result, "tables"));
    add_checks(out, checks);
}
