#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/progress.h"

#define GB (1024LL * 1024 * 1024)

static ProgressView copying(void)
{
    return (ProgressView){.phase = "copy",
                          .about = "copying rows and building indexes",
                          .phase_ms = 23400,
                          .counting = true,
                          .counters = {.bytes_done = GB,
                                       .bytes_total = 4 * GB,
                                       .rows_done = 1234567,
                                       .tables_done = 9,
                                       .tables_total = 41,
                                       .indexes_done = 15,
                                       .indexes_total = 88,
                                       .elapsed_ms = 23400},
                          .rate = 100 << 20,
                          .left_ms = 30500};
}

static char *drawn(const ProgressView *view, size_t width)
{
    Str out = STR_INIT;
    progress_draw(view, width, &out);
    return str_take(&out);
}

Test(progress, a_wide_terminal_shows_everything)
{
    ProgressView view = copying();
    AUTO(mem_free) char *text = drawn(&view, 100);
    cr_expect_str_eq(text, "  copy       #######-----------------------"
                           "   25%  1.0 GB of 4.0 GB  100 MB/s  31 s left\n"
                           "             9 of 41 tables  15 of 88 indexes  1,234,567 rows  24 s\n");
}

Test(progress, a_narrow_terminal_shows_what_matters_most)
{
    ProgressView view = copying();
    AUTO(mem_free) char *text = drawn(&view, 62);
    cr_expect_str_eq(text, "  copy       ###----------   25%  1.0 GB of 4.0 GB  31 s left\n"
                           "             9 of 41 tables  15 of 88 indexes  24 s\n");
    AUTO(mem_free) char *narrow = drawn(&view, 30);
    cr_expect_str_eq(narrow, "  copy        25%  31 s left\n"
                             "             9 of 41 tables\n");
}

Test(progress, a_pause_and_a_limit_are_said_plainly)
{
    ProgressView view = copying();
    view.counters.rate_limit = 200 << 20;
    AUTO(mem_free) char *limited = drawn(&view, 110);
    cr_expect_not_null(strstr(limited, "  100 MB/s of at most 200 MB/s  31 s left\n"), "%s",
                       limited);
    Str line = STR_INIT;
    progress_describe(&view, &line);
    cr_expect_not_null(strstr(line.text, ", 100 MB/s of at most 200 MB/s, 9 of 41"), "%s",
                       line.text);
    str_clear(&line);

    view.counters.paused = 1;
    AUTO(mem_free) char *text = drawn(&view, 80);
    cr_expect_not_null(strstr(text, " 25%  1.0 GB of 4.0 GB  paused: a replica lags\n"), "%s",
                       text);
    AUTO(mem_free) char *narrow = drawn(&view, 50);
    cr_expect_not_null(strstr(narrow, "paused: a replica lags\n"), "%s", narrow);
    progress_describe(&view, &line);
    cr_expect_not_null(strstr(line.text, ", paused: a replica lags, 9 of 41"), "%s", line.text);
    cr_expect_null(strstr(line.text, "left"), "%s", line.text);
    str_clear(&line);
}

Test(progress, no_line_is_ever_as_wide_as_the_terminal)
{
    ProgressView view = copying();
    for (int utf8 = 0; utf8 < 2; utf8++) {
        view.utf8 = utf8 == 1;
        for (view.counting = false;; view.counting = true) {
            for (size_t width = 2; width < 160; width++) {
                AUTO(mem_free) char *text = drawn(&view, width);
                for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
                    cr_expect(terminal_columns(line) < width, "%zu columns: \"%s\"", width, line);
            }
            if (view.counting)
                break;
        }
    }
}

Test(progress, without_colour_there_is_no_escape)
{
    ProgressView view = copying();
    AUTO(mem_free) char *text = drawn(&view, 100);
    cr_expect_null(strchr(text, '\033'));
    view.color = true;
    AUTO(mem_free) char *colored = drawn(&view, 100);
    cr_expect_not_null(strchr(colored, '\033'));
}

Test(progress, an_estimate_that_was_too_low_never_shows_done_too_early)
{
    ProgressView view = copying();
    view.counters.bytes_done = 5 * GB;
    view.left_ms = -1;
    AUTO(mem_free) char *text = drawn(&view, 100);
    cr_expect_not_null(strstr(text, " 99%  5.0 GB  100 MB/s\n"), "%s", text);
}

Test(progress, after_the_rows_it_says_that_indexes_are_built)
{
    ProgressView view = copying();
    view.counters.tables_done = 41;
    view.counters.bytes_done = 4 * GB;
    view.rate = 0;
    view.left_ms = -1;
    AUTO(mem_free) char *text = drawn(&view, 100);
    cr_expect_not_null(strstr(text, "100%  4.0 GB of 4.0 GB  building indexes\n"), "%s", text);
}

Test(progress, nothing_to_copy_divides_by_nothing)
{
    ProgressView view = copying();
    view.counters = (PgzmProgress){0};
    view.rate = 0;
    view.left_ms = -1;
    AUTO(mem_free) char *text = drawn(&view, 80);
    cr_expect_str_eq(text, "  copy       0 bytes\n             0 of 0 tables  0 rows  24 s\n");
}

Test(progress, a_phase_without_counters_is_one_line)
{
    ProgressView view = copying();
    view.counting = false;
    Str out = STR_INIT;
    cr_expect_eq(progress_draw(&view, 80, &out), 1);
    cr_expect_str_eq(str_text(&out), "  copy       copying rows and building indexes  24 s\n");
    str_clear(&out);
}

Test(progress, a_plain_line_says_the_same)
{
    ProgressView view = copying();
    AUTO(str_clear) Str out = STR_INIT;
    progress_describe(&view, &out);
    cr_expect_str_eq(str_text(&out), "copy: 25%, 1.0 GB of 4.0 GB, 100 MB/s, 9 of 41 tables, "
                                     "15 of 88 indexes, 31 s left");
}

/* What events leave on something that is no terminal. */
static char *written(ProgressLevel level, const PgzmEvent *events, size_t n)
{
    int fds[2];
    cr_assert_eq(pipe(fds), 0);
    Terminal terminal = {.fd = fds[1]};
    Progress *progress = progress_new(&terminal, level);
    for (size_t i = 0; i < n; i++)
        progress_event(progress, &events[i]);
    progress_end(progress, true);
    progress_free(progress);
    close(fds[1]);
    Str out = STR_INIT;
    char buffer[1000];
    ssize_t len;
    while ((len = read(fds[0], buffer, sizeof buffer)) > 0)
        str_add_bytes(&out, buffer, (size_t)len);
    close(fds[0]);
    str_add(&out, "");
    return str_take(&out);
}

static const PgzmEvent all_kinds[] = {
    {.kind = PGZM_EVENT_PHASE, .message = "preflight"},
    {.kind = PGZM_EVENT_INFO, .message = "an info"},
    {.kind = PGZM_EVENT_DEBUG, .message = "a detail"},
    {.kind = PGZM_EVENT_WARNING, .message = "a \033[2Jwarning"},
    {.kind = PGZM_EVENT_PLAN, .message = "a step"},
    {.kind = PGZM_EVENT_PHASE, .message = "a phase of tomorrow"},
};

Test(progress, plain_lines_for_phases_and_messages)
{
    AUTO(mem_free) char *text = written(PROGRESS_NORMAL, all_kinds, LENGTH(all_kinds));
    cr_expect_str_eq(text, "pgzm-copy: preflight: checking both servers\n"
                           "pgzm-copy: an info\n"
                           "pgzm-copy: warning: a ?[2Jwarning\n"
                           "pgzm-copy: a phase of tomorrow\n");
}

Test(progress, verbose_adds_details_and_the_plan)
{
    AUTO(mem_free) char *text = written(PROGRESS_VERBOSE, all_kinds, LENGTH(all_kinds));
    cr_expect_not_null(strstr(text, "pgzm-copy: debug: a detail\n"));
    cr_expect_not_null(strstr(text, "pgzm-copy: plan: a step\n"));
}

Test(progress, quiet_writes_nothing)
{
    AUTO(mem_free) char *text = written(PROGRESS_QUIET, all_kinds, LENGTH(all_kinds));
    cr_expect_str_eq(text, "");
}

Test(progress, counters_are_not_written_more_often_than_every_few_seconds)
{
    PgzmProgress counters = copying().counters;
    PgzmEvent events[100] = {{.kind = PGZM_EVENT_PHASE, .message = "copy"}};
    for (size_t i = 1; i < LENGTH(events); i++)
        events[i] = (PgzmEvent){.kind = PGZM_EVENT_PROGRESS, .progress = &counters};
    AUTO(mem_free) char *text = written(PROGRESS_NORMAL, events, LENGTH(events));
    cr_expect_str_eq(text, "pgzm-copy: copy: copying rows and building indexes\n");
}

Test(progress, standard_error_that_is_gone_stops_nothing)
{
    Terminal terminal = {.fd = -1, .live = true, .color = true};
    AUTO(progress_free) Progress *progress = progress_new(&terminal, PROGRESS_VERBOSE);
    for (size_t i = 0; i < LENGTH(all_kinds); i++)
        progress_event(progress, &all_kinds[i]);
    progress_tick(progress);
    progress_end(progress, false);
    cr_expect_eq(progress_warnings(progress), 1);
}
