/*
 * cases.h - the files of tests/cases: small databases, each with one hard thing in it, for
 * migrations on one server (tests/e2e/test_cases.c) and from one version to another.
 *
 * tests/cases/NAME.sql makes the source. It is plain SQL, one simple query; lines that are
 * `-- next` split it into several (for what cannot run in one transaction), and after
 * `-- next, fails` comes one that must fail. tests/cases/NAME.dest, where there is one, makes what
 * the destination has before. The file begins with lines of the form `-- word: text`:
 *
 *     -- about: words             what is in it, for people
 *     -- source: >= 14            the source's version must be so; also `< 14`; may be repeated
 *     -- dest: >= 14              the same for the destination's
 *     -- needs: QUERY             asked on both servers, must be true; otherwise it is left out
 *     -- source-needs: QUERY      the same, asked on the source alone
 *     -- roles: case_a case_b     made on both servers, never dropped (roles belong to all
 *                                 databases, and tests run at the same time)
 *     -- tablespace: case_space   the same for a tablespace
 *     -- options: --large-objects further arguments of the command
 *     -- expect: 4 text           the exit code, and what the command must print; may be repeated.
 *                                 Without it: 0
 *     -- ignore: KIND             a kind that the comparer does not look at, with the reason above
 *     -- dest-has-more: why       the destination may have more than the source, with the reason
 *     -- check: QUERY             its rows must be the same in both databases, at least one
 *     -- dest-check: QUERY        must be true in the destination after the migration
 *
 * Threads: one. Failures fail the running Criterion test.
 */
#ifndef PGZM_TESTS_HARNESS_CASES_H
#define PGZM_TESTS_HARNESS_CASES_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/harness/server.h"

enum { CASE_LINES_MAX = 32 };

typedef struct Case {
    const char *name;
    char *text;      /* owned: the whole file */
    char *dest_text; /* owned: what the destination has before, or NULL */
    char *words[CASE_LINES_MAX], *values[CASE_LINES_MAX]; /* owned: the header */
    size_t lines;
} Case;

/* Reads tests/cases/NAME.sql; a header that is not understood fails the test. */
Case case_read(const char *name);
void case_clear(Case *test);

/* The value of the header's next line with this word; `*at` begins with 0. NULL after the last. */
const char *case_next(const Case *test, const char *word, size_t *at);

/* NULL when both servers are of a version that supports it and have what it needs; otherwise why
 * not (mem_free). */
char *case_unsupported(const Case *test, const TestDatabase *source, const TestDatabase *dest);

/* Roles and tablespaces on both servers, the source, the destination's former content. */
void case_make(const Case *test, const TestDatabase *source, const TestDatabase *dest);

/* What of `check` and `dest-check` is not so (mem_free), NULL when all is. */
char *case_check(const Case *test, const TestDatabase *source, const TestDatabase *dest);

static inline __attribute__((unused)) void auto_case_clear(Case *test)
{
    case_clear(test);
}

#endif
