/*
 * measure: runs a command and says on one line what it took:
 *
 *     pgzm-measure FILE [--postmaster PID]... COMMAND [ARGUMENT]...
 *
 * To FILE go, in this order: wall seconds; seconds of processor time of the command and of all the
 * processes that it started; the most memory in kB that all of them held at once; seconds of
 * processor time that the named servers used meanwhile. The exit code is the command's.
 *
 * Memory is sampled, as the sum of the proportional set sizes (shared pages count once), and is at
 * least the peak of the largest process, which the kernel keeps.
 */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SAMPLE_MS = 200, SERVERS_MAX = 8 };
/* A sample of hundreds of processes takes a while; this part of the time at most goes into it. */
enum { SAMPLE_ONE_OF = 50 };

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

/* Reads FILE of process `pid`; "" when it is gone. */
static void proc_read(long pid, const char *file, char *text, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/%s", pid, file);
    FILE *f = fopen(path, "r");
    size_t n = f != NULL ? fread(text, 1, size - 1, f) : 0;
    if (f != NULL)
        fclose(f);
    text[n] = '\0';
}

/* Calls `each` for every child of `pid`, whichever of its threads started it. */
static void each_child(long pid, void (*each)(long child, double *sum), double *sum)
{
    char path[64], list[65536];
    snprintf(path, sizeof path, "/proc/%ld/task", pid);
    DIR *tasks = opendir(path);
    for (struct dirent *task; tasks != NULL && (task = readdir(tasks)) != NULL;) {
        if (task->d_name[0] == '.')
            continue;
        char file[300];
        snprintf(file, sizeof file, "task/%s/children", task->d_name);
        proc_read(pid, file, list, sizeof list);
        char *end;
        for (char *at = list;; at = end) {
            long child = strtol(at, &end, 10);
            if (end == at)
                break;
            each(child, sum);
        }
    }
    if (tasks != NULL)
        closedir(tasks);
}

/* ---- memory ---------------------------------------------------------------------------- */

static void add_memory(long pid, double *kb)
{
    char text[4096];
    proc_read(pid, "smaps_rollup", text, sizeof text);
    const char *pss = strstr(text, "\nPss:");
    if (pss != NULL)
        *kb += strtod(pss + 5, NULL);
    each_child(pid, add_memory, kb);
}

/* ---- the servers' processor time ------------------------------------------------------- */

/* Clock ticks of the process itself, and of its children that ended and were waited for. */
static double ticks_of(long pid)
{
    char text[1024];
    proc_read(pid, "stat", text, sizeof text);
    const char *at = strrchr(text, ')'); /* the name may hold anything */
    unsigned long user = 0, sys = 0;
    long child_user = 0, child_sys = 0;
    if (at == NULL || sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %ld %ld",
                             &user, &sys, &child_user, &child_sys) != 4)
        return 0;
    return (double)user + (double)sys + (double)child_user + (double)child_sys;
}

static void add_ticks(long pid, double *ticks)
{
    *ticks += ticks_of(pid);
    each_child(pid, add_ticks, ticks);
}

/* A backend that ends while it is looked at would be missed or counted twice: then once more. */
static double server_seconds(const long *servers, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        for (int attempt = 0; attempt < 20; attempt++) {
            double before = ticks_of(servers[i]), ticks = 0;
            add_ticks(servers[i], &ticks);
            if (ticks_of(servers[i]) == before) {
                sum += ticks;
                break;
            }
        }
    return sum / (double)sysconf(_SC_CLK_TCK);
}

/* ---- the command ----------------------------------------------------------------------- */

/* Waits for it and for those of its descendants that outlive their parents. */
static int wait_for(pid_t child, int signals, double *memory)
{
    int status = 0;
    double next = now();
    for (bool running = true; running;) {
        double left = next - now();
        struct pollfd fd = {.fd = signals, .events = POLLIN};
        if (poll(&fd, 1, left > 0 ? (int)(left * 1000) + 1 : 0) > 0) {
            struct signalfd_siginfo info;
            if (read(signals, &info, sizeof info) < 0)
                perror("signalfd");
            int one;
            for (pid_t pid; (pid = waitpid(-1, &one, WNOHANG)) > 0;)
                if (pid == child) {
                    status = one;
                    running = false;
                }
        } else if (left <= 0) {
            double kb = 0, begun = now();
            add_memory(child, &kb);
            *memory = kb > *memory ? kb : *memory;
            double rest = (now() - begun) * SAMPLE_ONE_OF;
            next = now() + (rest > SAMPLE_MS / 1000.0 ? rest : SAMPLE_MS / 1000.0);
        }
    }
    return status;
}

int main(int argc, char **argv)
{
    long servers[SERVERS_MAX];
    int n = 0, at = 2;
    for (; at + 1 < argc && strcmp(argv[at], "--postmaster") == 0 && n < SERVERS_MAX; at += 2)
        servers[n++] = atol(argv[at + 1]);
    if (argc <= at) {
        fprintf(stderr, "usage: %s FILE [--postmaster PID]... COMMAND [ARGUMENT]...\n", argv[0]);
        return 2;
    }
    sigset_t set, usual;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, &usual);
    int signals = signalfd(-1, &set, SFD_CLOEXEC);
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);

    double server = server_seconds(servers, n), start = now(), memory = 0;
    pid_t child = fork();
    if (child == 0) {
        sigprocmask(SIG_SETMASK, &usual, NULL);
        execvp(argv[at], argv + at);
        perror(argv[at]);
        _exit(127);
    }
    if (child < 0 || signals < 0) {
        perror(argv[0]);
        return 1;
    }
    int status = wait_for(child, signals, &memory);
    double wall = now() - start;
    struct rusage usage;
    getrusage(RUSAGE_CHILDREN, &usage);
    server = server_seconds(servers, n) - server;
    if ((double)usage.ru_maxrss > memory)
        memory = (double)usage.ru_maxrss;
    FILE *file = fopen(argv[1], "w");
    if (file == NULL ||
        fprintf(file, "%.3f %.3f %.0f %.2f\n", wall,
                seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime), memory, server) < 0) {
        perror(argv[1]);
        return 1;
    }
    if (fclose(file) != 0) {
        perror(argv[1]);
        return 1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
