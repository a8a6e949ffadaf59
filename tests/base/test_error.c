#include <criterion/criterion.h>
#include <string.h>

#include "base/error.h"

Test(error, keeps_the_first_failure)
{
    AUTO(error_clear) Error err = ERROR_INIT;
    cr_assert_not(error_is_set(&err));
    cr_assert_not(error_set_state(&err, ERROR_LOCK, "55P03", "table %s", "a"));
    cr_assert_not(error_set(&err, ERROR_USAGE, "a second one"));
    cr_assert(error_is_set(&err));
    cr_assert_eq(err.kind, ERROR_LOCK);
    cr_assert_str_eq(err.message, "table a");
    cr_assert(error_is_state(&err, "55P03"));
    cr_assert_not(error_is_state(&err, "40P01"));
}

Test(error, puts_context_before_the_message)
{
    AUTO(error_clear) Error err = ERROR_INIT;
    error_wrap(&err, "nothing to wrap");
    cr_assert_not(error_is_set(&err));
    error_set(&err, ERROR_COPY, "no space left");
    cr_assert_not(error_wrap(&err, "copying %s", "orders"));
    error_wrap(&err, "preparing");
    cr_assert_str_eq(err.message, "preparing: copying orders: no space left");
    cr_assert_eq(err.kind, ERROR_COPY);
}

Test(error, is_one_line)
{
    AUTO(error_clear) Error err = ERROR_INIT;
    error_set(&err, ERROR_OTHER, "first\r\nsecond\n");
    error_hint(&err, "Do\nthis.\n");
    cr_assert_str_eq(err.message, "first  second");
    cr_assert_str_eq(err.hint, "Do this.");
}

Test(error, has_its_last_hint_and_none_without_a_failure)
{
    AUTO(error_clear) Error err = ERROR_INIT;
    error_hint(&err, "Too early.");
    cr_assert_null(err.hint);
    error_set(&err, ERROR_OTHER, "x");
    error_hint(&err, "One.");
    error_hint(&err, "%s.", "Two");
    cr_assert_str_eq(err.hint, "Two.");
}

Test(error, changes_its_kind_unless_it_is_a_lost_connection_or_an_interruption)
{
    static const struct {
        ErrorKind before, after;
    } cases[] = {{ERROR_OTHER, ERROR_COPY},
                 {ERROR_LOCK, ERROR_COPY},
                 {ERROR_CONNECTION, ERROR_CONNECTION},
                 {ERROR_INTERRUPTED, ERROR_INTERRUPTED}};
    for (size_t i = 0; i < LENGTH(cases); i++) {
        AUTO(error_clear) Error err = ERROR_INIT;
        error_set(&err, cases[i].before, "x");
        cr_assert_not(error_kind(&err, ERROR_COPY));
        cr_assert_eq(err.kind, cases[i].after);
    }
    AUTO(error_clear) Error none = ERROR_INIT;
    error_kind(&none, ERROR_COPY);
    cr_assert_not(error_is_set(&none));
}

Test(error, moves_only_where_there_is_none)
{
    AUTO(error_clear) Error to = ERROR_INIT;
    AUTO(error_clear) Error from = ERROR_INIT;
    error_set_state(&from, ERROR_LOCK, "40P01", "first");
    error_hint(&from, "Hint.");
    error_move(&to, &from);
    cr_assert_not(error_is_set(&from));
    cr_assert_str_eq(to.message, "first");
    cr_assert_str_eq(to.hint, "Hint.");
    error_set(&from, ERROR_USAGE, "second");
    error_move(&to, &from);
    cr_assert_not(error_is_set(&from));
    cr_assert_str_eq(to.message, "first");
    cr_assert_eq(to.kind, ERROR_LOCK);
}

Test(error, can_be_cleared_and_used_again)
{
    AUTO(error_clear) Error err = ERROR_INIT;
    error_set_state(&err, ERROR_LOCK, "40P01", "x");
    error_hint(&err, "y");
    error_clear(&err);
    error_clear(NULL);
    cr_assert_eq(err.kind, ERROR_NONE);
    cr_assert_null(err.message);
    cr_assert_null(err.hint);
    cr_assert_str_eq(err.sqlstate, "");
}

/* Written down a second time on purpose: these are never renumbered. */
Test(error, kinds_have_the_exit_codes_of_the_manual)
{
    static const struct {
        ErrorKind kind;
        const char *name;
        int code;
    } cases[] = {{ERROR_NONE, "NONE", 0},
                 {ERROR_OTHER, "OTHER", 1},
                 {ERROR_USAGE, "USAGE", 2},
                 {ERROR_CONNECTION, "CONNECTION", 3},
                 {ERROR_PREFLIGHT, "PREFLIGHT", 4},
                 {ERROR_STATE, "STATE", 5},
                 {ERROR_LOCK, "LOCK", 6},
                 {ERROR_COPY, "COPY", 7},
                 {ERROR_DIFFERENCE, "DIFFERENCE", 8},
                 {ERROR_UNSETTLED, "UNSETTLED", 9},
                 {ERROR_INTERRUPTED, "INTERRUPTED", 130}};
    cr_assert_eq(LENGTH(cases), (size_t)ERROR_KIND_COUNT);
    for (size_t i = 0; i < LENGTH(cases); i++) {
        cr_assert_eq(error_kind_exit_code(cases[i].kind), cases[i].code, "%s", cases[i].name);
        cr_assert_str_eq(error_kind_name(cases[i].kind), cases[i].name);
        cr_assert_gt(strlen(error_kind_sentence(cases[i].kind)), 5);
    }
}
