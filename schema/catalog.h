/*
 * catalog.h - reads the catalogs of one database into a model, with a number of queries that does
 * not depend on the number of objects. Knows nothing of what the model is for.
 *
 * Threads: one per connection.
 */
#ifndef PGZM_SCHEMA_CATALOG_H
#define PGZM_SCHEMA_CATALOG_H

#include "base/conn.h"
#include "base/mem.h"
#include "schema/model.h"

/* A schema that is given under another name, wherever the server prints it. */
typedef struct SchemaAlias {
    const char *name, *quoted;        /* what it is called; as the server's quote_ident has it */
    const char *shown, *quoted_shown; /* the same of what it is given as */
} SchemaAlias;

/* Which schemas are read: those named, or (count 0) all but system schemas, temporary ones and
 * those whose name begins with "pgzm". Extensions are always read. */
typedef struct CatalogScope {
    const char *const *schemas;
    size_t schema_count;
    /* Objects that are not read, sorted by classid and oid; the server is not even asked for their
     * definitions, which would wait for locks on them (scope.h). */
    const Address *left_out;
    size_t left_out_count;
    const Address *kept; /* sorted likewise; only_kept: everything else is dropped after reading,
                            schemas and extensions excepted */
    size_t kept_count;
    bool only_kept;
    const SchemaAlias *aliases;
    size_t alias_count;
} CatalogScope;

/* Reads everything. The caller decides on the transaction (snapshot) and on search_path, which
 * decides which names the server prints bare. The model lives in `arena`.
 * Errors: those of conn_query, with the query's name in front. */
bool catalog_read(Conn *conn, const CatalogScope *scope, Arena *arena, Model **model, Error *err)
    MUST_CHECK;

/* A digest of the scope's catalog rows (OIDs and xmin of pg_class, pg_attribute, pg_type, pg_proc,
 * pg_constraint, ...) seen by a fresh statement: differs when a definition changed. The text lives
 * in `arena`. */
bool catalog_fingerprint(Conn *conn, const CatalogScope *scope, Arena *arena, const char **digest,
                         Error *err) MUST_CHECK;

#endif
