/*
 * chart.h - a summary as a picture: for each case a bar of wall time for each contender with the
 * range of its runs, and a thinner one of processor time. SVG without scripts, fonts or links.
 *
 * Threads: one.
 */
#ifndef PGZM_BENCH_CHART_H
#define PGZM_BENCH_CHART_H

#include "base/str.h"
#include "bench/summary.h"

void chart_draw(const Summary *summary, Str *svg);

#endif
