/*
 * keyrange.h - where to split a table by its key, for sources that cannot read a range of pages by
 * themselves. The bounds only say how the work is divided: each row is in exactly one range
 * whatever they are.
 *
 * Threads: one per connection.
 */
#ifndef PGZM_COPY_KEYRANGE_H
#define PGZM_COPY_KEYRANGE_H

#include "base/conn.h"
#include "copy/copy.h"

/* Finds bounds of table->key that divide the rows into `wanted` parts of about the same number; at
 * most `most` where the rows do not lie in the order of the key, since each part reads the whole
 * table then. Looks at a sample of pages, in the source's transaction: statistics may be missing or
 * old. Without rows in it there are no bounds. In `arena`. */
bool keyrange_find(Conn *source, CopyTable *table, int64_t wanted, int most, Arena *arena,
                   Error *err) MUST_CHECK;

#endif
