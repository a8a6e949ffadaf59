#include "tests/harness/run.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"

enum { WAIT_AT_MOST_MS = 120000 };

/* The command of this build, where tests/run.sh did not name another. */
#ifndef TEST_COMMAND_BUILT
#define TEST_COMMAND_BUILT "build/pgzm-copy"
#endif

const char *run_command(void)
{
    const char *named = getenv("TEST_COMMAND");
    return named != NULL && named[0] != '\0' ? named : TEST_COMMAND_BUILT;
}

static char *temporary_file(void)
{
    char *path = mem_strdup("/tmp/pgzmtest.XXXXXX");
    int fd = mkstemp(path);
    if (fd < 0)
        cr_assert_fail("%s: %s", path, strerror(errno));
    close(fd);
    return path;
}

static char *read_all(const char *path)
{
    AUTO(str_clear) Str text = STR_INIT;
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return mem_strdup("");
    char buffer[4096];
    size_t got;
    while ((got = fread(buffer, 1, sizeof buffer, file)) > 0)
        str_add_bytes(&text, buffer, got);
    fclose(file);
    return str_take(&text);
}

static void redirect(const char *path, int flags, int fd)
{
    int opened = open(path, flags);
    if (opened < 0 || dup2(opened, fd) < 0)
        _exit(126);
    close(opened);
}

static __attribute__((noreturn)) void become(const RunOptions *options, const Run *run,
                                             const char *const *arguments)
{
    /* Whatever started the tests may ignore or block signals; the command must not notice. */
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    redirect("/dev/null", O_RDONLY, STDIN_FILENO);
    redirect(run->out_path, O_WRONLY, STDOUT_FILENO);
    redirect(run->err_path, O_WRONLY, STDERR_FILENO);
    for (const char *const *variable = options->environment; variable != NULL && *variable != NULL;
         variable++) {
        char *copy = strdup(*variable);
        if (strchr(copy, '=') != NULL)
            putenv(copy);
        else
            unsetenv(copy);
    }
    const char *program = options->program != NULL ? options->program : run_command();
    size_t count = 0;
    while (arguments[count] != NULL)
        count++;
    char **argv = calloc(count + 2, sizeof *argv);
    argv[0] = strdup("pgzm-copy");
    for (size_t i = 0; i < count; i++)
        argv[i + 1] = strdup(arguments[i]);
    /* ThreadSanitizer cannot live with all the places that Linux may choose for a program. */
    personality(ADDR_NO_RANDOMIZE);
    execvp(program, argv);
    _exit(127);
}

Run run_start(const RunOptions *options, const char *const *arguments)
{
    Run run = {.exit_code = -1, .out_path = temporary_file(), .err_path = temporary_file()};
    run.pid = fork();
    if (run.pid < 0)
        cr_assert_fail("fork: %s", strerror(errno));
    if (run.pid == 0)
        become(options, &run, arguments);
    return run;
}

bool run_ended(Run *run, int ms)
{
    int64_t end = clock_monotonic_ms() + ms;
    while (run->pid != 0) {
        int status;
        pid_t ended = waitpid(run->pid, &status, WNOHANG);
        if (ended == run->pid) {
            run->pid = 0;
            run->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            run->out = read_all(run->out_path);
            run->err = read_all(run->err_path);
        } else if (clock_monotonic_ms() >= end) {
            return false;
        } else {
            nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
        }
    }
    return true;
}

void run_wait(Run *run)
{
    if (run_ended(run, WAIT_AT_MOST_MS))
        return;
    AUTO(mem_free) char *err = run_err_so_far(run);
    kill(run->pid, SIGKILL);
    run_ended(run, 10000);
    cr_assert_fail("the command did not end; it printed:\n%s", err);
}

char *run_err_so_far(const Run *run)
{
    return read_all(run->err_path);
}

void run_clear(Run *run)
{
    if (run->pid != 0) {
        kill(run->pid, SIGKILL);
        run_ended(run, 10000);
    }
    if (run->out_path != NULL) {
        unlink(run->out_path);
        unlink(run->err_path);
    }
    mem_free(TAKE(run->out));
    mem_free(TAKE(run->err));
    mem_free(TAKE(run->out_path));
    mem_free(TAKE(run->err_path));
}

Run run_now(const char *const *arguments)
{
    Run run = run_start(&(RunOptions){0}, arguments);
    run_wait(&run);
    return run;
}

void run_expect(const Run *run, int exit_code, const char *file, int line)
{
    if (run->exit_code != exit_code)
        cr_assert_fail("%s:%d: exit code %d instead of %d; standard output:\n%s\nstandard "
                       "error:\n%s",
                       file, line, run->exit_code, exit_code, run->out, run->err);
}
