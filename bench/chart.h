/*
 * chart.h - a summary as a picture: for each case a bar of wall time for each contender with the
 * range of its runs, and a thinner one of processor time; then growth. SVG without scripts, fonts
 * or links.
 *
 * Threads: one.
 */
#ifndef PGZM_BENCH_CHART_H
#define PGZM_BENCH_CHART_H

#include "base/str.h"
#include "bench/summary.h"

/* What chart_draw is made of. The colour of a contender; and a panel of how its time grows over the
 * cases of a dataset, both axes logarithmic: appended to `svg`, its height is returned, 0 without
 * two cases. */
const char *chart_colour(const char *contender);
double chart_growth(const Summary *summary, const char *dataset, double x, double y, double width,
                    Str *svg);

void chart_draw(const Summary *summary, Str *svg);

#endif
