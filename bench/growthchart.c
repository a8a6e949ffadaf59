#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/chart.h"
#include "bench/outcome.h"
#include "bench/svg.h"

enum { POINTS_MAX = 32, HEAD_HEIGHT = 46, PLOT_HEIGHT = 200, FOOT_HEIGHT = 52 };
enum { AXIS_WIDTH = 56, NAMES_WIDTH = 226, NAME_HEIGHT = 16 };

/* A contender's medians, by the size of the case. */
typedef struct Curve {
    const char *contender;
    double x[POINTS_MAX], seconds[POINTS_MAX];
    int n;
    double name_y;
} Curve;

typedef struct Plot {
    double left, top, width, height;
    double x_min, x_max, s_min, s_max; /* what the axes reach from and to */
} Plot;

static double x_of(const Plot *plot, double number)
{
    return plot->left + plot->width * log(number / plot->x_min) / log(plot->x_max / plot->x_min);
}

static double y_of(const Plot *plot, double seconds)
{
    double part = log(seconds / plot->s_min) / log(plot->s_max / plot->s_min);
    return plot->top + plot->height * (1 - part);
}

static void add_point(Curve *curve, double x, double seconds)
{
    int i = curve->n++;
    for (; i > 0 && curve->x[i - 1] > x; i--) {
        curve->x[i] = curve->x[i - 1];
        curve->seconds[i] = curve->seconds[i - 1];
    }
    curve->x[i] = x;
    curve->seconds[i] = seconds;
}

/* The curves of a dataset with two points at least. */
static int gather(const Summary *summary, const char *dataset, Curve *curves)
{
    const Case *largest = summary_largest(summary, dataset);
    int n = 0;
    for (int k = 0; largest != NULL && k < largest->entry_count; k++) {
        Curve *curve = &curves[n];
        *curve = (Curve){.contender = largest->entries[k]->contender};
        for (int i = 0; i < summary->case_count && curve->n < POINTS_MAX; i++) {
            const Case *c = &summary->cases[i];
            double wall = entry_spread(case_entry(c, curve->contender), METRIC_WALL).median;
            if (strcmp(c->dataset, dataset) == 0 && wall > 0 && c->number > 0)
                add_point(curve, (double)c->number, wall);
        }
        if (curve->n > 1 && curve->x[0] < curve->x[curve->n - 1])
            n++;
    }
    return n;
}

static void scale(Plot *plot, const Curve *curves, int n)
{
    plot->x_min = plot->s_min = HUGE_VAL;
    for (int k = 0; k < n; k++)
        for (int i = 0; i < curves[k].n; i++) {
            plot->x_min = fmin(plot->x_min, curves[k].x[i]);
            plot->x_max = fmax(plot->x_max, curves[k].x[i]);
            plot->s_min = fmin(plot->s_min, curves[k].seconds[i] / 1.25);
            plot->s_max = fmax(plot->s_max, curves[k].seconds[i] * 1.25);
        }
}

static void draw_axes(const Plot *plot, const Summary *summary, const char *dataset, Str *svg)
{
    static const double steps[] = {1, 2, 5};
    double bottom = plot->top + plot->height;
    for (int power = -3; power < 6; power++)
        for (size_t i = 0; i < LENGTH(steps); i++) {
            double seconds = steps[i] * pow(10, power);
            if (seconds < plot->s_min || seconds > plot->s_max)
                continue;
            AUTO(mem_free) char *label = mem_printf("%g s", seconds);
            svg_line(svg, plot->left, y_of(plot, seconds), plot->left + plot->width,
                     y_of(plot, seconds), "#eaeef2");
            svg_text(svg, plot->left - 8, y_of(plot, seconds) + 4, "text-anchor=\"end\"", label);
        }
    for (int i = 0; i < summary->case_count; i++) {
        const Case *c = &summary->cases[i];
        if (strcmp(c->dataset, dataset) != 0 || (double)c->number < plot->x_min ||
            (double)c->number > plot->x_max)
            continue;
        double at = x_of(plot, (double)c->number);
        AUTO(mem_free) char *label = mem_printf("%lld", (long long)c->number);
        svg_line(svg, at, bottom, at, bottom + 5, "#8c959f");
        svg_text(svg, at, bottom + 19, "text-anchor=\"middle\"", label);
    }
    svg_line(svg, plot->left, bottom, plot->left + plot->width, bottom, "#8c959f");
}

static void draw_curve(const Plot *plot, const Summary *summary, const char *dataset,
                       const Curve *curve, Str *svg)
{
    const char *colour = chart_colour(curve->contender);
    for (int i = 0; i < curve->n; i++) {
        double x = x_of(plot, curve->x[i]), y = y_of(plot, curve->seconds[i]);
        str_addf(svg, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\" fill=\"%s\"/>\n", x, y, colour);
        if (i > 0)
            svg_line(svg, x_of(plot, curve->x[i - 1]), y_of(plot, curve->seconds[i - 1]), x, y,
                     colour);
    }
    double exponent = 0;
    AUTO(mem_free) char *name = NULL;
    if (summary_exponent(summary, dataset, curve->contender, METRIC_WALL, NULL, &exponent))
        name = mem_printf("%s, exponent %.2f", outcome_contender(curve->contender), exponent);
    bool bold = strcmp(curve->contender, "pgzm") == 0;
    svg_text(svg, plot->left + plot->width + 10, curve->name_y + 4,
             bold ? "font-weight=\"bold\" font-size=\"12\"" : "font-size=\"12\"",
             name != NULL ? name : outcome_contender(curve->contender));
}

static int by_height(const void *a, const void *b)
{
    double x = ((const Curve *)a)->name_y, y = ((const Curve *)b)->name_y;
    return (x > y) - (x < y);
}

double chart_growth(const Summary *summary, const char *dataset, double x, double y, double width,
                    Str *svg)
{
    Curve curves[SUMMARY_ENTRIES_MAX];
    int n = gather(summary, dataset, curves);
    if (n == 0)
        return 0;
    Plot plot = {.left = x + AXIS_WIDTH,
                 .top = y + HEAD_HEIGHT,
                 .width = width - AXIS_WIDTH - NAMES_WIDTH,
                 .height = PLOT_HEIGHT};
    scale(&plot, curves, n);
    AUTO(mem_free)
    char *about = mem_printf("median wall time by number of %s; both axes logarithmic",
                             summary_largest(summary, dataset)->unit);
    AUTO(mem_free) char *title = mem_printf("growth: %s", dataset);
    svg_text(svg, x, y + 16, "font-size=\"16\" font-weight=\"bold\"", title);
    svg_text(svg, x, y + 34, "fill=\"#57606a\"", about);
    draw_axes(&plot, summary, dataset, svg);
    /* Names stand where their curves end, and below the one above. */
    for (int k = 0; k < n; k++)
        curves[k].name_y = y_of(&plot, curves[k].seconds[curves[k].n - 1]);
    qsort(curves, (size_t)n, sizeof *curves, by_height);
    for (int k = 0; k < n; k++) {
        if (k > 0)
            curves[k].name_y = fmax(curves[k].name_y, curves[k - 1].name_y + NAME_HEIGHT);
        draw_curve(&plot, summary, dataset, &curves[k], svg);
    }
    return HEAD_HEIGHT + PLOT_HEIGHT + FOOT_HEIGHT;
}
