/*
 * tape.h - what a server answered, kept so that the same questions can be asked again where it
 * cannot be reached: each statement with its parameters, and its result or its error. Knows nothing
 * of what the statements mean; a Conn writes one (conn_record) or is one (conn_open_tape).
 *
 * A statement that gave different answers in turn gives them in the same turn again; the last one
 * stays. Commands without rows (BEGIN, SET, set_config ...) are not kept: when asked again they
 * succeed.
 *
 * Threads: one at a time.
 */
#ifndef PGZM_BASE_TAPE_H
#define PGZM_BASE_TAPE_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"

typedef struct Tape Tape;

Tape *tape_new(void);
void tape_free(Tape *tape); /* NULL is fine */

/* What is known of the server besides its answers, e.g. "server_version": both are copied. NULL
 * when it was not noted; borrowed from the tape. */
void tape_note(Tape *tape, const char *fact, const char *value);
const char *tape_fact(const Tape *tape, const char *fact);

/* Keeps an answer; parameters are text, NULL entries are NULLs. */
void tape_add_result(Tape *tape, const char *sql, int n, const char *const *values,
                     const PGresult *result);
void tape_add_error(Tape *tape, const char *sql, int n, const char *const *values,
                    const Error *failure);

/* Gives the answer again: a result (PQclear) or the error that it was. ERROR_OTHER for a question
 * that was not asked then. */
bool tape_answer(Tape *tape, const char *sql, int n, const char *const *values, PGresult **result,
                 Error *err) MUST_CHECK;

/* The whole as bytes, appended; and back. The format is internal to one version of the tape, whose
 * number is in it: ERROR_PREFLIGHT for bytes that are not a tape or one of another version. */
void tape_save(const Tape *tape, Str *bytes);
bool tape_load(const char *bytes, size_t size, Tape **tape, Error *err) MUST_CHECK;

AUTO_DEFINE(Tape *, tape_free)

#endif
