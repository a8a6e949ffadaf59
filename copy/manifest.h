/*
 * manifest.h - a dump as a folder, and its table of contents, manifest.json, which is written last:
 * a folder without it is not a whole dump, and the file `incomplete` in it says so. Fields that a
 * reader does not know are passed over; "version" grows when older readers would misunderstand.
 * copy/FORMAT.md has it field by field.
 *
 *   {"format": "pgzm-copy dump", "version": 1, "tool": "0.1.0", "server": 150020,
 *    "database": "shop", "encoding": "UTF8", "as_of": "2026-11-21 12:00:00+00", "options": {...},
 *    "catalog": FILE, "tables": [{"schema": "public", "name": "t", "binary": true,
 *    "columns": ["id", ...], "chunks": [FILE, ...]}, ...], "digest": "..."}
 *   FILE: {"file": "t1.1", "rows": 10, "bytes": 100, "stored": 90, "digest": "..."}
 *
 * "digest" is XXH3 (128 bits, hex) of the same object without it, printed compactly with its keys
 * sorted. Sizes are bytes, before and after compression (chunkfile.h); the order of the chunks is
 * the order of the rows. Of an encrypted dump all of this is encrypted too, inside another object
 * that says how.
 *
 * Threads: any, one at a time.
 */
#ifndef PGZM_COPY_MANIFEST_H
#define PGZM_COPY_MANIFEST_H

#include "base/mem.h"
#include "copy/chunkfile.h"
#include "copy/dumpkey.h"

enum { MANIFEST_VERSION = 1 };

typedef struct ManifestFile {
    const char *file; /* name in the folder, see chunkfile_is_name */
    ChunkInfo info;
} ManifestFile;

typedef struct ManifestTable {
    const char *schema, *name;
    bool binary;     /* COPY BINARY, else text */
    bool wide_chars; /* such a text has values of "char" above 127 as servers from 15 on print them
                      */
    const char **columns;
    const char **types; /* as many, as format_type prints them; NULL: not noted */
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
    const char *source;   /* JSON object: encoding, locale and what else is known of the source;
                             NULL: nothing (read: "{}") */
    ManifestFile catalog;
    ManifestTable *tables;
    size_t table_count;
} Manifest;

/* Creates the folder with mode 0700, or takes an empty one that belongs to the user, whose mode
 * becomes that; prepares the key (dumpkey_begin; NULL: not encrypted) and writes `incomplete`.
 * `folder` is for *at functions and close(). ERROR_USAGE when it cannot be made or is not empty. */
bool manifest_create_folder(const char *path, DumpKey *key, int *folder, Error *err) MUST_CHECK;
/* Takes away a folder that manifest_create_folder took, with what was written there. ERROR_OTHER
 * when it stays, because it holds something else or must not be removed. */
bool manifest_remove_folder(const char *path, int folder, Error *err) MUST_CHECK;
/* ERROR_USAGE when it is not there, is writable for everybody, or holds no whole dump. */
bool manifest_open_folder(const char *path, int *folder, Error *err) MUST_CHECK;

/* Writes manifest.json, waits until the disk has the whole folder, and takes `incomplete` away. */
bool manifest_write(int folder, const DumpKey *key, const Manifest *manifest, Error *err)
    MUST_CHECK;
/* Everything in `arena`. Prepares the key (dumpkey_resume); NULL where there is none, which must
 * then be true of the dump too (ERROR_USAGE). ERROR_PREFLIGHT when it was changed, is something
 * else or of a later version, or when a field makes no sense, which is named. Whether the files are
 * what it says is for chunkfile_open. */
bool manifest_read(int folder, DumpKey *key, Arena *arena, Manifest *manifest, Error *err)
    MUST_CHECK;

#endif
