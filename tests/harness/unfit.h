/*
 * unfit.h - two PostgreSQL servers that preflight has something to say about (unfit.sh): one with
 * dangerous settings and few connections, and its standby. They go with the process of the test,
 * however that ends.
 *
 * Threads: one. Failures fail the running Criterion test.
 */
#ifndef PGZM_TESTS_HARNESS_UNFIT_H
#define PGZM_TESTS_HARNESS_UNFIT_H

#include "tests/harness/server.h"

typedef struct Unfit {
    TestDatabase primary, standby; /* databases named postgres */
} Unfit;

Unfit unfit_start(void);

#endif
