#include <criterion/criterion.h>
#include <string.h>

#include "base/str.h"

Test(str, is_empty_text_at_first)
{
    AUTO(str_clear) Str s = STR_INIT;
    cr_assert_str_eq(str_text(&s), "");
    AUTO(mem_free) char *taken = str_take(&s);
    cr_assert_str_eq(taken, "");
}

Test(str, grows_byte_by_byte)
{
    AUTO(str_clear) Str s = STR_INIT;
    for (int i = 0; i < 10000; i++) {
        str_add_bytes(&s, &"abcdefghij"[i % 10], 1);
        cr_assert_eq(s.len, (size_t)i + 1);
        cr_assert_eq(s.text[s.len], '\0');
    }
    for (int i = 0; i < 10000; i++)
        cr_assert_eq(s.text[i], "abcdefghij"[i % 10]);
}

Test(str, separates_the_items_of_a_list)
{
    AUTO(str_clear) Str s = STR_INIT;
    for (int i = 0; i < 3; i++) {
        str_separate(&s, ", ");
        str_addf(&s, "%d", i);
    }
    cr_assert_str_eq(str_text(&s), "0, 1, 2");
}

Test(str, keeps_bytes_of_any_value)
{
    AUTO(str_clear) Str s = STR_INIT;
    str_add_bytes(&s, "a\0b", 3);
    str_add(&s, "c");
    cr_assert_eq(s.len, 4);
    cr_assert_eq(memcmp(s.text, "a\0bc", 5), 0);
}

Test(str, is_empty_and_usable_after_its_text_was_taken)
{
    AUTO(str_clear) Str s = STR_INIT;
    str_add(&s, "one");
    AUTO(mem_free) char *one = str_take(&s);
    cr_assert_eq(s.len, 0);
    str_add(&s, "two");
    cr_assert_str_eq(one, "one");
    cr_assert_str_eq(str_text(&s), "two");
    str_clear(NULL);
}
