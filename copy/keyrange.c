#include "copy/keyrange.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/str.h"

enum {
    SAMPLE_PAGES = 1000,    /* a few megabytes */
    SAMPLE_PAGES_A_PART = 8 /* for tables of so many parts that it would not tell them apart */
};

static double sample_percent(const Table *table, int64_t wanted)
{
    double pages = (double)table->heap_pages, sample = (double)wanted * SAMPLE_PAGES_A_PART;
    if (sample < SAMPLE_PAGES)
        sample = SAMPLE_PAGES;
    return sample >= pages ? 100 : 100 * sample / pages;
}

/* The rank of a row by its key beside that by its place says whether a range of keys is a range of
 * pages: gaps and skew of the key do not matter. (0.9: such a range reads about a tenth more.) */
static void add_query(Str *s, const Conn *source, const CopyTable *table, int64_t wanted, int most)
{
    const Object *name = &table->source->object;
    str_add(s, "WITH sample AS MATERIALIZED (SELECT ");
    conn_add_ident(source, s, table->key);
    str_add(s, "::pg_catalog.int8 AS k, ctid AS place FROM ONLY ");
    conn_add_name(source, s, name->schema, name->name);
    str_addf(s, " TABLESAMPLE SYSTEM (%g) REPEATABLE (1)),", sample_percent(table->source, wanted));
    str_addf(s,
             " ranked AS MATERIALIZED (SELECT k, row_number() OVER (ORDER BY k) AS by_key,"
             " row_number() OVER (ORDER BY place) AS by_place FROM sample),"
             " figure AS (SELECT pg_catalog.count(*) AS total,"
             " CASE WHEN pg_catalog.abs(pg_catalog.corr(by_key, by_place)) >= 0.9"
             " THEN %" PRId64 " ELSE least(%" PRId64 ", %d) END AS parts FROM ranked)"
             " SELECT pg_catalog.min(k) FROM ranked, figure"
             " GROUP BY (by_key - 1) * parts / total HAVING (by_key - 1) * parts / total > 0"
             " ORDER BY 1",
             wanted, wanted, most < 1 ? 1 : most);
}

bool keyrange_find(Conn *source, CopyTable *table, int64_t wanted, int most, Arena *arena,
                   Error *err)
{
    AUTO(str_clear) Str query = STR_INIT;
    AUTO(result_free) PGresult *result = NULL;
    add_query(&query, source, table, wanted, most);
    if (!conn_query(source, str_text(&query), 0, NULL, &result, err))
        return error_wrap(err, "looking where to split %s.%s", table->source->object.schema,
                          table->source->object.name);
    size_t count = (size_t)PQntuples(result);
    int64_t *bounds = arena_alloc(arena, (count + 1) * sizeof *bounds);
    for (size_t i = 0; i < count; i++)
        bounds[i] = strtoll(PQgetvalue(result, (int)i, 0), NULL, 10);
    table->bounds = bounds;
    table->bound_count = count;
    return true;
}
