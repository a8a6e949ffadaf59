#include "cli/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/figure.h"
#include "cli/progress.h"
#include "cli/terminal.h"

#define LOGFILE_INTERVAL_MS 30000 /* between lines with counters */

struct Logfile {
    int fd;
    int64_t began;         /* clock_monotonic_ms */
    pthread_mutex_t mutex; /* guards all below, and the order of lines */
    char *phase;           /* owned; NULL before the first */
    int64_t phase_began, last_count;
    int64_t warnings;
    bool broken;
};

/* One line: time, a word for its kind, text. False with errno when it cannot be written. */
static bool logfile_put(Logfile *logfile, const char *kind, const char *text)
{
    char now[32];
    clock_format_wall(clock_wall_ms(), now);
    AUTO(str_clear) Str line = STR_INIT;
    str_addf(&line, "%s  %-9s ", now, kind);
    terminal_add_clean(&line, text);
    str_add(&line, "\n");
    if (terminal_write(logfile->fd, str_text(&line), line.len))
        return true;
    logfile->broken = true;
    return false;
}

/* For lines after the banner: a log that breaks off does not stop a migration. */
static void logfile_line(Logfile *logfile, const char *kind, const char *text)
{
    if (!logfile->broken && !logfile_put(logfile, kind, text))
        return;
}

/* "jobs=8 preserved-tables=users": what was asked for, without anything that may be secret. */
static void logfile_add_options(Str *out, const Arguments *args)
{
    for (OptionId id = 0; id < OPTION_COUNT; id++) {
        const Option *option = option_get(id);
        const ArgumentsValues *values = &args->values[id];
        for (size_t i = 0; i < values->n; i++) {
            str_separate(out, " ");
            if (option->type == OPTION_SWITCH)
                str_addf(out, "--%s", option->name);
            else
                str_addf(out, "--%s=%s", option->name, option->secret ? "***" : values->texts[i]);
            if (values->variable != NULL)
                str_addf(out, " (%s)", values->variable);
        }
    }
}

static bool logfile_banner(Logfile *logfile, const Arguments *args)
{
    AUTO(mem_free) char *title = mem_printf("pgzm-copy %s %s", pgzm_version(), args->command->name);
    AUTO(str_clear) Str options = STR_INIT;
    logfile_add_options(&options, args);
    return logfile_put(logfile, "start", title) &&
           logfile_put(logfile, "options", str_text(&options));
}

static bool logfile_refuse(const char *what, const char *path, Error *err)
{
    error_set(err, ERROR_USAGE, "could not %s log file \"%s\": %s", what, path, strerror(errno));
    return error_hint(err, "Name a file that can be written; nothing was started.");
}

bool logfile_open(const char *path, const Arguments *args, Logfile **logfile, Error *err)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
    if (fd < 0)
        return logfile_refuse("open", path, err);
    AUTO(logfile_free) Logfile *self = mem_alloc(sizeof *self);
    self->fd = fd;
    self->began = clock_monotonic_ms();
    pthread_mutex_init(&self->mutex, NULL);
    if (!logfile_banner(self, args))
        return logfile_refuse("write", path, err);
    *logfile = TAKE(self);
    return true;
}

void logfile_free(Logfile *logfile)
{
    if (logfile == NULL)
        return;
    close(logfile->fd);
    pthread_mutex_destroy(&logfile->mutex);
    mem_free(logfile->phase);
    mem_free(logfile);
}

static void logfile_phase_over(Logfile *logfile)
{
    AUTO(mem_free) char *phase = TAKE(logfile->phase);
    if (phase == NULL)
        return;
    AUTO(str_clear) Str text = STR_INIT;
    str_addf(&text, "%s took ", phase);
    figure_add_duration(&text, clock_monotonic_ms() - logfile->phase_began);
    logfile_line(logfile, "phase", str_text(&text));
}

static void logfile_count(Logfile *logfile, const PgzmProgress *counters)
{
    int64_t now = clock_monotonic_ms();
    if (counters == NULL || logfile->phase == NULL ||
        now - logfile->last_count < LOGFILE_INTERVAL_MS)
        return;
    logfile->last_count = now;
    ProgressView view = {.phase = logfile->phase,
                         .about = "",
                         .counting = true,
                         .counters = *counters,
                         .left_ms = -1};
    AUTO(str_clear) Str text = STR_INIT;
    progress_describe(&view, &text);
    logfile_line(logfile, "progress", str_text(&text));
}

static void logfile_take(Logfile *logfile, const PgzmEvent *event)
{
    const char *text = event->message != NULL ? event->message : "";
    switch (event->kind) {
    case PGZM_EVENT_DEBUG:
        logfile_line(logfile, "debug", text);
        break;
    case PGZM_EVENT_INFO:
        logfile_line(logfile, "info", text);
        break;
    case PGZM_EVENT_WARNING:
        logfile_line(logfile, "warning", text);
        logfile->warnings++;
        break;
    case PGZM_EVENT_PLAN:
        logfile_line(logfile, "plan", text);
        break;
    case PGZM_EVENT_PHASE:
        logfile_phase_over(logfile);
        logfile_line(logfile, "phase", text);
        logfile->phase = mem_strdup(text);
        logfile->phase_began = clock_monotonic_ms();
        logfile->last_count = logfile->phase_began;
        break;
    case PGZM_EVENT_PROGRESS:
        logfile_count(logfile, event->progress);
        break;
    }
}

void logfile_event(Logfile *logfile, const PgzmEvent *event)
{
    pthread_mutex_lock(&logfile->mutex);
    logfile_take(logfile, event);
    pthread_mutex_unlock(&logfile->mutex);
}

static void logfile_number(Str *list, const json_t *result, const char *key)
{
    const json_t *value = json_object_get(result, key);
    if (!json_is_number(value))
        return;
    str_separate(list, ", ");
    figure_add_count(list, (int64_t)json_number_value(value));
    str_addf(list, " %s", key);
}

static void logfile_outcome(Logfile *logfile, const json_t *result, const ReportError *error)
{
    static const char *const sides[] = {"source", "dest"};
    static const char *const figures[] = {"tables", "rows", "bytes", "indexes", "sequences"};

    for (size_t i = 0; i < LENGTH(sides); i++) {
        AUTO(str_clear) Str server = STR_INIT;
        if (report_add_server(&server, result, sides[i]))
            logfile_line(logfile, sides[i], str_text(&server));
    }
    AUTO(str_clear) Str list = STR_INIT;
    for (size_t i = 0; i < LENGTH(figures); i++)
        logfile_number(&list, result, figures[i]);
    if (list.len > 0)
        logfile_line(logfile, "copied", str_text(&list));
    if (error != NULL) {
        logfile_line(logfile, "error", error->message);
        if (error->hint != NULL)
            logfile_line(logfile, "hint", error->hint);
    }
    AUTO(str_clear) Str end = STR_INIT;
    str_addf(&end, "%s (exit status %d), ", error == NULL ? "done" : "failed",
             error == NULL ? 0 : error->exit_code);
    figure_add_things(&end, logfile->warnings, "warning", NULL);
    const char *state = json_string_value(json_object_get(result, "state"));
    const char *id = json_string_value(json_object_get(result, "timestamp"));
    if (state != NULL && id != NULL)
        str_addf(&end, ", migration %s is %s", id, state);
    str_add(&end, ", took ");
    figure_add_duration(&end, clock_monotonic_ms() - logfile->began);
    logfile_line(logfile, "end", str_text(&end));
}

void logfile_end(Logfile *logfile, const json_t *result, const ReportError *error)
{
    pthread_mutex_lock(&logfile->mutex);
    logfile_phase_over(logfile);
    logfile_outcome(logfile, result, error);
    pthread_mutex_unlock(&logfile->mutex);
}

bool logfile_is_broken(Logfile *logfile)
{
    pthread_mutex_lock(&logfile->mutex);
    bool broken = logfile->broken;
    pthread_mutex_unlock(&logfile->mutex);
    return broken;
}
