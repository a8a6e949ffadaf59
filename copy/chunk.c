#include "copy/copy.h"

#include <string.h>

/* The executor reads a range of blocks by itself (a TID range scan) from 14 on; before, each chunk
 * would read the whole table. */
enum { PAGES_SOURCE_VERSION_MIN = 140000 };

/* ctid ranges mean nothing to other access methods. */
static bool is_heap(const Table *table)
{
    return table->access_method == NULL || strcmp(table->access_method, "heap") == 0;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t greater(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/*
 * Several writers for a large table, or one with FREEZE? Measured with two jobs on two processors,
 * PostgreSQL 15, medians of three, one table of 1.07 GB in narrow rows without indexes: parts of
 * 256 MB 5.7 s, one chunk with FREEZE 6.2 s; of 0.82 GB in wide rows with three indexes: 11.2 s
 * and 11.4 s. The VACUUM (FREEZE) that comes later took 2.6 and 2.1 s after the parts, and nothing
 * after FREEZE. So what one job can do without keeping the others waiting stays whole. Several
 * readers for one FREEZE writer are no gain: writing takes twice as long as reading, so one reader
 * waits for it.
 *
 * What is split anyway is split finer than that: of five parts as large as a whole table two jobs
 * would do the last one by one. But not finer than 64 MB: with parts of 23 MB a migration of 700 MB
 * took a tenth more CPU. The likely reason, which was not looked into: COPY goes round in 16 MB of
 * shared buffers (BAS_BULKWRITE), and each part begins with others.
 *
 * What is whole at least: there a second table of 174 MB, without an index, was under way for
 * longer than the key of the first one, of 526 MB, took to build.
 */
enum { WHOLES_PER_JOB = 4, PARTS_OF_WHOLE = 4 };
#define WHOLE_LEAST (INT64_C(128) << 20)
#define WHOLE_MOST (INT64_C(2) << 30)
#define PART_LEAST (INT64_C(64) << 20)

CopySizes copy_sizes(int64_t total_bytes, int jobs)
{
    int64_t whole = total_bytes / ((int64_t)jobs * WHOLES_PER_JOB);
    whole = smaller(greater(whole, WHOLE_LEAST), WHOLE_MOST);
    return (CopySizes){
        .whole = whole, .part = greater(whole / PARTS_OF_WHOLE, PART_LEAST), .jobs = jobs};
}

/* Bytes decide, TOAST included: a small heap can carry a thousand times its size out of line. A
 * chunk has at least one page, and their number fits the ordinals. */
int64_t copy_chunks_wanted(const Table *source, const CopySizes *sizes)
{
    if (source->relkind != 'r' || !is_heap(source) || sizes->whole <= 0 || sizes->part <= 0 ||
        source->total_bytes <= sizes->whole || source->heap_pages <= 1)
        return 1;
    int64_t wanted = smaller((source->total_bytes - 1) / sizes->part + 1, INT32_MAX / 2);
    if (sizes->jobs > 1 && wanted % sizes->jobs != 0)
        wanted += sizes->jobs - wanted % sizes->jobs;
    return smaller(wanted, source->heap_pages);
}

bool copy_reads_pages(int source_version)
{
    return source_version >= PAGES_SOURCE_VERSION_MIN;
}

/* The beginning of part `i` of `n` equal parts of `whole`; no product, so no overflow. */
static int64_t part_start(int64_t whole, int64_t n, int64_t i)
{
    return whole / n * i + smaller(whole % n, i);
}

void copy_plan(const CopyTable *table, int source_version, const CopySizes *sizes, Arena *arena,
               CopyChunks *chunks)
{
    bool by_page = copy_reads_pages(source_version);
    int64_t n = copy_chunks_wanted(table->source, sizes);
    if (!by_page)
        n = n > 1 && table->key != NULL ? (int64_t)table->bound_count + 1 : 1;
    int64_t pages = table->source->heap_pages;
    int64_t bytes = table->source->total_bytes;
    chunks->count = (size_t)n;
    chunks->items = arena_alloc(arena, chunks->count * sizeof *chunks->items);
    for (int64_t i = 0; i < n; i++) {
        CopyChunk *chunk = &chunks->items[i];
        *chunk = (CopyChunk){
            .table = table,
            .ordinal = (int)i,
            .chunks = (int)n,
            .end_page = -1,
            .weight = part_start(bytes, n, i + 1) - part_start(bytes, n, i),
        };
        bool first = i == 0, last = i == n - 1;
        if (by_page) {
            /* The size is of now, the rows are of the snapshot: pages that were cut off or added
             * since are the last chunk's. */
            chunk->first_page = first ? 0 : part_start(pages, n, i);
            chunk->end_page = last ? -1 : part_start(pages, n, i + 1);
            continue;
        }
        chunk->has_first = !first;
        chunk->first_key = first ? 0 : table->bounds[i - 1];
        chunk->has_end = !last;
        chunk->end_key = last ? 0 : table->bounds[i];
    }
}
