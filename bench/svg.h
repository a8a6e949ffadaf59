/*
 * svg.h - the few shapes that the charts are made of, appended to a text. Coordinates are pixels
 * from the upper left corner.
 *
 * Threads: one.
 */
#ifndef PGZM_BENCH_SVG_H
#define PGZM_BENCH_SVG_H

#include "base/str.h"

/* `style`: attributes, "" for none. The text is escaped. */
void svg_text(Str *svg, double x, double y, const char *style, const char *text);
void svg_bar(Str *svg, double x, double y, double width, double height, const char *colour);
void svg_line(Str *svg, double x1, double y1, double x2, double y2, const char *colour);

#endif
