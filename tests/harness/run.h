/*
 * run.h - runs the built command and gathers what it printed. Which one: TEST_COMMAND, or the one
 * of this build; tests/run.sh sets it.
 *
 * Threads: one; several runs may be under way at once.
 */
#ifndef PGZM_TESTS_HARNESS_RUN_H
#define PGZM_TESTS_HARNESS_RUN_H

#include <stdbool.h>
#include <sys/types.h>

typedef struct Run {
    pid_t pid;
    int exit_code; /* 128 + the signal that ended it */
    char *out;     /* owned: standard output and standard error, once it ended */
    char *err;
    char *out_path, *err_path;
} Run;

typedef struct RunOptions {
    const char *program;            /* NULL: the built command */
    const char *const *environment; /* "NAME=value", "NAME" to unset; ends with NULL; may be NULL */
} RunOptions;

/* The path of the built command. */
const char *run_command(void);

/* Starts it with arguments up to a NULL. */
Run run_start(const RunOptions *options, const char *const *arguments);
/* Waits until it ends; fails the test after two minutes, with what it printed. */
void run_wait(Run *run);
/* True when it ended within `ms`; then it counts as waited for. */
bool run_ended(Run *run, int ms);
/* What it has written to standard error so far (mem_free). */
char *run_err_so_far(const Run *run);
void run_clear(Run *run);

/* Both at once: `RUN("status", "--dest", conninfo)`. */
Run run_now(const char *const *arguments);
#define RUN(...) run_now((const char *const[]){__VA_ARGS__, NULL})

/* Fails the test unless the exit code is the one expected, and shows what was printed. */
void run_expect(const Run *run, int exit_code, const char *file, int line);
#define EXPECT_EXIT(run, exit_code) run_expect(run, exit_code, __FILE__, __LINE__)

static inline __attribute__((unused)) void auto_run_clear(Run *run)
{
    run_clear(run);
}

#endif
