/*
 * shop.h - the two web shops of tests/fixture in databases of their own, and what is to be so after
 * a migration.
 *
 * Threads: one. Failures fail the running test.
 */
#ifndef PGZM_TESTS_E2E_SHOP_H
#define PGZM_TESTS_E2E_SHOP_H

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tests/harness/compare.h"
#include "tests/harness/launch.h"
#include "tests/harness/server.h"

typedef struct Shop {
    TestDatabase source, dest;
} Shop;

/* The new shop and the old, live one. */
static inline __attribute__((unused)) Shop shop_open(void)
{
    Shop shop = {test_source_database("source"), test_database("dest")};
    test_sql_file(&shop.source, "tests/fixture/shop_source.sql");
    test_sql_file(&shop.dest, "tests/fixture/shop_dest.sql");
    return shop;
}

/* start or prepare, with further arguments up to a NULL. */
static inline __attribute__((unused)) Launch shop_launch(const Shop *shop, const char *command,
                                                         const char *const *more)
{
    test_share_roles();
    const char *arguments[32] = {command, "--source", shop->source.conninfo, "--dest",
                                 shop->dest.conninfo};
    size_t n = 5;
    for (; *more != NULL; more++)
        arguments[n++] = *more;
    return launch_now(arguments);
}
#define SHOP_LAUNCH(shop, command, ...)                                                            \
    shop_launch(shop, command, (const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

/* Fails with the text of a report unless there is none. Frees it. */
#define EXPECT_SAME(report)                                                                        \
    do {                                                                                           \
        AUTO(mem_free) char *report_ = (report);                                                   \
        cr_assert_null(report_, "\n%s", report_);                                                  \
    } while (0)

#define EXPECT_VALUE(database, query, expected)                                                    \
    do {                                                                                           \
        AUTO(mem_free) char *value_ = test_value(database, query);                                 \
        cr_assert_str_eq(value_ != NULL ? value_ : "(null)", expected, "%s: %s", query,            \
                         value_ != NULL ? value_ : "(null)");                                      \
    } while (0)

#define EXPECT_CONTAINS(text, part)                                                                \
    cr_assert_not_null(strstr(text, part), "\"%s\" is not in:\n%s", part, text)

/* A JSON object that is all of `text`. */
static inline __attribute__((unused)) json_t *shop_json(const char *text)
{
    json_error_t error;
    json_t *json = json_loads(text, 0, &error);
    cr_assert(json_is_object(json), "no JSON object (%s):\n%s", error.text, text);
    return json;
}

static inline __attribute__((unused)) void auto_json_decref(json_t **json)
{
    json_decref(*json);
}

#endif
