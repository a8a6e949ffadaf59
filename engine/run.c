#include "engine/run.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/sql.h"
#include "engine/audit.h"
#include "engine/check.h"
#include "engine/dump.h"
#include "engine/journal.h"
#include "schema/fragment.h"

#include "engine/sql_files.h"

struct Events {
    pthread_mutex_t mutex; /* guards the two below, and keeps calls of the callback apart */
    PgzmCallback callback;
    void *context;
};

Events *events_new(void)
{
    Events *events = mem_alloc(sizeof *events);
    pthread_mutex_init(&events->mutex, NULL);
    return events;
}

void events_free(Events *events)
{
    if (events == NULL)
        return;
    pthread_mutex_destroy(&events->mutex);
    mem_free(events);
}

void events_set(Events *events, PgzmCallback callback, void *context)
{
    pthread_mutex_lock(&events->mutex);
    events->callback = callback;
    events->context = context;
    pthread_mutex_unlock(&events->mutex);
}

void events_send(Events *events, const PgzmEvent *event)
{
    pthread_mutex_lock(&events->mutex);
    if (events->callback != NULL)
        events->callback(events->context, event);
    pthread_mutex_unlock(&events->mutex);
}

static void write_log(void *context, LogLevel level, const char *message)
{
    static const PgzmEventKind kinds[] = {[LOG_DEBUG] = PGZM_EVENT_DEBUG,
                                          [LOG_INFO] = PGZM_EVENT_INFO,
                                          [LOG_WARNING] = PGZM_EVENT_WARNING};
    events_send(context, &(PgzmEvent){.kind = kinds[level], .message = message});
}

Log events_log(Events *events)
{
    return (Log){.write = write_log, .context = events};
}

/* The array under `key` of the result, made when missing; borrowed. */
static json_t *result_array(Run *run, const char *key)
{
    json_t *array = json_object_get(run->result, key);
    if (array == NULL) {
        array = json_array();
        json_object_set_new(run->result, key, array);
    }
    return array;
}

void run_phase(Run *run, const char *name)
{
    int64_t now = clock_monotonic_ms();
    if (run->phase != NULL)
        json_array_append_new(result_array(run, "phases"),
                              json_pack("{s:s, s:I}", "name", run->phase, "ms",
                                        (json_int_t)(now - run->phase_started)));
    run->phase = name;
    run->phase_started = now;
    if (name != NULL)
        events_send(run->events, &(PgzmEvent){.kind = PGZM_EVENT_PHASE, .message = name});
}

void run_plan(Run *run, const char *step)
{
    step = fragment_shown(step, run->arena);
    events_send(run->events, &(PgzmEvent){.kind = PGZM_EVENT_PLAN, .message = step});
    json_array_append_new(result_array(run, "plan"), json_string(step));
}

static bool is_among(const json_t *texts, const char *text)
{
    for (size_t i = 0; i < json_array_size(texts); i++)
        if (strcmp(json_string_value(json_array_get(texts, i)), text) == 0)
            return true;
    return false;
}

void run_warning(Run *run, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    AUTO(mem_free) char *message = mem_vprintf(fmt, args);
    va_end(args);
    if (check_takes_warning(run, message))
        return;
    json_t *given = result_array(run, "warnings");
    if (run->repeats && is_among(given, message))
        return;
    log_warning(&run->log, "%s", message);
    json_array_append_new(given, json_string(message));
}

void run_next(Run *run, const char *command)
{
    json_array_append_new(result_array(run, "next"), json_string(command));
}

/* "15.18" of "15.18 (Debian 15.18-0+deb12u1)"; in `arena`. */
static const char *version_of(const Conn *conn, Arena *arena)
{
    const char *version = conn_parameter(conn, "server_version");
    if (version == NULL)
        return "of an unknown version";
    return arena_printf(arena, "%.*s", (int)strcspn(version, " "), version);
}

static json_t *describe(const Conn *conn, Arena *arena)
{
    return json_pack("{s:s?, s:s?, s:s?, s:s?, s:s?}", "host", conn_parameter(conn, "host"), "port",
                     conn_parameter(conn, "port"), "database", conn_database(conn), "user",
                     conn_parameter(conn, "user"), "version", version_of(conn, arena));
}

/* Where we run: events of the journal name it, for those who come through a proxy or a socket. */
static bool tell_host(Run *run, Error *err)
{
    char host[256] = "";
    if (gethostname(host, sizeof host - 1) != 0)
        return true;
    const char *const values[] = {host};
    AUTO(result_free) PGresult *result = NULL;
    return conn_query(run->dest, "SELECT set_config('pgzm.host', $1, false)", 1, values, &result,
                      err);
}

bool run_open_dest(Run *run, Error *err)
{
    if (run->dest != NULL)
        return true;
    if (run->settings->dest == NULL) {
        error_set(err, ERROR_USAGE, "no destination is given");
        return error_hint(err, "Say --dest, or set DEST_DATABASE_URL.");
    }
    ConnSpec spec = {.side = CONN_DEST, .conninfo = run->settings->dest};
    if (!conn_open(&spec, run->cancel, &run->dest, err))
        return false;
    if (!tell_host(run, err))
        return false;
    json_object_set_new(run->result, "dest", describe(run->dest, run->arena));
    log_info(&run->log, "destination: %s, PostgreSQL %s", conn_label(run->dest),
             version_of(run->dest, run->arena));
    audit_begin(run);
    return true;
}

static bool connect_source(Run *run, Error *err)
{
    if (run->settings->from_dump != NULL)
        return dump_open(run, err);
    if (run->settings->source == NULL) {
        error_set(err, ERROR_USAGE, "no source is given");
        return error_hint(err, "Say --source, or set SOURCE_DATABASE_URL.");
    }
    const ConnSpec spec = {.side = CONN_SOURCE, .conninfo = run->settings->source};
    return conn_open(&spec, run->cancel, &run->source, err);
}

bool run_open_source(Run *run, Error *err)
{
    if (run->source != NULL)
        return true;
    if (!connect_source(run, err))
        return false;
    json_object_set_new(run->result, "source", describe(run->source, run->arena));
    log_info(&run->log, "source: %s, PostgreSQL %s", conn_label(run->source),
             version_of(run->source, run->arena));
    return true;
}

void run_quiet_begin(const Run *run, Run *quiet)
{
    *quiet = *run;
    quiet->events = events_new();
    quiet->log = events_log(quiet->events);
    quiet->result = json_object();
    quiet->source = quiet->dest = NULL;
    quiet->begun = 1; /* no event of the journal either */
}

void run_quiet_end(Run *quiet)
{
    run_close(quiet);
    events_free(quiet->events);
    json_decref(quiet->result);
}

void run_close(Run *run)
{
    conn_free(TAKE(run->source));
    conn_free(TAKE(run->dest));
    dump_close(TAKE(run->dump));
}

bool run_nested_loops(Run *run, bool on, Error *err)
{
    return conn_exec(run->dest, on ? "RESET enable_nestloop" : "SET enable_nestloop = off", err);
}

const char *run_sql(const char *name, int server_version)
{
    const char *text = sql_find(engine_sql, LENGTH(engine_sql), name, server_version);
    if (text == NULL)
        abort(); /* a file that the build did not embed: a programming error */
    return text;
}
