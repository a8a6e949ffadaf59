/*
 * summary.h - what bench/run.sh measured: its runs, gathered by case and contender, medians and
 * ranges of each number, growth over cases of one dataset, and the targets. Not what they look
 * like: see outcome.h and chart.h.
 *
 * Threads: one.
 */
#ifndef PGZM_BENCH_SUMMARY_H
#define PGZM_BENCH_SUMMARY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

enum { SUMMARY_RUNS_MAX = 100, SUMMARY_ENTRIES_MAX = 8, SUMMARY_PHASES_MAX = 16 };

/* CPU is client and servers together. */
typedef enum Metric {
    METRIC_WALL,
    METRIC_CLIENT,
    METRIC_SERVER,
    METRIC_CPU,
    METRIC_MEMORY,
    METRIC_WAL,
    METRIC_COUNT
} Metric;

/* "wall_s" and the like, for JSON. */
const char *metric_key(Metric metric);

typedef struct Spread {
    int n; /* 0: nothing was measured, and the numbers mean nothing */
    double median, min, max;
} Spread;

typedef struct Phase {
    const char *name;
    double ms[SUMMARY_RUNS_MAX];
    int n;
} Phase;

typedef struct Entry {
    const char *contender; /* as bench/contenders.sh calls it */
    int n;
    int run[SUMMARY_RUNS_MAX];
    double values[METRIC_COUNT][SUMMARY_RUNS_MAX]; /* seconds, kB, bytes */
    Phase phases[SUMMARY_PHASES_MAX];              /* of pgzm-copy, by its own account */
    int phase_count;
} Entry;

typedef struct Case {
    const char *name, *dataset, *unit; /* MB or tables */
    int64_t number, tables, rows, bytes;
    int64_t wire_bytes; /* of all rows in binary COPY; 0 where it was not measured */
    Entry *entries[SUMMARY_ENTRIES_MAX];
    int entry_count;
} Case;

typedef struct Fact {
    const char *name, *text;
} Fact;

typedef struct Target {
    const char *what;
    double limit, value;
    bool known; /* false: the cases that it needs were not run */
    bool met;
    const char *unit; /* "", or what the value is counted in */
} Target;

typedef struct Summary {
    Arena *arena;
    Case *cases;
    int case_count;
    Fact *facts;
    int fact_count;
    const char **failures;
    int failure_count;
    Target *targets;
    int target_count;
} Summary;

/* Reads what bench/run.sh wrote to `folder`. */
bool summary_read(const char *folder, Summary *summary, Error *err) MUST_CHECK;
void summary_clear(Summary *summary);

const char *summary_fact(const Summary *summary, const char *name); /* NULL when there is none */
const Case *summary_case(const Summary *summary, const char *name);
/* The largest case of a dataset. */
const Case *summary_largest(const Summary *summary, const char *dataset);
const Entry *case_entry(const Case *c, const char *contender);
Spread entry_spread(const Entry *entry, Metric metric);
/* How many times as much as `by`, in the runs of one round; over the rounds that have both. Others
 * on the machine may slow a whole round, and then medians of one contender and of another may come
 * from different ones. */
Spread entry_ratio(const Entry *entry, const Entry *by, Metric metric);
Spread phase_spread(const Phase *phase);
const Phase *entry_phase(const Entry *entry, const char *name);

/* Growth over all cases of a dataset with different numbers, of a contender's metric, or with
 * `phase` of that phase: the slope of a line through the logarithms. False with fewer than two. */
bool summary_exponent(const Summary *summary, const char *dataset, const char *contender,
                      Metric metric, const char *phase, double *exponent);
/* What a further GB (10^9 bytes) on the wire costs: the slope of a line through the numbers
 * themselves, so that what a run costs before the first row does not count. */
bool summary_per_gb(const Summary *summary, const char *dataset, const char *contender,
                    Metric metric, double *slope);

/* Fills the targets; see target.c. */
void target_fill(Summary *summary);

static inline __attribute__((unused)) void auto_summary_clear(Summary *summary)
{
    summary_clear(summary);
}

#endif
