/*
 * check.h - inside engine/ only: the list of what was checked before a migration, each with its
 * outcome. A check that fails does not keep the others from running: what a person has to do is
 * said at once. Not here: what is checked (preflight.h, checkserver.h).
 *
 * Findings become result.checks ({name, status, message, hint}); those that are no pass are also
 * warnings of the command, unless the checks are all that was asked for (preflight, verify). What
 * fails in verify is ERROR_DIFFERENCE in the end, whatever it is.
 *
 * Threads: the main thread.
 */
#ifndef PGZM_ENGINE_CHECK_H
#define PGZM_ENGINE_CHECK_H

#include "engine/plan.h"

typedef enum CheckOutcome { CHECK_PASS, CHECK_WARNING, CHECK_FAILURE } CheckOutcome;

/* Says what it finds with the functions below or as an error: ERROR_PREFLIGHT, ERROR_STATE and
 * ERROR_LOCK are findings, anything else ends the command. run_warning inside it is a finding too.
 * `plan` is NULL in a check that needs none. */
typedef bool (*CheckFunction)(Run *run, const Plan *plan, Error *err);

typedef struct Check {
    const char *name;
    CheckFunction look;
    const char *passed; /* the message when there is nothing to find */
} Check;

/* Begins the list of the run. */
void checks_begin(Run *run);

/* Runs the checks in turn. False for what ends the command. When the source is inside a transaction
 * the checks run behind a savepoint (checks_savepoint). */
bool checks_run(Run *run, const Check *checks, size_t count, const Plan *plan, Error *err)
    MUST_CHECK;

/* The same for one that is no CheckFunction: whatever is found between the two is its own.
 * `failure` is what the step in between left when it was not `ok`; see CheckFunction. */
void check_open(Run *run, const char *name);
bool check_close(Run *run, bool ok, Error *failure, const char *passed, Error *err) MUST_CHECK;

/* From here on a check that fails in the source's transaction leaves it usable; until the verdict.
 */
bool checks_savepoint(Run *run, Error *err) MUST_CHECK;

/* Findings of the check that runs. `hint` is a sentence or NULL. */
void check_note(Run *run, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void check_warn(Run *run, const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void check_fail(Run *run, const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Runs engine/sql/<name>.sql on one side: a finding a row, with columns outcome ('pass', 'warning',
 * 'failure'), message, hint ('' for none). */
bool check_query(Run *run, Conn *conn, const char *name, int n, const char *const *values,
                 Error *err) MUST_CHECK;

/* True when a check failed so far. */
bool checks_failed(const Run *run);

/* For run_warning: true when a check is running and took the message as its finding, and nothing
 * else is to be done with it. */
bool check_takes_warning(Run *run, const char *message);

/* Ends the list. When checks failed: an error that is the first of them, the others become
 * warnings; of the command preflight one that counts them and names the first. */
bool checks_verdict(Run *run, Error *err) MUST_CHECK;

#endif
