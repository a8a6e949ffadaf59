#include "tests/harness/dying.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

#ifndef PGZM_TOP
#define PGZM_TOP "."
#endif

static const char *const source_names[][2] = {{"TEST_PGHOST", "TEST_SOURCE_PGHOST"},
                                              {"TEST_PGPORT", "TEST_SOURCE_PGPORT"}};

/* The server of dying.sh, which ends when its standard input does: that is, with this process. The
 * folder's name is what it says first. */
static void start_own(bool forgetful)
{
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
        cr_assert_fail("no pipe");
    pid_t pid = fork();
    if (pid == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        if (forgetful)
            execl("/bin/sh", "sh", PGZM_TOP "/tests/harness/dying.sh", "run",
                  "wal_writer_delay=10s", "wal_writer_flush_after=1GB", "wal_buffers=16MB",
                  (char *)NULL);
        execl("/bin/sh", "sh", PGZM_TOP "/tests/harness/dying.sh", "run", (char *)NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    char folder[256] = "";
    FILE *said = fdopen(out[0], "r");
    if (pid < 0 || said == NULL || fgets(folder, sizeof folder, said) == NULL)
        cr_assert_fail("the server that is to die does not start");
    fclose(said);
    folder[strcspn(folder, "\n")] = '\0';
    AUTO(mem_free) char *data = mem_printf("%s/dying", folder);
    setenv("TEST_KILL_PGHOST", folder, 1);
    setenv("TEST_KILL_PGPORT", "5434", 1);
    setenv("TEST_KILL_PGDATA", data, 1);
}

static void use(void)
{
    for (size_t i = 0; i < LENGTH(source_names); i++) {
        const char *value = getenv(source_names[i][0]);
        if (value != NULL && getenv(source_names[i][1]) == NULL)
            setenv(source_names[i][1], value, 1);
    }
    setenv("TEST_PGHOST", getenv("TEST_KILL_PGHOST"), 1);
    setenv("TEST_PGPORT", getenv("TEST_KILL_PGPORT"), 1);
}

void dying_begin(void)
{
    if (getenv("TEST_KILL_PGDATA") == NULL)
        start_own(false);
    use();
}

void dying_begin_forgetful(void)
{
    start_own(true);
    use();
}

static void run(const char *how)
{
    AUTO(mem_free)
    char *command = mem_printf("exec sh '%s/tests/harness/dying.sh' %s '%s'", PGZM_TOP, how,
                               getenv("TEST_KILL_PGDATA"));
    if (system(command) != 0) {
        fprintf(stderr, "the server does not come back: %s\n", command);
        abort();
    }
}

void dying_restart(void *ignored)
{
    (void)ignored;
    run("restart");
}

void dying_kill(void *ignored)
{
    (void)ignored;
    run("kill");
}
