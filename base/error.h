/*
 * error.h - what went wrong, as a value.
 *
 * A fallible function returns bool, takes an Error* as its last argument and is
 * MUST_CHECK. The caller owns the Error: it starts as ERROR_INIT, the first failure
 * written to it wins, and AUTO(error_clear) empties it. Not a log: nothing here prints.
 *
 * Threads: an Error belongs to one thread at a time.
 */
#ifndef PGZM_BASE_ERROR_H
#define PGZM_BASE_ERROR_H

#include <stdbool.h>

#include "base/mem.h"

/*
 * The one table of error kinds: name, exit code of the command, sentence for the manual.
 * Exit codes are never renumbered.
 */
#define ERROR_KINDS(X)                                                                             \
    X(NONE, 0, "done and verified")                                                                \
    X(OTHER, 1, "any other error")                                                                 \
    X(USAGE, 2, "an option, an argument or a value is wrong")                                      \
    X(CONNECTION, 3, "a server cannot be reached, or it refused the login")                        \
    X(PREFLIGHT, 4, "a check before the start failed, or a privilege is missing")                  \
    X(STATE, 5, "the migration is in another state, or another command is at work")                \
    X(LOCK, 6, "a lock was not obtained in time: nothing changed, try again")                      \
    X(COPY, 7, "copying rows or creating an object failed")                                        \
    X(DIFFERENCE, 8, "differences were found")                                                     \
    X(UNSETTLED, 9, "live, but something could not be verified")                                   \
    X(INTERRUPTED, 130, "interrupted (143 when terminated)")

typedef enum ErrorKind {
#define X(name, code, sentence) ERROR_##name,
    ERROR_KINDS(X)
#undef X
        ERROR_KIND_COUNT
} ErrorKind;

typedef struct Error {
    ErrorKind kind;   /* ERROR_NONE while nothing failed */
    char sqlstate[6]; /* five characters of the server's SQLSTATE, or "" */
    bool keeps_kind;  /* error_kind leaves it alone: a deadline is the same wherever it strikes */
    char *message;    /* owned; lower case, one line, no full stop; NULL while nothing failed */
    char *hint;       /* owned; a sentence that says what to do, or NULL */
} Error;

#define ERROR_INIT ((Error){.kind = ERROR_NONE})

/* Records a failure unless one is recorded already. Always returns false, so that a caller can
 * write `return error_set(...)`. Line breaks in the text become spaces. */
bool error_set(Error *err, ErrorKind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with the server's SQLSTATE (NULL or "" when there is none). */
bool error_set_state(Error *err, ErrorKind kind, const char *sqlstate, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Adds what to do to a recorded failure; replaces an earlier hint. Always returns false. */
bool error_hint(Error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Puts "context: " before the message of a recorded failure. Always returns false. */
bool error_wrap(Error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Changes the kind of a recorded failure, for a caller that knows better what it means.
 * Connection failures, interruptions and deadlines keep theirs. Always returns false. */
bool error_kind(Error *err, ErrorKind kind);

/* Moves `from` into `to` unless `to` holds a failure already; `from` is empty afterwards.
 * Always returns false. */
bool error_move(Error *to, Error *from);

/* True when a failure is recorded. */
bool error_is_set(const Error *err);

/* True when the failure carries this SQLSTATE. */
bool error_is_state(const Error *err, const char *sqlstate);

/* Frees what the Error owns and empties it. NULL is fine. */
void error_clear(Error *err);

static inline __attribute__((unused)) void auto_error_clear(Error *err)
{
    error_clear(err);
}

/* The exit code of a kind, its name as in ERROR_KINDS ("USAGE"), and its sentence for the manual.
 */
int error_kind_exit_code(ErrorKind kind);
const char *error_kind_name(ErrorKind kind);
const char *error_kind_sentence(ErrorKind kind);

#endif
