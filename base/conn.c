#include "base/conn.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum {
    CONNECT_TIMEOUT_S = 30,     /* unless connect_timeout or PGCONNECT_TIMEOUT says otherwise */
    CANCEL_PATIENCE_MS = 10000, /* how long a cancelled query may take to end */
    CANCEL_AGAIN_MS = 500,      /* a request that comes before the statement begins is in vain */
};

struct Conn {
    PGconn *pg;
    ConnSide side;
    Cancel *cancel;
    int shields;
    int64_t notices;
    char *label;
    Tape *tape;   /* theirs; NULL for none */
    bool is_tape; /* it answers, not a server */
    int version;
    const ConnQuestion *ahead; /* on their way to the server and not ended, theirs; NULL for none */
    size_t ahead_count, ahead_taken;
};

/*
 * Settings that change what the server prints or how it reads, pinned for the session. One that the
 * server does not have is left out, and event_triggers, the only one for superusers alone, where we
 * are not one. Not by a join with pg_settings, which makes a row of every setting there is: a
 * millisecond or two for each connection. Reasons are in the comments of each group.
 */
#define PINNED_BEGIN "SELECT pg_catalog.set_config(v.name, v.value, false) FROM (VALUES "
#define PINNED_END                                                                                 \
    ") AS v(name, value)"                                                                          \
    " WHERE pg_catalog.current_setting(v.name, true) IS NOT NULL"                                  \
    " AND (v.name OPERATOR(pg_catalog.<>) 'event_triggers'"                                        \
    " OR pg_catalog.current_setting('is_superuser') OPERATOR(pg_catalog.=) 'on')"
#define PINNED_BOTH                                                                                \
    /* names are printed qualified, and nothing in the path can be hijacked (CVE-2018-1058) */     \
    "('search_path', '')," /* text of values and of deparsed constants */                          \
    "('DateStyle', 'ISO, YMD'), ('IntervalStyle', 'postgres'), ('TimeZone', 'UTC'),"               \
    "('extra_float_digits', '3'), ('bytea_output', 'hex'), ('lc_monetary', 'C'),"                  \
    "('xmloption', 'content'), ('standard_conforming_strings', 'on'),"                             \
    "('quote_all_identifiers', 'off'), ('array_nulls', 'on')," /* hidden rows become an error      \
                                                                  instead of silently missing ones \
                                                                */                                 \
    "('row_security', 'off')," /* nobody's defaults may end a long copy */                         \
    "('statement_timeout', '0'), ('lock_timeout', '0'),"                                           \
    "('idle_in_transaction_session_timeout', '0'), ('idle_session_timeout', '0'),"                 \
    "('transaction_timeout', '0'),"                                                                \
    "('default_transaction_isolation', 'read committed'),"                                         \
    "('default_transaction_deferrable', 'off'), ('client_min_messages', 'error'), ('jit', 'off'),"

static const char pin_source[] = PINNED_BEGIN PINNED_BOTH
    /* nothing is ever written to the source */
    "('default_transaction_read_only', 'on'),"
    /* a block range must not become a parallel scan of everything; rows keep their order */
    "('max_parallel_workers_per_gather', '0'), ('synchronize_seqscans', 'off'),"
    /* a table replaced by a view must not run code as us (CVE-2024-7348) */
    "('restrict_nonsystem_relation_kind', 'view, foreign-table')" PINNED_END;

static const char pin_dest[] = PINNED_BEGIN PINNED_BOTH
    "('default_transaction_read_only', 'off'),"
    /* objects are made before what their bodies name */
    "('check_function_bodies', 'off'), ('transform_null_equals', 'off'),"
    /* every object says its own */
    "('default_tablespace', ''), ('default_table_access_method', 'heap'),"
    /* user event triggers would fire on the rehearsal's DDL (17 and later, superusers only) */
    "('event_triggers', 'off')" PINNED_END;

static const char *side_name(ConnSide side)
{
    return side == CONN_SOURCE ? "source" : "destination";
}

/* libpq would print them. What is left at client_min_messages = error is RAISE INFO. */
static void count_notice(void *context, const PGresult *notice)
{
    (void)notice;
    Conn *conn = context;
    conn->notices++;
}

static Cancel *active_cancel(const Conn *conn)
{
    return conn->shields > 0 ? NULL : conn->cancel;
}

/* ---- connecting ------------------------------------------------------------------------ */

/* libpq's own messages about a conninfo that does not parse quote parts of it, which may be a
 * password. So it is parsed here first, and the message says nothing of its content. */
static bool conninfo_check(const ConnSpec *spec, Error *err)
{
    const char *text = spec->conninfo;
    bool is_uri = strncmp(text, "postgresql://", 13) == 0 || strncmp(text, "postgres://", 11) == 0;
    if (!is_uri && strchr(text, '=') == NULL)
        return true; /* a database name */
    PQconninfoOption *options = PQconninfoParse(text, NULL);
    bool parsed = options != NULL;
    PQconninfoFree(options);
    if (parsed)
        return true;
    error_set(err, ERROR_USAGE, "the connection string of the %s cannot be parsed",
              side_name(spec->side));
    return error_hint(err, "Write it as key=value pairs (host=... dbname=...) or as "
                           "postgresql://user@host:port/database, with special characters in a URI "
                           "percent-encoded.");
}

/* connect_timeout as libpq would take it; the asynchronous functions leave it to their caller. */
static int64_t connect_patience_ms(PGconn *pg)
{
    int64_t seconds = CONNECT_TIMEOUT_S;
    int64_t hosts = 1;
    PQconninfoOption *options = PQconninfo(pg);
    for (PQconninfoOption *o = options; o != NULL && o->keyword != NULL; o++) {
        if (o->val == NULL)
            continue;
        if (strcmp(o->keyword, "connect_timeout") == 0 && atoi(o->val) > 0)
            seconds = atoi(o->val);
        if (strcmp(o->keyword, "host") == 0)
            for (const char *p = o->val; *p != '\0'; p++)
                hosts += *p == ',';
    }
    PQconninfoFree(options);
    return seconds * 1000 * hosts;
}

static char *make_label(PGconn *pg)
{
    const char *host = PQhost(pg);
    const char *db = PQdb(pg);
    const char *user = PQuser(pg);
    bool is_socket = host != NULL && host[0] == '/';
    return mem_printf("database \"%s\" on %s%s%s%s as user \"%s\"", db != NULL ? db : "",
                      is_socket ? "socket " : "", host != NULL ? host : "",
                      PQport(pg) != NULL ? ":" : "", PQport(pg) != NULL ? PQport(pg) : "",
                      user != NULL ? user : "");
}

static bool connect_error(Conn *conn, const char *message, Error *err)
{
    bool needs_password = PQconnectionNeedsPassword(conn->pg);
    bool used_password = PQconnectionUsedPassword(conn->pg);
    error_set(err, ERROR_CONNECTION, "cannot connect to the %s: %s", side_name(conn->side),
              message);
    if (needs_password)
        return error_hint(err, "Put the password into ~/.pgpass, PGPASSWORD or the connection "
                               "string.");
    if (used_password)
        return error_hint(err, "Check user and password (~/.pgpass, PGPASSWORD or the connection "
                               "string).");
    return error_hint(err, "Check host, port, database and user, that the server runs, and that "
                           "pg_hba.conf lets this host in.");
}

static bool connect_wait(Conn *conn, Error *err)
{
    int64_t patience = connect_patience_ms(conn->pg);
    int64_t end = clock_monotonic_ms() + patience;
    PostgresPollingStatusType want = PGRES_POLLING_WRITING;
    while (want != PGRES_POLLING_OK) {
        if (want == PGRES_POLLING_FAILED)
            return connect_error(conn, PQerrorMessage(conn->pg), err);
        const int fds[2] = {PQsocket(conn->pg), -1};
        const short events[2] = {want == PGRES_POLLING_READING ? POLLIN : POLLOUT, 0};
        short revents[2];
        int64_t left = end - clock_monotonic_ms();
        int ready = cancel_poll(conn->cancel, fds, events, revents, left > 0 ? left : 0);
        if (!cancel_check(conn->cancel, err))
            return false;
        if (ready <= 0)
            return connect_error(conn, "the server does not answer in time", err);
        want = PQconnectPoll(conn->pg);
    }
    return true;
}

static bool check_version(Conn *conn, Error *err)
{
    int version = conn->version;
    if (version >= CONN_VERSION_MIN && version < CONN_VERSION_END)
        return true;
    const char *text = conn_parameter(conn, "server_version");
    error_set(err, ERROR_PREFLIGHT, "the %s is PostgreSQL %s, which is not supported",
              side_name(conn->side), text != NULL ? text : "of an unknown version");
    return error_hint(err, "Versions %d to %d are supported.", CONN_VERSION_MIN / 10000,
                      CONN_VERSION_END / 10000 - 1);
}

bool conn_open(const ConnSpec *spec, Cancel *cancel, Conn **out, Error *err)
{
    ConnSpec plain = *spec;
    if (plain.conninfo == NULL)
        plain.conninfo = "";
    if (!conninfo_check(&plain, err))
        return false;
    AUTO(mem_free)
    char *name = mem_printf("pgzm-copy%s%s", spec->purpose != NULL ? " " : "",
                            spec->purpose != NULL ? spec->purpose : "");
    /* Of a keyword given twice the last one counts: ours after dbname cannot be overridden. */
    const char *const keys[] = {"fallback_application_name", "dbname", "client_encoding", NULL};
    const char *const values[] = {name, plain.conninfo,
                                  spec->encoding != NULL ? spec->encoding : "UTF8", NULL};
    AUTO(conn_free) Conn *conn = mem_alloc(sizeof *conn);
    conn->side = spec->side;
    conn->cancel = cancel;
    conn->pg = PQconnectStartParams(keys, values, 1);
    if (conn->pg == NULL)
        abort(); /* out of memory */
    PQsetNoticeReceiver(conn->pg, count_notice, conn);
    if (PQstatus(conn->pg) == CONNECTION_BAD)
        return connect_error(conn, PQerrorMessage(conn->pg), err);
    if (!connect_wait(conn, err))
        return false;
    conn->label = make_label(conn->pg);
    conn->version = PQserverVersion(conn->pg);
    if (!check_version(conn, err))
        return false;
    PQsetnonblocking(conn->pg, 1);
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query(conn, spec->side == CONN_SOURCE ? pin_source : pin_dest, 0, NULL, &result, err))
        return error_wrap(err, "pinning the session's settings");
    *out = TAKE(conn);
    return true;
}

Conn *conn_for_quoting(void)
{
    Conn *conn = mem_alloc(sizeof *conn);
    /* An absolute host is a socket folder; /dev/null has no entries, so this fails at once. */
    const char *const keys[] = {"host", "client_encoding", NULL};
    const char *const values[] = {"/dev/null", "UTF8", NULL};
    conn->pg = PQconnectStartParams(keys, values, 0);
    if (conn->pg == NULL)
        abort(); /* out of memory */
    conn->label = mem_strdup("no database");
    return conn;
}

/* ---- tapes ----------------------------------------------------------------------------- */

static const char *const noted[] = {
    "host", "port", "database", "user", "server_version", "server_encoding", "is_superuser"};

void conn_record(Conn *conn, Tape *tape)
{
    conn->tape = tape;
    if (tape == NULL)
        return;
    AUTO(mem_free) char *version = mem_printf("%d", conn->version);
    tape_note(tape, "version", version);
    for (size_t i = 0; i < LENGTH(noted); i++)
        tape_note(tape, noted[i], conn_parameter(conn, noted[i]));
}

bool conn_open_tape(Tape *tape, ConnSide side, Cancel *cancel, Conn **out, Error *err)
{
    AUTO(conn_free) Conn *conn = conn_for_quoting();
    const char *version = tape_fact(tape, "version"), *database = tape_fact(tape, "database");
    conn->side = side;
    conn->cancel = cancel;
    conn->tape = tape;
    conn->is_tape = true;
    conn->version = version != NULL ? atoi(version) : 0;
    mem_free(conn->label);
    conn->label = mem_printf("the dump of database \"%s\"", database != NULL ? database : "");
    if (!check_version(conn, err))
        return false;
    *out = TAKE(conn);
    return true;
}

bool conn_is_tape(const Conn *conn)
{
    return conn->is_tape;
}

void conn_free(Conn *conn)
{
    if (conn == NULL)
        return;
    PQfinish(conn->pg);
    mem_free(conn->label);
    mem_free(conn);
}

/* ---- what it is ------------------------------------------------------------------------ */

PGconn *conn_pg(const Conn *conn)
{
    return conn->pg;
}

int conn_version(const Conn *conn)
{
    return conn->version;
}

const char *conn_parameter(const Conn *conn, const char *name)
{
    if (conn->is_tape)
        return tape_fact(conn->tape, name);
    if (strcmp(name, "host") == 0)
        return PQhost(conn->pg);
    if (strcmp(name, "port") == 0)
        return PQport(conn->pg);
    if (strcmp(name, "database") == 0)
        return PQdb(conn->pg);
    if (strcmp(name, "user") == 0)
        return PQuser(conn->pg);
    return PQparameterStatus(conn->pg, name);
}

const char *conn_database(const Conn *conn)
{
    return conn_parameter(conn, "database");
}

bool conn_in_failed_transaction(const Conn *conn)
{
    return !conn->is_tape && PQtransactionStatus(conn->pg) == PQTRANS_INERROR;
}

ConnSide conn_side(const Conn *conn)
{
    return conn->side;
}

const char *conn_side_name(const Conn *conn)
{
    return side_name(conn->side);
}

const char *conn_label(const Conn *conn)
{
    return conn->label;
}

Cancel *conn_cancel(const Conn *conn)
{
    return conn->cancel;
}

void conn_shield_begin(Conn *conn)
{
    conn->shields++;
}

void conn_shield_end(Conn *conn)
{
    conn->shields--;
}

int64_t conn_notice_count(const Conn *conn)
{
    return conn->notices;
}

bool conn_is_lost(const Conn *conn)
{
    return !conn->is_tape && PQstatus(conn->pg) == CONNECTION_BAD;
}

/* ---- errors ---------------------------------------------------------------------------- */

static bool lost_error(Conn *conn, Error *err)
{
    error_set(err, ERROR_CONNECTION, "the connection to the %s was lost: %s", side_name(conn->side),
              PQerrorMessage(conn->pg));
    return error_hint(err, "Look into the server's log; then run the command again.");
}

bool conn_error(Conn *conn, const PGresult *result, Error *err)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
    const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
    if (state == NULL)
        return lost_error(conn, err);
    if (strcmp(state, "57014") == 0 && !cancel_check(active_cancel(conn), err))
        return false;
    ErrorKind kind = ERROR_OTHER;
    if (strcmp(state, "55P03") == 0 || strcmp(state, "40P01") == 0)
        kind = ERROR_LOCK;
    else if (strcmp(state, "42501") == 0)
        kind = ERROR_PREFLIGHT;
    else if (strncmp(state, "57P", 3) == 0 || strncmp(state, "08", 2) == 0)
        kind = ERROR_CONNECTION;
    error_set_state(err, kind, state, "%s%s%s%s", primary, detail != NULL ? " (" : "",
                    detail != NULL ? detail : "", detail != NULL ? ")" : "");
    return hint != NULL ? error_hint(err, "%s", hint) : false;
}

/* ---- queries --------------------------------------------------------------------------- */

void conn_cancel_query(Conn *conn)
{
    PGcancel *cancel = PQgetCancel(conn->pg);
    char ignored[256];
    if (cancel != NULL)
        PQcancel(cancel, ignored, sizeof ignored);
    PQfreeCancel(cancel);
}

/* Waits until a result can be taken without blocking, sending what is still queued. When the token
 * is set the query is cancelled on the server once, and its end is awaited a while longer. */
static bool wait_for_result(Conn *conn, Error *err)
{
    int64_t end = -1;
    for (;;) {
        int flush = PQflush(conn->pg);
        if (flush < 0)
            return lost_error(conn, err);
        if (flush == 0 && !PQisBusy(conn->pg))
            return true;
        if (PQsocket(conn->pg) < 0)
            return lost_error(conn, err); /* nothing can arrive any more */
        Cancel *cancel = end < 0 ? active_cancel(conn) : NULL;
        const int fds[2] = {PQsocket(conn->pg), -1};
        const short events[2] = {(short)(POLLIN | (flush > 0 ? POLLOUT : 0)), 0};
        short revents[2];
        int64_t left = end < 0 ? -1 : end - clock_monotonic_ms();
        int64_t wait = left > CANCEL_AGAIN_MS ? CANCEL_AGAIN_MS : left;
        int ready = end >= 0 && left <= 0 ? 0 : cancel_poll(cancel, fds, events, revents, wait);
        if (ready < 0)
            return error_set(err, ERROR_OTHER, "poll: %s", strerror(errno));
        if (ready == 0 && end >= 0 && left <= 0)
            return cancel_check(conn->cancel, err) ? lost_error(conn, err) : false;
        if (ready == 0) {
            conn_cancel_query(conn);
            end = end < 0 ? clock_monotonic_ms() + CANCEL_PATIENCE_MS : end;
        } else if ((revents[0] & (POLLIN | POLLERR | POLLHUP)) != 0 && !PQconsumeInput(conn->pg)) {
            /* what the server said last ("terminating connection ...") is more useful than "lost"
             */
            if (PQisBusy(conn->pg))
                return lost_error(conn, err);
            return true;
        }
    }
}

/* The next result; NULL at the end of the results of a statement. */
static bool next_result(Conn *conn, PGresult **result, Error *err)
{
    if (!wait_for_result(conn, err))
        return false;
    *result = PQgetResult(conn->pg);
    return true;
}

static bool send_query(Conn *conn, const char *sql, int n, const char *const *values, Error *err)
{
    if (!cancel_check(active_cancel(conn), err))
        return false;
    if (!PQsendQueryParams(conn->pg, sql, n, NULL, values, NULL, NULL, 0))
        return lost_error(conn, err);
    return true;
}

static bool is_success(const PGresult *result)
{
    switch (PQresultStatus(result)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
    case PGRES_EMPTY_QUERY:
        return true;
    default:
        return false;
    }
}

/* The last result of one statement; whether it is an error is still to be seen. */
static bool last_result(Conn *conn, PGresult **result, Error *err)
{
    AUTO(result_free) PGresult *kept = NULL;
    for (;;) {
        PGresult *next;
        if (!next_result(conn, &next, err))
            return false;
        if (next == NULL)
            break;
        PQclear(kept);
        kept = next;
        ExecStatusType status = PQresultStatus(kept);
        if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT)
            return error_set(err, ERROR_OTHER, "a COPY statement where none is expected");
    }
    if (kept == NULL)
        return lost_error(conn, err);
    *result = TAKE(kept);
    return true;
}

/* The answer to the next of the statements that were sent ahead, and the end of its transaction. */
static bool take_ahead(Conn *conn, PGresult **result, Error *err)
{
    AUTO(result_free) PGresult *kept = NULL;
    AUTO(result_free) PGresult *sync = NULL;
    conn->ahead_taken++;
    if (!last_result(conn, &kept, err))
        return false;
    if (!conn_is_lost(conn) && !next_result(conn, &sync, err))
        return false;
    *result = TAKE(kept);
    return true;
}

static bool is_next_ahead(const Conn *conn, const char *sql)
{
    return conn->ahead_taken < conn->ahead_count &&
           strcmp(conn->ahead[conn->ahead_taken].sql, sql) == 0;
}

static bool query_server(Conn *conn, const char *sql, int n, const char *const *values,
                         PGresult **result, Error *err)
{
    AUTO(result_free) PGresult *kept = NULL;
    if (conn->ahead != NULL && !is_next_ahead(conn, sql))
        return error_set(err, ERROR_OTHER, "a statement came between those that were sent ahead");
    if (conn->ahead != NULL
            ? !cancel_check(active_cancel(conn), err) || !take_ahead(conn, &kept, err)
            : !send_query(conn, sql, n, values, err) || !last_result(conn, &kept, err))
        return false;
    if (!is_success(kept))
        return conn_error(conn, kept, err);
    *result = TAKE(kept);
    return true;
}

bool conn_query(Conn *conn, const char *sql, int n, const char *const *values, PGresult **result,
                Error *err)
{
    *result = NULL;
    if (conn->is_tape)
        return cancel_check(active_cancel(conn), err) &&
               tape_answer(conn->tape, sql, n, values, result, err);
    if (conn->tape == NULL)
        return query_server(conn, sql, n, values, result, err);
    AUTO(error_clear) Error failure = ERROR_INIT;
    bool ok = query_server(conn, sql, n, values, result, &failure);
    if (ok)
        tape_add_result(conn->tape, sql, n, values, *result);
    else if (failure.kind != ERROR_CONNECTION && failure.kind != ERROR_INTERRUPTED)
        tape_add_error(conn->tape, sql, n, values, &failure);
    return ok || error_move(err, &failure);
}

bool conn_exec(Conn *conn, const char *sql, Error *err)
{
    AUTO(result_free) PGresult *result = NULL;
    return conn_query(conn, sql, 0, NULL, &result, err);
}

bool conn_execf(Conn *conn, Error *err, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    AUTO(mem_free) char *sql = mem_vprintf(fmt, args);
    va_end(args);
    return conn_exec(conn, sql, err);
}

bool conn_query_row(Conn *conn, const char *sql, int n, const char *const *values,
                    PGresult **result, Error *err)
{
    if (!conn_query(conn, sql, n, values, result, err))
        return false;
    if (PQntuples(*result) == 1)
        return true;
    return error_set(err, ERROR_OTHER, "expected one row, got %d", PQntuples(*result));
}

void conn_rollback(Conn *conn)
{
    AUTO(error_clear) Error ignored = ERROR_INIT;
    AUTO(result_free) PGresult *result = NULL;
    if (conn->is_tape || conn_is_lost(conn) || PQtransactionStatus(conn->pg) == PQTRANS_IDLE)
        return;
    conn_shield_begin(conn);
    bool done = conn_query(conn, "ROLLBACK", 0, NULL, &result, &ignored);
    conn_shield_end(conn);
    (void)done;
}

/* ---- many statements in one round trip ------------------------------------------------- */

/* What libpq keeps of statements until they are sent and done must not grow with their number. */
enum { PIPELINE_DEPTH = 500 };

/* Statements on their way, in one round trip or a few. */
typedef struct Pipeline {
    Conn *conn;
    const char *const *statements;
    size_t count;
    size_t done; /* whose results are in */
    bool failed; /* `position` did; the server skips what comes after it */
    size_t position;
} Pipeline;

/* Sends statements up to `end`, and asks for their results. */
static bool pipeline_send(const Pipeline *pipeline, size_t end)
{
    PGconn *pg = pipeline->conn->pg;
    for (size_t i = pipeline->done; i < end; i++)
        if (!PQsendQueryParams(pg, pipeline->statements[i], 0, NULL, NULL, NULL, NULL, 0))
            return false;
    return end == pipeline->count ? PQpipelineSync(pg) : PQsendFlushRequest(pg);
}

/* Takes the results of statements up to `end`; with `sync` to the end of the pipeline. False when
 * there are no more to come; a statement that failed is noted, with its error. */
static bool pipeline_results(Pipeline *pipeline, size_t end, bool sync, Error *err)
{
    Conn *conn = pipeline->conn;
    while (sync || pipeline->done < end) {
        PGresult *raw;
        if (!next_result(conn, &raw, err))
            return false;
        AUTO(result_free) PGresult *result = raw;
        if (result == NULL) { /* end of one statement's results */
            pipeline->done++;
            if (conn_is_lost(conn))
                return lost_error(conn, err);
            continue;
        }
        if (PQresultStatus(result) == PGRES_PIPELINE_SYNC)
            return true;
        if (!pipeline->failed && !is_success(result)) {
            size_t last = pipeline->count - 1;
            pipeline->failed = true;
            pipeline->position = pipeline->done < last ? pipeline->done : last;
            (void)conn_error(conn, result, err);
        }
    }
    return true;
}

static bool pipeline_run(Pipeline *pipeline, Error *err)
{
    Conn *conn = pipeline->conn;
    bool sync = false;
    while (!sync) {
        size_t rest = pipeline->count - pipeline->done;
        size_t end = pipeline->done + (rest < PIPELINE_DEPTH ? rest : PIPELINE_DEPTH);
        sync = pipeline->failed || end == pipeline->count;
        bool sent = pipeline->failed ? PQpipelineSync(conn->pg) : pipeline_send(pipeline, end);
        if (!sent)
            return lost_error(conn, err);
        if (!pipeline_results(pipeline, end, sync, err))
            return false;
    }
    return !pipeline->failed;
}

static bool no_server(const Conn *conn, Error *err)
{
    return error_set(err, ERROR_OTHER, "%s is not a server", conn->label);
}

bool conn_exec_many(Conn *conn, const char *const *statements, size_t n, size_t *failed, Error *err)
{
    if (conn->is_tape)
        return no_server(conn, err);
    if (!cancel_check(active_cancel(conn), err))
        return false;
    if (n == 0)
        return true;
    if (!PQenterPipelineMode(conn->pg))
        return lost_error(conn, err);
    Pipeline pipeline = {.conn = conn, .statements = statements, .count = n};
    bool ok = pipeline_run(&pipeline, err);
    if (pipeline.failed && failed != NULL)
        *failed = pipeline.position;
    if (!conn_is_lost(conn) && !PQexitPipelineMode(conn->pg) && ok)
        ok = error_set(err, ERROR_OTHER, "leaving pipeline mode: %s", PQerrorMessage(conn->pg));
    return ok;
}

/* ---- statements sent ahead --------------------------------------------------------------- */

bool conn_ahead_begin(Conn *conn, const ConnQuestion *questions, size_t n, Error *err)
{
    if (conn->is_tape || n == 0)
        return true;
    if (!cancel_check(active_cancel(conn), err))
        return false;
    if (!PQenterPipelineMode(conn->pg))
        return lost_error(conn, err);
    conn->ahead = questions;
    conn->ahead_count = conn->ahead_taken = 0;
    for (size_t i = 0; i < n; i++) {
        const ConnQuestion *q = &questions[i];
        if (!PQsendQueryParams(conn->pg, q->sql, q->n, NULL, q->values, NULL, NULL, 0) ||
            !PQpipelineSync(conn->pg))
            return lost_error(conn, err);
        conn->ahead_count++;
    }
    return true;
}

void conn_ahead_end(Conn *conn)
{
    AUTO(error_clear) Error ignored = ERROR_INIT;
    if (conn->ahead == NULL)
        return;
    bool ok = true;
    while (ok && conn->ahead_taken < conn->ahead_count && !conn_is_lost(conn)) {
        AUTO(result_free) PGresult *dropped = NULL;
        ok = take_ahead(conn, &dropped, &ignored);
    }
    conn->ahead = NULL;
    PQexitPipelineMode(conn->pg);
}

/* ---- COPY ------------------------------------------------------------------------------ */

bool conn_copy_begin(Conn *conn, const char *sql, ExecStatusType expected, Error *err)
{
    if (conn->is_tape)
        return no_server(conn, err);
    if (!send_query(conn, sql, 0, NULL, err))
        return false;
    PGresult *raw;
    if (!next_result(conn, &raw, err))
        return false;
    AUTO(result_free) PGresult *result = raw;
    if (PQresultStatus(result) == expected)
        return true;
    bool failed = result == NULL || !is_success(result);
    for (PGresult *rest = NULL; next_result(conn, &rest, err) && rest != NULL; PQclear(rest))
        ;
    if (failed)
        return result != NULL ? conn_error(conn, result, err) : lost_error(conn, err);
    return error_set(err, ERROR_OTHER, "the server did not start a COPY");
}

bool conn_copy_end(Conn *conn, int64_t *rows, Error *err)
{
    bool ok = true;
    for (;;) {
        PGresult *raw;
        if (!next_result(conn, &raw, err))
            return false;
        AUTO(result_free) PGresult *result = raw;
        if (result == NULL)
            return ok;
        ExecStatusType status = PQresultStatus(result);
        if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT) /* would come again for ever */
            return conn_is_lost(conn) ? lost_error(conn, err)
                                      : error_set(err, ERROR_OTHER, "the COPY has not ended");
        if (!is_success(result))
            ok = conn_error(conn, result, err);
        else if (rows != NULL)
            *rows = strtoll(PQcmdTuples(result), NULL, 10);
    }
}

/* ---- quoting --------------------------------------------------------------------------- */

/* Text that is not valid in the client encoding quotes to nothing, which no statement survives: it
 * fails as a syntax error instead of meaning something else. */
static void add_quoted(Str *s, char *quoted)
{
    if (quoted != NULL)
        str_add(s, quoted);
    PQfreemem(quoted);
}

void conn_add_ident(const Conn *conn, Str *s, const char *name)
{
    add_quoted(s, PQescapeIdentifier(conn->pg, name, strlen(name)));
}

void conn_add_literal(const Conn *conn, Str *s, const char *text)
{
    add_quoted(s, PQescapeLiteral(conn->pg, text, strlen(text)));
}

void conn_add_name(const Conn *conn, Str *s, const char *schema, const char *name)
{
    conn_add_ident(conn, s, schema);
    str_add(s, ".");
    conn_add_ident(conn, s, name);
}
