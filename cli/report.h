/*
 * report.h - the result of a command as a person reads it, and as --json prints it. Made from the
 * JSON object that the library leaves; a key that is missing is left out. Prints nothing itself.
 *
 * Threads: any.
 */
#ifndef PGZM_CLI_REPORT_H
#define PGZM_CLI_REPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "engine/pgzm.h"

/* What went wrong, borrowed from wherever it is. */
typedef struct ReportError {
    ErrorKind kind;
    const char *message;
    const char *hint;     /* NULL: none */
    const char *sqlstate; /* "": none */
    int exit_code;
} ReportError;

/* The result object in text form as a value; an empty object when it is none. Owned: json_decref.
 */
json_t *report_parse(const char *text);

/* What a person reads after a command that went well (`error` NULL) or is live but not settled.
 * `warnings_shown`: how many warnings already stand on standard error. */
void report_write(Str *out, PgzmCommand command, const json_t *result, const ReportError *error,
                  size_t warnings_shown);

/* What a person reads after the error message of a command that failed: what is left behind, and
 * the command lines that go on or clean up. Nothing when there is nothing to say. */
void report_write_failure(Str *out, const json_t *result);

/* One line: {"ok": …, "error": …, the result's keys}. `error` NULL: it went well. */
void report_write_json(Str *out, const json_t *result, const ReportError *error);

/* "database shop on db1:5432 as alice (PostgreSQL 15.8)"; false when the result does not say. */
bool report_add_server(Str *out, const json_t *result, const char *side);

/* ---- for the reports in files of their own: parts that are missing are left out ---------- */

const char *report_text(const json_t *object, const char *key); /* "" when there is none */
bool report_has(const json_t *object, const char *key);         /* a number */
int64_t report_number(const json_t *object, const char *key);
bool report_is_dry(const json_t *result);

/* "  label          text", long text on several lines; broken after the commas of a `list`. */
void report_line(Str *out, const char *label, const char *text);
void report_wrap(Str *out, const char *label, const char *text, bool list);
void report_server(Str *out, const json_t *result, const char *side, const char *label);
/* Adds "a, b" of an array of strings; "12 tables" to a list when the result has the number. */
void report_add_list(Str *out, const json_t *array);
void report_add_things(Str *list, const json_t *result, const char *key, const char *one,
                       const char *plural);
void report_warnings(Str *out, const json_t *result, size_t shown);
void report_plan(Str *out, const json_t *result);
/* The command lines that go on, under a heading. */
void report_next(Str *out, const json_t *result, const char *heading);

#endif
