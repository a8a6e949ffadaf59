/*
 * conn.h - a connection to one PostgreSQL server, with every session setting pinned that changes
 * what the server prints or how it reads.
 *
 * All statements go through the extended protocol (PQsendQueryParams), in which the server refuses
 * a second statement smuggled into a string. Every wait watches the Cancel token of the connection:
 * when it is set the running query is cancelled on the server and the call fails with
 * ERROR_INTERRUPTED. Not a pool, and it knows nothing of tables.
 *
 * Threads: a Conn belongs to one thread at a time.
 */
#ifndef PGZM_BASE_CONN_H
#define PGZM_BASE_CONN_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cancel.h"
#include "base/error.h"
#include "base/str.h"
#include "base/tape.h"

#define CONN_VERSION_MIN 120000 /* PQserverVersion of the oldest server supported: 12.0 */
#define CONN_VERSION_END 190000 /* first server version that is not supported */

typedef struct Conn Conn;

typedef enum ConnSide { CONN_SOURCE, CONN_DEST } ConnSide;

typedef struct ConnSpec {
    ConnSide side;        /* which settings are pinned, and the word in messages */
    const char *conninfo; /* libpq: key=value pairs, a URI, or a database name; "" or NULL: PG* */
    const char *encoding; /* client_encoding; NULL for UTF8 */
    const char *purpose;  /* goes into application_name, e.g. "copy 1"; NULL for none */
} ConnSpec;

/* Connects, refuses servers outside 12 to 18, pins the settings (see conn.c for the list and the
 * reasons). On failure nothing is kept. No message ever contains a password or the conninfo.
 * Errors: ERROR_CONNECTION, ERROR_USAGE (the conninfo does not parse), ERROR_PREFLIGHT (version),
 * ERROR_INTERRUPTED. `cancel` (NULL for none) must outlive the connection. */
bool conn_open(const ConnSpec *spec, Cancel *cancel, Conn **conn, Error *err) MUST_CHECK;
void conn_free(Conn *conn); /* closes; NULL is fine */
/* A Conn that never connected: it can quote, and nothing else. For making statements offline. */
Conn *conn_for_quoting(void);

/* From here on the server's answers are also written to the tape, with what conn_parameter knows;
 * NULL ends that. The tape must outlive the connection, or its end. */
void conn_record(Conn *conn, Tape *tape);
/* A Conn that asks a tape instead of a server: queries only. The tape must outlive it. Errors:
 * ERROR_PREFLIGHT, when it does not say from which server it is. */
bool conn_open_tape(Tape *tape, ConnSide side, Cancel *cancel, Conn **conn, Error *err) MUST_CHECK;
bool conn_is_tape(const Conn *conn);

PGconn *conn_pg(const Conn *conn);  /* borrowed; for COPY, which a tape has not */
int conn_version(const Conn *conn); /* PQserverVersion, e.g. 150018 */
ConnSide conn_side(const Conn *conn);
const char *conn_side_name(const Conn *conn); /* "source" or "destination" */
/* What PQparameterStatus says, or "host", "port", "database", "user" of the connection; NULL when
 * it says nothing. Borrowed. */
const char *conn_parameter(const Conn *conn, const char *name);
const char *conn_database(const Conn *conn);
bool conn_in_failed_transaction(const Conn *conn);
/* "database d on host:port as user u", for messages; borrowed, holds no secret. */
const char *conn_label(const Conn *conn);
Cancel *conn_cancel(const Conn *conn);

/* While shielded the token is ignored: for clean-up that must not be cut short. Calls nest. */
void conn_shield_begin(Conn *conn);
void conn_shield_end(Conn *conn);

/* Runs one statement with `n` text parameters (NULL entries are NULLs). `conn_query` hands over the
 * result (PQclear, AUTO(result_free)); `conn_exec` drops it. A failure of the server becomes `err`
 * with kind ERROR_OTHER, SQLSTATE and the server's own message and hint; a lost connection becomes
 * ERROR_CONNECTION; 55P03 and 40P01 become ERROR_LOCK; 42501 becomes ERROR_PREFLIGHT. */
bool conn_query(Conn *conn, const char *sql, int n, const char *const *values, PGresult **result,
                Error *err) MUST_CHECK;
bool conn_exec(Conn *conn, const char *sql, Error *err) MUST_CHECK;
bool conn_execf(Conn *conn, Error *err, const char *fmt, ...) __attribute__((format(printf, 3, 4)))
MUST_CHECK;
/* One row expected: otherwise ERROR_OTHER. */
bool conn_query_row(Conn *conn, const char *sql, int n, const char *const *values,
                    PGresult **result, Error *err) MUST_CHECK;

typedef struct ConnQuestion {
    const char *sql;
    int n; /* parameters, as conn_query takes them */
    const char *const *values;
} ConnQuestion;

/* Sends statements ahead (pipeline mode), each a transaction of its own outside of a block: the
 * next calls of conn_query, which must ask for just these in their order, find the server at work
 * on them or done, without a round trip for each. To be ended, also after a failure: the rest is
 * waited for and dropped then. Only `questions` itself, with its texts, must outlive that, not the
 * values. A Conn that is a tape answers as ever. */
bool conn_ahead_begin(Conn *conn, const ConnQuestion *questions, size_t n, Error *err) MUST_CHECK;
void conn_ahead_end(Conn *conn); /* nothing when nothing was begun */

/* Runs several statements in one round trip (pipeline mode; no parameters, no COPY), hundreds and
 * thousands in one for every 500. They run in order; after the first failure the rest is skipped
 * and `failed` (may be NULL) is its index. Inside a transaction block the block is then aborted;
 * outside one the statements are one implicit transaction. */
bool conn_exec_many(Conn *conn, const char *const *statements, size_t n, size_t *failed, Error *err)
    MUST_CHECK;

/* Sends a COPY statement and waits until the server is ready to send or take data. */
bool conn_copy_begin(Conn *conn, const char *sql, ExecStatusType expected, Error *err) MUST_CHECK;
/* Waits for the results after the data, until the connection is idle. `rows` (may be NULL) gets the
 * count of the command tag. */
bool conn_copy_end(Conn *conn, int64_t *rows, Error *err) MUST_CHECK;

/* Rolls back, also when the token is set; a transaction that cannot be rolled back is one whose
 * connection is lost, and the server rolls it back itself. */
void conn_rollback(Conn *conn);

/* Asks the server to cancel what runs on this connection; failure to deliver is not an error. */
void conn_cancel_query(Conn *conn);

/* Notices received so far; they are counted and dropped. */
int64_t conn_notice_count(const Conn *conn);

/* True when the connection is lost. */
bool conn_is_lost(const Conn *conn);

/* Quotes with libpq and appends: an identifier, a literal, schema.name. */
void conn_add_ident(const Conn *conn, Str *s, const char *name);
void conn_add_literal(const Conn *conn, Str *s, const char *text);
void conn_add_name(const Conn *conn, Str *s, const char *schema, const char *name);

/* Fills `err` from a failed result (see conn_query); `result` is only read. Returns false. */
bool conn_error(Conn *conn, const PGresult *result, Error *err);

AUTO_DEFINE(Conn *, conn_free)

static inline __attribute__((unused)) void auto_result_free(PGresult **result)
{
    PQclear(*result);
}

#endif
