/*
 * chunkfile.h - one file of a dump: bytes in, the same bytes out or an error. The bytes are cut
 * into frames, each compressed (zstd) with a checksum of its own; a digest (XXH3, 128 bits) covers
 * the file to its last byte, so that one that is cut off, changed, or another's is noticed before
 * it is believed. That is protection against accidents; against people there is encryption, frame
 * by frame (seal.h). copy/FORMAT.md has the layout to the byte. It knows nothing of rows.
 *
 * Threads: a writer or reader belongs to one thread; a key may serve any number. Memory: about
 * 4 MiB each, whatever the size, and nothing is allocated after the beginning.
 */
#ifndef PGZM_COPY_CHUNKFILE_H
#define PGZM_COPY_CHUNKFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/mem.h"
#include "copy/dumpkey.h"

enum {
    CHUNKFILE_VERSION = 1,
    CHUNKFILE_DIGEST_CHARS = 32,
    CHUNKFILE_NAME_MOST = 200, /* bytes of a name */
};

/* What is known of a finished file. */
typedef struct ChunkInfo {
    int64_t rows;                            /* -1: it does not hold rows */
    int64_t bytes;                           /* that went in */
    int64_t stored_bytes;                    /* of the file */
    char digest[CHUNKFILE_DIGEST_CHARS + 1]; /* in hex */
} ChunkInfo;

typedef struct ChunkWriter ChunkWriter;
typedef struct ChunkReader ChunkReader;

/* Names a file in the folder itself and nowhere else: letters, digits, `_`, `-` and, but for the
 * first, `.`; not the name of an unfinished one (`.part`). */
bool chunkfile_is_name(const char *name);

/* A digest, XXH3's 128 bits in canonical form, in lower-case hexadecimal. */
void chunkfile_print_digest(const void *digest, char hex[CHUNKFILE_DIGEST_CHARS + 1]);

/* Begins `name` in a folder, as `name.part` with mode 0600. `key` NULL: not encrypted. `level` is
 * zstd's. ERROR_OTHER with the system's reason here and below when the disk is full or fails; the
 * folder's path is for the caller to add. `folder` and `key` must live as long as the writer. */
bool chunkfile_create(int folder, const char *name, const DumpKey *key, int level,
                      ChunkWriter **writer, Error *err) MUST_CHECK;
bool chunkfile_write(ChunkWriter *writer, const char *bytes, size_t n, Error *err) MUST_CHECK;
/* Writes the end, waits until the disk has it, gives the file its name, and frees the writer in any
 * case. After a failure nothing of the file is left. The folder's own fsync is the caller's. */
bool chunkfile_finish(ChunkWriter *writer, int64_t rows, ChunkInfo *info, Error *err) MUST_CHECK;
/* Gives up a file: nothing of it is left. NULL is fine. */
void chunkfile_discard(ChunkWriter *writer);

/* Opens a finished file; it must have that name inside as well, be what `expected` says, and be
 * encrypted if and only if there is a key. ERROR_PREFLIGHT when it is not, or is of a later
 * version. */
bool chunkfile_open(int folder, const char *name, const DumpKey *key, const ChunkInfo *expected,
                    ChunkReader **reader, Error *err) MUST_CHECK;
/* `n` gets how many of at most `capacity` (1 at least) bytes were read; 0 when the end was reached
 * and the whole was what it should be. */
bool chunkfile_read(ChunkReader *reader, char *buffer, size_t capacity, size_t *n, Error *err)
    MUST_CHECK;
void chunkfile_close(ChunkReader *reader); /* NULL is fine */

AUTO_DEFINE(ChunkWriter *, chunkfile_discard)
AUTO_DEFINE(ChunkReader *, chunkfile_close)

#endif
