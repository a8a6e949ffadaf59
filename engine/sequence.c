#include "engine/sequence.h"

#include <jansson.h>
#include <stdlib.h>

#include "engine/preserved.h"

enum { SEQUENCES_PER_QUERY = 500 };

/* Some sequences of the source, one after the other. */
typedef struct Batch {
    const Sequence *items[SEQUENCES_PER_QUERY];
    size_t count;
} Batch;

/* "SELECT last_value, is_called FROM s UNION ALL ...": values come from the sequences themselves;
 * pg_sequences hides the value of one that was set but never called. Nothing of the destination is
 * in the words, so that a tape knows them. */
static bool read_batch(Run *run, const Batch *batch, PGresult **result, Error *err)
{
    AUTO(str_clear) Str query = STR_INIT;
    for (size_t i = 0; i < batch->count; i++) {
        const Object *name = &batch->items[i]->object;
        str_add(&query, i == 0 ? "SELECT " : " UNION ALL SELECT ");
        str_addf(&query, "%zu, last_value, is_called FROM ", i);
        conn_add_name(run->source, &query, name->schema, name->name);
    }
    if (!conn_query(run->source, str_text(&query), 0, NULL, result, err))
        return error_wrap(err, "reading the source's sequences");
    return (size_t)PQntuples(*result) == batch->count ||
           error_set(err, ERROR_OTHER, "a sequence of the source has no value");
}

static bool set_batch(Run *run, const Plan *plan, const Batch *batch, Error *err)
{
    AUTO(result_free) PGresult *read = NULL;
    AUTO(result_free) PGresult *set = NULL;
    if (!read_batch(run, batch, &read, err))
        return false;
    json_t *rows = json_array();
    for (int i = 0; i < PQntuples(read); i++) {
        const Sequence *sequence = batch->items[strtoul(PQgetvalue(read, i, 0), NULL, 10)];
        if (preserved_keeps_sequence(plan, sequence))
            continue;
        AUTO(str_clear) Str shadow = STR_INIT;
        conn_add_name(run->dest, &shadow, plan_schema(plan, sequence->object.schema)->shadow,
                      sequence->object.name);
        json_array_append_new(rows, json_pack("{s:s, s:s, s:b}", "s", str_text(&shadow), "v",
                                              PQgetvalue(read, i, 1), "c",
                                              PQgetvalue(read, i, 2)[0] == 't'));
    }
    char *text = json_dumps(rows, JSON_COMPACT);
    json_decref(rows);
    const char *const values[] = {text};
    bool ok = text != NULL && conn_query(run->dest,
                                         "SELECT setval(s::regclass, v::bigint, c)"
                                         " FROM json_to_recordset($1::json)"
                                         " AS t(s text, v text, c boolean)",
                                         1, values, &set, err);
    free(text);
    return ok || error_wrap(err, "setting the new sequences");
}

/* The next ones that are migrated, from `*at` on. */
static void fill(const Plan *plan, size_t *at, Batch *batch)
{
    const Model *source = plan->source;
    batch->count = 0;
    for (; *at < source->sequences.count && batch->count < SEQUENCES_PER_QUERY; ++*at)
        if (plan_schema(plan, source->sequences.items[*at].object.schema) != NULL)
            batch->items[batch->count++] = &source->sequences.items[*at];
}

bool sequences_copy(Run *run, const Plan *plan, size_t *count, Error *err)
{
    *count = 0;
    for (size_t i = 0; i < plan->source->sequences.count; i++) {
        const Sequence *sequence = &plan->source->sequences.items[i];
        *count += plan_schema(plan, sequence->object.schema) != NULL &&
                  !preserved_keeps_sequence(plan, sequence);
    }
    Batch batch;
    for (size_t at = 0; fill(plan, &at, &batch), batch.count > 0;)
        if (!set_batch(run, plan, &batch, err))
            return false;
    return true;
}

bool sequences_ask(Run *run, const Plan *plan, Error *err)
{
    Batch batch;
    for (size_t at = 0; fill(plan, &at, &batch), batch.count > 0;) {
        AUTO(result_free) PGresult *read = NULL;
        if (!read_batch(run, &batch, &read, err))
            return false;
    }
    return true;
}
