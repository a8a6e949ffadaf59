#include "engine/heat.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engine/journal.h"

/* Backends report what they did at most once in a second. */
enum { BETWEEN_LOOKS_MS = 1200 };

static bool look(Run *run, const char *direction, Heat *heat, Error *err)
{
    const char *const values[] = {journal_id_text(run->arena, run->id), direction};
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query(run->dest, run_sql("heat", conn_version(run->dest)), 2, values, &result, err))
        return error_wrap(err, "looking at which tables are in use");
    size_t count = (size_t)PQntuples(result);
    *heat = (Heat){.items = arena_alloc(run->arena, (count + 1) * sizeof *heat->items),
                   .count = count,
                   .looked_at = clock_monotonic_ms()};
    for (int i = 0; i < (int)count; i++) {
        heat->items[i] = (HeatTable){.oid = (Oid)strtoul(PQgetvalue(result, i, 0), NULL, 10),
                                     .uses = strtoll(PQgetvalue(result, i, 2), NULL, 10),
                                     .held = strtoll(PQgetvalue(result, i, 3), NULL, 10)};
        heat->items[i].score = heat->items[i].held;
        heat->tables += PQgetvalue(result, i, 1)[0] == 't';
    }
    return true;
}

bool heat_look(Run *run, const char *direction, Heat *heat, Error *err)
{
    return look(run, direction, heat, err);
}

static int by_oid(const void *a, const void *b)
{
    const HeatTable *x = a, *y = b;
    return (x->oid > y->oid) - (x->oid < y->oid);
}

bool heat_look_again(Run *run, const char *direction, Heat *heat, Error *err)
{
    int64_t left = heat->looked_at + BETWEEN_LOOKS_MS - clock_monotonic_ms();
    if (left > 0 && !cancel_sleep(run->cancel, left))
        return cancel_check(run->cancel, err);
    const Heat before = *heat;
    if (!look(run, direction, heat, err))
        return false;
    for (size_t i = 0; i < heat->count; i++) {
        HeatTable *now = &heat->items[i];
        const HeatTable *then =
            bsearch(now, before.items, before.count, sizeof *before.items, by_oid);
        if (then == NULL)
            continue;
        /* fewer: the statistics were reset, by somebody or by a crash */
        int64_t uses = now->uses < then->uses ? now->uses : now->uses - then->uses;
        now->score += then->score + uses;
    }
    return true;
}

void heat_add(Heat *heat, Oid table)
{
    int64_t most = 0;
    for (size_t i = 0; i < heat->count; i++)
        most = heat->items[i].score > most ? heat->items[i].score : most;
    HeatTable *found =
        bsearch(&(HeatTable){.oid = table}, heat->items, heat->count, sizeof *heat->items, by_oid);
    if (found != NULL)
        found->score = most + 1;
}

static int by_score(const void *a, const void *b)
{
    const HeatTable *x = a, *y = b;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return by_oid(a, b);
}

const char *heat_busiest(const Heat *heat, Arena *arena)
{
    AUTO(mem_free) HeatTable *sorted = mem_alloc((heat->count + 1) * sizeof *sorted);
    if (heat->count > 0)
        memcpy(sorted, heat->items, heat->count * sizeof *sorted);
    qsort(sorted, heat->count, sizeof *sorted, by_score);
    AUTO(str_clear) Str s = STR_INIT;
    for (size_t i = 0; i < heat->count && sorted[i].score > 0; i++)
        str_addf(&s, "%s%u", i > 0 ? "," : "{", sorted[i].oid);
    str_add(&s, s.len > 0 ? "}" : "{}");
    return arena_strdup(arena, str_text(&s));
}
