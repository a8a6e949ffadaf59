/*
 * launch.h - runs the built command and gathers what it printed. Which one: TEST_COMMAND, or the
 * one of this build; tests/run.sh sets it.
 *
 * Threads: one; several launches may be under way at once.
 */
#ifndef PGZM_TESTS_HARNESS_LAUNCH_H
#define PGZM_TESTS_HARNESS_LAUNCH_H

#include <stdbool.h>
#include <sys/types.h>

typedef struct Launch {
    pid_t pid;
    int exit_code; /* 128 + the signal that ended it */
    char *out;     /* owned: standard output and standard error, once it ended */
    char *err;
    char *out_path, *err_path;
} Launch;

typedef struct LaunchOptions {
    const char *program;            /* NULL: the built command */
    const char *const *environment; /* "NAME=value", "NAME" to unset; ends with NULL; may be NULL */
} LaunchOptions;

/* The path of the built command. */
const char *launch_command(void);

/* Starts it with arguments up to a NULL. */
Launch launch_start(const LaunchOptions *options, const char *const *arguments);
/* Waits until it ends; fails the test after two minutes, with what it printed. */
void launch_wait(Launch *launch);
/* True when it ended within `ms`; then it counts as waited for. */
bool launch_ended(Launch *launch, int ms);
/* What it has written to standard error so far (mem_free). */
char *launch_err_so_far(const Launch *launch);
void launch_clear(Launch *launch);

/* Both at once: `LAUNCH("status", "--dest", conninfo)`. */
Launch launch_now(const char *const *arguments);
#define LAUNCH(...) launch_now((const char *const[]){__VA_ARGS__, NULL})

/* Fails the test unless the exit code is the one expected, and shows what was printed. */
void launch_expect(const Launch *launch, int exit_code, const char *file, int line);
#define EXPECT_EXIT(launch, exit_code) launch_expect(launch, exit_code, __FILE__, __LINE__)

/* Fails the test unless it ended with that exit code, its one error line begins with `words`, and
 * the next line says what to do: a hint, or in which state the migration is now. */
void launch_expect_error(const Launch *launch, int exit_code, const char *words, const char *file,
                         int line);
#define EXPECT_ERROR(launch, exit_code, words)                                                     \
    launch_expect_error(launch, exit_code, words, __FILE__, __LINE__)

static inline __attribute__((unused)) void auto_launch_clear(Launch *launch)
{
    launch_clear(launch);
}

#endif
