/*
 * copy.h - how rows travel from one server to another: plans a table's chunks and streams one chunk
 * from a COPY ... TO STDOUT into a COPY ... FROM STDIN. Has never heard of shadow, swap, journal:
 * what must happen in a chunk's transaction besides the rows is done by hooks.
 *
 * Threads: copy_plan_* are pure; copy_chunk runs in one thread with its own two connections.
 */
#ifndef PGZM_COPY_COPY_H
#define PGZM_COPY_COPY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/conn.h"
#include "base/mem.h"
#include "copy/manifest.h"
#include "schema/model.h"

/* What travels in the place of a column's value: an expression over the source's row, cast to the
 * column's own type. Both texts are SQL of the source. */
typedef struct CopyValue {
    const char *expression; /* NULL: the value itself */
    const char *type;
} CopyValue;

/* One table's way: from where, to where, how. Conditions and values must have been proven to be one
 * expression each: they are pasted between parentheses. */
typedef struct CopyTable {
    const Table *source; /* columns: those that column_is_copied are named on both sides */
    const char *dest_schema, *dest_name;
    bool binary;     /* COPY BINARY, else text */
    bool may_freeze; /* a single chunk is loaded as TRUNCATE; COPY (FREEZE): the target is
                        an ordinary table that nobody else writes (not a root to route by) */
    bool only;       /* read without inheritance children: always, but for a partitioned
                        table that is read as a whole through its root */
    const char *const *conditions; /* SQL: rows for which all hold; NULL for all rows */
    size_t condition_count;
    const CopyValue *values; /* by position in source->columns; NULL for none */
    const char *alias;       /* what conditions and values call the table; NULL for its name */
    const char *key;         /* a NOT NULL column of int2, int4 or int8 to split by where pages
                                cannot; NULL for none */
    const int64_t *bounds;   /* of that key, ascending: where the second and later chunks begin */
    size_t bound_count;
} CopyTable;

/* The statements of a chunk as text, for who knows nothing else of it. */
typedef struct CopyTexts {
    const char *read, *load;
    const char *truncate; /* NULL: the target is not emptied */
} CopyTexts;

/* A range of blocks of a table's main fork, [first_page, end_page); or of values of the table's
 * key, [first_key, end_key). The first is open at the bottom, the last at the top, whatever the
 * numbers say. */
typedef struct CopyChunk {
    const CopyTable *table;
    int ordinal, chunks; /* from 0; of how many */
    int64_t first_page;
    int64_t end_page;           /* -1: open-ended (the last chunk always is) */
    bool has_first, has_end;    /* a range of keys: bounded below, above */
    int64_t first_key, end_key; /* where has_first, has_end say so */
    int64_t weight;             /* estimated bytes of heap and TOAST, for scheduling and progress */
    const CopyTexts *texts;     /* NULL: they are made from the rest */
} CopyChunk;

typedef struct CopyChunks {
    CopyChunk *items; /* in `arena` */
    size_t count;
} CopyChunks;

/* How tables are cut, in bytes of heap and TOAST. */
typedef struct CopySizes {
    int64_t whole; /* a table of so many is one chunk, with the advantage of FREEZE; 0: all are */
    int64_t part;  /* chunks of a larger one hold about so many */
    int jobs;      /* and their number is a multiple of this */
} CopySizes;

/* Where tables of `total_bytes` in all are copied by `jobs` at a time: so that there is some for
 * each job, and that all end together; but nothing smaller than is worth a start, nor larger than
 * may be done again when a connection is lost. */
CopySizes copy_sizes(int64_t total_bytes, int jobs);

/* How many chunks the table's size asks for; 1 for other access methods than heap, and for what has
 * no rows of its own. */
int64_t copy_chunks_wanted(const Table *source, const CopySizes *sizes);

/* True when a source of that version reads a range of pages by itself (a TID range scan). */
bool copy_reads_pages(int source_version);

/* Splits a table by pages into as many. Sources older than 14 are split at the bounds of the key,
 * where there are some, otherwise not at all. */
void copy_plan(const CopyTable *table, int source_version, const CopySizes *sizes, Arena *arena,
               CopyChunks *chunks);

/* What happens in the destination transaction of a chunk besides its rows. */
typedef struct CopyHooks {
    /* First in the transaction: locks the chunk's bookkeeping. `skip` true: somebody else has it or
     * it is done; nothing is copied and copy_chunk returns true with rows -1. */
    bool (*claim)(void *context, Conn *dest, bool *skip, Error *err);
    /* Last before COMMIT: notes that it is done. */
    bool (*done)(void *context, Conn *dest, int64_t rows, Error *err);
    void *context;
} CopyHooks;

/* Counters that all workers add to while they copy. */
typedef struct CopyCounters {
    _Atomic int64_t wire_bytes; /* of COPY data handed on, failed chunks included */
    _Atomic int64_t rows;       /* of committed chunks */
    /* Told of the bytes of each message, in the worker's thread; may make it wait, though not past
     * a cancellation. NULL: as fast as it goes. */
    void (*pace)(void *context, int64_t bytes);
    void *pace_context;
} CopyCounters;

/* Prepares a connection of the source, once, for reading chunks (stream_widen). */
bool copy_open_source(Conn *source, Error *err) MUST_CHECK;

/* Copies one chunk: BEGIN, claim, [TRUNCATE], COPY, done, COMMIT on `dest`; `source` is inside its
 * snapshot's transaction already and stays in it. Both connections share one cancel token. Both
 * command tags must give the same number of rows. `rows` is -1 unless rows were committed.
 *
 * On failure the destination's transaction is rolled back and, if its connection lives, `dest` is
 * idle. `source` goes on being usable when PQtransactionStatus(conn_pg(source)) is PQTRANS_INTRANS;
 * otherwise its transaction is aborted, since its COPY had to be cancelled or failed: the caller
 * closes it and opens another one on the snapshot. Memory depends on the longest row (held once, by
 * libpq), not on their number. `hooks` and either hook may be NULL. Errors: ERROR_COPY, or
 * ERROR_DIFFERENCE when the two tags differ (naming the table), ERROR_CONNECTION,
 * ERROR_INTERRUPTED, and what a hook found. */
bool copy_chunk(Conn *source, Conn *dest, const CopyChunk *chunk, const CopyHooks *hooks,
                CopyCounters *counters, int64_t *rows, Error *err) MUST_CHECK;

/* The rows alone, inside a transaction of `dest` that is open and may hold other chunks before and
 * after: who opened it notes them in `counters` when it is committed. After a failure both
 * transactions are aborted. */
bool copy_chunk_within(Conn *source, Conn *dest, const CopyChunk *chunk, CopyCounters *counters,
                       int64_t *rows, Error *err) MUST_CHECK;

/* Where the files of a dump are, and what they are encrypted with. */
typedef struct CopyFolder {
    int fd;             /* of the folder */
    const DumpKey *key; /* NULL: not encrypted */
} CopyFolder;

/* The two halves of copy_chunk, with a file of a dump between them. Saving: `source` is inside its
 * snapshot's transaction; after a failure it is as after copy_chunk, and nothing of the file is
 * left. `info` is what to write into the table of contents. */
bool copy_chunk_save(Conn *source, const CopyChunk *chunk, const CopyFolder *folder,
                     const char *name, CopyCounters *counters, ChunkInfo *info, Error *err)
    MUST_CHECK;

/* Loading: as copy_chunk, its rows from the file; they must be as many as its entry says, and the
 * file whole, or nothing is committed. ERROR_PREFLIGHT when it is not. */
bool copy_chunk_load(const CopyFolder *folder, const ManifestFile *file, Conn *dest,
                     const CopyChunk *chunk, const CopyHooks *hooks, CopyCounters *counters,
                     int64_t *rows, Error *err) MUST_CHECK;

/* As copy_chunk_within, from the file. */
bool copy_chunk_load_within(const CopyFolder *folder, const ManifestFile *file, Conn *dest,
                            const CopyChunk *chunk, CopyCounters *counters, int64_t *rows,
                            Error *err) MUST_CHECK;

#endif
