#include "tests/harness/unfit.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifndef PGZM_TOP
#define PGZM_TOP "."
#endif

static TestDatabase database_on(const char *folder, int port)
{
    TestDatabase database = {.name = "postgres"};
    snprintf(database.conninfo, sizeof database.conninfo,
             "host=%s port=%d user=postgres dbname=postgres", folder, port);
    return database;
}

/* The script ends when its standard input does: that is, with this process. The folder's name is
 * what it says first. */
Unfit unfit_start(void)
{
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
        cr_assert_fail("no pipe");
    pid_t pid = fork();
    if (pid == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        execl("/bin/sh", "sh", PGZM_TOP "/tests/harness/unfit.sh", (char *)NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    char folder[256] = "";
    FILE *said = fdopen(out[0], "r");
    if (pid < 0 || said == NULL || fgets(folder, sizeof folder, said) == NULL)
        cr_assert_fail("the servers do not start");
    fclose(said);
    folder[strcspn(folder, "\n")] = '\0';
    return (Unfit){database_on(folder, 5435), database_on(folder, 5436)};
}
