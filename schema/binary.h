/*
 * binary.h - decides per table whether COPY BINARY between two servers is safe: walks the types of
 * its columns (domains, arrays, composites, ranges) on each side. Text is always the fallback.
 *
 * Threads: one per connection; the comparison is pure.
 */
#ifndef PGZM_SCHEMA_BINARY_H
#define PGZM_SCHEMA_BINARY_H

#include "base/conn.h"
#include "base/mem.h"
#include "schema/model.h"

/* What one table's columns need for binary COPY, as one server sees them. */
typedef struct BinaryTable {
    const char *schema, *name;
    bool lacks_send, lacks_receive; /* some type has no send / receive function */
    bool reg_type;                  /* regclass and the like: an OID that means nothing elsewhere */
    bool embeds_oid;                /* arrays or composites of types that are not built in */
    bool numeric, interval, jsonpath, money;
    const char *foreign_types; /* send functions from outside pg_catalog with their extension and
                                  its version, sorted, comma separated; "" for none */
    const char *column_types;  /* "name type, ..." of the copied columns in name order */
} BinaryTable;

typedef struct BinaryTables {
    BinaryTable *items; /* sorted by schema and name */
    size_t count;
} BinaryTables;

/* Reads all tables of the named schemas. */
bool binary_read(Conn *conn, const char *const *schemas, size_t schema_count, Arena *arena,
                 BinaryTables *tables, Error *err) MUST_CHECK;

const BinaryTable *binary_find(const BinaryTables *tables, const char *schema, const char *name);

/* NULL when binary is safe, otherwise the reason in a few words (static or in `arena`).
 * column_types are compared without regard to schemas: the shadow's differ. */
const char *binary_refusal(const BinaryTable *source, int source_version, const BinaryTable *dest,
                           int dest_version, Arena *arena);

#endif
