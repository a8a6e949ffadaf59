/*
 * checksum.h - inside engine/ only: the query that counts rows and sums up their contents, so that
 * two tables can be compared that are in different databases, of different versions.
 *
 * Threads: any; text only.
 */
#ifndef PGZM_ENGINE_CHECKSUM_H
#define PGZM_ENGINE_CHECKSUM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

typedef struct ChecksumRows {
    const char *from;          /* what stands after FROM; its alias is t */
    const char *const *values; /* expressions over t: in the same order on both sides */
    size_t value_count;
    bool sql_ascii; /* the database has no encoding: its text cannot be converted */
} ChecksumRows;

/* One row: the number of rows; with `contents` a checksum as a number of any length, 0 of no rows,
 * else NULL. For a session whose settings are pinned (conn.h). In `arena`. */
const char *checksum_query(const ChecksumRows *rows, bool contents, Arena *arena);

#endif
