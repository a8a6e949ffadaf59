/*
 * compare.h - the tests' own opinion on whether two databases are the same: kind by kind with
 * catalog queries of its own (harness/sql), every row of every table, every sequence's value; and
 * pg_dump's text where it is installed. It shares nothing with schema/, so that a mistake there is
 * not repeated here.
 *
 * Left out everywhere: system schemas, members of extensions, schemas named pgzm...
 *
 * Threads: one. A failure to ask fails the running Criterion test.
 */
#ifndef PGZM_TESTS_HARNESS_COMPARE_H
#define PGZM_TESTS_HARNESS_COMPARE_H

#include <stdbool.h>

#include "tests/harness/server.h"

typedef struct CompareScope {
    /* Relations, "schema.name" unquoted, of which nothing is compared; ends with NULL. May be NULL.
     */
    const char *const *ignored;
    /* The same, of which all but the rows (and sequence values) is compared. */
    const char *const *ignored_rows;
    /* Kinds (file names in harness/sql without .sql, or "rows", "values"); ends with NULL. */
    const char *const *ignored_kinds;
    /* The second database may have more: objects, grants on those that both have, and the triggers
     * of a migration. */
    bool second_may_have_more;
} CompareScope;

/* NULL when both are the same, otherwise the first differences, a few lines each (mem_free). Of two
 * servers of different versions, what both print differently is only looked for. */
char *compare_databases(const TestDatabase *first, const TestDatabase *second,
                        const CompareScope *scope);

/* The entries of `pg_dump --schema-only` of the first database that the second one's lacks (and the
 * other way round unless it may have more); NULL when there are none, or when no pg_dump that is
 * new enough is installed, or the servers' versions differ. */
char *compare_dumps(const TestDatabase *first, const TestDatabase *second,
                    const CompareScope *scope);

/* All that is compared, as text, one line each: to be taken before and after. With the identity
 * (OIDs, files) of each object; with `strict` also a digest of the catalogs' rows themselves, which
 * any change leaves another, even one that was taken back. */
char *compare_fingerprint(const TestDatabase *database, const CompareScope *scope, bool strict);

/* The lines of two fingerprints that differ, NULL when none does (mem_free). */
char *compare_fingerprints(const char *before, const char *after);
/* The same, but for those that begin with one of the prefixes ("after:  extension "), up to NULL.
 */
char *compare_fingerprints_but(const char *before, const char *after, const char *const *prefixes);

/* A line for every catalog, table and sequence, in our schemas, too: a digest of all its rows and
 * of the transactions that wrote them, statistics apart (mem_free). The same only when nobody wrote
 * anything there, not even what was taken back later. */
char *compare_image(const TestDatabase *database);

#endif
