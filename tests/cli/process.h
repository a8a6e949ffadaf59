/*
 * process.h - runs the built command in tests, with an environment of its own, and catches what it
 * prints.
 *
 * Threads: a Process belongs to one thread.
 */
#ifndef PGZM_TESTS_CLI_PROCESS_H
#define PGZM_TESTS_CLI_PROCESS_H

#include <sys/types.h>

#include "base/mem.h"

typedef struct Process {
    pid_t pid;
    int out_fd, err_fd;
    char *out, *err; /* owned; what was printed, set by process_wait */
    int status;      /* exit status, or 128 + signal */
} Process;

typedef struct ProcessSpec {
    const char *program;     /* NULL: the command linked with the scripted library */
    const char *const *args; /* after the name; ended by NULL */
    const char *const *env;  /* "NAME=value"; ended by NULL; NULL: none */
    const char *stdout_path; /* NULL: caught */
    int close_fd;            /* a standard descriptor that is closed; 0: none */
    unsigned short columns;  /* above 0: standard error is a terminal that wide */
} ProcessSpec;

/* The command with the scripted library, and the real one (PGZM_COPY names another). */
const char *process_fake(void);
const char *process_real(void);

void process_start(Process *process, const ProcessSpec *spec);
/* Waits until standard error holds `text`. */
void process_await(Process *process, const char *text);
void process_wait(Process *process);
/* process_start and process_wait. */
void process_run(Process *process, const ProcessSpec *spec);
void process_clear(Process *process);

/* The text of a file, owned. NULL when there is none. */
char *process_read_file(const char *path);
/* The path of a script in tests/cli/scripts as FAKE_SCRIPT=..., owned. */
char *process_script(const char *name);

static inline __attribute__((unused)) void auto_process_clear(Process *process)
{
    process_clear(process);
}

#endif
