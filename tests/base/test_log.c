#include <criterion/criterion.h>
#include <stdio.h>

#include "base/log.h"
#include "base/str.h"

static void note(void *context, LogLevel level, const char *message)
{
    str_addf(context, "%d:%s;", (int)level, message);
}

Test(log, hands_each_message_with_its_level_to_the_sink)
{
    AUTO(str_clear) Str seen = STR_INIT;
    const Log log = {note, &seen};
    log_debug(&log, "a %d", 1);
    log_info(&log, "b %s", "two");
    log_warning(&log, "c");
    cr_assert_str_eq(str_text(&seen), "0:a 1;1:b two;2:c;");
}

Test(log, makes_one_line_of_a_message)
{
    AUTO(str_clear) Str seen = STR_INIT;
    const Log log = {note, &seen};
    log_info(&log, "table \"a\nb\r\"");
    cr_assert_str_eq(str_text(&seen), "1:table \"a b \";");
}

Test(log, is_dropped_without_a_sink)
{
    const Log nowhere = {0};
    log_info(&nowhere, "x %d", 1);
    log_warning(NULL, "y");
}
