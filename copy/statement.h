/*
 * statement.h - the COPY statements of a chunk. Text only: nothing here is run.
 *
 * Threads: any; a Conn is only used for quoting.
 */
#ifndef PGZM_COPY_STATEMENT_H
#define PGZM_COPY_STATEMENT_H

#include "base/conn.h"
#include "base/str.h"
#include "copy/copy.h"

/* True when the chunk's target is emptied first and its rows arrive frozen. */
bool statement_freezes(const CopyChunk *chunk);

/* Appends what reads the chunk's rows on the source: COPY ... TO STDOUT. */
void statement_add_read(Str *s, const Conn *source, const CopyChunk *chunk);

/* Appends the query of the chunk's rows, as it stands in such a COPY. */
void statement_add_select(Str *s, const Conn *source, const CopyChunk *chunk);

/* Appends what empties the target, for a chunk that freezes. */
void statement_add_truncate(Str *s, const Conn *dest, const CopyChunk *chunk);

/* Appends what takes the rows on the destination: COPY ... FROM STDIN. */
void statement_add_load(Str *s, const Conn *dest, const CopyChunk *chunk);

#endif
