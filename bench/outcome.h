/*
 * outcome.h - a summary for people and for programs: tables in plain text or Markdown, and JSON.
 *
 * Threads: one.
 */
#ifndef PGZM_BENCH_OUTCOME_H
#define PGZM_BENCH_OUTCOME_H

#include "base/str.h"
#include "bench/summary.h"

/* What people call a contender. */
const char *outcome_contender(const char *contender);
/* "500 MB: 3,400,000 rows in 4 tables". */
void outcome_case(const Case *c, Str *s);

/* The tables, one after the other, as plain text. */
void outcome_text(const Summary *summary, Str *s);
/* The file RESULTS.md: the machine, how to repeat it, the tables, the chart. */
void outcome_markdown(const Summary *summary, Str *s);
json_t *outcome_json(const Summary *summary);

#endif
