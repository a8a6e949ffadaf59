#include <criterion/criterion.h>

#include "base/mem.h"
#include "base/sql.h"

static const Sql table[] = {
    {"tables", 150000, "from 15"},   {"tables", 0, "all"},         {"tables", 120000, "from 12"},
    {"only_new", 170000, "from 17"}, {"table", 0, "another name"},
};

static const char *find(const char *name, int version)
{
    return sql_find(table, LENGTH(table), name, version);
}

Test(sql, is_the_newest_text_that_the_server_is_not_too_old_for)
{
    cr_assert_str_eq(find("tables", 110000), "all");
    cr_assert_str_eq(find("tables", 120022), "from 12");
    cr_assert_str_eq(find("tables", 149999), "from 12");
    cr_assert_str_eq(find("tables", 150000), "from 15");
    cr_assert_str_eq(find("tables", 180004), "from 15");
}

Test(sql, is_null_when_there_is_none)
{
    cr_assert_null(find("only_new", 160000));
    cr_assert_null(find("tab", 160000));
    cr_assert_null(sql_find(table, 0, "tables", 160000));
    cr_assert_str_eq(find("table", 160000), "another name");
}
