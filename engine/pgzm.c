#include "engine/pgzm.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "engine/audit.h"
#include "engine/run.h"
#include "engine/version.h"

struct Pgzm {
    Settings settings;
    Events *events;
    Cancel *cancel;
    Error err;
    char *result;
};

const char *pgzm_version(void)
{
    return PGZM_VERSION_TEXT;
}

Pgzm *pgzm_new(void)
{
    Pgzm *pgzm = mem_alloc(sizeof *pgzm);
    settings_init(&pgzm->settings);
    pgzm->events = events_new();
    pgzm->cancel = cancel_new(NULL);
    pgzm->result = mem_strdup("{}");
    return pgzm;
}

void pgzm_free(Pgzm *pgzm)
{
    if (pgzm == NULL)
        return;
    settings_clear(&pgzm->settings);
    events_free(pgzm->events);
    cancel_free(pgzm->cancel);
    error_clear(&pgzm->err);
    mem_free(pgzm->result);
    mem_free(pgzm);
}

static PgzmStatus status_of(const Error *err)
{
    return (PgzmStatus)error_kind_exit_code(err->kind);
}

PgzmStatus pgzm_set(Pgzm *pgzm, PgzmOption option, const char *value)
{
    error_clear(&pgzm->err);
    if (settings_set(&pgzm->settings, option, value, &pgzm->err))
        return PGZM_OK;
    return status_of(&pgzm->err);
}

void pgzm_on_event(Pgzm *pgzm, PgzmCallback callback, void *context)
{
    events_set(pgzm->events, callback, context);
}

void pgzm_cancel(Pgzm *pgzm)
{
    cancel_trigger(pgzm->cancel, CANCEL_REQUESTED);
}

typedef struct Command {
    const char *name;
    bool (*run)(Run *run, Error *err);
} Command;

static const Command commands[] = {
    [PGZM_START] = {"start", command_start},
    [PGZM_PREPARE] = {"prepare", command_prepare},
    [PGZM_SWAP] = {"swap", command_swap},
    [PGZM_ROLLBACK] = {"rollback", command_rollback},
    [PGZM_ABORT] = {"abort", command_abort},
    [PGZM_STATUS] = {"status", command_status},
    [PGZM_LIST] = {"list", command_list},
    [PGZM_DIFF] = {"diff", command_diff},
    [PGZM_PREFLIGHT_CHECK] = {"preflight", command_preflight},
    [PGZM_VERIFY] = {"verify", command_verify},
    [PGZM_CLEANUP] = {"cleanup", command_cleanup},
    [PGZM_HISTORY] = {"history", command_history},
    [PGZM_UNLOCK] = {"unlock", command_unlock},
    [PGZM_DUMP] = {"dump", command_dump},
    [PGZM_WORKER] = {"worker", command_worker},
};

PgzmStatus pgzm_run(Pgzm *pgzm, PgzmCommand command)
{
    error_clear(&pgzm->err);
    AUTO(arena_free) Arena *arena = arena_new();
    /* A deadline belongs to this command alone; a request to stop stays with the handle. */
    AUTO(cancel_free) Cancel *cancel = cancel_new(pgzm->cancel);
    if (pgzm->settings.timeout_ms > 0)
        cancel_set_deadline(cancel, clock_monotonic_ms() + pgzm->settings.timeout_ms);
    Run run = {.command = command,
               .settings = &pgzm->settings,
               .cancel = cancel,
               .arena = arena,
               .log = events_log(pgzm->events),
               .events = pgzm->events,
               .result = json_object()};
    json_object_set_new(run.result, "command", json_string(commands[command].name));
    if (pgzm->settings.dry_run)
        json_object_set_new(run.result, "dry_run", json_true());
    bool ok = commands[command].run(&run, &pgzm->err);
    if (!ok && !error_is_set(&pgzm->err))
        error_set(&pgzm->err, ERROR_OTHER, "failed without saying why");
    run_phase(&run, NULL);
    audit_end(&run, ok, &pgzm->err);
    run_close(&run);
    if (run.id != 0)
        json_object_set_new(run.result, "timestamp", json_sprintf("%lld", (long long)run.id));
    mem_free(pgzm->result);
    char *text =
        json_dumps(run.result, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(15));
    pgzm->result = mem_strdup(text != NULL ? text : "{}");
    free(text);
    json_decref(run.result);
    return ok ? PGZM_OK : status_of(&pgzm->err);
}

const char *pgzm_error_message(const Pgzm *pgzm)
{
    return pgzm->err.message != NULL ? pgzm->err.message : "";
}

const char *pgzm_error_hint(const Pgzm *pgzm)
{
    return pgzm->err.hint;
}

const char *pgzm_error_sqlstate(const Pgzm *pgzm)
{
    return pgzm->err.sqlstate;
}

const char *pgzm_result_json(const Pgzm *pgzm)
{
    return pgzm->result;
}
