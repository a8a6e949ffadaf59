#include "bench/chart.h"

#include <string.h>

#include "bench/outcome.h"
#include "bench/svg.h"

/* Pixels. A panel is a case; panels stand in two columns. */
enum {
    PANEL_WIDTH = 560,
    MARGIN = 24,
    GUTTER = 36,
    HEAD = 92,
    LABEL_WIDTH = 150,
    VALUE_WIDTH = 112
};
enum { ROW_HEIGHT = 38, PANEL_HEAD = 46, PANEL_FOOT = 20 };

const char *chart_colour(const char *contender)
{
    return strcmp(contender, "pgzm") == 0    ? "#1f6feb"
           : strcmp(contender, "floor") == 0 ? "#b4bcc6"
                                             : "#7d8896";
}

/* The longest bar of a case, in seconds. */
static double longest_of(const Case *c)
{
    double longest = 0.001;
    for (int i = 0; i < c->entry_count; i++) {
        double wall = entry_spread(c->entries[i], METRIC_WALL).max;
        double cpu = entry_spread(c->entries[i], METRIC_CPU).median;
        longest = wall > longest ? wall : longest;
        longest = cpu > longest ? cpu : longest;
    }
    return longest;
}

static void draw_entry(const Case *c, const Entry *entry, double x, double y, Str *svg)
{
    double scale = (PANEL_WIDTH - LABEL_WIDTH - VALUE_WIDTH) / longest_of(c);
    double from = x + LABEL_WIDTH;
    Spread wall = entry_spread(entry, METRIC_WALL);
    Spread ratio = entry_ratio(entry, case_entry(c, "pgzm"), METRIC_WALL);
    double client = entry_spread(entry, METRIC_CLIENT).median;
    double server = entry_spread(entry, METRIC_SERVER).median;
    bool bold = strcmp(entry->contender, "pgzm") == 0;

    svg_text(svg, from - 8, y + 15,
             bold ? "text-anchor=\"end\" font-weight=\"bold\"" : "text-anchor=\"end\"",
             outcome_contender(entry->contender));
    svg_bar(svg, from, y + 3, wall.median * scale, 16, chart_colour(entry->contender));
    str_addf(
        svg,
        "<path d=\"M%.1f %.1fH%.1fM%.1f %.1fv8M%.1f %.1fv8\" stroke=\"#1c2128\" fill=\"none\"/>"
        "\n",
        from + wall.min * scale, y + 11, from + wall.max * scale, from + wall.min * scale, y + 7,
        from + wall.max * scale, y + 7);
    svg_bar(svg, from, y + 22, client * scale, 6, "#d4820a");
    svg_bar(svg, from + client * scale, y + 22, server * scale, 6, "#f0cf94");

    AUTO(mem_free)
    char *value = ratio.n > 0 && !bold ? mem_printf("%.1f s · %.2f×", wall.median, ratio.median)
                                       : mem_printf("%.1f s", wall.median);
    svg_text(svg, from + wall.max * scale + 8, y + 15, bold ? "font-weight=\"bold\"" : "", value);
}

static double panel_height(const Case *c)
{
    return PANEL_HEAD + c->entry_count * ROW_HEIGHT + PANEL_FOOT;
}

static void draw_panel(const Case *c, double x, double y, Str *svg)
{
    AUTO(str_clear) Str about = STR_INIT;
    outcome_case(c, &about);
    svg_text(svg, x, y + 16, "font-size=\"16\" font-weight=\"bold\"", c->name);
    svg_text(svg, x, y + 34, "fill=\"#57606a\"", str_text(&about));
    for (int i = 0; i < c->entry_count; i++)
        draw_entry(c, c->entries[i], x, y + PANEL_HEAD + i * ROW_HEIGHT, svg);
    str_addf(svg, "<path d=\"M%.1f %.1fV%.1f\" stroke=\"#8c959f\"/>\n", x + LABEL_WIDTH,
             y + PANEL_HEAD - 2, y + PANEL_HEAD + c->entry_count * ROW_HEIGHT - 4.0);
}

static void draw_legend(const Summary *summary, Str *svg)
{
    const char *processors = summary_fact(summary, "processors");
    const char *server = summary_fact(summary, "destination");
    AUTO(mem_free)
    char *where = mem_printf("%s; processors: %s", server != NULL ? server : "",
                             processors != NULL ? processors : "");
    svg_text(svg, MARGIN, 32, "font-size=\"20\" font-weight=\"bold\"",
             "Time to the same end state: rows, indexes, constraints, statistics");
    svg_text(svg, MARGIN, 54, "fill=\"#57606a\"", where);
    svg_bar(svg, MARGIN, 67, 28, 12, "#1f6feb");
    svg_bar(svg, MARGIN + 28, 67, 28, 12, "#7d8896");
    svg_text(svg, MARGIN + 64, 77, "",
             "wall time: median, range of the runs; times as long as pgzm-copy");
    svg_bar(svg, MARGIN + 520, 70, 28, 6, "#d4820a");
    svg_text(svg, MARGIN + 556, 77, "", "CPU of the client");
    svg_bar(svg, MARGIN + 690, 70, 28, 6, "#f0cf94");
    svg_text(svg, MARGIN + 726, 77, "", "CPU of both servers; each case has a scale of its own");
}

void chart_draw(const Summary *summary, Str *svg)
{
    /* The next panel goes where there is most room: columns of about the same length. */
    double ends[2] = {HEAD + 16, HEAD + 16};
    AUTO(str_clear) Str panels = STR_INIT;
    for (int i = 0; i < summary->case_count; i++) {
        const Case *c = &summary->cases[i];
        if (c->entry_count == 0)
            continue;
        int column = ends[1] < ends[0];
        draw_panel(c, MARGIN + column * (PANEL_WIDTH + GUTTER), ends[column], &panels);
        ends[column] += panel_height(c);
    }
    static const char *const datasets[] = {"tables", "stream"};
    for (size_t i = 0; i < LENGTH(datasets); i++) {
        int column = ends[1] < ends[0];
        ends[column] += chart_growth(summary, datasets[i], MARGIN + column * (PANEL_WIDTH + GUTTER),
                                     ends[column], PANEL_WIDTH, &panels);
    }
    double width = 2 * MARGIN + 2 * PANEL_WIDTH + GUTTER;
    double height = ends[0] > ends[1] ? ends[0] : ends[1];
    str_addf(svg,
             "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
             "viewBox=\"0 0 %.0f %.0f\" font-family=\"sans-serif\" font-size=\"13\" "
             "fill=\"#1c2128\">\n"
             "<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n",
             width, height, width, height);
    draw_legend(summary, svg);
    str_add(svg, str_text(&panels));
    str_add(svg, "</svg>\n");
}
