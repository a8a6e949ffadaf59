#include "copy/copy.h"

#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "copy/statement.h"
#include "copy/stream.h"

/* zstd's: fast enough that the server is the slower one. */
enum { SAVE_LEVEL = 1 };

static StreamMeter make_meter(CopyCounters *counters)
{
    return (StreamMeter){.wire_bytes = &counters->wire_bytes,
                         .pace = counters->pace,
                         .context = counters->pace_context};
}

static bool run_hook_claim(const CopyHooks *hooks, Conn *dest, bool *skip, Error *err)
{
    *skip = false;
    if (hooks == NULL || hooks->claim == NULL)
        return true;
    return hooks->claim(hooks->context, dest, skip, err);
}

static bool run_hook_done(const CopyHooks *hooks, Conn *dest, int64_t rows, Error *err)
{
    if (hooks == NULL || hooks->done == NULL)
        return true;
    return hooks->done(hooks->context, dest, rows, err);
}

/* Text passes as bytes, which mean the same on both sides only in one encoding. */
static bool check_encodings(const Conn *source, const Conn *dest, Error *err)
{
    if (PQclientEncoding(conn_pg(source)) == PQclientEncoding(conn_pg(dest)))
        return true;
    return error_set(err, ERROR_OTHER, "source and destination connections differ in encoding");
}

/* Where the rows of a chunk come from: a server, or a file of a dump. */
typedef struct Origin {
    Conn *source; /* NULL: the file */
    const CopyFolder *folder;
    const ManifestFile *file;
} Origin;

static bool begin_load(Conn *dest, const CopyChunk *chunk, Error *err)
{
    AUTO(str_clear) Str sql = STR_INIT;
    if (statement_freezes(chunk)) {
        statement_add_truncate(&sql, dest, chunk);
        if (!conn_exec(dest, str_text(&sql), err))
            return false;
        str_clear(&sql);
    }
    statement_add_load(&sql, dest, chunk);
    return conn_copy_begin(dest, str_text(&sql), PGRES_COPY_IN, err);
}

static bool begin_read(Conn *source, const CopyChunk *chunk, Error *err)
{
    AUTO(str_clear) Str sql = STR_INIT;
    statement_add_read(&sql, source, chunk);
    return conn_copy_begin(source, str_text(&sql), PGRES_COPY_OUT, err);
}

/* The destination's COPY begins first: when it is refused the source has not been bothered, and its
 * transaction lives on. */
static bool copy_from_server(Conn *source, Conn *dest, const CopyChunk *chunk,
                             CopyCounters *counters, int64_t *rows, Error *err)
{
    const StreamMeter meter = make_meter(counters);
    if (!begin_load(dest, chunk, err))
        return false;
    if (begin_read(source, chunk, err))
        return stream_run(source, dest, &meter, rows, err);
    AUTO(error_clear) Error expected = ERROR_INIT;
    if (PQputCopyEnd(conn_pg(dest), "the source refused to send") >= 0) {
        bool ended = conn_copy_end(dest, NULL, &expected);
        (void)ended; /* it fails: that is what was asked for */
    }
    return false;
}

static bool read_file(void *context, char *buffer, size_t capacity, size_t *n, Error *err)
{
    return chunkfile_read(context, buffer, capacity, n, err);
}

static bool write_file(void *context, const char *bytes, size_t n, Error *err)
{
    return chunkfile_write(context, bytes, n, err);
}

static bool copy_from_file(const Origin *from, Conn *dest, const CopyChunk *chunk,
                           CopyCounters *counters, int64_t *rows, Error *err)
{
    const StreamMeter meter = make_meter(counters);
    AUTO(chunkfile_close) ChunkReader *reader = NULL;
    const ManifestFile *file = from->file;
    if (!chunkfile_open(from->folder->fd, file->file, from->folder->key, &file->info, &reader,
                        err) ||
        !begin_load(dest, chunk, err) || !stream_load(read_file, reader, dest, &meter, rows, err))
        return false;
    if (*rows == file->info.rows)
        return true;
    return error_set(err, ERROR_DIFFERENCE,
                     "dump file %s holds %" PRId64 " rows, the destination stored %" PRId64,
                     file->file, file->info.rows, *rows);
}

/* COMMIT of a transaction that is already aborted "succeeds" with the tag ROLLBACK. */
static bool commit(Conn *dest, Error *err)
{
    AUTO(result_free) PGresult *result = NULL;
    if (!conn_query(dest, "COMMIT", 0, NULL, &result, err))
        return false;
    if (strcmp(PQcmdStatus(result), "COMMIT") == 0)
        return true;
    return error_set(err, ERROR_OTHER, "the transaction was rolled back instead of committed");
}

/* Everything between BEGIN and COMMIT. */
static bool copy_in_transaction(const Origin *from, Conn *dest, const CopyChunk *chunk,
                                const CopyHooks *hooks, CopyCounters *counters, int64_t *rows,
                                bool *skip, Error *err)
{
    if (!run_hook_claim(hooks, dest, skip, err))
        return false;
    if (*skip)
        return true;
    bool ok = from->source != NULL
                  ? copy_from_server(from->source, dest, chunk, counters, rows, err)
                  : copy_from_file(from, dest, chunk, counters, rows, err);
    return ok && run_hook_done(hooks, dest, *rows, err);
}

/* Names the table. What the server refused for whatever reason is a failed copy; kinds that say
 * more than that (the connection, an interruption, what a hook found) stay. */
static bool fail(const CopyChunk *chunk, Error *err)
{
    const Object *table = &chunk->table->source->object;
    if (err->kind == ERROR_OTHER || err->kind == ERROR_LOCK ||
        (err->kind == ERROR_PREFLIGHT && err->sqlstate[0] != '\0'))
        error_kind(err, ERROR_COPY);
    if (chunk->chunks == 1)
        return error_wrap(err, "copying %s.%s", table->schema, table->name);
    return error_wrap(err, "copying %s.%s (part %d of %d)", table->schema, table->name,
                      chunk->ordinal + 1, chunk->chunks);
}

static bool copy(const Origin *from, Conn *dest, const CopyChunk *chunk, const CopyHooks *hooks,
                 CopyCounters *counters, int64_t *rows, Error *err)
{
    bool skip = false;
    *rows = -1;
    /* FREEZE wants a snapshot of its own: READ COMMITTED whatever the default is. */
    if (!conn_exec(dest, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", err))
        return fail(chunk, err);
    bool ok = copy_in_transaction(from, dest, chunk, hooks, counters, rows, &skip, err);
    if (ok && !skip)
        ok = commit(dest, err);
    conn_rollback(dest);
    if (!ok) {
        *rows = -1;
        return fail(chunk, err);
    }
    if (!skip)
        atomic_fetch_add_explicit(&counters->rows, *rows, memory_order_relaxed);
    return true;
}

bool copy_open_source(Conn *source, Error *err)
{
    return stream_widen(source, err);
}

bool copy_chunk(Conn *source, Conn *dest, const CopyChunk *chunk, const CopyHooks *hooks,
                CopyCounters *counters, int64_t *rows, Error *err)
{
    const Origin from = {.source = source};
    *rows = -1;
    if (!check_encodings(source, dest, err))
        return fail(chunk, err);
    return copy(&from, dest, chunk, hooks, counters, rows, err);
}

bool copy_chunk_within(Conn *source, Conn *dest, const CopyChunk *chunk, CopyCounters *counters,
                       int64_t *rows, Error *err)
{
    *rows = -1;
    if (check_encodings(source, dest, err) &&
        copy_from_server(source, dest, chunk, counters, rows, err))
        return true;
    *rows = -1;
    return fail(chunk, err);
}

bool copy_chunk_load_within(const CopyFolder *folder, const ManifestFile *file, Conn *dest,
                            const CopyChunk *chunk, CopyCounters *counters, int64_t *rows,
                            Error *err)
{
    const Origin from = {.folder = folder, .file = file};
    *rows = -1;
    if (copy_from_file(&from, dest, chunk, counters, rows, err))
        return true;
    *rows = -1;
    return fail(chunk, err);
}

bool copy_chunk_load(const CopyFolder *folder, const ManifestFile *file, Conn *dest,
                     const CopyChunk *chunk, const CopyHooks *hooks, CopyCounters *counters,
                     int64_t *rows, Error *err)
{
    const Origin from = {.folder = folder, .file = file};
    return copy(&from, dest, chunk, hooks, counters, rows, err);
}

static bool save(Conn *source, const CopyChunk *chunk, ChunkWriter *writer, CopyCounters *counters,
                 int64_t *rows, Error *err)
{
    const StreamMeter meter = make_meter(counters);
    return begin_read(source, chunk, err) &&
           stream_save(source, write_file, writer, &meter, rows, err);
}

bool copy_chunk_save(Conn *source, const CopyChunk *chunk, const CopyFolder *folder,
                     const char *name, CopyCounters *counters, ChunkInfo *info, Error *err)
{
    AUTO(chunkfile_discard) ChunkWriter *writer = NULL;
    int64_t rows = 0;
    if (!chunkfile_create(folder->fd, name, folder->key, SAVE_LEVEL, &writer, err) ||
        !save(source, chunk, writer, counters, &rows, err) ||
        !chunkfile_finish(TAKE(writer), rows, info, err))
        return fail(chunk, err);
    atomic_fetch_add_explicit(&counters->rows, rows, memory_order_relaxed);
    return true;
}
