#include "engine/check.h"

#include <stdarg.h>
#include <string.h>

#include "base/str.h"

/* A failure, until the verdict; the rest of a finding is in the result only. */
typedef struct Failure {
    struct Failure *next;
    ErrorKind kind;
    const char *name, *message, *hint;
} Failure;

typedef struct Checks {
    const char *name; /* of the check that runs, NULL between them */
    bool found;       /* it has said something */
    bool savepoint;   /* the source's transaction has one */
    bool only;        /* the checks are all that was asked for */
    Failure *first, *last;
    size_t failures;
} Checks;

void checks_begin(Run *run)
{
    run->checks = arena_alloc(run->arena, sizeof *run->checks);
    run->checks->only = run->command == PGZM_PREFLIGHT_CHECK || run->command == PGZM_VERIFY;
    json_object_set_new(run->result, "checks", json_array());
}

bool checks_failed(const Run *run)
{
    return run->checks->failures > 0;
}

/* ---- findings -------------------------------------------------------------------------- */

static const char *outcome_name(CheckOutcome outcome)
{
    return outcome == CHECK_PASS ? "pass" : outcome == CHECK_WARNING ? "warning" : "failure";
}

/* A text that is no UTF-8 (an SQL_ASCII database) has no JSON. */
static json_t *text(const char *value)
{
    json_t *string = value == NULL ? NULL : json_string(value);
    return string != NULL ? string : json_null();
}

static void note_failure(Run *run, ErrorKind kind, const char *message, const char *hint)
{
    Checks *checks = run->checks;
    Failure *failure = arena_alloc(run->arena, sizeof *failure);
    *failure = (Failure){.kind = run->command == PGZM_VERIFY ? ERROR_DIFFERENCE : kind,
                         .name = checks->name,
                         .message = arena_strdup(run->arena, message),
                         .hint = hint != NULL ? arena_strdup(run->arena, hint) : NULL};
    if (checks->last != NULL)
        checks->last->next = failure;
    else
        checks->first = failure;
    checks->last = failure;
    checks->failures++;
}

static void add(Run *run, CheckOutcome outcome, ErrorKind kind, const char *hint,
                const char *message)
{
    Checks *checks = run->checks;
    if (hint != NULL && hint[0] == '\0')
        hint = NULL;
    checks->found = true;
    json_array_append_new(json_object_get(run->result, "checks"),
                          json_pack("{s:s, s:s, s:o, s:o}", "name", checks->name, "status",
                                    outcome_name(outcome), "message", text(message), "hint",
                                    text(hint)));
    if (outcome == CHECK_FAILURE)
        note_failure(run, kind, message, hint);
    if (checks->only)
        log_info(&run->log, "%s: %s: %s", outcome_name(outcome), checks->name, message);
}

void check_note(Run *run, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    AUTO(mem_free) char *message = mem_vprintf(fmt, args);
    va_end(args);
    add(run, CHECK_PASS, ERROR_NONE, NULL, message);
}

/* Of a command that goes on the warning is one of its own, too. */
static void add_warning(Run *run, const char *hint, const char *message)
{
    add(run, CHECK_WARNING, ERROR_NONE, hint, message);
    if (run->checks->only)
        return;
    const char *name = TAKE(run->checks->name);
    run_warning(run, "%s", message);
    run->checks->name = name;
}

void check_warn(Run *run, const char *hint, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    AUTO(mem_free) char *message = mem_vprintf(fmt, args);
    va_end(args);
    add_warning(run, hint, message);
}

bool check_takes_warning(Run *run, const char *message)
{
    if (run->checks == NULL || run->checks->name == NULL)
        return false;
    add_warning(run, NULL, message);
    return true;
}

void check_fail(Run *run, const char *hint, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    AUTO(mem_free) char *message = mem_vprintf(fmt, args);
    va_end(args);
    add(run, CHECK_FAILURE, ERROR_PREFLIGHT, hint, message);
}

bool check_query(Run *run, Conn *conn, const char *name, int n, const char *const *values,
                 Error *err)
{
    AUTO(result_free) PGresult *result = NULL;
    if (conn_is_tape(conn)) /* what state the source was in does not matter any more */
        return true;
    if (!conn_query(conn, run_sql(name, conn_version(conn)), n, values, &result, err))
        return error_wrap(err, "looking at the %s", conn_side_name(conn));
    for (int i = 0; i < PQntuples(result); i++) {
        const char *outcome = PQgetvalue(result, i, 0), *message = PQgetvalue(result, i, 1);
        const char *hint = PQgetvalue(result, i, 2);
        if (strcmp(outcome, "pass") == 0)
            check_note(run, "%s", message);
        else if (strcmp(outcome, "warning") == 0)
            check_warn(run, hint, "%s", message);
        else
            check_fail(run, hint, "%s", message);
    }
    return true;
}

/* ---- running ----------------------------------------------------------------------------- */

bool checks_savepoint(Run *run, Error *err)
{
    if (!conn_exec(run->source, "SAVEPOINT pgzm_check", err))
        return false;
    run->checks->savepoint = true;
    return true;
}

/* Rows and definitions that were read so far stay as they are: nothing is written there. */
static bool restore_source(Run *run, Error *err)
{
    if (!run->checks->savepoint || !conn_in_failed_transaction(run->source))
        return true;
    return conn_exec(run->source, "ROLLBACK TO SAVEPOINT pgzm_check", err);
}

static bool is_finding(const Error *err)
{
    return err->kind == ERROR_PREFLIGHT || err->kind == ERROR_STATE || err->kind == ERROR_LOCK;
}

void check_open(Run *run, const char *name)
{
    run->checks->name = name;
    run->checks->found = false;
}

bool check_close(Run *run, bool ok, Error *failure, const char *passed, Error *err)
{
    bool finding = !ok && is_finding(failure);
    if (finding)
        add(run, CHECK_FAILURE, failure->kind, failure->hint, failure->message);
    else if (ok && !run->checks->found)
        check_note(run, "%s", passed);
    run->checks->name = NULL;
    if (!ok && !finding)
        return error_move(err, failure);
    return restore_source(run, err);
}

bool checks_run(Run *run, const Check *checks, size_t count, const Plan *plan, Error *err)
{
    for (size_t i = 0; i < count; i++) {
        AUTO(error_clear) Error failure = ERROR_INIT;
        check_open(run, checks[i].name);
        bool ok = checks[i].look(run, plan, &failure);
        if (!check_close(run, ok, &failure, checks[i].passed, err))
            return false;
    }
    return true;
}

/* ---- the end ----------------------------------------------------------------------------- */

/* A migration that is unfinished is in the way, but nothing is wrong with the servers. */
static ErrorKind worst_kind(const Checks *checks)
{
    for (const Failure *failure = checks->first; failure != NULL; failure = failure->next)
        if (failure->kind == ERROR_PREFLIGHT)
            return ERROR_PREFLIGHT;
    return checks->first->kind;
}

bool checks_verdict(Run *run, Error *err)
{
    const Checks *checks = run->checks;
    const Failure *first = checks->first;
    if (first == NULL)
        return !checks->savepoint || conn_exec(run->source, "RELEASE SAVEPOINT pgzm_check", err);
    if (checks->only && checks->failures > 1)
        error_set(err, worst_kind(checks), "%zu checks failed; the first, %s: %s", checks->failures,
                  first->name, first->message);
    else if (checks->only)
        error_set(err, first->kind, "check failed: %s: %s", first->name, first->message);
    else
        error_set(err, first->kind, "%s", first->message);
    for (const Failure *more = first->next; more != NULL && !checks->only; more = more->next)
        run_warning(run, "%s", more->message);
    return first->hint != NULL ? error_hint(err, "%s", first->hint) : false;
}
