#include "engine/elsewhere.h"

#include <pthread.h>
#include <stdlib.h>

#include "engine/journal.h"

typedef struct Item {
    int id;
    size_t number;
} Item;

struct Elsewhere {
    Run *run;
    Schedule *schedule;
    pthread_mutex_t mutex; /* guards the rest */
    Item *items;
    size_t count, capacity;
};

Elsewhere *elsewhere_new(Run *run, Schedule *schedule)
{
    Elsewhere *elsewhere = mem_alloc(sizeof *elsewhere);
    elsewhere->run = run;
    elsewhere->schedule = schedule;
    pthread_mutex_init(&elsewhere->mutex, NULL);
    return elsewhere;
}

void elsewhere_free(Elsewhere *elsewhere)
{
    if (elsewhere == NULL)
        return;
    pthread_mutex_destroy(&elsewhere->mutex);
    mem_free(elsewhere->items);
    mem_free(elsewhere);
}

void elsewhere_add(Elsewhere *elsewhere, const LoadTask *task, size_t number)
{
    pthread_mutex_lock(&elsewhere->mutex);
    if (elsewhere->count == elsewhere->capacity) {
        elsewhere->capacity = elsewhere->capacity == 0 ? 16 : elsewhere->capacity * 2;
        elsewhere->items =
            mem_resize(elsewhere->items, elsewhere->capacity * sizeof *elsewhere->items);
    }
    elsewhere->items[elsewhere->count++] = (Item){.id = task->id, .number = number};
    pthread_mutex_unlock(&elsewhere->mutex);
}

/* "{1,2,3}", or nothing. */
static void add_ids(Elsewhere *elsewhere, Str *ids)
{
    pthread_mutex_lock(&elsewhere->mutex);
    for (size_t i = 0; i < elsewhere->count; i++)
        str_addf(ids, "%c%d", i == 0 ? '{' : ',', elsewhere->items[i].id);
    pthread_mutex_unlock(&elsewhere->mutex);
    if (ids->len > 0)
        str_add(ids, "}");
}

static void give_back(Elsewhere *elsewhere, int id)
{
    pthread_mutex_lock(&elsewhere->mutex);
    for (size_t i = 0; i < elsewhere->count; i++) {
        if (elsewhere->items[i].id != id)
            continue;
        schedule_put_back(elsewhere->schedule, elsewhere->items[i].number);
        elsewhere->items[i] = elsewhere->items[--elsewhere->count];
        break;
    }
    pthread_mutex_unlock(&elsewhere->mutex);
}

bool elsewhere_look(Elsewhere *elsewhere, Error *err)
{
    AUTO(str_clear) Str ids = STR_INIT;
    AUTO(mem_free) char *migration = mem_printf("%lld", (long long)elsewhere->run->id);
    AUTO(result_free) PGresult *free_ones = NULL;
    add_ids(elsewhere, &ids);
    if (ids.len == 0)
        return true;
    const char *const values[] = {migration, str_text(&ids)};
    AUTO(error_clear) Error failure = ERROR_INIT;
    if (!conn_query(elsewhere->run->dest,
                    "SELECT id FROM pgzm.task WHERE migration = $1::bigint"
                    " AND id = ANY ($2::int[]) FOR UPDATE SKIP LOCKED",
                    2, values, &free_ones, &failure)) {
        if (failure.kind == ERROR_CONNECTION)
            return true; /* that is the keeper's business */
        error_move(err, &failure);
        return error_wrap(err, "looking for tasks that other processes have");
    }
    for (int i = 0; i < PQntuples(free_ones); i++)
        give_back(elsewhere, atoi(PQgetvalue(free_ones, i, 0)));
    return true;
}
