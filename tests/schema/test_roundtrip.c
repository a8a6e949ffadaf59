#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/harness/compare.h"
#include "tests/schema/roundtrip.h"

/* What the two databases are in the opinion of others. Rows are not carried here. */
static void check_databases(const Replay *r)
{
    static const char *const not_rows[] = {"rows", "values", NULL};
    const CompareScope scope = {.ignored_kinds = not_rows};
    AUTO(mem_free) char *differences = compare_databases(&r->source, &r->dest, &scope);
    cr_assert_null(differences, "%s", differences);
    AUTO(mem_free) char *dumps = compare_dumps(&r->source, &r->dest, &scope);
    cr_assert_null(dumps, "%s", dumps);
}

Replay roundtrip_begin(const char *script)
{
    Replay r = replay("roundtrip", script);
    check_databases(&r);
    return r;
}

void roundtrip(const char *script)
{
    Replay r = roundtrip_begin(script);
    replay_end(&r);
}

/* libpq quotes every identifier; tests read better without. */
static bool has_prefix(const char *sql, const char *prefix)
{
    while (*prefix != '\0') {
        if (*sql == '"' && *prefix != '"') {
            sql++;
            continue;
        }
        if (*sql++ != *prefix++)
            return false;
    }
    return true;
}

bool roundtrip_has(const FragmentList *list, const char *sql_prefix)
{
    for (size_t i = 0; i < list->count; i++)
        if (has_prefix(list->items[i].sql, sql_prefix))
            return true;
    return false;
}

size_t roundtrip_find(const FragmentList *list, const char *sql_prefix)
{
    for (size_t i = 0; i < list->count; i++)
        if (has_prefix(list->items[i].sql, sql_prefix))
            return i;
    for (size_t i = 0; i < list->count; i++)
        fprintf(stderr, "%s\n", list->items[i].sql);
    cr_assert_fail("there is no statement that begins with %s", sql_prefix);
    return 0;
}

bool roundtrip_needs(const FragmentList *list, size_t later, size_t earlier)
{
    if (later <= earlier)
        return false;
    const Fragment *fragment = &list->items[later];
    for (size_t i = 0; i < fragment->need_count; i++)
        if (fragment->needs[i] == earlier || roundtrip_needs(list, fragment->needs[i], earlier))
            return true;
    return false;
}

Test(server_roundtrip, carries_an_empty_database)
{
    roundtrip("SELECT 1");
}
