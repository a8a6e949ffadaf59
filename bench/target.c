/* What pgzm-copy is to reach, beside others in the same runs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/summary.h"

enum { TARGETS_MAX = 16 };

static void add(Summary *s, const char *what, double limit, const char *unit, double value,
                bool known)
{
    s->targets[s->target_count++] = (Target){.what = what,
                                             .limit = limit,
                                             .unit = unit,
                                             .value = value,
                                             .known = known,
                                             .met = known && value <= limit};
}

/* pgzm-copy by another contender; unknown when no round has both. */
static void add_ratio(Summary *s, const char *what, double limit, const Case *c, Metric metric,
                      const char *other)
{
    Spread ratio = {0};
    if (c != NULL)
        ratio = entry_ratio(case_entry(c, "pgzm"), case_entry(c, other), metric);
    add(s, what, limit, "", ratio.median, ratio.n > 0);
}

/* By the one of all contenders that comes nearest, but for the floor, which moves no row between
 * servers. */
static const char *best_other(const Case *c)
{
    const char *best = "";
    double most = 0;
    for (int i = 0; c != NULL && i < c->entry_count; i++) {
        const Entry *entry = c->entries[i];
        double ratio = entry_ratio(case_entry(c, "pgzm"), entry, METRIC_WALL).median;
        if (strcmp(entry->contender, "pgzm") == 0 || strcmp(entry->contender, "floor") == 0 ||
            ratio <= most)
            continue;
        most = ratio;
        best = entry->contender;
    }
    return best;
}

/* The most that pgzm-copy held in any run: the rows, and the schema, which it keeps in memory. */
static void add_memory(Summary *s, const char *what, bool of_tables)
{
    double most = 0;
    for (int i = 0; i < s->case_count; i++) {
        double kb = entry_spread(case_entry(&s->cases[i], "pgzm"), METRIC_MEMORY).max;
        if ((strcmp(s->cases[i].dataset, "tables") == 0) == of_tables && kb > most)
            most = kb;
    }
    const char *jobs = summary_fact(s, "jobs");
    add(s, what, 64 + 4 * (jobs != NULL ? atof(jobs) : 2), "MB", most / 1024, most > 0);
}

void target_fill(Summary *s)
{
    s->targets = arena_alloc(s->arena, TARGETS_MAX * sizeof *s->targets);
    const Case *wide = summary_largest(s, "wide"), *narrow = summary_largest(s, "narrow");
    const Case *toast = summary_largest(s, "toast"), *small = summary_case(s, "tables-2000");
    add_ratio(s, "wide: time / best other contender", 0.80, wide, METRIC_WALL, best_other(wide));
    add_ratio(s, "wide: CPU of client and servers / floor", 1.05, wide, METRIC_CPU, "floor");
    add_ratio(s, "narrow: time / best other contender", 0.85, narrow, METRIC_WALL,
              best_other(narrow));
    add_ratio(s, "2,000 tables: time / pg_dump and pg_restore", 0.40, small, METRIC_WALL, "dump");
    add_ratio(s, "2,000 tables: time / pgcopydb", 0.10, small, METRIC_WALL, "pgcopydb");
    double value = 0;
    bool known = summary_exponent(s, "tables", "pgzm", METRIC_WALL, NULL, &value);
    add(s, "growth of time with the number of tables: exponent", 1.05, "", value, known);
    add_ratio(s, "jsonb and TOAST: time / best other contender", 0.80, toast, METRIC_WALL,
              best_other(toast));
    add_memory(s, "client memory, large tables: 64 MB + 4 MB a job", false);
    add_memory(s, "client memory, many tables: 64 MB + 4 MB a job", true);
    known = summary_per_gb(s, "stream", "pgzm", METRIC_CLIENT, &value);
    add(s, "narrow rows: client CPU for each further GB on the wire", 0.70, "s", value, known);
}
