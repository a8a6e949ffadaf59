/*
 * pair.h - what a test of copying needs: two databases, a connection to each, and the model of a
 * table as its catalogs describe it.
 *
 * Threads: one. Failures fail the running Criterion test.
 */
#ifndef PGZM_TESTS_COPY_PAIR_H
#define PGZM_TESTS_COPY_PAIR_H

#include "copy/copy.h"
#include "tests/harness/server.h"

typedef struct Pair {
    TestDatabase source_db, dest_db;
    Cancel *cancel;
    Conn *source, *dest;
    Arena *arena;
    CopyCounters counters;
    int64_t rows; /* of the last pair_copy */
    Error err;    /* of the last pair_copy */
} Pair;

/* Two databases; `script` is run in both (NULL: in neither). */
Pair *pair_new(const char *script);
void pair_free(Pair *pair);
/* Connects to both; the source begins its snapshot. */
void pair_begin(Pair *pair);

/* A table of the source's schema public, to be copied in binary under its own name. */
CopyTable *pair_table(Pair *pair, const char *name);
/* All of a table, whatever its size. */
CopyChunk pair_whole(const CopyTable *table);

/* copy_chunk; its outcome is in `rows` and `err`. */
bool pair_copy(Pair *pair, const CopyChunk *chunk, const CopyHooks *hooks);
/* Copies a whole table, which must succeed with this number of rows. */
void pair_must_copy(Pair *pair, const CopyTable *table, int64_t rows);

/* A number that a query gives. */
int64_t pair_number(const TestDatabase *database, const char *query);
/* Fails unless both databases hold the same rows in a table, as text. */
void pair_must_be_equal(const Pair *pair, const char *table);

AUTO_DEFINE(Pair *, pair_free)

#endif
