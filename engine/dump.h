/*
 * dump.h - inside engine/ only: a source as a folder of files, for hosts that do not see it. One
 * half (the command dump) asks the source everything that prepare would ask, keeps the answers on a
 * tape, and writes the rows of all tables, all as of one snapshot; the other half stands in for the
 * source then.
 *
 * Threads: the main thread; workers of a load read the manifest and the folder.
 */
#ifndef PGZM_ENGINE_DUMP_H
#define PGZM_ENGINE_DUMP_H

#include "base/tape.h"
#include "copy/copy.h"
#include "copy/manifest.h"
#include "engine/run.h"

typedef struct Dump {
    CopyFolder folder; /* fd -1: not open */
    DumpKey *key;      /* owned; NULL: not encrypted */
    Manifest manifest;
    const ManifestTable **tables; /* the manifest's, by schema and name */
    Tape *tape;
} Dump;

/* Opens the dump of --from-dump as run->dump, and run->source as its tape. The filters are those
 * with which it was made. ERROR_USAGE for options that a dump cannot answer to. */
bool dump_open(Run *run, Error *err) MUST_CHECK;
void dump_close(Dump *dump); /* NULL is fine */
/* Deletes the dump that is open; a warning when its folder stays. */
void dump_remove(Run *run);

/* ERROR_USAGE when the options ask for what no dump holds. */
bool dump_answers(const Settings *settings, Error *err) MUST_CHECK;

/* Saves the source as a new folder; both connections are closed then. Whatever fails, nothing of it
 * is left. */
bool dump_save(Run *run, const char *path, Error *err) MUST_CHECK;

/* The table's rows, or NULL when the dump has none of them. */
const ManifestTable *dump_table(const Dump *dump, const char *schema, const char *name);
/* The file of a chunk whose table has its source's name; NULL when there is none. */
const ManifestFile *dump_chunk(const Dump *dump, const CopyChunk *chunk);

#endif
