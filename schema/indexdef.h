/*
 * indexdef.h - indexes and keys as text for ALTER TABLE and CREATE INDEX, from a model alone: also
 * for a table of another name that has the same columns. Not here: the server's own text, which
 * Index.def is.
 *
 * Threads: any; only the arguments are touched.
 */
#ifndef PGZM_SCHEMA_INDEXDEF_H
#define PGZM_SCHEMA_INDEXDEF_H

#include "base/conn.h"
#include "base/str.h"
#include "schema/model.h"

/* A primary key or unique constraint as it stands after ADD CONSTRAINT name. pg_get_constraintdef
 * leaves out storage options and tablespace, which stand before DEFERRABLE, so it is assembled. */
void indexdef_add_key(Str *s, const Conn *conn, const Constraint *key, const Index *index);

/* " DEFERRABLE ...", or nothing. */
const char *indexdef_deferral(const Constraint *key);

/* CREATE INDEX over the table schema.table. False, with nothing added, unless its text is columns,
 * their order and what CREATE INDEX says of the index itself: names of operator classes and
 * collations may mean others in another schema. */
bool indexdef_add_index(Str *s, const Conn *conn, const Index *index, const char *schema,
                        const char *table) MUST_CHECK;

/* True when a key's index is just what its definition makes: the columns' own collations and
 * operator classes, in ascending order. */
bool indexdef_is_key_plain(const Index *index);

#endif
