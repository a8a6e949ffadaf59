#include "tests/harness/launch.h"

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

const char *launch_command(void)
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

static __attribute__((noreturn)) void become(const LaunchOptions *options, const Launch *launch,
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
    redirect(launch->out_path, O_WRONLY, STDOUT_FILENO);
    redirect(launch->err_path, O_WRONLY, STDERR_FILENO);
    for (const char *const *variable = options->environment; variable != NULL && *variable != NULL;
         variable++) {
        char *copy = strdup(*variable);
        if (strchr(copy, '=') != NULL)
            putenv(copy);
        else
            unsetenv(copy);
    }
    const char *program = options->program != NULL ? options->program : launch_command();
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

Launch launch_start(const LaunchOptions *options, const char *const *arguments)
{
    Launch launch = {.exit_code = -1, .out_path = temporary_file(), .err_path = temporary_file()};
    launch.pid = fork();
    if (launch.pid < 0)
        cr_assert_fail("fork: %s", strerror(errno));
    if (launch.pid == 0)
        become(options, &launch, arguments);
    return launch;
}

bool launch_ended(Launch *launch, int ms)
{
    int64_t end = clock_monotonic_ms() + ms;
    while (launch->pid != 0) {
        int status;
        pid_t ended = waitpid(launch->pid, &status, WNOHANG);
        if (ended == launch->pid) {
            launch->pid = 0;
            launch->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            launch->out = read_all(launch->out_path);
            launch->err = read_all(launch->err_path);
        } else if (clock_monotonic_ms() >= end) {
            return false;
        } else {
            nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
        }
    }
    return true;
}

void launch_wait(Launch *launch)
{
    if (launch_ended(launch, WAIT_AT_MOST_MS))
        return;
    AUTO(mem_free) char *err = launch_err_so_far(launch);
    kill(launch->pid, SIGKILL);
    launch_ended(launch, 10000);
    cr_assert_fail("the command did not end; it printed:\n%s", err);
}

char *launch_err_so_far(const Launch *launch)
{
    return read_all(launch->err_path);
}

void launch_clear(Launch *launch)
{
    if (launch->pid != 0) {
        kill(launch->pid, SIGKILL);
        launch_ended(launch, 10000);
    }
    if (launch->out_path != NULL) {
        unlink(launch->out_path);
        unlink(launch->err_path);
    }
    mem_free(TAKE(launch->out));
    mem_free(TAKE(launch->err));
    mem_free(TAKE(launch->out_path));
    mem_free(TAKE(launch->err_path));
}

Launch launch_now(const char *const *arguments)
{
    Launch launch = launch_start(&(LaunchOptions){0}, arguments);
    launch_wait(&launch);
    return launch;
}

void launch_expect(const Launch *launch, int exit_code, const char *file, int line)
{
    if (launch->exit_code != exit_code)
        cr_assert_fail("%s:%d: exit code %d instead of %d; standard output:\n%s\nstandard "
                       "error:\n%s",
                       file, line, launch->exit_code, exit_code, launch->out, launch->err);
}

void launch_expect_error(const Launch *launch, int exit_code, const char *words, const char *file,
                         int line)
{
    static const char mark[] = "pgzm-copy: error: ";
    launch_expect(launch, exit_code, file, line);
    const char *error = strstr(launch->err, mark);
    const char *text = error == NULL ? "" : error + strlen(mark);
    if (error == NULL || strncmp(text, words, strlen(words)) != 0)
        cr_assert_fail("%s:%d: the error is not \"%s\":\n%s", file, line, words, launch->err);
    if (strstr(text, mark) != NULL)
        cr_assert_fail("%s:%d: more than one error:\n%s", file, line, launch->err);
    const char *end = strchr(text, '\n');
    if (end == NULL ||
        (strncmp(end + 1, "HINT: ", 6) != 0 && strncmp(end + 1, "Migration ", 10) != 0))
        cr_assert_fail("%s:%d: no hint:\n%s", file, line, launch->err);
}
