/*
 * bakery.h - the two small bakeries of tests/fixture in databases of their own: as shop.h, for
 * tests that are about one thing each.
 *
 * Threads: one. Failures fail the running test.
 */
#ifndef PGZM_TESTS_E2E_BAKERY_H
#define PGZM_TESTS_E2E_BAKERY_H

#include "tests/e2e/shop.h"
#include "tests/harness/session.h"

/* The new bakery and the old, live one. */
static inline __attribute__((unused)) Shop bakery_open(void)
{
    Shop shop = {test_source_database("source"), test_database("dest")};
    test_sql_file(&shop.source, "tests/fixture/bakery_source.sql");
    test_sql_file(&shop.dest, "tests/fixture/bakery_dest.sql");
    return shop;
}

/* Further statements on either side; NULL for none. */
static inline __attribute__((unused)) Shop bakery_with(const char *source, const char *dest)
{
    Shop shop = bakery_open();
    if (source != NULL)
        test_sql(&shop.source, source);
    if (dest != NULL)
        test_sql(&shop.dest, dest);
    return shop;
}

/* The customers are what the live bakery keeps. */
#define KEEPING "--preserved-tables", "customers"

/* A command that knows the destination alone. */
#define DEST_LAUNCH(shop, command, ...)                                                            \
    LAUNCH(command, "--dest", (shop)->dest.conninfo __VA_OPT__(, ) __VA_ARGS__)

/* Runs a command that must go well. */
#define SHOP_RUN(shop, ...)                                                                        \
    do {                                                                                           \
        AUTO(launch_clear) Launch run_ = SHOP_LAUNCH(shop, __VA_ARGS__);                           \
        EXPECT_EXIT(&run_, 0);                                                                     \
    } while (0)
#define DEST_RUN(shop, ...)                                                                        \
    do {                                                                                           \
        AUTO(launch_clear) Launch run_ = DEST_LAUNCH(shop, __VA_ARGS__);                           \
        EXPECT_EXIT(&run_, 0);                                                                     \
    } while (0)

/* Fails unless what is live is as in a fingerprint. */
#define EXPECT_LIVE(shop, before)                                                                  \
    do {                                                                                           \
        AUTO(mem_free) char *now_ = compare_fingerprint(&(shop)->dest, NULL, false);               \
        EXPECT_SAME(compare_fingerprints(before, now_));                                           \
    } while (0)

/* The latest migration's state. */
#define LATEST_STATE "SELECT state FROM pgzm.migration ORDER BY id DESC LIMIT 1"

#endif
