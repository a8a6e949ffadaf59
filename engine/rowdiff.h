/*
 * rowdiff.h - inside engine/ only: finds the rows in which two sides of a table differ, once their
 * sums do. Rows are narrowed down by their own hashes: each side adds up 65,536 groups in one scan,
 * and of groups that differ a second scan reads the keys. So it takes two scans however long the
 * table is, and neither the order of keys nor collations have to be the same on both sides. Not
 * here: that the sums differ (rowcheck.h), the hash (checksum.h).
 *
 * Threads: any, with connections and an arena of its own.
 */
#ifndef PGZM_ENGINE_ROWDIFF_H
#define PGZM_ENGINE_ROWDIFF_H

#include "engine/checksum.h"

/* A table as one side reads it. */
typedef struct RowDiffSide {
    Conn *conn;
    const char
        *from; /* what stands after FROM; its alias is t, which has a ctid (it may be NULL) */
} RowDiffSide;

typedef struct RowDiffTable {
    RowDiffSide sides[2]; /* by ConnSide */
    const ChecksumValue *values;
    const char *const *names; /* of the columns that are the values */
    size_t value_count;
    const char *key; /* columns of the primary key, quoted, comma separated; NULL: ctid */
    ChecksumHash hash;
} RowDiffTable;

/* Of rows that one side has and the other has not: how many, and the keys of the first and the last
 * of them in the order of the key, as text; NULL when there are none. */
typedef struct RowDiffRange {
    int64_t rows;
    const char *first, *last;
} RowDiffRange;

typedef struct RowDiff {
    RowDiffRange ranges[2]; /* by ConnSide */
    bool complete;          /* these are all: where very many differ, some are looked at */
    bool paired;            /* the same keys on both sides: the rows are there, but for values */
    const char *columns;    /* paired: those that differ, comma separated */
} RowDiff;

/* False when a query fails: that is no finding about the rows. */
bool rowdiff_find(const RowDiffTable *table, Arena *arena, RowDiff *diff, Error *err) MUST_CHECK;

/* "1 row differs, (id)=(17), in column note", "3 rows of the source, (id)=(17) to (19), are not in
 * the destination": for people. In `arena`. */
const char *rowdiff_describe(const RowDiff *diff, const char *key, Arena *arena);

#endif
