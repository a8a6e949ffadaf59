/* Whole runs of the command, with a scripted library: what no golden file can show. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "cli/terminal.h"
#include "process.h"

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define SOURCE "SOURCE_DATABASE_URL=postgresql://alice:sesame@db1/shop"
#define DEST "DEST_DATABASE_URL=postgresql://bob:sesame@db2/shop"

TestSuite(command, .timeout = 60);

/* A new folder for a test's files, owned. */
static char *folder(void)
{
    char *path = mem_strdup("/tmp/pgzm_test_cli_XXXXXX");
    cr_assert_not_null(mkdtemp(path));
    return path;
}

static void remove_folder(char **path)
{
    AUTO(mem_free) char *command = mem_printf("rm -rf %s", *path);
    cr_expect_eq(system(command), 0);
    mem_free(*path);
}

static void auto_remove_folder(char **path)
{
    remove_folder(path);
}

/* A script of the test's own, as a variable, owned. */
static char *script(const char *in, const char *text)
{
    AUTO(mem_free) char *path = mem_printf("%s/script", in);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fputs(text, file);
    fclose(file);
    return mem_printf("FAKE_SCRIPT=%s", path);
}

Test(command, options_and_environment_reach_the_library)
{
    AUTO(remove_folder) char *in = folder();
    AUTO(mem_free) char *path = mem_printf("%s/record", in);
    AUTO(mem_free) char *record = mem_printf("FAKE_RECORD=%s", path);
    AUTO(process_clear) Process p;
    process_run(&p, &(ProcessSpec){.env = LIST(SOURCE, "DATABASE_URL=other", record),
                                   .args = LIST("-j", "3", "start", "--lock-timeout=50ms",
                                                "--preserved-tables", "a,b", "--dry-run",
                                                "--preserved-tables=\"C\"", "--timeout", "1h")});
    cr_expect_eq(p.status, 0, "%s", p.err);
    AUTO(mem_free) char *text = process_read_file(path);
    cr_assert_not_null(text);
    cr_expect_str_eq(text, "source=postgresql://alice:sesame@db1/shop\n"
                           "dest=other\n"
                           "preserved-tables=a,b\n"
                           "preserved-tables=\"C\"\n"
                           "jobs=3\n"
                           "dry-run=on\n"
                           "lock-timeout=50ms\n"
                           "timeout=1h\n"
                           "run=start\n");
}

Test(command, a_side_left_to_libpq_is_an_empty_connection_string)
{
    AUTO(remove_folder) char *in = folder();
    AUTO(mem_free) char *path = mem_printf("%s/record", in);
    AUTO(mem_free) char *record = mem_printf("FAKE_RECORD=%s", path);
    AUTO(process_clear) Process p;
    process_run(&p, &(ProcessSpec){.env = LIST("PGHOST=db2", record), .args = LIST("status")});
    AUTO(mem_free) char *text = process_read_file(path);
    cr_assert_not_null(text);
    cr_expect_str_eq(text, "dest=\nrun=status\n");
}

Test(command, the_exit_status_is_that_of_the_library)
{
    for (int status = 1; status <= 9; status++) {
        AUTO(remove_folder) char *in = folder();
        AUTO(mem_free) char *line = mem_printf("error %d||it failed|\n", status);
        AUTO(mem_free) char *variable = script(in, line);
        AUTO(process_clear) Process p;
        process_run(&p, &(ProcessSpec){.env = LIST(DEST, variable), .args = LIST("swap")});
        cr_expect_eq(p.status, status);
        cr_expect_str_eq(p.err, "pgzm-copy: error: it failed\n");
        const char *out =
            status == 9 ? "The new data is live, but not everything is verified.\n\n" : "";
        cr_expect_str_eq(p.out, out);
    }
}

static void stopped(int number, int status, const char *word)
{
    AUTO(mem_free) char *variable = process_script("wait");
    AUTO(process_clear) Process p;
    process_start(
        &p, &(ProcessSpec){.env = LIST(SOURCE, DEST, variable), .args = LIST("start", "--json")});
    process_await(&p, "copy: ");
    kill(p.pid, number);
    process_wait(&p);
    cr_expect_eq(p.status, status);
    cr_expect_not_null(strstr(p.err, word), "%s", p.err);
    json_t *answer = json_loads(p.out, 0, NULL);
    const json_t *error = json_object_get(answer, "error");
    cr_expect_eq(json_integer_value(json_object_get(error, "exit_code")), status);
    cr_expect_str_eq(json_string_value(json_object_get(error, "kind")), "interrupted");
    json_decref(answer);
}

Test(command, an_interrupt_stops_the_library_and_exits_with_130)
{
    stopped(SIGINT, 130, "interrupted: stopping");
}

Test(command, a_termination_stops_the_library_and_exits_with_143)
{
    stopped(SIGTERM, 143, "terminated: stopping");
}

Test(command, a_second_signal_ends_it_at_once)
{
    AUTO(remove_folder) char *in = folder();
    AUTO(mem_free) char *variable = script(in, "phase copy\nhang\n");
    AUTO(process_clear) Process p;
    process_start(&p, &(ProcessSpec){.env = LIST(SOURCE, DEST, variable), .args = LIST("start")});
    process_await(&p, "copy: ");
    kill(p.pid, SIGINT);
    process_await(&p, "once more");
    kill(p.pid, SIGTERM);
    process_wait(&p);
    cr_expect_eq(p.status, 143);
}

Test(command, a_signal_after_the_work_is_done_changes_nothing)
{
    AUTO(remove_folder) char *in = folder();
    AUTO(mem_free)
    char *variable = script(in, "phase swap\nlinger\nresult {\"state\":\"SETTLED\"}\n");
    AUTO(process_clear) Process p;
    process_start(&p, &(ProcessSpec){.env = LIST(DEST, variable), .args = LIST("swap")});
    process_await(&p, "swap: ");
    kill(p.pid, SIGINT);
    process_wait(&p);
    cr_expect_eq(p.status, 0, "%s", p.err);
    cr_expect_not_null(strstr(p.out, "SETTLED"));
}

Test(command, standard_output_that_is_full_or_closed_is_an_error)
{
    AUTO(process_clear) Process full;
    process_run(
        &full, &(ProcessSpec){.env = LIST(DEST), .args = LIST("list"), .stdout_path = "/dev/full"});
    cr_expect_eq(full.status, 1);
    cr_expect_not_null(strstr(full.err, "could not write to standard output: No space left"));
    AUTO(process_clear) Process closed;
    process_run(&closed, &(ProcessSpec){.args = LIST("--help"), .close_fd = STDOUT_FILENO});
    cr_expect_eq(closed.status, 1);
    cr_expect_not_null(strstr(closed.err, "could not write to standard output"));
}

Test(command, standard_error_that_is_closed_stops_nothing)
{
    AUTO(mem_free) char *variable = process_script("start");
    AUTO(process_clear) Process p;
    process_run(&p, &(ProcessSpec){.env = LIST(SOURCE, DEST, variable),
                                   .args = LIST("start"),
                                   .close_fd = STDERR_FILENO});
    cr_expect_eq(p.status, 0);
    cr_expect_not_null(strstr(p.out, "Done: the new data is live."));
}

Test(command, a_log_file_holds_the_run_and_is_for_its_owner_alone)
{
    AUTO(remove_folder) char *in = folder();
    AUTO(mem_free) char *variable = process_script("start");
    AUTO(mem_free) char *path = mem_printf("%s/run.log", in);
    for (int i = 0; i < 2; i++) {
        AUTO(process_clear) Process p;
        process_run(&p, &(ProcessSpec){.env = LIST(SOURCE, DEST, variable),
                                       .args = LIST("start", "-q", "--log-file", path)});
        cr_expect_eq(p.status, 0);
        cr_expect_str_eq(p.err, "");
    }
    struct stat stat_of;
    cr_assert_eq(stat(path, &stat_of), 0);
    cr_expect_eq(stat_of.st_mode & 0777, 0600);
    AUTO(mem_free) char *text = process_read_file(path);
    static const char *const expected[] = {
        "  start     pgzm-copy 1.2.3 start\n",
        "  options   --source=*** (SOURCE_DATABASE_URL) --dest=*** (DEST_DATABASE_URL) --",
        " --log-file=",
        "  phase     preflight\n",
        "  phase     preflight took ",
        "  debug     search_path is pinned\n",
        "  warning   function public.audit()",
        "  source    database shop on db1:5432 as alice, PostgreSQL 15.8\n",
        "  dest      database shop on db2:5433 as bob, PostgreSQL 17.2\n",
        "  copied    41 tables, 12,345,678 rows, ",
        "  end       done (exit status 0), 1 warning, migration 1769903999123 is SETTLED, took ",
    };
    for (size_t i = 0; i < LENGTH(expected); i++) {
        const char *first = strstr(text, expected[i]);
        cr_assert_not_null(first, "\"%s\" is missing in:\n%s", expected[i], text);
        cr_expect_not_null(strstr(first + 1, expected[i]), "the second run was not appended");
    }
    cr_expect_null(strstr(text, "sesame"));
}

Test(command, a_log_file_tells_of_failure)
{
    AUTO(remove_folder) char *in = folder();
    AUTO(mem_free) char *variable = process_script("refused");
    AUTO(mem_free) char *path = mem_printf("%s/run.log", in);
    AUTO(mem_free) char *option = mem_printf("--log-file=%s", path);
    AUTO(process_clear) Process p;
    process_run(&p,
                &(ProcessSpec){.env = LIST(SOURCE, DEST, variable), .args = LIST("start", option)});
    AUTO(mem_free) char *text = process_read_file(path);
    cr_assert_not_null(text);
    cr_expect_not_null(strstr(text, "  error     permission denied for schema public\n"));
    cr_expect_not_null(strstr(text, "  hint      Grant it, or connect as the owner"));
    cr_expect_not_null(strstr(text, "  end       failed (exit status 4), 0 warnings, took "));
}

Test(command, a_log_file_that_cannot_be_written_ends_it_before_anything_starts)
{
    AUTO(remove_folder) char *in = folder();
    AUTO(mem_free) char *path = mem_printf("%s/record", in);
    AUTO(mem_free) char *record = mem_printf("FAKE_RECORD=%s", path);
    AUTO(mem_free) char *missing = mem_printf("%s/no/such/folder", in);
    const char *paths[] = {"/dev/full", missing, in};
    for (size_t i = 0; i < LENGTH(paths); i++) {
        AUTO(process_clear) Process p;
        process_run(&p, &(ProcessSpec){.env = LIST(SOURCE, DEST, record),
                                       .args = LIST("start", "--log-file", paths[i])});
        cr_expect_eq(p.status, 2);
        cr_expect_not_null(strstr(p.err, "log file"), "%s", p.err);
        cr_expect_not_null(strstr(p.err, "HINT: "), "%s", p.err);
        cr_expect_null(process_read_file(path), "the library was asked to run");
    }
}

Test(command, the_process_list_shows_no_password)
{
    AUTO(mem_free) char *variable = process_script("wait");
    AUTO(process_clear) Process p;
    process_start(
        &p, &(ProcessSpec){.env = LIST(variable),
                           .args = LIST("start", "--source", "postgresql://alice:sesame@db1/shop",
                                        "--dest=host=db2 password='sesame'", "--jobs=2")});
    process_await(&p, "copy: ");
    AUTO(mem_free) char *path = mem_printf("/proc/%d/cmdline", (int)p.pid);
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file);
    char line[1000];
    size_t len = fread(line, 1, sizeof line - 1, file);
    fclose(file);
    for (size_t i = 0; i < len; i++)
        line[i] = line[i] != 0 ? line[i] : ' ';
    line[len] = 0;
    kill(p.pid, SIGTERM);
    process_wait(&p);
    cr_expect_null(strstr(line, "sesame"), "%s", line);
    cr_expect_not_null(strstr(line, "--dest=***"), "%s", line);
    cr_expect_not_null(strstr(line, "--jobs=2"), "%s", line);
}

/* What a terminal sees of counters, each left for two ticks so that it is surely drawn: done, and
 * the last number is what came over the wire. */
static void counted(Process *p, const char *second, const char *third)
{
    AUTO(remove_folder) char *in = folder();
    AUTO(mem_free)
    char *text = mem_printf("phase copy\nprogress 0 4000000 0 0 4 0 3 0 1\nsleep 500\n"
                            "progress %s\nsleep 500\nprogress %s\nsleep 500\n",
                            second, third);
    AUTO(mem_free) char *variable = script(in, text);
    process_run(p, &(ProcessSpec){.env = LIST(SOURCE, DEST, variable, "TERM=xterm"),
                                  .args = LIST("start"),
                                  .columns = 100});
}

Test(command, chunks_under_way_count_by_what_came_over_the_wire)
{
    AUTO(process_clear) Process p;
    counted(&p, "0 4000000 0 0 4 0 3 2000 1000001", "1000000 4000000 10 1 4 0 3 4000 2000001");
    cr_expect_not_null(strstr(p.err, "25%  977 kB of 3.8 MB  488 kB/s  6 s left"), "%s", p.err);
    cr_expect_not_null(strstr(p.err, "50%  1.9 MB of 3.8 MB  488 kB/s  4 s left"), "%s", p.err);
}

Test(command, a_wire_longer_than_the_tables_never_says_that_all_is_done)
{
    AUTO(process_clear) Process p;
    counted(&p, "0 4000000 0 0 4 0 3 2000 9000001", "2000000 4000000 10 2 4 0 3 4000 18000001");
    cr_expect_not_null(strstr(p.err, "95%  3.6 MB of 3.8 MB  4.3 MB/s"), "%s", p.err);
    cr_expect_not_null(strstr(p.err, "97%  3.7 MB of 3.8 MB  4.3 MB/s"), "%s", p.err);
}

/* Runs for a moment on a terminal. */
static void on_terminal(Process *p, const char *color, unsigned short columns)
{
    AUTO(remove_folder) char *in = folder();
    AUTO(mem_free)
    char *variable = script(in, "phase preflight\ninfo all is well\nphase copy\n"
                                "progress 0 4000000 0 0 4 0 3 0\nsleep 500\n"
                                "progress 1000000 4000000 100 1 4 0 3 1500\nsleep 500\n"
                                "progress 2000000 4000000 200 2 4 1 3 3000\nsleep 500\n"
                                "warning look at this\n"
                                "progress 4000000 4000000 400 4 4 3 3 6000\nphase swap\n");
    process_run(p, &(ProcessSpec){
                       .env = LIST(SOURCE, DEST, variable, color, "TERM=xterm", "LC_ALL=C.UTF-8"),
                       .args = LIST("start"),
                       .columns = columns});
    cr_expect_eq(p->status, 0);
}

Test(command, a_terminal_sees_lines_that_are_drawn_again)
{
    AUTO(process_clear) Process p;
    on_terminal(&p, "X=", 100);
    cr_expect_not_null(strstr(p.err, "\033[2A\r\033[J"), "%s", p.err);
    cr_expect_not_null(strstr(p.err, "50%  1.9 MB of 3.8 MB  651 kB/s  3 s left"), "%s", p.err);
    cr_expect_not_null(strstr(p.err, "2 of 4 tables  1 of 3 indexes"));
    cr_expect_not_null(strstr(p.err, "✓\033[0m copy "));
    cr_expect_not_null(strstr(p.err, "warning:"));
}

Test(command, no_color_is_respected)
{
    AUTO(process_clear) Process p;
    on_terminal(&p, "NO_COLOR=1", 100);
    cr_expect_null(strstr(p.err, "\033[3"), "%s", p.err);
    cr_expect_not_null(strstr(p.err, "✓ copy "));
}

Test(command, a_narrow_terminal_is_not_overrun_by_drawn_lines)
{
    AUTO(process_clear) Process p;
    on_terminal(&p, "NO_COLOR=1", 40);
    for (char *line = strtok(p.err, "\r\n"); line != NULL; line = strtok(NULL, "\r\n")) {
        if (strncmp(line, "\033[J", 3) == 0)
            line += 3;
        if (strncmp(line, "  ", 2) == 0)
            cr_expect(terminal_columns(line) < 40, "\"%s\"", line);
    }
}
