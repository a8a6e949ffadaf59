#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/str.h"

const char *process_fake(void)
{
    const char *path = getenv("PGZM_COPY_FAKE");
    return path != NULL ? path : TEST_CLI_FAKE;
}

const char *process_real(void)
{
    const char *path = getenv("PGZM_COPY");
    return path != NULL ? path : TEST_CLI_COMMAND;
}

/* In the child: descriptors, arguments, exec. */
static void process_exec(const ProcessSpec *spec, int out, int err)
{
    const char *argv[32] = {"pgzm-copy"};
    for (size_t i = 0; spec->args[i] != NULL; i++)
        argv[i + 1] = spec->args[i];
    static const char *const nothing[] = {NULL};
    const char *const *env = spec->env != NULL ? spec->env : nothing;
    const char *program = spec->program != NULL ? spec->program : process_fake();
    if (spec->stdout_path != NULL)
        out = open(spec->stdout_path, O_WRONLY);
    dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    if (spec->close_fd > 0)
        close(spec->close_fd);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(program, (char *const *)argv, (char *const *)env);
    _exit(127);
}

/* Copies what the terminal shows into a file, in a process of its own, until the command ends. */
static int process_terminal(unsigned short columns, int err)
{
    struct winsize size = {.ws_row = 24, .ws_col = columns};
    int master, slave;
    cr_assert_eq(openpty(&master, &slave, NULL, NULL, &size), 0);
    if (fork() == 0) {
        char buffer[4096];
        ssize_t n;
        close(slave);
        while ((n = read(master, buffer, sizeof buffer)) > 0)
            if (write(err, buffer, (size_t)n) != n)
                break;
        _exit(0);
    }
    close(master);
    return slave;
}

/* A file without a name, out of the way of the standard descriptors (a test may run without). */
static int process_file(void)
{
    int low = memfd_create("output", MFD_CLOEXEC);
    int fd = fcntl(low, F_DUPFD_CLOEXEC, 10);
    cr_assert(fd >= 0);
    close(low);
    return fd;
}

void process_start(Process *p, const ProcessSpec *spec)
{
    *p = (Process){.out_fd = process_file(), .err_fd = process_file()};
    int err = spec->columns > 0 ? process_terminal(spec->columns, p->err_fd) : p->err_fd;
    p->pid = fork();
    cr_assert(p->pid >= 0);
    if (p->pid == 0)
        process_exec(spec, p->out_fd, err);
    if (err != p->err_fd)
        close(err);
}

/* All there is in a file so far. */
static char *process_text(int fd)
{
    Str text = STR_INIT;
    char buffer[4096];
    ssize_t n;
    off_t at = 0;
    while ((n = pread(fd, buffer, sizeof buffer, at)) > 0) {
        str_add_bytes(&text, buffer, (size_t)n);
        at += n;
    }
    str_add(&text, "");
    return str_take(&text);
}

static void process_pause(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
}

void process_await(Process *p, const char *text)
{
    for (int i = 0; i < 2000; i++) {
        AUTO(mem_free) char *err = process_text(p->err_fd);
        if (strstr(err, text) != NULL)
            return;
        process_pause();
    }
    cr_assert_fail("the command never said \"%s\"", text);
}

void process_wait(Process *p)
{
    int status;
    cr_assert_eq(waitpid(p->pid, &status, 0), p->pid);
    p->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
        ; /* the process behind the terminal writes to the end */
    p->out = process_text(p->out_fd);
    p->err = process_text(p->err_fd);
}

void process_run(Process *p, const ProcessSpec *spec)
{
    process_start(p, spec);
    process_wait(p);
}

void process_clear(Process *p)
{
    close(p->out_fd);
    close(p->err_fd);
    mem_free(p->out);
    mem_free(p->err);
    *p = (Process){0};
}

char *process_read_file(const char *path)
{
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        return NULL;
    char *text = process_text(fd);
    close(fd);
    return text;
}

char *process_script(const char *name)
{
    return mem_printf("FAKE_SCRIPT=" TEST_CLI_FOLDER "/scripts/%s.txt", name);
}
