/*
 * dataset.h - tables with made-up rows for comparisons: what pgbench has, one wide table with three
 * indexes, and many small tables. The same size and seed give the same rows everywhere. Not for
 * tests of correctness: those need odd values, this has ordinary ones.
 *
 * Threads: one.
 */
#ifndef PGZM_BENCH_DATASET_H
#define PGZM_BENCH_DATASET_H

#include <stdint.h>

#include "base/conn.h"

typedef struct DatasetSize {
    int64_t bytes;        /* of the large tables' heaps, about, without indexes */
    int64_t small_tables; /* besides, with a few dozen rows each */
    uint64_t seed;
} DatasetSize;

/* Creates and fills the tables in the schema public of an empty database. */
bool dataset_make(Conn *conn, const DatasetSize *size, Error *err) MUST_CHECK;

#endif
