#include "cli/report.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cli/checkreport.h"
#include "cli/diffreport.h"
#include "cli/figure.h"
#include "cli/statusreport.h"
#include "cli/terminal.h"

#define LABEL_WIDTH 14
#define REPORT_WIDTH 80

json_t *report_parse(const char *text)
{
    json_t *result = json_loads(text, 0, NULL);
    if (json_is_object(result))
        return result;
    json_decref(result);
    return json_object();
}

const char *report_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

bool report_has(const json_t *object, const char *key)
{
    return json_is_number(json_object_get(object, key));
}

int64_t report_number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? json_integer_value(value) : (int64_t)json_number_value(value);
}

/* Bytes up to the next place where a line may end: a space, or in a list the space after a comma.
 */
static size_t report_part(const char *text, bool list)
{
    size_t len = strcspn(text, " ");
    while (list && text[len] != 0 && len > 0 && text[len - 1] != ',')
        len += 1 + strcspn(text + len + 1, " ");
    return len;
}

/* "  label          text", long text on several lines. */
void report_wrap(Str *out, const char *label, const char *text, bool list)
{
    if (*text == 0)
        return;
    AUTO(str_clear) Str clean = STR_INIT;
    terminal_add_clean(&clean, text);
    const size_t indent = 2 + LABEL_WIDTH;
    size_t column = indent;
    str_addf(out, "  %-*s", LABEL_WIDTH, label);
    for (const char *at = str_text(&clean); *at != 0; at += strspn(at, " ")) {
        AUTO(str_clear) Str part = STR_INIT;
        str_add_bytes(&part, at, report_part(at, list));
        at += part.len;
        size_t width = terminal_columns(str_text(&part));
        if (column > indent && column + 1 + width > REPORT_WIDTH) {
            str_addf(out, "\n%*s", (int)indent, "");
            column = indent;
        }
        str_addf(out, " %s", str_text(&part));
        column += 1 + width;
    }
    str_add(out, "\n");
}

void report_line(Str *out, const char *label, const char *text)
{
    report_wrap(out, label, text, false);
}

bool report_add_server(Str *out, const json_t *result, const char *side)
{
    const json_t *server = json_object_get(result, side);
    const char *host = report_text(server, "host"), *port = report_text(server, "port");
    const char *user = report_text(server, "user"), *version = report_text(server, "version");
    if (*report_text(server, "database") == 0)
        return false;
    str_add(out, "database ");
    terminal_add_clean(out, report_text(server, "database"));
    if (*host != 0) {
        str_add(out, *host == '/' ? " on socket " : " on ");
        terminal_add_clean(out, host);
        if (*port != 0)
            str_addf(out, ":%s", port);
    }
    if (*user != 0) {
        str_add(out, " as ");
        terminal_add_clean(out, user);
    }
    if (*version != 0) {
        /* Without the packager's name for it: "15.8 (Debian 15.8-0+deb12u1)". */
        AUTO(str_clear) Str number = STR_INIT;
        str_add_bytes(&number, version, strcspn(version, " "));
        str_add(out, ", PostgreSQL ");
        terminal_add_clean(out, str_text(&number));
    }
    return true;
}

void report_server(Str *out, const json_t *result, const char *side, const char *label)
{
    AUTO(str_clear) Str text = STR_INIT;
    if (report_add_server(&text, result, side))
        report_wrap(out, label, str_text(&text), true);
}

/* Adds "a, b" of an array of strings. */
void report_add_list(Str *out, const json_t *array)
{
    size_t i;
    json_t *value;
    json_array_foreach((json_t *)(uintptr_t)array, i, value)
    {
        const char *text = json_string_value(value);
        if (text == NULL)
            continue;
        str_separate(out, ", ");
        terminal_add_clean(out, text);
    }
}

static void report_list(Str *out, const json_t *result, const char *key, const char *label)
{
    AUTO(str_clear) Str text = STR_INIT;
    report_add_list(&text, json_object_get(result, key));
    report_wrap(out, label, str_text(&text), true);
}

/* Adds "12 tables" to a list when the result has the number. */
void report_add_things(Str *list, const json_t *result, const char *key, const char *one,
                       const char *plural)
{
    if (!report_has(result, key))
        return;
    str_separate(list, ", ");
    figure_add_things(list, report_number(result, key), one, plural);
}

bool report_is_dry(const json_t *result)
{
    return json_is_true(json_object_get(result, "dry_run"));
}

static void report_copied(Str *out, const json_t *result)
{
    AUTO(str_clear) Str list = STR_INIT;
    report_add_things(&list, result, "tables", "table", NULL);
    report_add_things(&list, result, "rows", "row", NULL);
    if (report_has(result, "bytes")) {
        str_separate(&list, ", ");
        figure_add_bytes(&list, (double)report_number(result, "bytes"));
    }
    report_line(out, report_is_dry(result) ? "to copy" : "copied", str_text(&list));
    str_clear(&list);
    report_add_things(&list, result, "indexes", "index", "indexes");
    report_add_things(&list, result, "sequences", "sequence", NULL);
    report_line(out, report_is_dry(result) ? "to build" : "built", str_text(&list));
}

static void report_preserved(Str *out, const json_t *result)
{
    AUTO(str_clear) Str list = STR_INIT;
    size_t i;
    json_t *table;
    json_array_foreach(json_object_get(result, "preserved"), i, table)
    {
        str_separate(&list, ", ");
        terminal_add_clean(&list, report_text(table, "table"));
        if (report_has(table, "rows")) {
            str_add(&list, " (");
            figure_add_things(&list, report_number(table, "rows"), "row", NULL);
            str_add(&list, ")");
        }
    }
    report_wrap(out, "preserved", str_text(&list), true);
}

/* Foreign keys that rows violate: counted before the swap, or found when they were validated. */
static void report_keys(Str *out, const json_t *result)
{
    const char *label = "violated";
    size_t i;
    json_t *key;
    json_array_foreach(json_object_get(result, "orphans"), i, key)
    {
        if (report_number(key, "rows") == 0)
            continue;
        AUTO(str_clear) Str text = STR_INIT;
        terminal_add_clean(&text, report_text(key, "key"));
        str_add(&text, ": ");
        figure_add_things(&text, report_number(key, "rows"), "row", NULL);
        report_line(out, label, str_text(&text));
        label = "";
    }
    label = "not verified";
    json_array_foreach(json_object_get(result, "unsettled"), i, key)
    {
        report_line(out, label, report_text(key, "what"));
        label = "";
    }
}

static void report_swap(Str *out, const json_t *result)
{
    const json_t *swap = json_object_get(result, "swap");
    AUTO(str_clear) Str text = STR_INIT;
    if (report_has(swap, "locked_ms")) {
        str_addf(&text, "tables locked for %.0f ms",
                 json_number_value(json_object_get(swap, "locked_ms")));
    }
    report_add_things(&text, swap, "attempts", "attempt", NULL);
    report_line(out, "swap", str_text(&text));
}

/* Which migrations were undone, where their objects are, and which tables kept their rows. */
static void report_undone(Str *out, const json_t *result)
{
    AUTO(str_clear) Str kept = STR_INIT;
    const char *label = "undone";
    size_t i, k;
    json_t *undone, *table;
    json_array_foreach(json_object_get(result, "undone"), i, undone)
    {
        AUTO(str_clear) Str text = STR_INIT;
        AUTO(str_clear) Str schemas = STR_INIT;
        report_add_list(&schemas, json_object_get(undone, "schemas"));
        terminal_add_clean(&text, report_text(undone, "timestamp"));
        str_addf(&text, ": now in %s", str_text(&schemas));
        report_wrap(out, label, str_text(&text), true);
        label = "";
        json_array_foreach(json_object_get(undone, "kept"), k, table)
        {
            str_separate(&kept, ", ");
            terminal_add_clean(&kept, report_text(table, "table"));
            str_add(&kept, " (");
            figure_add_things(&kept, report_number(table, "rows"), "row", NULL);
            str_add(&kept, ")");
        }
    }
    report_wrap(out, "kept", str_text(&kept), true);
}

static void report_time(Str *out, const json_t *result)
{
    AUTO(str_clear) Str parts = STR_INIT;
    int64_t total = 0;
    size_t i, n = 0;
    json_t *phase;
    json_array_foreach(json_object_get(result, "phases"), i, phase)
    {
        int64_t ms = report_number(phase, "ms");
        total += ms;
        n++;
        str_separate(&parts, ", ");
        terminal_add_clean(&parts, report_text(phase, "name"));
        str_add(&parts, " ");
        figure_add_duration(&parts, ms);
    }
    if (n == 0)
        return;
    AUTO(str_clear) Str text = STR_INIT;
    figure_add_duration(&text, total);
    if (n > 1)
        str_addf(&text, ": %s", str_text(&parts));
    report_wrap(out, "time", str_text(&text), true);
}

void report_next(Str *out, const json_t *result, const char *heading)
{
    size_t i;
    json_t *line;
    json_array_foreach(json_object_get(result, "next"), i, line)
    {
        if (i == 0)
            str_addf(out, "%s\n", heading);
        str_add(out, "  ");
        const char *text = json_string_value(line);
        terminal_add_clean(out, text != NULL ? text : "");
        str_add(out, "\n");
    }
}

void report_warnings(Str *out, const json_t *result, size_t shown)
{
    const json_t *warnings = json_object_get(result, "warnings");
    size_t n = json_array_size(warnings);
    if (n == 0)
        return;
    AUTO(str_clear) Str text = STR_INIT;
    if (n <= shown) {
        figure_add_count(&text, (int64_t)n);
        str_add(&text, ", shown above");
        report_line(out, "warnings", str_text(&text));
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const char *warning = json_string_value(json_array_get(warnings, i));
        report_line(out, i == 0 ? "warnings" : "", warning != NULL ? warning : "");
    }
}

void report_plan(Str *out, const json_t *result)
{
    const json_t *plan = json_object_get(result, "plan");
    size_t n = json_array_size(plan);
    if (n == 0)
        return;
    str_add(out, "\nPlan:\n");
    for (size_t i = 0; i < n; i++) {
        const char *step = json_string_value(json_array_get(plan, i));
        /* Statements keep their lines: a comment in a function body ends with its line. */
        while (step != NULL && *step != 0) {
            size_t len = strcspn(step, "\n");
            AUTO(str_clear) Str line = STR_INIT;
            str_add_bytes(&line, step, len);
            str_add(out, "  ");
            terminal_add_clean(out, str_text(&line));
            str_add(out, "\n");
            step += len + (step[len] != 0);
        }
    }
}

static const char *report_headline(PgzmCommand command, const json_t *result,
                                   const ReportError *error)
{
    if (report_is_dry(result))
        return "Dry run: nothing was changed.";
    const char *live = error != NULL ? "The new data is live, but not everything is verified."
                                     : "Done: the new data is live.";
    switch (command) {
    case PGZM_START:
        if (strcmp(report_text(result, "state"), "PREPARED") == 0)
            return "Prepared, but not live yet.";
        return live;
    case PGZM_PREPARE:
        return "Prepared: everything is copied, nothing is live yet.";
    case PGZM_SWAP:
        return live;
    case PGZM_ROLLBACK:
        if (error != NULL)
            return "Rolled back: the old data is live again, but not everything is verified.";
        return "Rolled back: the old data is live again.";
    case PGZM_WORKER:
        return "Done: no rows are left to copy.";
    case PGZM_ABORT:
        return "Aborted: what was built is dropped, live tables are untouched.";
    case PGZM_DUMP:
        return "Saved: \"prepare --from-dump\" goes on from it, also on another host.";
    case PGZM_STATUS:
    case PGZM_LIST:
    case PGZM_DIFF:
    case PGZM_PREFLIGHT_CHECK:
    case PGZM_VERIFY:
    case PGZM_CLEANUP:
    case PGZM_HISTORY:
    case PGZM_UNLOCK:
        break;
    }
    return "Done.";
}

static void report_change(Str *out, PgzmCommand command, const json_t *result,
                          const ReportError *error, size_t shown)
{
    str_addf(out, "%s\n\n", report_headline(command, result, error));
    report_line(out, "migration", report_text(result, "timestamp"));
    report_line(out, "state", report_text(result, "state"));
    report_server(out, result, "source", "source");
    report_line(out, "source as of", report_text(result, "source_as_of"));
    report_server(out, result, "dest", "destination");
    report_copied(out, result);
    report_preserved(out, result);
    report_undone(out, result);
    report_keys(out, result);
    report_swap(out, result);
    report_list(out, result, "backup_schemas", "backup");
    report_time(out, result);
    report_warnings(out, result, shown);
    report_plan(out, result);
    report_next(out, result, "\nNext:");
}

void report_write(Str *out, PgzmCommand command, const json_t *result, const ReportError *error,
                  size_t warnings_shown)
{
    if (statusreport_writes(command))
        statusreport_write(out, command, result, warnings_shown);
    else if (command == PGZM_DIFF)
        diffreport_write(out, result);
    else if (command == PGZM_VERIFY || command == PGZM_PREFLIGHT_CHECK)
        checkreport_write(out, result);
    else
        report_change(out, command, result, error, warnings_shown);
}

void report_write_failure(Str *out, const json_t *result)
{
    const char *state = report_text(result, "state");
    const char *id = report_text(result, "timestamp");
    if (*state != 0 && *id != 0) {
        str_add(out, "Migration ");
        terminal_add_clean(out, id);
        str_add(out, " is ");
        terminal_add_clean(out, state);
        str_add(out, ".\n");
    }
    report_next(out, result, "To go on or clean up:");
}

static json_t *report_string(const char *text)
{
    AUTO(str_clear) Str clean = STR_INIT;
    terminal_add_clean(&clean, text);
    return json_string(str_text(&clean));
}

static json_t *report_lower(const char *text)
{
    AUTO(str_clear) Str lower = STR_INIT;
    for (; *text != 0; text++)
        str_add_bytes(&lower, &(char){(char)tolower((unsigned char)*text)}, 1);
    return json_string(str_text(&lower));
}

void report_write_json(Str *out, const json_t *result, const ReportError *error)
{
    json_t *object = json_object();
    json_object_set_new(object, "ok", json_boolean(error == NULL));
    if (error != NULL) {
        json_t *why = json_object();
        json_object_set_new(why, "kind", report_lower(error_kind_name(error->kind)));
        json_object_set_new(why, "message", report_string(error->message));
        json_object_set_new(why, "hint",
                            error->hint != NULL ? report_string(error->hint) : json_null());
        json_object_set_new(why, "sqlstate",
                            *error->sqlstate != 0 ? report_string(error->sqlstate) : json_null());
        json_object_set_new(why, "exit_code", json_integer(error->exit_code));
        json_object_set_new(object, "error", why);
    }
    json_object_update_missing(object, (json_t *)(uintptr_t)result);
    char *text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(15));
    str_addf(out, "%s\n", text != NULL ? text : "{}");
    free(text);
    json_decref(object);
}
