/*
 * The library as cli/ sees it, without a server: it plays a script (the file named by FAKE_SCRIPT,
 * one step a line) and appends the options that were set to the file named by FAKE_RECORD.
 *
 *     phase NAME | info TEXT | warning TEXT | debug TEXT | plan TEXT
 *     progress BYTES OF_BYTES ROWS TABLES OF_TABLES INDEXES OF_INDEXES ELAPSED_MS [WIRE_BYTES]
 *     sleep MS            or less, when cancelled
 *     wait                until cancelled; the result is PGZM_INTERRUPTED
 *     hang                for ever, whoever cancels
 *     linger              until cancelled, but goes on as if it came too late
 *     result JSON
 *     error STATUS|SQLSTATE|MESSAGE|HINT
 */
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "engine/pgzm.h"

struct Pgzm {
    atomic_bool cancelled;
    PgzmCallback callback;
    void *context;
    char *message, *hint, *result;
    char sqlstate[6];
};

static const char *const commands[] = {
    [PGZM_START] = "start",       [PGZM_PREPARE] = "prepare", [PGZM_SWAP] = "swap",
    [PGZM_ROLLBACK] = "rollback", [PGZM_ABORT] = "abort",     [PGZM_STATUS] = "status",
    [PGZM_LIST] = "list",         [PGZM_DIFF] = "diff",       [PGZM_PREFLIGHT_CHECK] = "preflight",
    [PGZM_VERIFY] = "verify",     [PGZM_CLEANUP] = "cleanup", [PGZM_HISTORY] = "history",
    [PGZM_UNLOCK] = "unlock",     [PGZM_DUMP] = "dump",       [PGZM_WORKER] = "worker",
};

static const char *const options[] = {
    [PGZM_SOURCE] = "source",
    [PGZM_DEST] = "dest",
    [PGZM_PRESERVED_TABLES] = "preserved-tables",
    [PGZM_JOBS] = "jobs",
    [PGZM_DRY_RUN] = "dry-run",
    [PGZM_LOCK_TIMEOUT] = "lock-timeout",
    [PGZM_SWAP_TIMEOUT] = "swap-timeout",
    [PGZM_LOCK_WAIT_TIMEOUT] = "lock-wait-timeout",
    [PGZM_RETRY_TIMEOUT] = "retry-timeout",
    [PGZM_INDEX_MEMORY] = "index-memory",
    [PGZM_MAX_RATE] = "max-rate",
    [PGZM_MAX_LAG] = "max-lag",
    [PGZM_RESUME] = "resume",
    [PGZM_DIR] = "dir",
    [PGZM_FROM_DUMP] = "from-dump",
    [PGZM_KEY_FILE] = "key-file",
    [PGZM_SPILL_DIR] = "spill-dir",
    [PGZM_TIMEOUT] = "timeout",
    [PGZM_LATEST] = "latest",
    [PGZM_TIMESTAMP] = "timestamp",
    [PGZM_BEFORE] = "before",
    [PGZM_KEEP_TABLES] = "keep-tables",
    [PGZM_CHECKSUM] = "checksum",
    [PGZM_VERIFY_ROWS] = "verify",
    [PGZM_ORPHANS] = "orphans",
    [PGZM_ALLOW_PUBLISH] = "allow-publish",
    [PGZM_FORCE] = "force",
    [PGZM_SCHEMA] = "schema",
    [PGZM_EXCLUDE_SCHEMA] = "exclude-schema",
    [PGZM_TABLE] = "table",
    [PGZM_EXCLUDE_TABLE] = "exclude-table",
    [PGZM_EXCLUDE_TABLE_DATA] = "exclude-table-data",
    [PGZM_FILTER] = "filter",
    [PGZM_NO_OWNER] = "no-owner",
    [PGZM_NO_PRIVILEGES] = "no-privileges",
    [PGZM_ACL] = "acl",
    [PGZM_NO_COMMENTS] = "no-comments",
    [PGZM_NO_TABLESPACES] = "no-tablespaces",
    [PGZM_ROLES] = "roles",
    [PGZM_LARGE_OBJECTS] = "large-objects",
    [PGZM_REQUIRE_COMPLETE] = "require-complete",
    [PGZM_MAX_RISK] = "max-risk",
    [PGZM_REHEARSE] = "rehearse",
};

static void record(const char *name, const char *value)
{
    const char *path = getenv("FAKE_RECORD");
    FILE *file = path != NULL ? fopen(path, "a") : NULL;
    if (file == NULL)
        return;
    fprintf(file, "%s=%s\n", name, value);
    fclose(file);
}

const char *pgzm_version(void)
{
    return "1.2.3";
}

Pgzm *pgzm_new(void)
{
    Pgzm *pgzm = mem_alloc(sizeof *pgzm);
    pgzm->message = mem_strdup("");
    pgzm->result = mem_strdup("{}");
    return pgzm;
}

void pgzm_free(Pgzm *pgzm)
{
    if (pgzm == NULL)
        return;
    mem_free(pgzm->message);
    mem_free(pgzm->hint);
    mem_free(pgzm->result);
    mem_free(pgzm);
}

PgzmStatus pgzm_set(Pgzm *pgzm, PgzmOption option, const char *value)
{
    (void)pgzm;
    record(options[option], value);
    return PGZM_OK;
}

void pgzm_on_event(Pgzm *pgzm, PgzmCallback callback, void *context)
{
    pgzm->callback = callback;
    pgzm->context = context;
}

static void replace(char **text, const char *with)
{
    mem_free(*text);
    *text = mem_strdup(with);
}

static PgzmStatus fail(Pgzm *pgzm, char *text)
{
    char *parts[4] = {text, NULL, NULL, NULL};
    for (size_t i = 1; i < LENGTH(parts); i++) {
        char *bar = strchr(parts[i - 1], '|');
        if (bar == NULL)
            abort();
        *bar = 0;
        parts[i] = bar + 1;
    }
    snprintf(pgzm->sqlstate, sizeof pgzm->sqlstate, "%s", parts[1]);
    replace(&pgzm->message, parts[2]);
    replace(&pgzm->hint, *parts[3] != 0 ? parts[3] : NULL);
    return (PgzmStatus)atoi(parts[0]);
}

static void pause_ms(Pgzm *pgzm, long ms)
{
    for (; ms > 0 && !atomic_load(&pgzm->cancelled); ms -= 5)
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
}

static void count(Pgzm *pgzm, const char *numbers)
{
    PgzmProgress p = {0};
    sscanf(numbers,
           "%" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64
           " %" SCNd64 " %" SCNd64,
           &p.bytes_done, &p.bytes_total, &p.rows_done, &p.tables_done, &p.tables_total,
           &p.indexes_done, &p.indexes_total, &p.elapsed_ms, &p.wire_bytes);
    pgzm->callback(pgzm->context, &(PgzmEvent){.kind = PGZM_EVENT_PROGRESS, .progress = &p});
}

static bool is_event(const char *word, PgzmEventKind *kind)
{
    static const struct {
        const char *word;
        PgzmEventKind kind;
    } kinds[] = {{"phase", PGZM_EVENT_PHASE},
                 {"info", PGZM_EVENT_INFO},
                 {"warning", PGZM_EVENT_WARNING},
                 {"debug", PGZM_EVENT_DEBUG},
                 {"plan", PGZM_EVENT_PLAN}};
    for (size_t i = 0; i < LENGTH(kinds); i++) {
        *kind = kinds[i].kind;
        if (strcmp(kinds[i].word, word) == 0)
            return true;
    }
    return false;
}

static PgzmStatus step(Pgzm *pgzm, char *line)
{
    char *space = strchr(line, ' ');
    char *rest = space != NULL ? space + 1 : line + strlen(line);
    PgzmEventKind kind;
    if (space != NULL)
        *space = 0;
    if (is_event(line, &kind))
        pgzm->callback(pgzm->context, &(PgzmEvent){.kind = kind, .message = rest});
    else if (strcmp(line, "progress") == 0)
        count(pgzm, rest);
    else if (strcmp(line, "sleep") == 0)
        pause_ms(pgzm, atol(rest));
    else if (strcmp(line, "wait") == 0)
        pause_ms(pgzm, 600000);
    else if (strcmp(line, "hang") == 0)
        while (true)
            nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
    else if (strcmp(line, "linger") == 0) {
        pause_ms(pgzm, 600000);
        atomic_store(&pgzm->cancelled, false);
    } else if (strcmp(line, "result") == 0)
        replace(&pgzm->result, rest);
    else if (strcmp(line, "error") == 0)
        return fail(pgzm, rest);
    else if (*line != 0)
        abort();
    if (atomic_load(&pgzm->cancelled)) {
        replace(&pgzm->message, "interrupted");
        return PGZM_INTERRUPTED;
    }
    return PGZM_OK;
}

PgzmStatus pgzm_run(Pgzm *pgzm, PgzmCommand command)
{
    record("run", commands[command]);
    const char *path = getenv("FAKE_SCRIPT");
    FILE *file = path != NULL ? fopen(path, "r") : NULL;
    if (file == NULL)
        return PGZM_OK;
    char line[8192];
    PgzmStatus status = PGZM_OK;
    while (status == PGZM_OK && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = 0;
        status = step(pgzm, line);
    }
    fclose(file);
    return status;
}

void pgzm_cancel(Pgzm *pgzm)
{
    atomic_store(&pgzm->cancelled, true);
}

const char *pgzm_error_message(const Pgzm *pgzm)
{
    return pgzm->message;
}

const char *pgzm_error_hint(const Pgzm *pgzm)
{
    return pgzm->hint;
}

const char *pgzm_error_sqlstate(const Pgzm *pgzm)
{
    return pgzm->sqlstate;
}

const char *pgzm_result_json(const Pgzm *pgzm)
{
    return pgzm->result;
}
