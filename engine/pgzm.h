/*
 * pgzm.h - the public C API of libpgzm: moves a PostgreSQL database into another, live one.
 *
 * Options go in, events come out through a callback, one result is left to read. The library has no
 * globals, never prints, never exits (running out of memory excepted: abort), installs no signal
 * handler. Source and destination: PostgreSQL 12 to 18.
 *
 *     Pgzm *pgzm = pgzm_new();
 *     pgzm_set(pgzm, PGZM_SOURCE, "service=staging");
 *     pgzm_set(pgzm, PGZM_DEST, "service=production");
 *     PgzmStatus status = pgzm_run(pgzm, PGZM_START);
 *     if (status != PGZM_OK) fprintf(stderr, "%s\n", pgzm_error_message(pgzm));
 *     pgzm_free(pgzm);
 *
 * Threads: a handle belongs to one thread at a time, but pgzm_cancel may be called from any thread
 * and from a signal handler. Handles are independent of each other. The event callback is called
 * from several threads, one call at a time.
 */
#ifndef PGZM_H
#define PGZM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PGZM_API __attribute__((visibility("default")))

typedef struct Pgzm Pgzm;

/* Also the exit codes of the command; never renumbered. */
typedef enum PgzmStatus {
    PGZM_OK = 0,           /* done and verified */
    PGZM_ERROR = 1,        /* any other error */
    PGZM_USAGE = 2,        /* an option's value is wrong */
    PGZM_CONNECTION = 3,   /* a server cannot be reached, or it refused the login */
    PGZM_PREFLIGHT = 4,    /* a check before the start failed, or a privilege is missing */
    PGZM_STATE = 5,        /* wrong state, or another command is at work */
    PGZM_LOCK = 6,         /* a lock was not obtained in time; nothing changed, try again */
    PGZM_COPY_FAILED = 7,  /* copying rows or creating an object failed */
    PGZM_DIFFERENCES = 8,  /* differences were found */
    PGZM_UNSETTLED = 9,    /* live, but something could not be verified */
    PGZM_INTERRUPTED = 130 /* pgzm_cancel was called */
} PgzmStatus;

typedef enum PgzmCommand {
    PGZM_START,    /* prepare and swap */
    PGZM_PREPARE,  /* build and fill the shadow objects beside the live ones */
    PGZM_SWAP,     /* trade places in one transaction, then settle */
    PGZM_ROLLBACK, /* trade back to the backup */
    PGZM_ABORT,    /* drop an unfinished migration's shadow objects */
    PGZM_STATUS,   /* the unfinished or latest migration; result only */
    PGZM_LIST,     /* all migrations with their backups; result only */
    PGZM_DIFF,     /* what a migration would change: PGZM_DIFFERENCES when anything; result only */
    PGZM_PREFLIGHT_CHECK, /* the checks before a migration, each with its outcome; result only */
    PGZM_VERIFY,          /* checks a prepared migration or a backup: PGZM_DIFFERENCES when anything
                             is wrong with it; result only */
    PGZM_CLEANUP,         /* drops backups that are not needed any more */
    PGZM_HISTORY,         /* who did what, when, from where; result only */
    PGZM_UNLOCK,          /* who holds the lock of the journal; with PGZM_FORCE ends that session */
    PGZM_DUMP,            /* saves the source in a folder, for PGZM_FROM_DUMP */
    PGZM_WORKER           /* joins a prepare that runs elsewhere and copies chunks of its rows */
} PgzmCommand;

/* Options are set by number and given as text, as on the command line. */
typedef enum PgzmOption {
    PGZM_SOURCE,            /* libpq connection string, URI or database name */
    PGZM_DEST,              /* the same */
    PGZM_PRESERVED_TABLES,  /* SQL identifiers, comma separated: tables whose rows the destination
                               keeps;  setting it again adds to it */
    PGZM_JOBS,              /* worker threads; default: CPUs, at most 4 */
    PGZM_DRY_RUN,           /* "on": read and plan, change nothing */
    PGZM_LOCK_TIMEOUT,      /* duration; longest wait for one lock in the swap; default 80ms */
    PGZM_SWAP_TIMEOUT,      /* duration; how long the swap tries; default 60s */
    PGZM_LOCK_WAIT_TIMEOUT, /* duration; for the locks on the source's tables; default 30s */
    PGZM_TIMEOUT,           /* duration; for the whole command; default none */
    PGZM_LATEST,            /* "on": rollback of the latest swapped migration (or PGZM_TIMESTAMP) */
    PGZM_TIMESTAMP, /* id of a migration, ms since the epoch: for swap, status and abort it must be
                       the one that is meant; rollback undoes it and all later ones; verify, cleanup
                       and history are about it alone */
    PGZM_BEFORE, /* cleanup: of migrations that began before then: an ISO date, "date HH:MM" or ms
                    since the epoch; local time unless it says a zone */
    PGZM_KEEP_TABLES, /* rollback: SQL identifiers, comma separated: tables that keep the rows they
                         have now; setting it again adds to it */
    PGZM_CHECKSUM,    /* "on": verify compares the rows' contents, not their number alone */
    PGZM_VERIFY_ROWS, /* "count" or "checksum": how prepare compares what it copied; default count
                       */
    PGZM_ORPHANS,     /* "fail" or "keep": what becomes of a foreign key of the new schema that rows
                         of preserved tables violate; default fail */
    PGZM_ALLOW_PUBLISH,  /* "on": go on when a publication FOR ALL TABLES of the destination would
                            publish shadow, backup and journal */
    PGZM_FORCE,          /* "on": unlock ends the session that holds the lock */
    PGZM_SCHEMA,         /* pattern as in psql; only such schemas; setting it again adds to it, as
                            with the next five */
    PGZM_EXCLUDE_SCHEMA, /* pattern; not such schemas */
    PGZM_TABLE,          /* pattern; only such tables, views, sequences, ... */
    PGZM_EXCLUDE_TABLE,  /* pattern; not these */
    PGZM_EXCLUDE_TABLE_DATA, /* pattern; tables without their rows */
    PGZM_WHERE, /* "table:condition": SQL over the source's columns; only rows for which it holds;
                   setting it again adds to it */
    PGZM_MASK,  /* "table.column=expression": SQL over the source's columns; travels in the place of
                   the column's value; setting it again adds to it */
    PGZM_FILTER,           /* file with such patterns, read at once; "-" for standard input */
    PGZM_NO_OWNER,         /* "on": owners are not carried over */
    PGZM_NO_PRIVILEGES,    /* "on": grants are not carried over */
    PGZM_ACL,              /* "merge", "source" or "dest": whose owners and grants objects get that
                              exist on both sides; default merge */
    PGZM_NO_COMMENTS,      /* "on": comments are not carried over */
    PGZM_NO_TABLESPACES,   /* "on": everything into the default tablespace */
    PGZM_ROLES,            /* "on": roles that the destination lacks are created */
    PGZM_LARGE_OBJECTS,    /* "on": large objects are copied, too */
    PGZM_REQUIRE_COMPLETE, /* "on": what is not carried over is an error */
    PGZM_MAX_RISK,         /* "low", "medium" or "high": refuse changes above; default none */
    PGZM_REHEARSE,         /* "on", with PGZM_DRY_RUN: run the statements and roll back */
    PGZM_RETRY_TIMEOUT,    /* duration; how long a connection that is lost while rows are copied is
                              tried again; default 60s, 0: not at all */
    PGZM_RESUME,           /* "on": prepare and start go on with an unfinished migration */
    PGZM_DIR,              /* dump: the folder to make */
    PGZM_FROM_DUMP,        /* a folder that dump made, in place of PGZM_SOURCE */
    PGZM_SPILL_DIR,        /* prepare, start: a folder to save the source's rows in first */
    PGZM_KEY_FILE, /* dump, or with PGZM_FROM_DUMP or PGZM_SPILL_DIR: file with the key to encrypt
                      with */
    PGZM_INDEX_MEMORY, /* size; for all index builds that run at the same time; default: each has
                          the destination's maintenance_work_mem */
    PGZM_MAX_RATE,     /* size; bytes of rows a second, all jobs together; default: no limit */
    PGZM_MAX_LAG,      /* duration or size; rows wait while a replica of the destination is further
                          behind; default: they do not */
    PGZM_OPTION_COUNT
} PgzmOption;

typedef enum PgzmEventKind {
    PGZM_EVENT_DEBUG,   /* message: a detail */
    PGZM_EVENT_INFO,    /* message: what was done */
    PGZM_EVENT_WARNING, /* message: what a person should look at */
    PGZM_EVENT_PHASE, /* message: name of the phase that begins: "preflight", "snapshot", "schema",
                         "copy", "save", "write", "compare", "preserve", "verify", "swap",
                         "settle", "keep", "rollback", "abort"
                       */
    PGZM_EVENT_PROGRESS, /* progress: the counters, at most ten times a second */
    PGZM_EVENT_PLAN      /* message: a statement that would run (dry run); may have several lines */
} PgzmEventKind;

/* Counters of the copy. Totals may grow while it runs. */
typedef struct PgzmProgress {
    int64_t bytes_done, bytes_total; /* total is an estimate: heap and TOAST on the source */
    int64_t wire_bytes;              /* bytes received from the source */
    int64_t rows_done;
    int64_t tables_done, tables_total;
    int64_t indexes_done, indexes_total; /* indexes and constraints that read rows */
    int64_t elapsed_ms;
    int64_t rate_limit; /* bytes a second that rows may take here; 0: any */
    int paused;         /* not 0: rows wait for a replica of the destination */
} PgzmProgress;

typedef struct PgzmEvent {
    PgzmEventKind kind;
    const char *message; /* lower case, one line but for plans, no secrets; NULL for progress */
    const PgzmProgress *progress; /* NULL but for progress */
} PgzmEvent;

typedef void (*PgzmCallback)(void *context, const PgzmEvent *event);

/* "1.0.0" */
PGZM_API const char *pgzm_version(void);

PGZM_API Pgzm *pgzm_new(void);
PGZM_API void pgzm_free(Pgzm *pgzm); /* NULL is fine */

/* Sets an option; the text is copied. PGZM_USAGE when the value does not fit: see the error. */
PGZM_API PgzmStatus pgzm_set(Pgzm *pgzm, PgzmOption option, const char *value);

/* Where events go. NULL: nowhere. */
PGZM_API void pgzm_on_event(Pgzm *pgzm, PgzmCallback callback, void *context);

/* Runs one command to its end. May be called again on the same handle, unless it was cancelled. */
PGZM_API PgzmStatus pgzm_run(Pgzm *pgzm, PgzmCommand command);

/* Asks a running command to stop: it does within about a second, leaving a state from which the
 * next command continues. The handle stays cancelled: the next command needs a new one.
 * Async-signal-safe. */
PGZM_API void pgzm_cancel(Pgzm *pgzm);

/* Of the last call that did not return PGZM_OK; one line each. Borrowed until the next call.
 * The hint is NULL when there is none; the SQLSTATE "" when there is none. */
PGZM_API const char *pgzm_error_message(const Pgzm *pgzm);
PGZM_API const char *pgzm_error_hint(const Pgzm *pgzm);
PGZM_API const char *pgzm_error_sqlstate(const Pgzm *pgzm);

/* What the last command found or did, as a JSON object in text form. Never NULL; also after a
 * failure. Borrowed until the next call. The keys are described in the manual page. */
PGZM_API const char *pgzm_result_json(const Pgzm *pgzm);

#ifdef __cplusplus
}
#endif

#endif
