#include "engine/indexmemory.h"

#include <inttypes.h>

/* MINIMUM: of maintenance_work_mem before 17. PARTICIPANT: below that PostgreSQL starts no worker
 * for a btree (plan_create_index_workers). MAXIMUM: of the setting, in kB. */
#define MINIMUM (INT64_C(1) << 20)
#define PARTICIPANT (INT64_C(32) << 20)
#define MAXIMUM ((int64_t)INT32_MAX << 10)
/* 512 kB, for backend_flush_after (indexmemory.h) */
#define FLUSH_PAGES "64"

void indexmemory_init(IndexMemory *memory, int64_t budget, int jobs, int64_t builds)
{
    *memory = (IndexMemory){.budget = budget, .jobs = jobs, .left = builds};
    pthread_mutex_init(&memory->mutex, NULL);
}

void indexmemory_clear(IndexMemory *memory)
{
    pthread_mutex_destroy(&memory->mutex);
}

static int64_t greater(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

IndexPart indexmemory_take(IndexMemory *memory)
{
    pthread_mutex_lock(&memory->mutex);
    int64_t waiting = memory->left - memory->running, slots = memory->jobs - memory->running;
    int64_t sharers = greater(waiting < slots ? waiting : slots, 1);
    int64_t bytes = greater((memory->budget - memory->taken) / sharers, MINIMUM);
    int64_t sessions = waiting <= 1 ? memory->jobs : greater(slots / sharers, 1);
    IndexPart part = {.bytes = bytes > MAXIMUM ? MAXIMUM : bytes, .workers = (int)sessions - 1};
    if (memory->budget > 0 && part.workers > indexmemory_workers(part.bytes))
        part.workers = indexmemory_workers(part.bytes);
    memory->taken += part.bytes;
    memory->running++;
    pthread_mutex_unlock(&memory->mutex);
    return part;
}

void indexmemory_give(IndexMemory *memory, const IndexPart *part)
{
    pthread_mutex_lock(&memory->mutex);
    memory->taken -= part->bytes;
    memory->running--;
    memory->left--;
    pthread_mutex_unlock(&memory->mutex);
}

int indexmemory_workers(int64_t bytes)
{
    int64_t workers = bytes / PARTICIPANT - 1;
    return workers < 0 ? 0 : workers > 1024 ? 1024 : (int)workers;
}

bool indexmemory_set(const IndexMemory *memory, Conn *dest, const IndexPart *part, Error *err)
{
    AUTO(mem_free)
    char *bytes = memory->budget == 0 ? NULL : mem_printf("%" PRId64 "kB", part->bytes >> 10);
    AUTO(mem_free) char *workers = mem_printf("%d", part->workers);
    const char *const values[] = {bytes, workers};
    AUTO(result_free) PGresult *result = NULL;
    /* what the server allows is not raised; nor what its operating system can do, which says 0 */
    return conn_query(dest,
                      "SELECT pg_catalog.set_config(name, CASE name WHEN 'maintenance_work_mem'"
                      " THEN coalesce($1, reset_val) WHEN 'backend_flush_after'"
                      " THEN least(" FLUSH_PAGES ", max_val::int)::text"
                      " ELSE least($2::int, reset_val::int)::text END, false)"
                      " FROM pg_catalog.pg_settings WHERE name IN"
                      " ('maintenance_work_mem', 'max_parallel_maintenance_workers')"
                      " OR name = 'backend_flush_after' AND source = 'default'",
                      LENGTH(values), values, &result, err) ||
           error_wrap(err, "setting the memory of an index build");
}
