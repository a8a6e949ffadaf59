#include "bench/outcome.h"

static json_t *spread_json(Spread spread)
{
    return json_pack("{s:f, s:f, s:f}", "median", spread.median, "min", spread.min, "max",
                     spread.max);
}

static json_t *entry_json(const Case *c, const Entry *entry)
{
    json_t *runs = json_array(), *phases = json_object();
    json_t *result = json_pack("{s:s, s:s}", "contender", entry->contender, "name",
                               outcome_contender(entry->contender));
    for (int m = 0; m < METRIC_COUNT; m++)
        json_object_set_new(result, metric_key((Metric)m),
                            spread_json(entry_spread(entry, (Metric)m)));
    Spread ratio = entry_ratio(entry, case_entry(c, "pgzm"), METRIC_WALL);
    if (ratio.n > 0)
        json_object_set_new(result, "ratio_to_pgzm", json_real(ratio.median));
    for (int i = 0; i < entry->n; i++) {
        json_t *run = json_pack("{s:i}", "run", entry->run[i]);
        for (int m = 0; m < METRIC_COUNT; m++)
            json_object_set_new(run, metric_key((Metric)m), json_real(entry->values[m][i]));
        json_array_append_new(runs, run);
    }
    json_object_set_new(result, "runs", runs);
    for (int i = 0; i < entry->phase_count; i++)
        json_object_set_new(phases, entry->phases[i].name,
                            spread_json(phase_spread(&entry->phases[i])));
    json_object_set_new(result, "phases_ms", phases);
    return result;
}

static json_t *case_json(const Case *c)
{
    json_t *contenders = json_array();
    for (int i = 0; i < c->entry_count; i++)
        json_array_append_new(contenders, entry_json(c, c->entries[i]));
    return json_pack("{s:s, s:s, s:I, s:s, s:I, s:I, s:I, s:I, s:o}", "case", c->name, "dataset",
                     c->dataset, "number", (json_int_t)c->number, "unit", c->unit, "tables",
                     (json_int_t)c->tables, "rows", (json_int_t)c->rows, "bytes",
                     (json_int_t)c->bytes, "wire_bytes", (json_int_t)c->wire_bytes, "contenders",
                     contenders);
}

/* Of each dataset that several cases have, and of each contender in the largest of them. */
static json_t *growth_json(const Summary *summary)
{
    json_t *growth = json_array();
    for (int i = 0; i < summary->case_count; i++) {
        const Case *c = &summary->cases[i];
        for (int k = 0; c == summary_largest(summary, c->dataset) && k < c->entry_count; k++) {
            json_t *one = json_pack("{s:s, s:s}", "dataset", c->dataset, "contender",
                                    c->entries[k]->contender);
            double value;
            bool any = false;
            for (int m = 0; m < METRIC_COUNT; m++)
                if (summary_exponent(summary, c->dataset, c->entries[k]->contender, (Metric)m, NULL,
                                     &value)) {
                    json_object_set_new(one, metric_key((Metric)m), json_real(value));
                    any = true;
                }
            if (summary_per_gb(summary, c->dataset, c->entries[k]->contender, METRIC_CLIENT,
                               &value))
                json_object_set_new(one, "client_cpu_s_per_gb", json_real(value));
            if (any)
                json_array_append(growth, one);
            json_decref(one);
        }
    }
    return growth;
}

json_t *outcome_json(const Summary *summary)
{
    json_t *facts = json_object(), *cases = json_array(), *targets = json_array();
    json_t *failures = json_array();
    for (int i = 0; i < summary->fact_count; i++)
        json_object_set_new(facts, summary->facts[i].name, json_string(summary->facts[i].text));
    for (int i = 0; i < summary->case_count; i++)
        json_array_append_new(cases, case_json(&summary->cases[i]));
    for (int i = 0; i < summary->target_count; i++) {
        const Target *t = &summary->targets[i];
        json_t *target =
            json_pack("{s:s, s:f, s:s}", "target", t->what, "at_most", t->limit, "unit", t->unit);
        json_object_set_new(target, "measured", t->known ? json_real(t->value) : json_null());
        json_object_set_new(target, "met", t->known ? json_boolean(t->met) : json_null());
        json_array_append_new(targets, target);
    }
    for (int i = 0; i < summary->failure_count; i++)
        json_array_append_new(failures, json_string(summary->failures[i]));
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "environment", facts, "targets", targets, "cases",
                     cases, "growth", growth_json(summary), "failures", failures);
}
