/*
 * checksum.h - inside engine/ only: the query that counts rows and sums up their contents, so that
 * two tables can be compared that are in different databases, of different versions.
 *
 * Threads: any; text only, checksum_choose excepted, which asks the two connections it is given.
 */
#ifndef PGZM_ENGINE_CHECKSUM_H
#define PGZM_ENGINE_CHECKSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/conn.h"
#include "base/mem.h"

/* A column of the sum. What is made of its value depends on the type alone: two sides whose columns
 * differ in type give type 0 for both. */
typedef struct ChecksumValue {
    const char *expression; /* over t */
    Oid type;               /* 0: anything */
    int limit;              /* of varchar(n) and char(n); 0 for none */
} ChecksumValue;

/* The two sides of a comparison must use the same. */
typedef enum ChecksumHash {
    CHECKSUM_SHA256,  /* everywhere the same */
    CHECKSUM_BUILT_IN /* the server's own: twice as fast; see checksum_choose */
} ChecksumHash;

typedef struct ChecksumRows {
    const char *from;            /* what stands after FROM; its alias is t */
    const ChecksumValue *values; /* in the same order on both sides */
    size_t value_count;
    ChecksumHash hash;
    bool sql_ascii; /* the database has no encoding: its text cannot be converted */
} ChecksumRows;

/* Which hash gives the same on both sides. */
bool checksum_choose(Conn *one, Conn *other, ChecksumHash *hash, Error *err) MUST_CHECK;

/* Whether ChecksumRows.sql_ascii must be set. */
bool checksum_lacks_encoding(const Conn *conn);

/* One row: the number of rows; with `contents` a checksum as a number of any length, 0 of no rows,
 * else NULL. For a session whose settings are pinned (conn.h). In `arena`. */
const char *checksum_query(const ChecksumRows *rows, bool contents, Arena *arena);

/* An expression over t, a bigint: what the row of t, or one of its values (NULL for NULL), adds to
 * a sum. In `arena`. */
const char *checksum_row(const ChecksumRows *rows, Arena *arena);
const char *checksum_value(const ChecksumRows *rows, size_t i, Arena *arena);

/* A checksum as the queries print it, or a number that was added up there, modulo 2^64: sums of
 * parts can be added. */
uint64_t checksum_number(const char *text);

#endif
