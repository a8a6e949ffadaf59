#include "cli/statusreport.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/figure.h"
#include "cli/report.h"
#include "cli/terminal.h"

/* ---- tables ---------------------------------------------------------------------------- */

enum { COLUMNS_MAX = 8 };

typedef struct Column {
    const char *title;
    bool number; /* to the right */
    bool needed; /* some row has it */
} Column;

typedef struct Row {
    Str cells[COLUMNS_MAX];
} Row;

/* Rows of cells under titles; columns without any content are left out. */
typedef struct Sheet {
    Column columns[COLUMNS_MAX];
    size_t column_count;
    Row *rows;
    size_t row_count;
} Sheet;

static Sheet sheet_new(const Column *columns, size_t column_count, size_t row_count)
{
    Sheet sheet = {.column_count = column_count,
                   .rows = mem_alloc((row_count + 1) * sizeof *sheet.rows),
                   .row_count = row_count + 1};
    for (size_t c = 0; c < column_count; c++) {
        sheet.columns[c] = columns[c];
        str_add(&sheet.rows[0].cells[c], columns[c].title);
    }
    return sheet;
}

static void sheet_add_row(Str *out, const Sheet *sheet, const Row *row, const size_t *widths)
{
    AUTO(str_clear) Str line = STR_INIT;
    for (size_t c = 0; c < sheet->column_count; c++) {
        const char *text = str_text(&row->cells[c]);
        if (widths[c] == 0)
            continue;
        int padding = (int)(widths[c] - terminal_columns(text));
        const char *gap = c == 0 ? "" : "  ";
        if (sheet->columns[c].number)
            str_addf(&line, "%s%*s%s", gap, padding, "", text);
        else
            str_addf(&line, "%s%s%*s", gap, text, padding, "");
    }
    while (line.len > 0 && line.text[line.len - 1] == ' ')
        line.len--;
    str_add_bytes(out, line.text != NULL ? line.text : "", line.len);
    str_add(out, "\n");
}

static void sheet_write(Str *out, Sheet *sheet)
{
    size_t widths[COLUMNS_MAX] = {0};
    for (size_t r = 0; r < sheet->row_count; r++)
        for (size_t c = 0; c < sheet->column_count; c++) {
            size_t width = terminal_columns(str_text(&sheet->rows[r].cells[c]));
            sheet->columns[c].needed |= r > 0 && width > 0;
            widths[c] = width > widths[c] ? width : widths[c];
        }
    for (size_t c = 0; c < sheet->column_count; c++)
        widths[c] = sheet->columns[c].needed ? widths[c] : 0;
    for (size_t r = 0; r < sheet->row_count; r++)
        sheet_add_row(out, sheet, &sheet->rows[r], widths);
}

static void sheet_clear(Sheet *sheet)
{
    for (size_t r = 0; r < sheet->row_count; r++)
        for (size_t c = 0; c < sheet->column_count; c++)
            str_clear(&sheet->rows[r].cells[c]);
    mem_free(sheet->rows);
}

/* ---- status ---------------------------------------------------------------------------- */

static void add_lag(Str *out, const json_t *table)
{
    int64_t behind = report_number(table, "rows_behind");
    if (!report_has(table, "rows_behind"))
        return;
    str_add(out, ": ");
    if (behind == 0) {
        str_add(out, "in step");
        return;
    }
    figure_add_things(out, behind, "row", NULL);
    str_add(out, " behind");
}

static void add_preserved(Str *out, const json_t *migration)
{
    size_t i;
    json_t *table;
    json_array_foreach(json_object_get(migration, "preserved"), i, table)
    {
        AUTO(str_clear) Str text = STR_INIT;
        terminal_add_clean(&text, report_text(table, "table"));
        if (json_is_false(json_object_get(table, "synced")))
            str_add(&text, ": not copied to its end");
        else
            add_lag(&text, table);
        if (report_number(table, "errors") > 0) {
            str_add(&text, ", ");
            figure_add_things(&text, report_number(table, "errors"), "error", NULL);
        }
        if (*report_text(table, "last_error") != 0)
            str_addf(&text, ": %s", report_text(table, "last_error"));
        report_line(out, i == 0 ? "preserved" : "", str_text(&text));
    }
}

/* Rows that violate keys which the swap adds. */
static void add_violated(Str *out, const json_t *migration)
{
    size_t i;
    json_t *key;
    json_array_foreach(json_object_get(migration, "orphans"), i, key)
    {
        AUTO(str_clear) Str text = STR_INIT;
        terminal_add_clean(&text, report_text(key, "key"));
        str_add(&text, ": ");
        figure_add_things(&text, report_number(key, "rows"), "row", NULL);
        report_line(out, i == 0 ? "violated" : "", str_text(&text));
    }
}

static void add_progress(Str *out, const json_t *migration)
{
    AUTO(str_clear) Str text = STR_INIT;
    if (!report_has(migration, "tasks_total"))
        return;
    figure_add_count(&text, report_number(migration, "tasks_done"));
    str_add(&text, " of ");
    figure_add_count(&text, report_number(migration, "tasks_total"));
    str_add(&text, " done");
    report_add_things(&text, migration, "rows", "row", NULL);
    if (report_number(migration, "bytes") > 0) {
        str_add(&text, ", ");
        figure_add_bytes(&text, (double)report_number(migration, "bytes"));
    }
    report_line(out, "tasks", str_text(&text));
}

static void add_migration(Str *out, const json_t *migration)
{
    str_add(out, "Migration ");
    terminal_add_clean(out, report_text(migration, "timestamp"));
    str_add(out, " is ");
    terminal_add_clean(out, report_text(migration, "state"));
    str_add(out, ".\n\n");
    report_line(out, "started", report_text(migration, "started"));
    report_line(out, "source as of", report_text(migration, "source_as_of"));
    report_line(out, "went live", report_text(migration, "swapped"));
    report_line(out, "cleaned up", report_text(migration, "cleaned"));
    add_progress(out, migration);
    add_preserved(out, migration);
    add_violated(out, migration);
    AUTO(str_clear) Str text = STR_INIT;
    report_add_list(&text, json_object_get(migration, "unsettled"));
    report_wrap(out, "not verified", str_text(&text), true);
}

/* "swap by backend 4711 (user alice on db1 from 10.0.0.7) since 2026-11-21T10:00:00Z" */
static void add_holder(Str *out, const json_t *holder)
{
    if (*report_text(holder, "command") != 0)
        str_addf(out, "%s by ", report_text(holder, "command"));
    str_addf(out, "backend %lld (user %s", (long long)report_number(holder, "backend"),
             *report_text(holder, "user") != 0 ? report_text(holder, "user") : "unknown");
    if (*report_text(holder, "host") != 0)
        str_addf(out, " on %s", report_text(holder, "host"));
    bool local = strcmp(report_text(holder, "address"), "local") == 0;
    str_addf(out, " from %s)", local ? "a local socket" : report_text(holder, "address"));
    if (*report_text(holder, "since") != 0)
        str_addf(out, " since %s", report_text(holder, "since"));
}

static void add_texts(Str *out, const json_t *texts, const char *label)
{
    for (size_t i = 0; i < json_array_size(texts); i++) {
        const char *text = json_string_value(json_array_get(texts, i));
        report_line(out, i == 0 ? label : "", text != NULL ? text : "");
    }
}

static void add_lock(Str *out, const json_t *holder)
{
    AUTO(str_clear) Str text = STR_INIT;
    if (!json_is_object(holder))
        return;
    add_holder(&text, holder);
    report_line(out, "lock", str_text(&text));
}

static void write_status(Str *out, const json_t *result)
{
    const json_t *migration = json_object_get(result, "migration");
    if (json_is_object(migration))
        add_migration(out, migration);
    else
        str_add(out, "No migration yet.\n\n");
    AUTO(str_clear) Str text = STR_INIT;
    if (json_is_true(json_object_get(result, "shadowSchemaExists"))) {
        figure_add_things(&text, report_number(result, "shadowTableCount"), "table", NULL);
        report_add_things(&text, result, "syncTriggerCount", "sync trigger", NULL);
        report_line(out, "shadow", str_text(&text));
        str_clear(&text);
    }
    report_add_list(&text, json_object_get(result, "backupSchemas"));
    if (text.len == 0 && report_number(result, "backupCount") > 0)
        figure_add_count(&text, report_number(result, "backupCount"));
    report_wrap(out, "backups", text.len > 0 ? str_text(&text) : "none", true);
    add_lock(out, json_object_get(result, "lock"));
    bool ready = json_is_true(json_object_get(result, "readyForSwap"));
    report_line(out, "ready to swap", ready ? "yes" : "no");
    add_texts(out, json_object_get(result, "reasons"), "");
    add_texts(out, json_object_get(result, "remarks"), "but");
    report_next(out, result, "\nNext:");
}

/* ---- list ------------------------------------------------------------------------------ */

/* How long ago: "12 min", "5 h", "3 days". */
static void add_age(Str *out, int64_t seconds)
{
    if (seconds < 120)
        str_addf(out, "%lld s", (long long)seconds);
    else if (seconds < 2 * 3600)
        str_addf(out, "%lld min", (long long)seconds / 60);
    else if (seconds < 2 * 86400)
        str_addf(out, "%lld h", (long long)seconds / 3600);
    else
        str_addf(out, "%lld days", (long long)seconds / 86400);
}

static void add_rollback(Str *out, const json_t *backup)
{
    const json_t *rollback = json_object_get(backup, "rollback");
    bool rest = json_array_size(json_object_get(backup, "schemas")) > 0;
    if (json_is_string(json_object_get(backup, "cleaned")))
        str_add(out, rest ? "half cleaned up" : "cleaned up");
    else if (json_is_boolean(rollback))
        str_add(out, json_is_true(rollback) ? "yes" : "no");
}

static void fill_backup(const json_t *backup, Str *cells)
{
    terminal_add_clean(&cells[0], report_text(backup, "timestamp"));
    terminal_add_clean(&cells[1], report_text(backup, "created"));
    if (report_has(backup, "age"))
        add_age(&cells[2], report_number(backup, "age"));
    terminal_add_clean(&cells[3], report_text(backup, "state"));
    if (report_has(backup, "tableCount"))
        figure_add_count(&cells[4], report_number(backup, "tableCount"));
    if (report_has(backup, "size"))
        figure_add_bytes(&cells[5], (double)report_number(backup, "size"));
    add_rollback(&cells[6], backup);
    report_add_list(&cells[7], json_object_get(backup, "schemas"));
}

static void write_list(Str *out, const json_t *result)
{
    static const Column columns[] = {{.title = "migration"},
                                     {.title = "created"},
                                     {.title = "age", .number = true},
                                     {.title = "state"},
                                     {.title = "tables", .number = true},
                                     {.title = "size", .number = true},
                                     {.title = "rollback"},
                                     {.title = "backup schemas"}};
    const json_t *backups = json_object_get(result, "backups");
    size_t count = json_array_size(backups);
    if (count == 0) {
        str_add(out, "No migrations yet.\n");
        return;
    }
    Sheet sheet = sheet_new(columns, LENGTH(columns), count);
    for (size_t i = 0; i < count; i++)
        fill_backup(json_array_get(backups, i), sheet.rows[i + 1].cells);
    sheet_write(out, &sheet);
    sheet_clear(&sheet);
}

/* ---- history --------------------------------------------------------------------------- */

/* "alice@10.0.0.7 (db1, 4711)": role, address, host as the client says, backend. */
static void add_who(Str *out, const json_t *event)
{
    terminal_add_clean(out, report_text(event, "role"));
    if (*report_text(event, "address") != 0) {
        str_add(out, "@");
        terminal_add_clean(out, report_text(event, "address"));
    }
    AUTO(str_clear) Str more = STR_INIT;
    terminal_add_clean(&more, report_text(event, "host"));
    if (report_has(event, "backend")) {
        str_separate(&more, ", ");
        str_addf(&more, "%lld", (long long)report_number(event, "backend"));
    }
    if (more.len > 0)
        str_addf(out, " (%s)", str_text(&more));
}

static void fill_event(const json_t *event, Str *cells)
{
    terminal_add_clean(&cells[0], report_text(event, "at"));
    terminal_add_clean(&cells[1], report_text(event, "migration"));
    add_who(&cells[2], event);
    terminal_add_clean(&cells[3], report_text(event, "what"));
    terminal_add_clean(&cells[4], report_text(event, "detail"));
}

static void write_history(Str *out, const json_t *result)
{
    static const Column columns[] = {{.title = "at"},
                                     {.title = "migration"},
                                     {.title = "who"},
                                     {.title = "what"},
                                     {.title = "detail"}};
    const json_t *events = json_object_get(result, "events");
    size_t count = json_array_size(events);
    if (count == 0) {
        str_add(out, "Nothing happened yet.\n");
        return;
    }
    Sheet sheet = sheet_new(columns, LENGTH(columns), count);
    for (size_t i = 0; i < count; i++)
        fill_event(json_array_get(events, i), sheet.rows[i + 1].cells);
    sheet_write(out, &sheet);
    sheet_clear(&sheet);
}

/* ---- cleanup --------------------------------------------------------------------------- */

static const char *cleanup_headline(const json_t *result, size_t count)
{
    if (report_is_dry(result))
        return "Dry run: nothing was changed.";
    if (count == 0)
        return "Done: there is nothing to drop.";
    return count == 1 ? "Done: the backup is dropped." : "Done: the backups are dropped.";
}

static void write_cleanup(Str *out, const json_t *result, size_t shown)
{
    const json_t *cleaned = json_object_get(result, "cleaned");
    size_t count = json_array_size(cleaned);
    int64_t tables = 0, bytes = 0;
    str_addf(out, "%s\n\n", cleanup_headline(result, count));
    for (size_t i = 0; i < count; i++) {
        const json_t *backup = json_array_get(cleaned, i);
        AUTO(str_clear) Str schemas = STR_INIT;
        AUTO(str_clear) Str text = STR_INIT;
        report_add_list(&schemas, json_object_get(backup, "schemas"));
        terminal_add_clean(&text, report_text(backup, "timestamp"));
        if (schemas.len > 0)
            str_addf(&text, ": %s", str_text(&schemas));
        report_wrap(out, i == 0 ? (count == 1 ? "migration" : "migrations") : "", str_text(&text),
                    true);
        tables += report_number(backup, "tables");
        bytes += report_number(backup, "bytes");
    }
    report_server(out, result, "dest", "destination");
    if (count > 0) {
        AUTO(str_clear) Str text = STR_INIT;
        figure_add_things(&text, tables, "table", NULL);
        str_add(&text, ", ");
        figure_add_bytes(&text, (double)bytes);
        report_line(out, report_is_dry(result) ? "to drop" : "dropped", str_text(&text));
    }
    report_warnings(out, result, shown);
    report_plan(out, result);
    report_next(out, result, "\nNext:");
}

/* ---- unlock ---------------------------------------------------------------------------- */

/* Also what it does now, or since when it has not done anything. */
static void add_activity(Str *out, const json_t *holder)
{
    AUTO(str_clear) Str text = STR_INIT;
    terminal_add_clean(&text, report_text(holder, "state"));
    if (report_has(holder, "idle_ms")) {
        str_add(&text, " for ");
        figure_add_duration(&text, report_number(holder, "idle_ms"));
    }
    report_line(out, "state", str_text(&text));
    report_line(out, report_has(holder, "idle_ms") ? "last statement" : "statement",
                report_text(holder, "query"));
}

static void write_unlock(Str *out, const json_t *result)
{
    const json_t *holder = json_object_get(result, "holder");
    if (!json_is_object(holder)) {
        str_add(out, "Nobody holds the lock.\n");
        return;
    }
    bool ended = json_is_true(json_object_get(result, "ended"));
    str_addf(out, "%s\n\n",
             ended ? "The session that held the lock is ended." : "The lock is held.");
    AUTO(str_clear) Str text = STR_INIT;
    add_holder(&text, holder);
    report_line(out, "holder", str_text(&text));
    report_line(out, "migration", report_text(holder, "migration"));
    report_line(out, "application", report_text(holder, "application"));
    add_activity(out, holder);
    report_next(out, result, "\nNext:");
}

/* ---- all ------------------------------------------------------------------------------- */

bool statusreport_writes(PgzmCommand command)
{
    return command == PGZM_STATUS || command == PGZM_LIST || command == PGZM_HISTORY ||
           command == PGZM_CLEANUP || command == PGZM_UNLOCK;
}

void statusreport_write(Str *out, PgzmCommand command, const json_t *result, size_t warnings_shown)
{
    if (command == PGZM_STATUS)
        write_status(out, result);
    else if (command == PGZM_LIST)
        write_list(out, result);
    else if (command == PGZM_HISTORY)
        write_history(out, result);
    else if (command == PGZM_CLEANUP)
        write_cleanup(out, result, warnings_shown);
    else
        write_unlock(out, result);
}
