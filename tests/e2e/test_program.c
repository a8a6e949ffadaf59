/* The program as a process: it starts no other one, and its threads do not race. */
#include <stdlib.h>
#include <unistd.h>

#include "base/str.h"
#include "tests/e2e/shop.h"

/* Lines of a file that contain `part`. */
static int count_lines(const char *path, const char *part, Str *text)
{
    FILE *file = fopen(path, "rb");
    char line[4096];
    int count = 0;
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        str_add(text, line);
        count += strstr(line, part) != NULL;
    }
    if (file != NULL)
        fclose(file);
    return count;
}

Test(server_program, executes_no_other_program)
{
    const char *plain = getenv("TEST_COMMAND_PLAIN");
    if (plain == NULL)
        plain = launch_command();
    Shop shop = shop_open();
    char trace[] = "/tmp/pgzmtest-trace.XXXXXX";
    close(mkstemp(trace));
    /* strace itself is found before PATH is taken away. */
    AUTO(launch_clear)
    Launch launch = launch_start(
        &(LaunchOptions){.program = "strace"},
        (const char *const[]){"-f", "-e", "trace=execve,execveat", "-E", "PATH=/nonexistent", "-E",
                              "ASAN_OPTIONS=detect_leaks=0", "-o", trace, plain, "start",
                              "--source", shop.source.conninfo, "--dest", shop.dest.conninfo,
                              "--preserved-tables", "users,sessions", NULL});
    launch_wait(&launch);
    AUTO(str_clear) Str text = STR_INIT;
    int executed = count_lines(trace, "execve", &text);
    unlink(trace);
    if (launch.exit_code == 127 || strstr(launch.err, "Operation not permitted") != NULL)
        cr_skip_test("strace cannot be used here: %s", launch.err);
    EXPECT_EXIT(&launch, 0);
    cr_assert_eq(executed, 1, "%s", str_text(&text));
}

/* Also the ctest "tsan": there the command is one built with ThreadSanitizer, whose reports the
 * wrapper of the test finds. */
Test(server_threads, migrate_the_shop_and_roll_back)
{
    const char *sanitized = getenv("TEST_COMMAND_TSAN");
    if (sanitized == NULL || access(sanitized, X_OK) != 0)
        cr_skip_test("TEST_COMMAND_TSAN is not set: tests/run.sh builds it");
    Shop shop = shop_open();
    LaunchOptions options = {.program = sanitized};
    AUTO(launch_clear)
    Launch start =
        launch_start(&options, (const char *const[]){"start", "--source", shop.source.conninfo,
                                                     "--dest", shop.dest.conninfo, "--jobs", "4",
                                                     "--preserved-tables", "users,sessions", NULL});
    launch_wait(&start);
    EXPECT_EXIT(&start, 0);
    AUTO(launch_clear)
    Launch back = launch_start(&options, (const char *const[]){"rollback", "--latest", "--dest",
                                                               shop.dest.conninfo, NULL});
    launch_wait(&back);
    EXPECT_EXIT(&back, 0);
}
