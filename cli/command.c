#include "cli/command.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/arguments.h"
#include "cli/help.h"
#include "cli/logfile.h"
#include "cli/manual.h"
#include "cli/progress.h"
#include "cli/report.h"
#include "cli/signal.h"
#include "cli/terminal.h"
#include "engine/pgzm.h"

/* What the callbacks need while the library is at work. */
typedef struct CommandRun {
    const Arguments *args;
    Terminal terminal;
    Pgzm *pgzm;
    Progress *progress;
    Logfile *logfile; /* NULL: none */
} CommandRun;

/* Standard descriptors that are closed would be given to the first socket or file opened. What is
 * printed on a closed standard output must fail, not vanish: that one cannot be written. */
static void command_fill_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_RDWR) < 0)
            return;
}

/* Writes text to standard output; the exit status says whether it got there. */
static int command_print(const Str *text, int status)
{
    if (terminal_write(STDOUT_FILENO, str_text(text), text->len))
        return status;
    AUTO(mem_free)
    char *line =
        mem_printf("pgzm-copy: error: could not write to standard output: %s\n", strerror(errno));
    if (!terminal_write(STDERR_FILENO, line, strlen(line)))
        return status != 0 ? status : 1;
    return status != 0 ? status : 1;
}

static void command_add_error(Str *out, const Terminal *terminal, const ReportError *error)
{
    str_addf(out, "pgzm-copy: %serror:%s ", terminal->color ? "\033[31m" : "",
             terminal->color ? "\033[0m" : "");
    terminal_add_clean(out, error->message);
    str_add(out, "\n");
    if (error->hint != NULL) {
        str_add(out, "HINT: ");
        terminal_add_clean(out, error->hint);
        str_add(out, "\n");
    }
}

/* Commands whose answer is all that is wanted. */
static bool command_is_question(const Arguments *args)
{
    const OptionScope questions = OPTION_FOR_STATUS | OPTION_FOR_LIST | OPTION_FOR_DIFF |
                                  OPTION_FOR_PREFLIGHT | OPTION_FOR_VERIFY | OPTION_FOR_HISTORY |
                                  OPTION_FOR_UNLOCK;
    return (args->command->bit & questions) != 0;
}

/* True when the error is the sum of what the result has in detail. */
static bool command_error_is_answer(const Arguments *args, const json_t *result, ErrorKind kind)
{
    switch (args->command->run) {
    case PGZM_DIFF:
        return kind == ERROR_DIFFERENCE;
    case PGZM_VERIFY:
    case PGZM_PREFLIGHT_CHECK:
        return json_array_size(json_object_get(result, "checks")) > 0 &&
               (kind == ERROR_DIFFERENCE || kind == ERROR_PREFLIGHT || kind == ERROR_STATE ||
                kind == ERROR_LOCK);
    case PGZM_UNLOCK:
        return kind == ERROR_STATE && json_is_object(json_object_get(result, "holder"));
    default:
        return kind == ERROR_UNSETTLED;
    }
}

/* True when the person wants to read the result; what was asked for is not silenced. */
static bool command_has_report(const Arguments *args, const json_t *result,
                               const ReportError *error, bool asked)
{
    bool answers = error == NULL ||
                   (args->command != NULL && command_error_is_answer(args, result, error->kind));
    if (arguments_has(args, OPTION_JSON) || !answers)
        return false;
    return asked || !arguments_has(args, OPTION_QUIET);
}

/* The end of every run: error on standard error, result on standard output. */
static int command_finish(const CommandRun *run, const json_t *result, const ReportError *error,
                          size_t warnings)
{
    const Arguments *args = run->args;
    bool asked =
        args->command != NULL && (command_is_question(args) || arguments_has(args, OPTION_DRY_RUN));
    bool report = command_has_report(args, result, error, asked);
    int status = error == NULL ? 0 : error->exit_code;
    AUTO(str_clear) Str out = STR_INIT;

    if (error != NULL) {
        AUTO(str_clear) Str text = STR_INIT;
        command_add_error(&text, &run->terminal, error);
        if (!report)
            report_write_failure(&text, result);
        if (!terminal_write(STDERR_FILENO, str_text(&text), text.len))
            status = error->exit_code; /* the status is all that is left to tell */
    }
    if (arguments_has(args, OPTION_JSON)) {
        report_write_json(&out, result, error);
    } else if (report) {
        if (!asked && run->terminal.live && isatty(STDOUT_FILENO))
            str_add(&out, "\n"); /* below the phases */
        report_write(&out, args->command->run, result, error, warnings);
    }
    return command_print(&out, status);
}

/* The next command lines need the same destination; what was typed may hold a password. */
static void command_complete_next(const Arguments *args, const json_t *result)
{
    const ArgumentsValues *dest = &args->values[OPTION_DEST];
    bool standing = dest->n == 0 ||
                    (dest->variable != NULL && strcmp(dest->variable, "DEST_DATABASE_URL") == 0);
    json_t *lines = json_object_get(result, "next");
    for (size_t i = 0; i < json_array_size(lines) && !standing; i++) {
        const char *line = json_string_value(json_array_get(lines, i));
        if (line == NULL || strncmp(line, "pgzm-copy ", 10) != 0 || strstr(line, "--dest") != NULL)
            continue;
        AUTO(mem_free) char *complete = mem_printf("%s --dest ...", line);
        json_array_set_new(lines, i, json_string(complete));
    }
}

static ErrorKind command_kind(PgzmStatus status)
{
    for (ErrorKind kind = ERROR_NONE; kind < ERROR_KIND_COUNT; kind++)
        if (error_kind_exit_code(kind) == (int)status)
            return kind;
    return ERROR_OTHER;
}

/* A mistake before the library was asked. */
static int command_refuse(const CommandRun *run, const Error *err)
{
    ReportError error = {.kind = err->kind,
                         .message = err->message,
                         .hint = err->hint,
                         .sqlstate = err->sqlstate,
                         .exit_code = error_kind_exit_code(err->kind)};
    json_t *result = json_object();
    if (run->args->command != NULL)
        json_object_set_new(result, "command", json_string(run->args->command->name));
    int status = command_finish(run, result, &error, 0);
    json_decref(result);
    return status;
}

static void command_on_event(void *context, const PgzmEvent *event)
{
    CommandRun *run = context;
    progress_event(run->progress, event);
    if (run->logfile != NULL)
        logfile_event(run->logfile, event);
}

static void command_on_stop(void *context, int number)
{
    CommandRun *run = context;
    pgzm_cancel(run->pgzm);
    AUTO(mem_free)
    char *text = mem_printf("%s: stopping; once more to end at once",
                            number == SIGINT ? "interrupted" : "terminated");
    if (run->logfile != NULL)
        logfile_event(run->logfile, &(PgzmEvent){.kind = PGZM_EVENT_INFO, .message = text});
    progress_event(run->progress, &(PgzmEvent){.kind = PGZM_EVENT_INFO, .message = text});
}

static void command_on_tick(void *context)
{
    const CommandRun *run = context;
    progress_tick(run->progress);
}

/* Hands every option to the library that is one of the library's. */
static PgzmStatus command_set_options(const CommandRun *run)
{
    for (OptionId id = 0; id < OPTION_COUNT; id++) {
        const Option *option = option_get(id);
        const ArgumentsValues *values = &run->args->values[id];
        if (option->engine == OPTION_NO_ENGINE)
            continue;
        /* A side that is left to the PG* variables is an empty connection string. */
        if (option->secret && values->n == 0 && arguments_needs(run->args, option)) {
            PgzmStatus status = pgzm_set(run->pgzm, (PgzmOption)option->engine, "");
            if (status != PGZM_OK)
                return status;
        }
        for (size_t i = 0; i < values->n; i++) {
            PgzmStatus status = pgzm_set(run->pgzm, (PgzmOption)option->engine, values->texts[i]);
            if (status != PGZM_OK)
                return status;
        }
    }
    return PGZM_OK;
}

/* Runs the command in the library and reports. The signal thread is running. */
static int command_work(CommandRun *run, const Signal *signals)
{
    PgzmStatus status = command_set_options(run);
    if (status == PGZM_OK) {
        pgzm_on_event(run->pgzm, command_on_event, run);
        status = pgzm_run(run->pgzm, run->args->command->run);
    }
    progress_end(run->progress, status == PGZM_OK);

    int exit_code = (int)status;
    if (status == PGZM_INTERRUPTED && signal_number(signals) != 0)
        exit_code = 128 + signal_number(signals);
    const char *sqlstate = pgzm_error_sqlstate(run->pgzm);
    ReportError error = {.kind = command_kind(status),
                         .message = pgzm_error_message(run->pgzm),
                         .hint = pgzm_error_hint(run->pgzm),
                         .sqlstate = sqlstate != NULL ? sqlstate : "",
                         .exit_code = exit_code};
    const ReportError *failed = status == PGZM_OK ? NULL : &error;
    json_t *result = report_parse(pgzm_result_json(run->pgzm));
    if (run->logfile != NULL) {
        logfile_end(run->logfile, result, failed);
        if (logfile_is_broken(run->logfile))
            progress_line(run->progress, "pgzm-copy: warning: the log file is incomplete: it could "
                                         "not be written to the end");
    }
    if (!arguments_has(run->args, OPTION_JSON))
        command_complete_next(run->args, result);
    exit_code = command_finish(run, result, failed, progress_warnings(run->progress));
    json_decref(result);
    return exit_code;
}

/* Who asks for status or a list wants the answer alone. */
static ProgressLevel command_level(const Arguments *args)
{
    if (arguments_has(args, OPTION_QUIET))
        return PROGRESS_QUIET;
    if (arguments_has(args, OPTION_VERBOSE))
        return PROGRESS_VERBOSE;
    return command_is_question(args) ? PROGRESS_WARNINGS : PROGRESS_NORMAL;
}

static int command_execute(CommandRun *run)
{
    const Arguments *args = run->args;
    AUTO(error_clear) Error err = ERROR_INIT;
    AUTO(logfile_free) Logfile *logfile = NULL;
    const char *path = arguments_text(args, OPTION_LOG_FILE);
    if (path != NULL && !logfile_open(path, args, &logfile, &err))
        return command_refuse(run, &err);
    AUTO(progress_free) Progress *progress = progress_new(&run->terminal, command_level(args));
    run->logfile = logfile;
    run->progress = progress;
    run->pgzm = pgzm_new();
    Signal *signals = signal_begin(
        &(SignalHooks){.stop = command_on_stop, .tick = command_on_tick, .context = run});
    int status = command_work(run, signals);
    signal_end(signals);
    pgzm_free(run->pgzm);
    return status;
}

/* --help, --version and --generate: texts that need no server. */
static int command_show(const CommandRun *run)
{
    const Arguments *args = run->args;
    AUTO(error_clear) Error err = ERROR_INIT;
    AUTO(str_clear) Str out = STR_INIT;
    if (args->generate != NULL) {
        if (!manual_write(&out, args->generate, &err))
            return command_refuse(run, &err);
    } else if (args->help) {
        help_write(&out, args->command);
    } else {
        str_addf(&out, "pgzm-copy %s\n", pgzm_version());
    }
    return command_print(&out, 0);
}

int command_run(int argc, char **argv)
{
    command_fill_descriptors();
    setlocale(LC_CTYPE, ""); /* is the terminal UTF-8; messages and numbers stay as they are */
    signal(SIGPIPE, SIG_IGN);
    AUTO(arguments_clear) Arguments args = ARGUMENTS_INIT;
    AUTO(error_clear) Error err = ERROR_INIT;
    CommandRun run = {.args = &args, .terminal = terminal_open(STDERR_FILENO)};

    if (!arguments_parse(&args, argc, argv, &err))
        return command_refuse(&run, &err);
    if (args.help || args.version || args.generate != NULL)
        return command_show(&run);
    if (!arguments_complete(&args, &err))
        return command_refuse(&run, &err);
    return command_execute(&run);
}
