#include "bench/outcome.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bench/grid.h"

const char *outcome_contender(const char *contender)
{
    static const char *const names[][2] = {
        {"pgzm", "pgzm-copy"},   {"dump", "pg_dump, pg_restore"},
        {"psql", "psql | psql"}, {"pgcopydb-binary", "pgcopydb, binary"},
        {"floor", "the floor"},
    };
    for (size_t i = 0; i < LENGTH(names); i++)
        if (strcmp(names[i][0], contender) == 0)
            return names[i][1];
    return contender;
}

/* 3400000 as 3,400,000. */
static void add_grouped(Str *s, int64_t number)
{
    char digits[32];
    int n = snprintf(digits, sizeof digits, "%" PRId64, number);
    for (int i = 0; i < n; i++)
        str_addf(s, i > 0 && (n - i) % 3 == 0 ? ",%c" : "%c", digits[i]);
}

void outcome_case(const Case *c, Str *s)
{
    add_grouped(s, c->rows);
    str_add(s, " rows in ");
    add_grouped(s, c->tables);
    str_addf(s, " table%s, %.0f MB", c->tables == 1 ? "" : "s", (double)c->bytes / 1e6);
}

static void add_heading(Str *s, bool markdown, const char *title)
{
    str_addf(s, "%s%s%s\n\n", s->len > 0 ? "\n" : "", markdown ? "## " : "", title);
}

/* In Markdown a bar would end the cell. */
static void add_contender(Grid *grid, const Entry *entry, bool markdown)
{
    const char *name = outcome_contender(entry->contender);
    bool barred = markdown && strcmp(entry->contender, "psql") == 0;
    grid_add(grid, "%s", barred ? "psql \\| psql" : name);
}

static void add_ratio(Grid *grid, const Case *c, const Entry *entry)
{
    Spread ratio = entry_ratio(entry, case_entry(c, "pgzm"), METRIC_WALL);
    if (ratio.n > 0)
        grid_add(grid, "%.2f", ratio.median);
    else
        grid_add(grid, "-");
}

static void add_case(const Case *c, bool markdown, Str *s)
{
    str_addf(s, "%s%s%s", markdown ? "\n### " : "\n", c->name, markdown ? "\n\n" : ": ");
    outcome_case(c, s);
    str_add(s, markdown ? "\n\n" : "\n");
    AUTO(grid_free)
    Grid *grid = grid_new("contender|wall s|range|ratio|client CPU s|server CPU s|CPU s|"
                          "memory MB|WAL MB|runs");
    for (int i = 0; i < c->entry_count; i++) {
        const Entry *entry = c->entries[i];
        Spread wall = entry_spread(entry, METRIC_WALL);
        add_contender(grid, entry, markdown);
        grid_add(grid, "%.2f", wall.median);
        grid_add(grid, "%.2f - %.2f", wall.min, wall.max);
        add_ratio(grid, c, entry);
        grid_add(grid, "%.2f", entry_spread(entry, METRIC_CLIENT).median);
        grid_add(grid, "%.2f", entry_spread(entry, METRIC_SERVER).median);
        grid_add(grid, "%.2f", entry_spread(entry, METRIC_CPU).median);
        grid_add(grid, "%.0f", entry_spread(entry, METRIC_MEMORY).max / 1024);
        grid_add(grid, "%.0f", entry_spread(entry, METRIC_WAL).median / 1e6);
        grid_add(grid, "%d", entry->n);
    }
    grid_print(grid, markdown, s);
}

static void add_targets(const Summary *summary, bool markdown, Str *s)
{
    add_heading(s, markdown, "Targets");
    AUTO(grid_free) Grid *grid = grid_new("target|at most|measured|");
    for (int i = 0; i < summary->target_count; i++) {
        const Target *t = &summary->targets[i];
        grid_add(grid, "%s", t->what);
        grid_add(grid, "%.2f%s%s", t->limit, *t->unit != '\0' ? " " : "", t->unit);
        if (t->known)
            grid_add(grid, "%.2f%s%s", t->value, *t->unit != '\0' ? " " : "", t->unit);
        else
            grid_add(grid, "-");
        grid_add(grid, "%s", !t->known ? "not measured" : t->met ? "met" : "missed");
    }
    grid_print(grid, markdown, s);
}

/* ---- growth ---------------------------------------------------------------------------- */

static const char *const datasets[] = {"tables", "stream", "narrow",      "wide",
                                       "toast",  "mixed",  "partitioned", "skewed"};

static void add_exponent(Grid *grid, const Summary *summary, const char *dataset,
                         const char *contender, Metric metric, const char *phase)
{
    double exponent;
    if (summary_exponent(summary, dataset, contender, metric, phase, &exponent))
        grid_add(grid, "%.2f", exponent);
    else
        grid_add(grid, "-");
}

static void add_growth(const Summary *summary, bool markdown, Str *s)
{
    AUTO(grid_free) Grid *grid = grid_new("growth: exponent|wall|client CPU|server CPU|memory|WAL");
    static const Metric metrics[] = {METRIC_WALL, METRIC_CLIENT, METRIC_SERVER, METRIC_MEMORY,
                                     METRIC_WAL};
    int rows = 0;
    for (size_t i = 0; i < LENGTH(datasets); i++) {
        const Case *c = summary_largest(summary, datasets[i]);
        for (int k = 0; c != NULL && k < c->entry_count; k++) {
            const char *contender = c->entries[k]->contender;
            double exponent;
            if (!summary_exponent(summary, datasets[i], contender, METRIC_WALL, NULL, &exponent))
                continue;
            grid_add(grid, "%s, %s", datasets[i],
                     markdown && strcmp(contender, "psql") == 0 ? "psql \\| psql"
                                                                : outcome_contender(contender));
            for (size_t m = 0; m < LENGTH(metrics); m++)
                add_exponent(grid, summary, datasets[i], contender, metrics[m], NULL);
            rows++;
        }
    }
    if (rows == 0)
        return;
    add_heading(s, markdown, "Growth");
    grid_print(grid, markdown, s);
}

static void add_stream(const Summary *summary, bool markdown, Str *s)
{
    AUTO(grid_free)
    Grid *grid = grid_new("a further GB on the wire|wall s|client CPU s|"
                          "server CPU s");
    static const Metric metrics[] = {METRIC_WALL, METRIC_CLIENT, METRIC_SERVER};
    const Case *c = summary_largest(summary, "stream");
    int rows = 0;
    for (int k = 0; c != NULL && k < c->entry_count; k++) {
        double slope;
        const Entry *entry = c->entries[k];
        if (!summary_per_gb(summary, "stream", entry->contender, METRIC_WALL, &slope))
            continue;
        add_contender(grid, entry, markdown);
        for (size_t m = 0; m < LENGTH(metrics); m++)
            grid_add(grid, "%.2f",
                     summary_per_gb(summary, "stream", entry->contender, metrics[m], &slope) ? slope
                                                                                             : 0.0);
        rows++;
    }
    if (rows == 0)
        return;
    add_heading(s, markdown, "Narrow rows, without indexes");
    grid_print(grid, markdown, s);
}

/* Where pgzm-copy's time goes, by its own account. */
static void add_phases(const Summary *summary, bool markdown, Str *s)
{
    const Entry *longest = NULL;
    for (int i = 0; i < summary->case_count; i++) {
        const Entry *entry = case_entry(&summary->cases[i], "pgzm");
        if (entry != NULL && (longest == NULL || entry->phase_count > longest->phase_count))
            longest = entry;
    }
    if (longest == NULL || longest->phase_count == 0)
        return;
    AUTO(str_clear) Str head = STR_INIT;
    str_add(&head, "seconds of pgzm-copy");
    for (int k = 0; k < longest->phase_count; k++)
        str_addf(&head, "|%s", longest->phases[k].name);
    AUTO(grid_free) Grid *grid = grid_new(str_text(&head));
    for (int i = 0; i < summary->case_count; i++) {
        const Entry *entry = case_entry(&summary->cases[i], "pgzm");
        if (entry == NULL)
            continue;
        grid_add(grid, "%s", summary->cases[i].name);
        for (int k = 0; k < longest->phase_count; k++)
            grid_add(grid, "%.2f",
                     phase_spread(entry_phase(entry, longest->phases[k].name)).median / 1000);
    }
    double exponent;
    bool grows = summary_exponent(summary, "tables", "pgzm", METRIC_WALL, NULL, &exponent);
    if (grows)
        grid_add(grid, "exponent over tables");
    for (int k = 0; grows && k < longest->phase_count; k++)
        add_exponent(grid, summary, "tables", "pgzm", METRIC_WALL, longest->phases[k].name);
    add_heading(s, markdown, "Phases");
    grid_print(grid, markdown, s);
}

/* ---- the whole ------------------------------------------------------------------------- */

static void add_tables(const Summary *summary, bool markdown, Str *s)
{
    add_targets(summary, markdown, s);
    add_heading(s, markdown, "Cases");
    str_add(s,
            "Medians; memory is the greatest of all runs, of all processes of a client together. "
            "Ratio: how many times as long\nas pgzm-copy in the same round, the median over the "
            "rounds: others on the machine may slow a whole round.\n");
    for (int i = 0; i < summary->case_count; i++)
        add_case(&summary->cases[i], markdown, s);
    add_growth(summary, markdown, s);
    add_stream(summary, markdown, s);
    add_phases(summary, markdown, s);
    if (summary->failure_count > 0)
        add_heading(s, markdown, "Runs that do not count");
    for (int i = 0; i < summary->failure_count; i++)
        str_addf(s, "%s%s\n", markdown ? "* " : "", summary->failures[i]);
}

void outcome_text(const Summary *summary, Str *s)
{
    add_tables(summary, false, s);
}

void outcome_markdown(const Summary *summary, Str *s)
{
    const char *options = summary_fact(summary, "options");
    str_addf(s,
             "# Results\n\nWritten by\n\n```sh\nsh bench/run.sh %s\n```\n\n"
             "which says what is measured and how; each contender's commands are in "
             "[contender.sh](contender.sh), the\ndatasets in [cases.sh](cases.sh) and by "
             "`pgzm-generate`. All numbers are in [results.json](results.json).\n\n"
             "Clients and both servers share one machine and its disk, so ratios say more than "
             "seconds. The floor is what the\nservers cannot do without (rows to a file and back "
             "within the servers); it is not counted among the other contenders.\n\n"
             "![wall time and CPU of each case](chart.svg)\n\n## Machine\n\n",
             options != NULL ? options : "");
    for (int i = 0; i < summary->fact_count; i++)
        if (strcmp(summary->facts[i].name, "options") != 0)
            str_addf(s, "* %s: %s\n", summary->facts[i].name, summary->facts[i].text);
    add_tables(summary, true, s);
}
