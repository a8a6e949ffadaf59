#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/terminal.h"

static const char *clean(const char *text)
{
    static char result[200];
    AUTO(str_clear) Str out = STR_INIT;
    terminal_add_clean(&out, text);
    snprintf(result, sizeof result, "%s", str_text(&out));
    return result;
}

Test(terminal, text_keeps_what_a_person_can_read)
{
    cr_expect_str_eq(clean("plain"), "plain");
    cr_expect_str_eq(clean("Größe 表 😀"), "Größe 表 😀");
    cr_expect_str_eq(clean("two\nlines"), "two lines");
}

Test(terminal, text_cannot_steer_a_terminal)
{
    cr_expect_str_eq(clean("a\033[2Jb"), "a?[2Jb");
    cr_expect_str_eq(clean("a\rb\177"), "a?b?");
    cr_expect_str_eq(clean("a\302\233b"), "a??b"); /* C1 control */
}

Test(terminal, broken_utf8_becomes_question_marks)
{
    cr_expect_str_eq(clean("a\377b"), "a?b");
    cr_expect_str_eq(clean("a\303"), "a?");
    cr_expect_str_eq(clean("\300\257"), "??");           /* overlong */
    cr_expect_str_eq(clean("\355\240\200"), "???");      /* a surrogate */
    cr_expect_str_eq(clean("\364\220\200\200"), "????"); /* beyond Unicode */
}

Test(terminal, columns_count_characters)
{
    cr_expect_eq(terminal_columns("Größe"), 5);
    cr_expect_eq(terminal_columns(""), 0);
}

Test(terminal, a_pipe_is_no_terminal)
{
    int fds[2];
    cr_assert_eq(pipe(fds), 0);
    setenv("TERM", "xterm", 1);
    Terminal terminal = terminal_open(fds[1]);
    cr_expect_not(terminal.live);
    cr_expect_not(terminal.color);
    cr_expect_eq(terminal_width(&terminal), 80);
}
