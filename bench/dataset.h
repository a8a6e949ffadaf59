/*
 * dataset.h - tables with made-up rows for comparisons, by name. The same name, size and seed give
 * the same rows everywhere. Not for tests of correctness: those need odd values, these have
 * ordinary ones.
 *
 * Threads: one.
 */
#ifndef PGZM_BENCH_DATASET_H
#define PGZM_BENCH_DATASET_H

#include "bench/rows.h"

typedef struct DatasetSize {
    int64_t bytes;  /* of the large tables with their TOAST, about, without indexes */
    int64_t tables; /* how many small ones, where a dataset has such */
    uint64_t seed;
} DatasetSize;

typedef struct Dataset {
    const char *name, *what;
    bool (*make)(Rows *rows, const DatasetSize *size);
} Dataset;

/* All of them; the last one's name is NULL. */
const Dataset *dataset_all(void);
const Dataset *dataset_find(const char *name); /* NULL when there is none */

/* Creates and fills the tables in the schema public of an empty database. */
bool dataset_make(const Dataset *dataset, Conn *conn, const DatasetSize *size, Error *err)
    MUST_CHECK;

/* What dataset_all lists. */
bool narrow_make(Rows *rows, const DatasetSize *size) MUST_CHECK;
bool stream_make(Rows *rows, const DatasetSize *size) MUST_CHECK;
bool wide_make(Rows *rows, const DatasetSize *size) MUST_CHECK;
bool toast_make(Rows *rows, const DatasetSize *size) MUST_CHECK;
bool small_make(Rows *rows, const DatasetSize *size) MUST_CHECK;
bool mixed_make(Rows *rows, const DatasetSize *size) MUST_CHECK;
bool partitioned_make(Rows *rows, const DatasetSize *size) MUST_CHECK;
bool skewed_make(Rows *rows, const DatasetSize *size) MUST_CHECK;

#endif
