#include "engine/indexmemory.h"

#include <inttypes.h>

/* MINIMUM: of maintenance_work_mem before 17. PARTICIPANT: below that PostgreSQL starts no worker
 * for a btree (plan_create_index_workers). MAXIMUM: of the setting, in kB. */
#define MINIMUM (INT64_C(1) << 20)
#define PARTICIPANT (INT64_C(32) << 20)
#define MAXIMUM ((int64_t)INT32_MAX << 10)

void indexmemory_init(IndexMemory *memory, int64_t budget, int jobs, int64_t builds)
{
    *memory = (IndexMemory){.budget = budget, .jobs = jobs, .left = builds};
    pthread_mutex_init(&memory->mutex, NULL);
}

void indexmemory_clear(IndexMemory *memory)
{
    pthread_mutex_destroy(&memory->mutex);
}

int64_t indexmemory_take(IndexMemory *memory)
{
    pthread_mutex_lock(&memory->mutex);
    int64_t others = memory->left - memory->running, slots = memory->jobs - memory->running;
    int64_t sharers = others < slots ? others : slots;
    int64_t part = (memory->budget - memory->taken) / (sharers > 1 ? sharers : 1);
    part = part < MINIMUM ? MINIMUM : part > MAXIMUM ? MAXIMUM : part;
    memory->taken += part;
    memory->running++;
    pthread_mutex_unlock(&memory->mutex);
    return part;
}

void indexmemory_give(IndexMemory *memory, int64_t part)
{
    pthread_mutex_lock(&memory->mutex);
    memory->taken -= part;
    memory->running--;
    memory->left--;
    pthread_mutex_unlock(&memory->mutex);
}

int indexmemory_workers(int64_t part)
{
    int64_t workers = part / PARTICIPANT - 1;
    return workers < 0 ? 0 : workers > 1024 ? 1024 : (int)workers;
}

bool indexmemory_set(const IndexMemory *memory, Conn *dest, int64_t part, Error *err)
{
    if (memory->budget == 0)
        return true;
    /* what the server allows is not raised */
    return conn_execf(dest, err,
                      "SELECT pg_catalog.set_config('maintenance_work_mem', '%" PRId64
                      "kB', false),"
                      " pg_catalog.set_config('max_parallel_maintenance_workers',"
                      " least(%d, reset_val::int)::text, false) FROM pg_catalog.pg_settings"
                      " WHERE name = 'max_parallel_maintenance_workers'",
                      part >> 10, indexmemory_workers(part)) ||
           error_wrap(err, "setting the memory of an index build");
}
