/*
 * manifest.h - a dump as a folder, and its table of contents, manifest.json, which is written last:
 * a folder without it is not a whole dump. The folder has mode 0700. Fields that a reader does not
 * know are passed over; "version" grows when older readers would misunderstand.
 *
 *   {"format": "pgzm-copy dump", "version": 1, "tool": "0.1.0", "server": 150020,
 *    "database": "shop", "encoding": "UTF8", "as_of": "2026-11-21 12:00:00+00", "options": {...},
 *    "catalog": FILE, "tables": [{"schema": "public", "name": "t", "binary": true,
 *    "columns": ["id", ...], "chunks": [FILE, ...]}, ...], "digest": "..."}
 *   FILE: {"file": "t1.1", "rows": 10, "bytes": 100, "stored": 90, "digest": "..."}
 *
 * "digest" is XXH3 (128 bits, hex) of the same object without it, printed compactly with its keys
 * sorted. Sizes are bytes, before and after compression (chunkfile.h); the order of the chunks is
 * the order of the rows.
 *
 * Threads: any, one at a time.
 */
#ifndef PGZM_COPY_MANIFEST_H
#define PGZM_COPY_MANIFEST_H

#include "base/mem.h"
#include "copy/chunkfile.h"

enum { MANIFEST_VERSION = 1 };

typedef struct ManifestFile {
    const char *file; /* name in the folder */
    ChunkInfo info;
} ManifestFile;

typedef struct ManifestTable {
    const char *schema, *name;
    bool binary; /* COPY BINARY, else text */
    const char **columns;
    size_t column_count;
    ManifestFile *chunks;
    size_t chunk_count;
} ManifestTable;

typedef struct Manifest {
    const char *tool;     /* version of the program that wrote it */
    int server;           /* PQserverVersion of the source */
    const char *database; /* of the source */
    const char *encoding; /* of the rows */
    const char *as_of;    /* timestamptz: when the snapshot was taken */
    const char *options;  /* JSON object: what was selected */
    ManifestFile catalog;
    ManifestTable *tables;
    size_t table_count;
} Manifest;

/* Creates the folder, or takes an empty one; `folder` is for *at functions and close(). ERROR_USAGE
 * when it is not empty or cannot be made. */
bool manifest_create_folder(const char *path, int *folder, Error *err) MUST_CHECK;
/* ERROR_USAGE when it is not there, is readable for others, or holds no whole dump. */
bool manifest_open_folder(const char *path, int *folder, Error *err) MUST_CHECK;

/* Writes manifest.json and waits until the disk has the whole folder. */
bool manifest_write(int folder, const Manifest *manifest, Error *err) MUST_CHECK;
/* Everything in `arena`. ERROR_PREFLIGHT when it was changed, is something else or of a later
 * version. */
bool manifest_read(int folder, Arena *arena, Manifest *manifest, Error *err) MUST_CHECK;

#endif
