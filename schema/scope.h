/*
 * scope.h - a filter's patterns, matched by the server against the names of its objects: which
 * schemas are read, what is left out and why, which tables come without rows. Reads names, kinds
 * and dependencies only, so that it waits for no lock on a table.
 *
 * Threads: one per connection.
 */
#ifndef PGZM_SCHEMA_SCOPE_H
#define PGZM_SCHEMA_SCOPE_H

#include "base/conn.h"
#include "schema/catalog.h"
#include "schema/filter.h"

typedef struct Scope {
    CatalogScope catalog;
    const Oid *rowless; /* tables that come without their rows, ascending */
    size_t rowless_count;
    /* What the filter cuts off: "foreign key x on y needs table z, which is excluded". */
    const char *const *cuts;
    size_t cut_count;
} Scope;

/* Resolves the filter in the database of `conn`; an empty one to everything. `matched` has an entry
 * for each pattern, which is set for those that match something. Leaves search_path empty.
 * ERROR_USAGE when a pattern is no pattern. */
bool scope_resolve(Conn *conn, const Filter *filter, Arena *arena, bool *matched, Scope *scope,
                   Error *err) MUST_CHECK;

/* ERROR_USAGE names the first pattern that matched nothing. `where` is "the source". */
bool scope_check(const Filter *filter, const bool *matched, const char *where, Error *err)
    MUST_CHECK;

/* True when the table comes without its rows. */
bool scope_is_rowless(const Scope *scope, Oid table);

#endif
