#include "bench/summary.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINES_MAX = 500, LINE_MAX = 4096, FIELDS_MAX = 12 };

const char *metric_key(Metric metric)
{
    static const char *const keys[METRIC_COUNT] = {"wall_s", "client_cpu_s", "server_cpu_s",
                                                   "cpu_s",  "memory_kb",    "wal_bytes"};
    return keys[metric];
}

/* ---- reading --------------------------------------------------------------------------- */

/* Calls `each` for every line of a file, split at tabs; `least` fields at least. */
static bool read_lines(Summary *s, const char *folder, const char *name, int least,
                       bool (*each)(Summary *s, char **fields, Error *err), Error *err)
{
    AUTO(mem_free) char *path = mem_printf("%s/%s", folder, name);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return error_set(err, ERROR_OTHER, "%s: %s", path, strerror(errno));
    bool ok = true;
    char line[LINE_MAX];
    for (int number = 1; ok && fgets(line, sizeof line, file) != NULL; number++) {
        line[strcspn(line, "\n")] = '\0';
        char *fields[FIELDS_MAX] = {0}, *rest = arena_strdup(s->arena, line);
        int n = 0;
        while (n < FIELDS_MAX && rest != NULL)
            fields[n++] = strsep(&rest, "\t");
        ok = n >= least && number <= LINES_MAX
                 ? each(s, fields, err)
                 : error_set(err, ERROR_OTHER, "%s: line %d is not understood", path, number);
    }
    fclose(file);
    return ok;
}

static bool add_fact(Summary *s, char **fields, Error *err)
{
    (void)err;
    s->facts[s->fact_count++] = (Fact){fields[0], fields[1]};
    return true;
}

static bool add_case(Summary *s, char **fields, Error *err)
{
    (void)err;
    s->cases[s->case_count++] = (Case){.name = fields[0],
                                       .dataset = fields[1],
                                       .number = strtoll(fields[2], NULL, 10),
                                       .unit = fields[3],
                                       .tables = strtoll(fields[4], NULL, 10),
                                       .rows = strtoll(fields[5], NULL, 10),
                                       .bytes = strtoll(fields[6], NULL, 10),
                                       .wire_bytes = strtoll(fields[7], NULL, 10)};
    return true;
}

static bool add_failure(Summary *s, char **fields, Error *err)
{
    (void)err;
    s->failures[s->failure_count++] =
        arena_printf(s->arena, "%s, %s, run %s: %s", fields[0], fields[1], fields[2], fields[3]);
    return true;
}

static Entry *entry_of(Summary *s, Case *c, const char *contender)
{
    for (int i = 0; i < c->entry_count; i++)
        if (strcmp(c->entries[i]->contender, contender) == 0)
            return c->entries[i];
    if (c->entry_count == SUMMARY_ENTRIES_MAX)
        return NULL;
    Entry *entry = c->entries[c->entry_count++] = arena_alloc(s->arena, sizeof *entry);
    entry->contender = contender;
    return entry;
}

/* The phases of a result of pgzm-copy; one that came several times counts as a whole. */
static bool add_phases(Summary *s, Entry *entry, const char *path, Error *err)
{
    json_error_t error;
    json_t *result = json_load_file(path, 0, &error), *phase;
    if (result == NULL)
        return error_set(err, ERROR_OTHER, "%s: %s", path, error.text);
    size_t i;
    json_array_foreach(json_object_get(result, "phases"), i, phase)
    {
        const char *name = json_string_value(json_object_get(phase, "name"));
        int at = 0;
        while (name != NULL && at < entry->phase_count && strcmp(entry->phases[at].name, name) != 0)
            at++;
        if (name == NULL || at == SUMMARY_PHASES_MAX)
            continue;
        Phase *p = &entry->phases[at];
        if (at == entry->phase_count) {
            entry->phase_count++;
            p->name = arena_strdup(s->arena, name);
        }
        while (p->n < entry->n)
            p->ms[p->n++] = 0;
        p->ms[p->n - 1] += json_number_value(json_object_get(phase, "ms"));
    }
    json_decref(result);
    return true;
}

static bool add_run(Summary *s, char **fields, Error *err)
{
    Entry *entry = NULL;
    for (int i = 0; i < s->case_count; i++)
        if (strcmp(s->cases[i].name, fields[0]) == 0)
            entry = entry_of(s, &s->cases[i], fields[1]);
    if (entry == NULL || entry->n == SUMMARY_RUNS_MAX)
        return error_set(err, ERROR_OTHER, "a run of case %s has no place", fields[0]);
    int i = entry->n++;
    entry->run[i] = atoi(fields[2]);
    entry->values[METRIC_WALL][i] = atof(fields[3]);
    entry->values[METRIC_CLIENT][i] = atof(fields[4]);
    entry->values[METRIC_SERVER][i] = atof(fields[5]);
    entry->values[METRIC_CPU][i] = atof(fields[4]) + atof(fields[5]);
    entry->values[METRIC_MEMORY][i] = atof(fields[6]);
    entry->values[METRIC_WAL][i] = atof(fields[7]);
    return strcmp(fields[8], "-") == 0 || add_phases(s, entry, fields[8], err);
}

bool summary_read(const char *folder, Summary *s, Error *err)
{
    s->arena = arena_new();
    s->facts = arena_alloc(s->arena, LINES_MAX * sizeof *s->facts);
    s->cases = arena_alloc(s->arena, LINES_MAX * sizeof *s->cases);
    s->failures = arena_alloc(s->arena, LINES_MAX * sizeof *s->failures);
    if (!read_lines(s, folder, "facts", 2, add_fact, err) ||
        !read_lines(s, folder, "cases", 8, add_case, err) ||
        !read_lines(s, folder, "runs", 9, add_run, err) ||
        !read_lines(s, folder, "failures", 4, add_failure, err))
        return false;
    target_fill(s);
    return true;
}

void summary_clear(Summary *s)
{
    arena_free(s->arena);
    *s = (Summary){0};
}

/* ---- looking up ------------------------------------------------------------------------ */

const char *summary_fact(const Summary *s, const char *name)
{
    for (int i = 0; i < s->fact_count; i++)
        if (strcmp(s->facts[i].name, name) == 0)
            return s->facts[i].text;
    return NULL;
}

const Case *summary_case(const Summary *s, const char *name)
{
    for (int i = 0; i < s->case_count; i++)
        if (strcmp(s->cases[i].name, name) == 0)
            return &s->cases[i];
    return NULL;
}

const Case *summary_largest(const Summary *s, const char *dataset)
{
    const Case *largest = NULL;
    for (int i = 0; i < s->case_count; i++)
        if (strcmp(s->cases[i].dataset, dataset) == 0 &&
            (largest == NULL || s->cases[i].number > largest->number))
            largest = &s->cases[i];
    return largest;
}

const Entry *case_entry(const Case *c, const char *contender)
{
    for (int i = 0; c != NULL && i < c->entry_count; i++)
        if (strcmp(c->entries[i]->contender, contender) == 0)
            return c->entries[i];
    return NULL;
}

const Phase *entry_phase(const Entry *entry, const char *name)
{
    for (int i = 0; i < entry->phase_count; i++)
        if (strcmp(entry->phases[i].name, name) == 0)
            return &entry->phases[i];
    return NULL;
}

/* ---- numbers --------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static Spread spread_of(const double *values, int n)
{
    if (n == 0)
        return (Spread){0};
    double sorted[SUMMARY_RUNS_MAX];
    memcpy(sorted, values, (size_t)n * sizeof *values);
    qsort(sorted, (size_t)n, sizeof *sorted, by_value);
    double median = (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
    return (Spread){.n = n, .median = median, .min = sorted[0], .max = sorted[n - 1]};
}

Spread entry_spread(const Entry *entry, Metric metric)
{
    return entry == NULL ? (Spread){0} : spread_of(entry->values[metric], entry->n);
}

static double of_round(const Entry *entry, int round, Metric metric)
{
    for (int i = 0; i < entry->n; i++)
        if (entry->run[i] == round)
            return entry->values[metric][i];
    return 0;
}

Spread entry_ratio(const Entry *entry, const Entry *by, Metric metric)
{
    double ratios[SUMMARY_RUNS_MAX];
    int n = 0;
    for (int i = 0; entry != NULL && by != NULL && i < entry->n; i++) {
        double below = of_round(by, entry->run[i], metric);
        if (below > 0)
            ratios[n++] = entry->values[metric][i] / below;
    }
    return spread_of(ratios, n);
}

Spread phase_spread(const Phase *phase)
{
    return phase == NULL ? (Spread){0} : spread_of(phase->ms, phase->n);
}

/* The slope of the line with the least squares; false when all x are one. */
static bool slope_of(const double *x, const double *y, int n, double *slope)
{
    double sx = 0, sy = 0, sxx = 0, sxy = 0;
    for (int i = 0; i < n; i++) {
        sx += x[i];
        sy += y[i];
        sxx += x[i] * x[i];
        sxy += x[i] * y[i];
    }
    double below = n * sxx - sx * sx;
    if (n < 2 || fabs(below) < 1e-12)
        return false;
    *slope = (n * sxy - sx * sy) / below;
    return true;
}

bool summary_exponent(const Summary *s, const char *dataset, const char *contender, Metric metric,
                      const char *phase, double *exponent)
{
    double x[LINES_MAX], y[LINES_MAX];
    int n = 0;
    for (int i = 0; i < s->case_count; i++) {
        const Case *c = &s->cases[i];
        const Entry *entry = strcmp(c->dataset, dataset) == 0 ? case_entry(c, contender) : NULL;
        if (entry == NULL)
            continue;
        Spread spread =
            phase != NULL ? phase_spread(entry_phase(entry, phase)) : entry_spread(entry, metric);
        if (spread.n == 0 || c->number == 0)
            continue;
        x[n] = log((double)c->number);
        y[n++] = log(spread.median > 0 ? spread.median : 0.01);
    }
    return slope_of(x, y, n, exponent);
}

bool summary_per_gb(const Summary *s, const char *dataset, const char *contender, Metric metric,
                    double *slope)
{
    double x[LINES_MAX], y[LINES_MAX];
    int n = 0;
    for (int i = 0; i < s->case_count; i++) {
        const Case *c = &s->cases[i];
        Spread spread = entry_spread(case_entry(c, contender), metric);
        if (strcmp(c->dataset, dataset) != 0 || spread.n == 0 || c->wire_bytes == 0)
            continue;
        x[n] = (double)c->wire_bytes / 1e9;
        y[n++] = spread.median;
    }
    return slope_of(x, y, n, slope);
}
