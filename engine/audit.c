#include "engine/audit.h"

#include <stdlib.h>
#include <string.h>

#include "engine/journal.h"

static const char *const names[] = {
    [PGZM_START] = "start",       [PGZM_PREPARE] = "prepare", [PGZM_SWAP] = "swap",
    [PGZM_ROLLBACK] = "rollback", [PGZM_ABORT] = "abort",     [PGZM_CLEANUP] = "cleanup",
    [PGZM_UNLOCK] = "unlock",
};

/* The command's name, NULL when it changes nothing. */
static const char *name_of(const Run *run)
{
    if (run->settings->dry_run || (size_t)run->command >= LENGTH(names))
        return NULL;
    if (run->command == PGZM_UNLOCK && !run->settings->force)
        return NULL;
    return names[run->command];
}

/* ---- what was asked for ---------------------------------------------------------------- */

static void add_text(Str *out, const char *option, const char *value)
{
    if (value != NULL)
        str_addf(out, " --%s %s", option, value);
}

static void add_switch(Str *out, const char *option, bool on)
{
    if (on)
        str_addf(out, " --%s", option);
}

static void add_number(Str *out, const char *option, int64_t value, int64_t none, const char *unit)
{
    if (value != none)
        str_addf(out, " --%s %lld%s", option, (long long)value, unit);
}

static void add_filter(Str *out, const Filter *filter)
{
    static const char *const options[] = {[FILTER_SCHEMA] = "schema",
                                          [FILTER_EXCLUDE_SCHEMA] = "exclude-schema",
                                          [FILTER_TABLE] = "table",
                                          [FILTER_EXCLUDE_TABLE] = "exclude-table",
                                          [FILTER_EXCLUDE_DATA] = "exclude-table-data"};
    for (size_t i = 0; i < filter->count; i++)
        add_text(out, options[filter->items[i].kind], filter->items[i].text);
}

/* What says which objects are carried over, and how. */
static void add_selection(Str *out, const Settings *s)
{
    static const char *const acls[] = {
        [ACL_MERGE] = NULL, [ACL_SOURCE] = "source", [ACL_DEST] = "dest"};
    add_text(out, "preserved-tables", s->preserved);
    add_filter(out, &s->filter);
    for (size_t i = 0; i < s->where.count; i++)
        add_text(out, "where", s->where.items[i]);
    for (size_t i = 0; i < s->mask.count; i++)
        add_text(out, "mask", s->mask.items[i]);
    add_switch(out, "no-owner", s->no_owner);
    add_switch(out, "no-privileges", s->no_privileges);
    add_text(out, "acl", acls[s->acl]);
    add_switch(out, "no-comments", s->no_comments);
    add_switch(out, "no-tablespaces", s->no_tablespaces);
    add_switch(out, "roles", s->roles);
    add_switch(out, "large-objects", s->large_objects);
    add_text(out, "verify", s->verify == VERIFY_CHECKSUM ? "checksum" : NULL);
}

const char *audit_selection(const Settings *settings, Arena *arena)
{
    AUTO(str_clear) Str out = STR_INIT;
    add_selection(&out, settings);
    return arena_strdup(arena, str_text(&out) + (out.len > 0 ? 1 : 0)); /* without the space */
}

static void add_prepare_options(Str *out, const Settings *s, const Settings *usual)
{
    static const char *const risks[] = {[RISK_LIMIT_NONE] = NULL,
                                        [RISK_LIMIT_LOW] = "low",
                                        [RISK_LIMIT_MEDIUM] = "medium",
                                        [RISK_LIMIT_HIGH] = "high"};
    add_selection(out, s);
    add_switch(out, "require-complete", s->require_complete);
    add_text(out, "max-risk", risks[s->max_risk]);
    add_switch(out, "allow-publish", s->allow_publish);
    add_number(out, "jobs", s->jobs, usual->jobs, "");
    add_number(out, "lock-wait-timeout", s->lock_wait_timeout_ms, usual->lock_wait_timeout_ms,
               "ms");
    add_switch(out, "resume", s->resume);
    add_number(out, "index-memory", s->index_memory, 0, "B");
    add_number(out, "max-rate", s->max_rate, 0, "B");
    add_number(out, "max-lag", s->max_lag_ms, 0, "ms");
    add_number(out, "max-lag", s->max_lag_bytes, 0, "B");
    add_number(out, "retry-timeout", s->retry_timeout_ms, usual->retry_timeout_ms, "ms");
}

/* Connection strings are left out: they may hold passwords. */
static void add_options(Str *out, const Settings *s)
{
    Settings usual;
    settings_init(&usual);
    add_prepare_options(out, s, &usual);
    add_switch(out, "latest", s->latest);
    add_number(out, "timestamp", s->timestamp, 0, "");
    add_number(out, "before", s->before_ms, usual.before_ms, "");
    add_text(out, "keep-tables", s->keep);
    add_text(out, "orphans", s->orphans == ORPHANS_KEEP ? "keep" : NULL);
    add_switch(out, "force", s->force);
    add_number(out, "lock-timeout", s->lock_timeout_ms, usual.lock_timeout_ms, "ms");
    add_number(out, "swap-timeout", s->swap_timeout_ms, usual.swap_timeout_ms, "ms");
    add_number(out, "timeout", s->timeout_ms, 0, "ms");
    settings_clear(&usual);
}

/* ---- events ---------------------------------------------------------------------------- */

/* A command that was cut short names its migration too, as far as that can be told. */
static const char begin_sql[] =
    "INSERT INTO pgzm.event (migration, what, detail)"
    " SELECT coalesce(nullif($3::bigint, 0), CASE"
    " WHEN $4 IN ('swap', 'abort') THEN (SELECT id FROM pgzm.migration"
    "   WHERE state IN ('PREPARING', 'PREPARED'))"
    " WHEN $4 = 'rollback' THEN (SELECT max(id) FROM pgzm.migration"
    "   WHERE state IN ('SWAPPED', 'SETTLED')) END), $1, $2 RETURNING id";

void audit_begin(Run *run)
{
    const char *name = name_of(run);
    if (name == NULL || run->begun != 0)
        return;
    AUTO(str_clear) Str options = STR_INIT;
    str_addf(&options, "pgzm-copy %s", pgzm_version());
    add_options(&options, run->settings);
    const char *const values[] = {arena_printf(run->arena, "%s begins", name), str_text(&options),
                                  journal_id_text(run->arena, run->settings->timestamp), name};
    AUTO(result_free) PGresult *result = NULL;
    AUTO(error_clear) Error ignored = ERROR_INIT;
    bool exists = false;
    if (journal_exists(run->dest, &exists, &ignored) && exists &&
        conn_query_row(run->dest, begin_sql, LENGTH(values), values, &result, &ignored))
        run->begun = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
}

void audit_migration(Run *run)
{
    const char *const values[] = {journal_id_text(run->arena, run->begun),
                                  journal_id_text(run->arena, run->id)};
    AUTO(result_free) PGresult *result = NULL;
    AUTO(error_clear) Error ignored = ERROR_INIT;
    if (run->begun != 0 && run->id != 0 &&
        !conn_query(run->dest,
                    "UPDATE pgzm.event SET migration = $2::bigint WHERE id = $1::bigint"
                    " AND migration IS DISTINCT FROM $2::bigint",
                    2, values, &result, &ignored))
        log_debug(&run->log, "the journal: %s", ignored.message);
}

static const char *outcome(Run *run, bool ok, const Error *failure)
{
    const char *state = json_string_value(json_object_get(run->result, "state"));
    if (!ok)
        return failure->message;
    return state == NULL ? NULL : arena_printf(run->arena, "the migration is %s", state);
}

static void note_end(Run *run, const char *name, bool ok, const Error *failure)
{
    const char *const values[] = {run->id != 0 ? journal_id_text(run->arena, run->id) : NULL,
                                  arena_printf(run->arena, "%s %s", name, ok ? "done" : "failed"),
                                  outcome(run, ok, failure)};
    AUTO(result_free) PGresult *result = NULL;
    AUTO(error_clear) Error ignored = ERROR_INIT;
    if (!conn_query(run->dest,
                    "INSERT INTO pgzm.event (migration, what, detail)"
                    " VALUES ($1::bigint, $2, $3)",
                    3, values, &result, &ignored))
        log_debug(&run->log, "the journal: %s", ignored.message);
}

void audit_end(Run *run, bool ok, const Error *failure)
{
    const char *name = name_of(run);
    if (name == NULL || run->begun == 0 || run->dest == NULL || conn_is_lost(run->dest))
        return;
    conn_shield_begin(run->dest);
    if (PQtransactionStatus(conn_pg(run->dest)) != PQTRANS_IDLE)
        conn_rollback(run->dest);
    audit_migration(run);
    note_end(run, name, ok, failure);
    conn_shield_end(run->dest);
}
