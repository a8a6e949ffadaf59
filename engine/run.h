/*
 * run.h - inside engine/ only: one command while it runs. Holds what every step needs: the
 * settings, the connections of the main thread, the arena, the way to tell the caller, the result.
 *
 * Threads: a Run belongs to the thread that called pgzm_run; workers get what they need from it by
 * const pointer and use the run_event functions, which lock.
 */
#ifndef PGZM_ENGINE_RUN_H
#define PGZM_ENGINE_RUN_H

#include <jansson.h>

#include "base/cancel.h"
#include "base/conn.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/pgzm.h"
#include "schema/scope.h"

/* Whose owners and grants objects get that exist on both sides. */
typedef enum AclMode { ACL_MERGE, ACL_SOURCE, ACL_DEST } AclMode;

/* The highest risk of a difference (schema) with which a migration may start. */
typedef enum RiskLimit {
    RISK_LIMIT_NONE,
    RISK_LIMIT_LOW,
    RISK_LIMIT_MEDIUM,
    RISK_LIMIT_HIGH
} RiskLimit;

/* How the rows that were copied are compared with the source's. */
typedef enum VerifyMode { VERIFY_COUNT, VERIFY_CHECKSUM } VerifyMode;

/* What becomes of a foreign key that rows violate. */
typedef enum OrphanMode { ORPHANS_FAIL, ORPHANS_KEEP } OrphanMode;

/* Values of an option that may be given several times. */
typedef struct TextList {
    char **items; /* owned */
    size_t count;
} TextList;

/* The options of pgzm.h, parsed. */
typedef struct Settings {
    char *source, *dest;               /* conninfo; NULL when not given */
    char *dir, *from_dump, *spill_dir; /* folders; NULL when not given */
    char *key_file;                    /* NULL: not encrypted */
    char *preserved;                   /* comma separated SQL identifiers; NULL for none */
    int jobs;
    bool dry_run, latest;
    int64_t timestamp; /* a migration's id; 0 when not given */
    int64_t before_ms; /* since the epoch; INT64_MIN when not given */
    char *keep;        /* comma separated SQL identifiers; NULL for none */
    OrphanMode orphans;
    VerifyMode verify;
    bool checksum, allow_publish, force;
    int64_t lock_timeout_ms, swap_timeout_ms, lock_wait_timeout_ms;
    int64_t timeout_ms;                /* 0 for none */
    int64_t index_memory, max_rate;    /* bytes, bytes a second; 0: not limited */
    int64_t max_lag_ms, max_lag_bytes; /* at most one is not 0 */
    int64_t retry_timeout_ms;          /* 0: a lost connection is not tried again */
    Filter filter;                     /* which objects; empty for all */
    AclMode acl;
    TextList where, mask; /* which of their rows, with which values (subset.h) */
    RiskLimit max_risk;
    bool no_owner, no_privileges, no_comments, no_tablespaces;
    bool roles, large_objects, require_complete;
    bool rehearse; /* with dry_run */
    bool resume;   /* prepare and start go on with an unfinished migration */
} Settings;

void settings_init(Settings *settings);
void settings_clear(Settings *settings);
/* ERROR_USAGE when the value does not fit. */
bool settings_set(Settings *settings, PgzmOption option, const char *value, Error *err) MUST_CHECK;

typedef struct Run {
    PgzmCommand command;
    const Settings *settings;
    Cancel *cancel;
    Arena *arena;
    Log log; /* goes to the event callback */
    Conn *source, *dest;
    int64_t id;     /* the migration's timestamp, ms since the epoch; 0 while unknown */
    json_t *result; /* what pgzm_result_json prints */
    struct Events *events;
    int64_t phase_started; /* clock_monotonic_ms of the phase that runs, 0 for none */
    const char *phase;
    const char *since;     /* txid_snapshot: the checks before a trade are as of it (trade.h) */
    struct Dump *dump;     /* stands in for the source; NULL: the source itself is there (dump.h) */
    const Scope *scope;    /* of the source: what the filters take; NULL before (selection.h) */
    struct Checks *checks; /* of prepare and preflight; NULL before (check.h) */
    int64_t begun;         /* the event that says that this command began; 0 for none (audit.h) */
    bool repeats;          /* looks once more: warnings that were given already are not again */
    bool keep_dest_open;   /* start: prepare leaves connection and lock to swap */
} Run;

/* The caller's callback behind a lock. */
typedef struct Events Events;
Events *events_new(void);
void events_free(Events *events);
void events_set(Events *events, PgzmCallback callback, void *context);
void events_send(Events *events, const PgzmEvent *event);
/* A Log that sends to the callback. */
Log events_log(Events *events);

/* A copy of a Run without connections that tells nobody what it does and finds; its end closes what
 * was opened meanwhile. */
void run_quiet_begin(const Run *run, Run *quiet);
void run_quiet_end(Run *quiet);

/* Begins a phase: an event, and the duration of the one before goes into the result. `name` is
 * static; NULL only ends the one before. */
void run_phase(Run *run, const char *name);
/* A statement or step of a dry run: an event and an entry of result.plan. */
void run_plan(Run *run, const char *step);
/* A warning: an event and an entry of result.warnings. */
void run_warning(Run *run, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Adds a command that goes on or cleans up to result.next. */
void run_next(Run *run, const char *command);
/* Opens the destination or the source, unless that is done; notes it in the result. */
bool run_open_dest(Run *run, Error *err) MUST_CHECK;
bool run_open_source(Run *run, Error *err) MUST_CHECK;
void run_close(Run *run);

/* Whether the planner may loop over pairs. Catalogs that just grew were not analyzed: it takes them
 * for small, and would. Switched off around queries over all of them, and on again. */
bool run_nested_loops(Run *run, bool on, Error *err) MUST_CHECK;

/* The text of engine/sql/<name>.sql for the destination's version; never NULL. */
const char *run_sql(const char *name, int server_version);

/* The commands. Each in its own file. */
bool command_start(Run *run, Error *err) MUST_CHECK;
bool command_prepare(Run *run, Error *err) MUST_CHECK;
bool command_swap(Run *run, Error *err) MUST_CHECK;
bool command_rollback(Run *run, Error *err) MUST_CHECK;
bool command_abort(Run *run, Error *err) MUST_CHECK;
bool command_status(Run *run, Error *err) MUST_CHECK;
bool command_list(Run *run, Error *err) MUST_CHECK;
bool command_diff(Run *run, Error *err) MUST_CHECK;
bool command_preflight(Run *run, Error *err) MUST_CHECK;
bool command_verify(Run *run, Error *err) MUST_CHECK;
bool command_cleanup(Run *run, Error *err) MUST_CHECK;
bool command_history(Run *run, Error *err) MUST_CHECK;
bool command_unlock(Run *run, Error *err) MUST_CHECK;
bool command_dump(Run *run, Error *err) MUST_CHECK;
bool command_worker(Run *run, Error *err) MUST_CHECK;

#endif
