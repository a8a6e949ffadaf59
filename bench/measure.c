/*
 * measure: runs a command and says on one line what it took: wall seconds, seconds of processor
 * time, the most memory that it held in kB. The exit code is the command's.
 *
 *     pgzm-measure FILE COMMAND [ARGUMENT]...
 *
 * The line is written to FILE.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds_of(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: %s FILE COMMAND [ARGUMENT]...\n", argv[0]);
        return 2;
    }
    double start = now();
    pid_t child = fork();
    if (child == 0) {
        execvp(argv[2], argv + 2);
        perror(argv[2]);
        _exit(127);
    }
    int status = 0;
    struct rusage usage;
    if (child < 0 || wait4(child, &status, 0, &usage) != child) {
        perror(argv[0]);
        return 1;
    }
    double wall = now() - start;
    FILE *file = fopen(argv[1], "w");
    if (file == NULL ||
        fprintf(file, "%.3f %.3f %ld\n", wall,
                seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime), usage.ru_maxrss) < 0) {
        perror(argv[1]);
        return 1;
    }
    if (fclose(file) != 0) {
        perror(argv[1]);
        return 1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
